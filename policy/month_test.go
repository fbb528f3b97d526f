package policy_test

import (
	"errors"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
)

func TestParseMonth(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"2026-11": true, "1999-01": true,
		"": false, "2026-13": false, "2026-00": false, "2026-1": false, "26-11": false, "2026-11-01": false, "2026/11": false, "0000-05": false,
		" 2026-11": false, "November": false,
	} {
		got, err := policy.ParseMonth(text)
		switch {
		case ok && (err != nil || got != policy.Month(text)):
			t.Errorf("%q: %q, %v", text, got, err)
		case !ok && !errors.Is(err, policy.ErrInput):
			t.Errorf("%q is taken: %q, %v", text, got, err)
		}
	}
}

func TestMonthPlus(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		from policy.Month
		n    int
		want policy.Month
	}{
		"the next":          {"2026-11", 1, "2026-12"},
		"over the new year": {"2026-11", 2, "2027-01"},
		"back over it":      {"2026-01", -1, "2025-12"},
		"five back":         {"2026-03", -5, "2025-10"},
		"itself":            {"2026-03", 0, "2026-03"},
		"no month":          {"soon", 1, ""},
	} {
		if got := row.from.Plus(row.n); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

// TestMonthBounds holds rule 4 at the edges: the last minute of a month in both shipped zones, in months in which the clocks change, and
// where they change at the very midnight that begins a month.
func TestMonthBounds(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		month    policy.Month
		zone     string
		from, to string
	}{
		"London, plain":                      {"2026-11", "Europe/London", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"},
		"London, clocks go forward":          {"2026-03", "Europe/London", "2026-03-01T00:00:00Z", "2026-03-31T23:00:00Z"},
		"London, clocks go back":             {"2026-10", "Europe/London", "2026-09-30T23:00:00Z", "2026-11-01T00:00:00Z"},
		"New York, plain":                    {"2026-12", "America/New_York", "2026-12-01T05:00:00Z", "2027-01-01T05:00:00Z"},
		"New York, back on the first":        {"2026-11", "America/New_York", "2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z"},
		"New York, clocks go forward":        {"2026-03", "America/New_York", "2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z"},
		"Havana, the first has two 00:30s":   {"2026-11", "America/Havana", "2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z"},
		"Asuncion, the first has no 00:30":   {"2017-10", "America/Asuncion", "2017-10-01T04:00:00Z", "2017-11-01T03:00:00Z"},
		"Kiritimati, as far east as it gets": {"2026-01", "Pacific/Kiritimati", "2025-12-31T10:00:00Z", "2026-01-31T10:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zone := inZone(t, row.zone)
			from, to := row.month.Bounds(zone)
			got := []string{from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339)}
			if diff := cmp.Diff([]string{row.from, row.to}, got); diff != "" {
				t.Error(diff)
			}
			last := to.Add(-time.Minute)
			if in, out := policy.MonthOf(last, zone), policy.MonthOf(to, zone); in != row.month || out != row.month.Plus(1) {
				t.Errorf("the last minute is in %s, the next in %s", in, out)
			}
		})
	}
}

// TestEveryMomentIsWithinItsMonth: the bounds and MonthOf never disagree.
func TestEveryMomentIsWithinItsMonth(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{inZone(t, "America/New_York"), inZone(t, "Europe/London"), inZone(t, "America/Havana"), time.UTC}
	rapid.Check(t, func(rt *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(rt, "zone")
		at := time.Unix(rapid.Int64Range(1_500_000_000, 2_000_000_000).Draw(rt, "at"), 0)
		m := policy.MonthOf(at, zone)
		from, to := m.Bounds(zone)
		if at.Before(from) || !at.Before(to) {
			rt.Fatalf("%s is in %s, which runs from %s to %s", at.In(zone), m, from, to)
		}
	})
}

func inZone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}
