package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// The picture of a call: rows of bars over one axis of time, in units of the drawing.
const (
	timelineWidth = 1000
	timelineRow   = 22
	timelineLabel = 150
)

// timeline is a call drawn as bars: the menu, the waiting, each specialist's telephone, the talk.
type timeline struct {
	Rows   []timelineEntry
	Ticks  []timelineTick
	Height int
	Words  string // the same for who cannot see it
}

// timelineEntry is one row: what it is, and its bar.
type timelineEntry struct {
	Label   string
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

// span is what a bar shows.
type span struct {
	label, kind string
	from, to    time.Time
}

// draw makes the picture. phone gives a specialist's number as the person may see it. A call that goes on is drawn until now; one of which no
// start is known has no picture.
func draw(c policy.Call, now time.Time, phone func(policy.Phone) string) timeline {
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
	for _, s := range spans(c, end, phone) {
		y, x := len(t.Rows)*timelineRow, at(s.from)
		length := lengthOf(s.to.Sub(s.from))
		t.Rows = append(t.Rows, timelineEntry{Label: s.label, Kind: s.kind, X: x, Y: y + 3, W: max(2, at(s.to)-x), TextY: y + 16, Length: length})
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

// spans are the parts of a call that took time.
func spans(c policy.Call, end time.Time, phone func(policy.Phone) string) []span {
	var all []span
	add := func(label, kind string, from, to time.Time) {
		if !from.IsZero() && to.After(from) {
			all = append(all, span{label, kind, from, to})
		}
	}
	add("Menu", "menu", c.StartedAt, earliest(c.HuntingAt, end))
	leg, accepted := c.Accepted()
	if !c.HuntingAt.IsZero() {
		add("Waiting", "wait", c.HuntingAt, earliest(leg.AcceptedAt, end))
	}
	for _, l := range byTime(c.Legs) {
		add(phone(l.To)+" rings", "ring", l.RangAt, earliest(earliest(earliest(l.AcceptedAt, l.PassedAt), l.EndedAt), end))
	}
	if accepted {
		add("Talk", "talk", leg.AcceptedAt, earliest(earliest(leg.EndedAt, leg.DialEndedAt), end))
	}
	return all
}

// earliest is the earlier of two moments, of which the first may not have come.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func lengthOf(d time.Duration) string {
	seconds := int(d.Round(time.Second) / time.Second)
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}
