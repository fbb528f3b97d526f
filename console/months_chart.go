package console

import (
	"fmt"

	"github.com/officernd/supportline/policy"
)

// The chart's measures, in its own units.
const (
	monthsHeight = 150
	monthsTop    = 18 // for the figures over the bars
	monthsBase   = monthsHeight - 26
	monthsSlot   = 46 // a month's width
	monthsLeft   = 6
)

// monthsChart is tickets by month as bars with the limit as a line. A table says the same in words.
type monthsChart struct {
	Width, Height, Base int
	Limit, LimitAt      int // the figure, and where its line is
	Bars                []monthBar
	Title               string
}

// monthBar is one month.
type monthBar struct {
	policy.Usage
	X, Y, Width, Height   int
	Middle, Above, Below  int // where the words stand
	Under                 int // where the mark of sustained load stands
	Class, Label, Percent string
	Here                  bool // the month that the page is about
}

// newMonthsChart draws consecutive months, oldest first.
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
			Usage: u, X: x + 6, Y: monthsBase - height, Width: monthsSlot - 12, Height: height, Middle: x + monthsSlot/2, Above: monthsBase - height - 4,
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
