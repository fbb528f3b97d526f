package console

import (
	"fmt"

	"github.com/officernd/supportline/policy"
)

// The chart's measures, in its own units.
const (
	chartHeight = 150
	chartTop    = 18 // for the figures over the bars
	chartBase   = chartHeight - 26
	chartSlot   = 46 // a month's width
	chartLeft   = 6
)

// chart is tickets by month as bars with the limit as a line. A table says the same in words.
type chart struct {
	Width, Height, Base int
	Limit, LimitAt      int // the figure, and where its line is
	Bars                []chartBar
	Title               string
}

// chartBar is one month.
type chartBar struct {
	policy.Usage
	X, Y, Width, Height   int
	Middle, Above, Below  int // where the words stand
	Under                 int // where the mark of sustained load stands
	Class, Label, Percent string
	Here                  bool // the month that the page is about
}

// newChart draws consecutive months, oldest first.
func newChart(months []policy.Usage, here policy.Month) chart {
	c := chart{Width: chartLeft*2 + chartSlot*len(months), Height: chartHeight, Base: chartBase}
	most := 1
	for _, u := range months {
		most = max(most, u.Tickets, u.TicketLimit+u.TicketLimit/8)
		c.Limit = u.TicketLimit
	}
	scale := func(n int) int { return n * (chartBase - chartTop) / most }
	c.LimitAt = chartBase - scale(c.Limit)
	over := 0
	for i, u := range months {
		height := scale(u.Tickets)
		if u.Tickets > 0 {
			height = max(height, 2)
		}
		x := chartLeft + i*chartSlot
		bar := chartBar{
			Usage: u, X: x + 6, Y: chartBase - height, Width: chartSlot - 12, Height: height, Middle: x + chartSlot/2, Above: chartBase - height - 4,
			Under: chartBase + 4, Below: chartBase + 20, Class: "ok", Label: string(u.Month)[2:], Here: u.Month == here,
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
