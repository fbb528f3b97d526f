package flags_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/flags"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestParseMoment(t *testing.T) {
	london := zone(t, "Europe/London")
	for text, want := range map[string]string{
		"2026-07-01":                "2026-06-30T23:00:00Z day",
		"2026-07-01 19:59":          "2026-07-01T18:59:00Z",
		"2026-11-24 19:59:58":       "2026-11-24T19:59:58Z",
		"2026-11-24T19:59":          "2026-11-24T19:59:00Z",
		" 2026-11-24 ":              "2026-11-24T00:00:00Z day",
		"2026-11-24T10:00:00-05:00": "2026-11-24T15:00:00Z",
		"2026-13-01":                "error",
		"tomorrow":                  "error",
		"":                          "error",
	} {
		at, day, err := flags.ParseMoment(text, london)
		got := at.UTC().Format(time.RFC3339)
		if day {
			got += " day"
		}
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("ParseMoment(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestParsePeriod(t *testing.T) {
	london, now := zone(t, "Europe/London"), time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for name, row := range map[string]struct {
		since, until string
		want         string
	}{
		"the last 30 days unless told":       {"", "", "2026-10-25T12:00:00Z -"},
		"a date begins in the zone":          {"2026-07-01", "", "2026-06-30T23:00:00Z -"},
		"until includes its day":             {"2026-07-01", "2026-07-01", "2026-06-30T23:00:00Z 2026-07-01T23:00:00Z"},
		"the day the clock goes back":        {"2026-10-25", "2026-10-25", "2026-10-24T23:00:00Z 2026-10-26T00:00:00Z"},
		"until a moment is until then":       {"2026-07-01", "2026-07-01T10:00:00Z", "2026-06-30T23:00:00Z 2026-07-01T10:00:00Z"},
		"30 days before until":               {"", "2026-07-31T00:00:00Z", "2026-07-01T00:00:00Z 2026-07-31T00:00:00Z"},
		"until before since is a wrong use":  {"2026-07-02", "2026-07-01", "error"},
		"an unknown time names its own flag": {"", "never", "error"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := flags.ParsePeriod(row.since, row.until, london, now)
			got := fmt.Sprint(stamp(p.Since), " ", stamp(p.Until))
			if err != nil {
				got = "error"
			}
			if got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
