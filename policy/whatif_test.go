package policy_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

func TestWith(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		limits []string
		change func(*policy.FairUse)
	}{
		"nothing":         {nil, func(*policy.FairUse) {}},
		"tickets":         {[]string{"tickets=12"}, func(f *policy.FairUse) { f.TicketsPerMonth = 12 }},
		"over-long calls": {[]string{"over-long=1"}, func(f *policy.FairUse) { f.OverLongCallsPerMonth = 1 }},
		"the call":        {[]string{"call=15m"}, func(f *policy.FairUse) { f.CallLimit = 15 * time.Minute }},
		"sustained":       {[]string{"months=2", "within=4"}, func(f *policy.FairUse) { f.SustainedMonths, f.SustainedWithin = 2, 4 }},
		"training":        {[]string{"training=5"}, func(f *policy.FairUse) { f.TrainingCallsPerMonth = 5 }},
		"twice, the last": {[]string{"tickets=12", "tickets=9"}, func(f *policy.FairUse) { f.TicketsPerMonth = 9 }},
	} {
		want := fair
		row.change(&want)
		got, err := limited(row.limits)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestWithRefuses(t *testing.T) {
	t.Parallel()
	for _, limits := range [][]string{
		{"tickets=0"},
		{"tickets=-1"},
		{"tickets=1.5"},
		{"tickets="},
		{"tickets"},
		{"ticket=12"},
		{"call=0s"},
		{"call=15"},
		{"call=-15m"},
		{"call=1500ms"},
		{"over-long=x"},
		{"months=7"},
		{"within=2"},
		{""},
	} {
		if got, err := limited(limits); !errors.Is(err, policy.ErrInput) {
			t.Errorf("%q is taken: %+v, %v", limits, got, err)
		}
	}
}

func limited(texts []string) (policy.FairUse, error) {
	var limits []policy.Limit
	for _, text := range texts {
		l, err := policy.ParseLimit(text)
		if err != nil {
			return fair, err
		}
		limits = append(limits, l)
	}
	return fair.With(limits...)
}

// TestCompare shows the months in which other limits make a difference, and no others.
func TestCompare(t *testing.T) {
	t.Parallel()
	other, err := fair.With(policy.Limit{Name: "tickets", Value: "4"}, policy.Limit{Name: "over-long", Value: "1"})
	if err != nil {
		t.Fatal(err)
	}
	months := map[policy.Month][]policy.CallSummary{"2026-03": summaries(talked(1500))} // over under the other limits alone
	for _, m := range []policy.Month{"2026-01", "2026-02", "2026-06"} {                 // over under both
		months[m] = summaries(plain, plain, plain, talked(1300), talked(1300))
	}
	report, err := policy.AccountReport(holder.Number, "2026-06", 6, func(m policy.Month) ([]policy.CallSummary, error) { return months[m], nil })
	if err != nil {
		t.Fatal(err)
	}
	found := report.Compare(fair, other, 6, 2)
	var got []policy.Month
	for _, d := range found.Differ {
		if d.Before.Month != d.After.Month || d.Before.Sustained || !d.After.Sustained {
			t.Errorf("%+v is compared with %+v", d.Before, d.After)
		}
		got = append(got, d.After.Month)
	}
	// March is over, which makes March, April and May sustained; June was sustained before.
	if diff := cmp.Diff([]policy.Month{"2026-03", "2026-04"}, got); diff != "" || found.Months != 3 || found.Worse != 3 || found.Accounts != 1 {
		t.Errorf("%+v: %s", found, diff)
	}
}
