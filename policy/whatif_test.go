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
		if got, err := limited(limits); !errors.Is(err, policy.ErrLimit) {
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

// TestCompare shows the months in which other figures make a difference, and no others.
func TestCompare(t *testing.T) {
	t.Parallel()
	before := policy.MarkSustained(usages("2026-01", "oo...o"), fair)
	after := policy.MarkSustained(usages("2026-01", "ooo..o"), fair)
	var got []policy.Month
	for _, d := range policy.Compare(before, after) {
		if d.Before.Month != d.After.Month {
			t.Errorf("%s is compared with %s", d.Before.Month, d.After.Month)
		}
		got = append(got, d.After.Month)
	}
	// March is over, which makes March, April and May sustained; June was sustained before.
	if diff := cmp.Diff([]policy.Month{"2026-03", "2026-04", "2026-05"}, got); diff != "" {
		t.Error(diff)
	}
}
