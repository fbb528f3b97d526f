package api

import (
	"context"
	"net/http"
	"time"

	"github.com/officernd/supportline/policy"
)

func specialistOperations() []operation {
	return []operation{{http.MethodGet, "/specialists", "", []string{"month"}, (*request).listSpecialists}}
}

// MonthFigures are what each specialist did in a month.
type MonthFigures struct {
	Month       policy.Month `json:"month"`
	From, Until time.Time    `json:"-"` // of the month
	// Since is since when all calls are in the figures, nil for all of the month: a log of an older version is read in after it was opened.
	Since       *time.Time          `json:"since"`
	Specialists []policy.FiguresRow `json:"specialists"`
}

// FiguresOf returns what each specialist did in a month that has begun, "" for the current one, with numbers in full.
func FiguresOf(ctx context.Context, calls Calls, s policy.Settings, month string, now time.Time) (f MonthFigures, err error) {
	if f.Month, err = s.BegunMonth(month, now); err != nil {
		return f, err
	}
	f.From, f.Until = f.Month.Bounds(s.HomeZone())
	found, since, err := calls.Figures(ctx, f.From, f.Until)
	if since.After(f.From) {
		f.Since = policy.TimeOrNil(since)
	}
	f.Specialists = s.FiguresRows(found)
	return f, err
}

func (r *request) listSpecialists() error {
	f, err := FiguresOf(r.ctx(), r.api.Calls, r.api.Policy, r.QueryParam("month"), r.now)
	if err != nil {
		return err
	}
	numbers := 0
	for _, row := range f.Specialists {
		if row.Number != nil {
			numbers++
		}
	}
	inFull, err := r.full("specialists without a name", "", "specialists", numbers)
	if err != nil {
		return err
	}
	for i, row := range f.Specialists {
		f.Specialists[i] = masked(row, inFull)
	}
	return r.JSON(http.StatusOK, f)
}
