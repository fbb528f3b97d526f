package console

import (
	"fmt"
	"time"

	"github.com/officernd/supportline/policy"
)

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

// hourBar is one part of an hour's bar.
type hourBar struct {
	X, Y, W, H int
	Kind       string // good, calm, warn or bad: what became of those calls
}

// chartTick is a label at the axis, or at a height.
type chartTick struct {
	X, Y int
	Text string
}

// hourRow is an hour as figures.
type hourRow struct {
	Hour string
	Kinds
}

// Kinds are calls by what became of them: a specialist spoke to them; they left a message, or were told something; nobody answered, or they
// left; they failed, or go on.
type Kinds struct{ Good, Calm, Warn, Bad, Open int }

func kindsOf(n policy.OutcomeCount) (k Kinds) {
	for outcome, calls := range n {
		switch outcome {
		case policy.Served:
			k.Good += calls
		case policy.Unanswered, policy.Abandoned:
			k.Warn += calls
		case policy.Failed:
			k.Bad += calls
		case "":
			k.Open += calls
		default:
			k.Calm += calls
		}
	}
	return k
}

// All is how many calls that are.
func (k Kinds) All() int { return k.Good + k.Calm + k.Warn + k.Bad + k.Open }

// drawHours makes the chart.
func drawHours(hours []time.Time, counts []policy.OutcomeCount, zone *time.Location) hoursChart {
	chart, most, sum := hoursChart{}, 1, 0
	for i, n := range counts {
		k := kindsOf(n)
		chart.Rows = append(chart.Rows, hourRow{hours[i].In(zone).Format("15:04"), k})
		most, sum = max(most, k.All()), sum+k.All()
	}
	width := (chartWidth - chartLeft) / max(1, len(counts))
	for i, row := range chart.Rows {
		y := chartBase
		for _, part := range []struct {
			kind  string
			calls int
		}{{"good", row.Good}, {"calm", row.Calm}, {"warn", row.Warn}, {"bad", row.Bad}, {"open", row.Open}} {
			if part.calls == 0 {
				continue
			}
			height := max(2, part.calls*(chartBase-chartTop)/most)
			y -= height
			chart.Bars = append(chart.Bars, hourBar{chartLeft + i*width + 2, y, width - 4, height, part.kind})
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
