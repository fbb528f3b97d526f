package console_test

import (
	"context"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// patient is a usage cache whose reports are waited for, however busy the machine is.
type patient struct{ *store.UsageCache }

func (p patient) Report(ctx context.Context, last policy.Month, n int) (report policy.UsageReport, ready bool, err error) {
	for !ready && err == nil {
		if report, ready, err = p.UsageCache.Report(ctx, last, n); !ready {
			p.Refresh(ctx)
		}
	}
	return report, ready, err
}

// unready are reports that are still being derived.
type unready struct{}

func (unready) Report(context.Context, policy.Month, int) (policy.UsageReport, bool, error) {
	return nil, false, nil
}

func (unready) Near() ([]policy.Usage, time.Time) { return nil, time.Time{} }

// Enrol brings customers into the directory.
func (p *Place) Enrol(t testing.TB, customers ...policy.Customer) {
	t.Helper()
	if _, err := p.Store.ImportCustomers(t.Context(), customers, "test"); err != nil {
		t.Fatal(err)
	}
}
