package console_test

import (
	"context"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// derived is the store with reports that are derived at once.
type derived struct{ *store.Store }

func (d derived) Report(ctx context.Context, last policy.Month, n int) (report policy.UsageReport, ready bool, err error) {
	for back := n - 1; back >= 0; back-- {
		m := last.Plus(-back)
		figures, err := policy.NewMonthReport(m, d.MonthSummaries(ctx, m), monday)
		if err != nil {
			return nil, false, err
		}
		report = append(report, figures)
	}
	return report, true, nil
}

func (d derived) Near() ([]policy.Usage, time.Time) { return nil, time.Time{} }

// unready are reports that are still being derived.
type unready struct{}

func (unready) Report(context.Context, policy.Month, int) (policy.UsageReport, bool, error) {
	return nil, false, nil
}

func (unready) Near() ([]policy.Usage, time.Time) { return nil, time.Time{} }

// silent are cases without a mail server.
type silent struct{ reviews }

func (s silent) MoveCase(ctx context.Context, id policy.CaseID, move policy.Move) (policy.Case, []policy.Notice, error) {
	moved, _, err := s.reviews.MoveCase(ctx, id, move)
	return moved, nil, err
}

// enrol brings customers into the directory.
func (p *place) enrol(t testing.TB, customers ...policy.Customer) {
	t.Helper()
	if _, err := p.store.ImportCustomers(t.Context(), customers, "test"); err != nil {
		t.Fatal(err)
	}
}
