package console

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
)

// Whatever an account's months are, no figure of the chart lies under the line of the limit, and none leaves the drawing.
func TestChartFiguresKeepOffTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 60).Draw(t, "limit")
		var months []policy.Usage
		for i, n := range rapid.SliceOfN(rapid.IntRange(0, 90), 1, 12).Draw(t, "tickets") {
			months = append(months, policy.Usage{Month: policy.Month(fmt.Sprintf("2026-%02d", i+1)), Tickets: n, TicketLimit: limit, Over: n > limit})
		}
		chart := newMonthsChart(months, "")
		for _, b := range chart.Bars {
			top, foot := b.Above-monthsFigure+2, b.Above // the digits of a figure are lower than its line
			if top < chart.LimitAt && chart.LimitAt < foot {
				t.Errorf("%d tickets of %d: the figure is from %d to %d, and the line at %d runs through it", b.Tickets, limit, top, foot, chart.LimitAt)
			}
			if top < 0 || foot > b.Y {
				t.Errorf("%d tickets of %d: the figure from %d to %d is out of the drawing or in the bar at %d", b.Tickets, limit, top, foot, b.Y)
			}
		}
	})
}
