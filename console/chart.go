package console

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// meter is a figure against its limit, as a bar. Words beside it say the same.
type meter struct {
	Value, Limit int
	Fill, Mark   int    // of meterWidth: the bar's length and the place of the limit; Mark is 0 for no limit
	Class        string // ok, warn or bad
}

// meterWidth is the width of a whole bar in its own units.
const meterWidth = 200

// newMeter returns the meter of a figure that may reach its limit and must not pass it.
func newMeter(value, limit int, near bool) meter {
	g := meter{Value: value, Limit: limit, Class: "ok"}
	most := max(limit+limit/4, value, 1)
	g.Fill, g.Mark = value*meterWidth/most, limit*meterWidth/most
	switch {
	case limit > 0 && value > limit:
		g.Class = "bad"
	case near:
		g.Class = "warn"
	}
	return g
}

// newMeterBelow returns the meter of a figure that must stay below its limit. A limit of 0 is none.
func newMeterBelow(value, limit int) meter {
	g := newMeter(value, limit, limit > 0 && value > 0 && value >= limit-1)
	if limit > 0 && value >= limit {
		g.Class = "bad"
	}
	return g
}

// The chart of a day's calls, in units of the drawing.
const (
	chartWidth  = 960
	chartHeight = 160
	chartBase   = 138 // y of the axis
	chartTop    = 12  // y of the highest bar
	chartLeft   = 34
)

// hoursChart is a day's calls by hour, each hour a bar of parts by outcome.
type hoursChart struct {
	Bars  []hourBar
	Ticks []chartTick
	Rows  []hourRow // the same as a table
	Words string    // in a sentence
	Empty bool
}

type hourBar struct {
	X, Y, W, H int
	Kind       string // one of kinds
}

// chartTick is a label at the axis, or at a height.
type chartTick struct {
	X, Y int
	Text string
}

type hourRow struct {
	Hour  string
	All   int
	Calls []int // by kind
}

// kinds are how calls ended, from the axis up: served; a message was left or something told; not answered or abandoned; failed; in progress.
var kinds = []string{"good", "calm", "warn", "bad", "open"}

// kindOf returns the kind of an outcome; "" are calls in progress.
func kindOf(o policy.Outcome) string {
	switch o {
	case policy.Served:
		return "good"
	case policy.Unanswered, policy.Abandoned:
		return "warn"
	case policy.Failed:
		return "bad"
	case "":
		return "open"
	}
	return "calm"
}

func drawHours(hours []time.Time, counts []policy.OutcomeCount, zone *time.Location) hoursChart {
	chart, most, sum := hoursChart{}, 1, 0
	for i, n := range counts {
		row := hourRow{hours[i].In(zone).Format("15:04"), n.All(), make([]int, len(kinds))}
		for outcome, calls := range n {
			row.Calls[slices.Index(kinds, kindOf(outcome))] += calls
		}
		chart.Rows = append(chart.Rows, row)
		most, sum = max(most, row.All), sum+row.All
	}
	width := (chartWidth - chartLeft) / max(1, len(counts))
	for i, row := range chart.Rows {
		y := chartBase
		for kind, calls := range row.Calls {
			if calls == 0 {
				continue
			}
			height := max(2, calls*(chartBase-chartTop)/most)
			y -= height
			chart.Bars = append(chart.Bars, hourBar{chartLeft + i*width + 2, y, width - 4, height, kinds[kind]})
		}
		if i%3 == 0 {
			chart.Ticks = append(chart.Ticks, chartTick{chartLeft + i*width + 2, chartHeight - 6, row.Hour})
		}
	}
	chart.Ticks = append(chart.Ticks, chartTick{2, chartTop + 8, fmt.Sprint(most)}, chartTick{2, chartBase, "0"})
	chart.Words, chart.Empty = fmt.Sprintf("%d calls today, at most %d in an hour", sum, most), sum == 0
	if sum == 0 {
		chart.Words = "no calls yet today"
	}
	return chart
}

// The chart's measures, in its own units.
const (
	monthsHeight = 150
	monthsTop    = 18 // for the figures over the bars
	monthsBase   = monthsHeight - 26
	monthsSlot   = 46 // a month's width
	monthsLeft   = 6
	monthsFigure = 11 // the height of a figure
	monthsGap    = 4  // between a figure and what it stands over
)

// monthsChart is tickets by month as bars with the limit as a line. A table says the same in words.
type monthsChart struct {
	Width, Height, Base int
	Limit, LimitAt      int // the limit, and the y of its line
	Bars                []monthBar
	Title               string
}

type monthBar struct {
	policy.Usage
	X, Y, Width, Height   int
	Middle, Above, Below  int // where the words stand
	Under                 int // where the mark of sustained load stands
	Class, Label, Percent string
	Here                  bool // the month that the page is about
}

// newMonthsChart returns the chart of consecutive months, oldest first.
func newMonthsChart(months []policy.Usage, here policy.Month) monthsChart {
	c := monthsChart{Width: monthsLeft*2 + monthsSlot*len(months), Height: monthsHeight, Base: monthsBase}
	most := 1
	for _, u := range months {
		most = max(most, u.Tickets, u.TicketLimit+u.TicketLimit/8)
		c.Limit = u.TicketLimit
	}
	scale := func(n int) int { return n * (monthsBase - monthsTop) / most }
	c.LimitAt = monthsBase - scale(c.Limit)
	over := 0
	for i, u := range months {
		height := scale(u.Tickets)
		if u.Tickets > 0 {
			height = max(height, 2)
		}
		x := monthsLeft + i*monthsSlot
		bar := monthBar{
			Usage: u, X: x + 6, Y: monthsBase - height, Width: monthsSlot - 12, Height: height, Middle: x + monthsSlot/2, Above: c.figureAt(monthsBase - height),
			Under: monthsBase + 4, Below: monthsBase + 20, Class: "ok", Label: string(u.Month)[2:], Here: u.Month == here,
		}
		switch {
		case u.Over:
			bar.Class = "bad"
			over++
		case u.Sustained:
			bar.Class = "warn"
		}
		c.Bars = append(c.Bars, bar)
	}
	if len(months) > 0 {
		c.Title = fmt.Sprintf("Phone tickets from %s to %s; the limit is %d, and %d of %d months were over.", months[0].Month, months[len(months)-1].Month, c.Limit, over, len(months))
	}
	return c
}

// figureAt returns where the figure of a bar with a top stands: over the bar, and over the line of the limit where that would run through it.
func (c monthsChart) figureAt(top int) int {
	at := top - monthsGap
	if c.LimitAt < top && c.LimitAt > at-monthsFigure-monthsGap/2 {
		at = c.LimitAt - monthsGap
	}
	return at
}

// The picture of a call: rows of bars over one axis of time, in units of the drawing.
const (
	timelineWidth = 1000
	timelineRow   = 22
	timelineLabel = 160
	// labelColumns is how many letters a label has, so that it ends before the bars begin.
	labelColumns = 22
)

// timeline is a call drawn as bars: the menu, the waiting, each specialist's telephone, the talk.
type timeline struct {
	Rows   []timelineEntry
	Ticks  []timelineTick
	Height int
	Words  string // the same in words
}

// LabelWidth is how far labels may reach.
func (timeline) LabelWidth() int { return timelineLabel - 4 }

// timelineEntry is one row: what it is, and its bar.
type timelineEntry struct {
	Label   string
	Short   string // the same where it is too long to stand beside the bars
	Kind    string // menu, wait, ring or talk: the bar's colour
	X, Y, W int
	TextY   int
	Length  string
}

// timelineTick is a moment on the axis.
type timelineTick struct {
	X    int
	Text string
}

// span is a part of a call, as a bar shows it.
type span struct {
	label, short, kind string
	from, to           time.Time
}

// draw returns the picture of a call. who returns a specialist's name, or the number as the person may see it. A call in progress is drawn until now; one without
// a known start has no picture.
func draw(c policy.Call, now time.Time, who func(policy.Leg) string) timeline {
	end := c.End()
	if end.IsZero() && !c.Lost(now) {
		end = now
	}
	total := end.Sub(c.StartedAt)
	if c.StartedAt.IsZero() || total < time.Second {
		return timeline{}
	}
	var t timeline
	var words []string
	at := func(moment time.Time) int {
		part := float64(moment.Sub(c.StartedAt)) / float64(total)
		return timelineLabel + int(min(max(part, 0), 1)*(timelineWidth-timelineLabel))
	}
	for _, s := range spans(c, end, who) {
		y, x := len(t.Rows)*timelineRow, at(s.from)
		length := lengthOf(s.to.Sub(s.from))
		t.Rows = append(t.Rows, timelineEntry{Label: s.label, Short: s.short, Kind: s.kind, X: x, Y: y + 3, W: max(2, at(s.to)-x), TextY: y + 16, Length: length})
		words = append(words, s.label+" "+length)
	}
	t.Height = len(t.Rows)*timelineRow + timelineRow
	t.Words = strings.Join(words, ", ")
	for i := range 5 {
		passed := total * time.Duration(i) / 4
		t.Ticks = append(t.Ticks, timelineTick{at(c.StartedAt.Add(passed)), lengthOf(passed)})
	}
	return t
}

// spans returns the parts of a call that took time.
func spans(c policy.Call, end time.Time, who func(policy.Leg) string) []span {
	var all []span
	add := func(name, does, kind string, from, to time.Time) {
		if !from.IsZero() && to.After(from) {
			all = append(all, span{name + does, policy.Shortened(name, labelColumns-len(does)) + does, kind, from, to})
		}
	}
	add("Menu", "", "menu", c.StartedAt, earliest(c.HuntingAt, end))
	leg, accepted := c.Accepted()
	if !c.HuntingAt.IsZero() {
		add("Waiting", "", "wait", c.HuntingAt, earliest(leg.AcceptedAt, end))
	}
	for _, l := range byTime(c.Legs) {
		add(who(l), " rings", "ring", l.RangAt, earliest(earliest(earliest(l.AcceptedAt, l.PassedAt), l.EndedAt), end))
	}
	if accepted {
		add("Talk", "", "talk", leg.AcceptedAt, earliest(earliest(leg.EndedAt, leg.DialEndedAt), end))
	}
	return all
}

// earliest returns the earlier of two moments. The first may be zero.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func lengthOf(d time.Duration) string { return minutes(int(d.Round(time.Second) / time.Second)) }
