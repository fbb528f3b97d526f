package main

import (
	"fmt"
	"strings"
	"time"
)

// localLayouts are the times without a zone that people write.
var localLayouts = []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"}

// parseMoment reads a time as people give it: RFC 3339, a wall-clock time in zone, or a date, which is the start of that day in zone;
// day says that it was one.
func parseMoment(text string, zone *time.Location) (at time.Time, day bool, err error) {
	text = strings.TrimSpace(text)
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, false, nil
	}
	if at, err := time.ParseInLocation("2006-01-02", text, zone); err == nil {
		return at, true, nil
	}
	for _, layout := range localLayouts {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, false, nil
		}
	}
	return time.Time{}, false, fmt.Errorf("%q is not a time: write a date (2026-11-24), a date and time (\"2026-11-24 19:59\") or RFC 3339 (2026-11-24T19:59:00Z)", text)
}

// parseZone reads a time zone's name. The machine's own zone is refused: the same command would mean different days on two machines.
func parseZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fmt.Errorf("%q is not a time zone: write a name of the zone database, for example Europe/London, America/New_York or UTC", name)
	}
	return zone, nil
}

// period is a half-open range of time.
type period struct{ since, until time.Time }

// parsePeriod reads --since and --until. Dates are days in zone, and the day of --until belongs to the period. Without --since it is
// the 30 days before until, or before now.
func parsePeriod(since, until string, zone *time.Location, now time.Time) (period, error) {
	var p period
	if until != "" {
		at, day, err := parseMoment(until, zone)
		if err != nil {
			return p, fmt.Errorf("--until: %w", err)
		}
		if day {
			at = at.AddDate(0, 0, 1)
		}
		p.until = at
	}
	if since != "" {
		at, _, err := parseMoment(since, zone)
		if err != nil {
			return p, fmt.Errorf("--since: %w", err)
		}
		p.since = at
	} else {
		end := now
		if !p.until.IsZero() {
			end = p.until
		}
		p.since = end.AddDate(0, 0, -30)
	}
	if !p.until.IsZero() && !p.since.Before(p.until) {
		return p, fmt.Errorf("--since %s is not before the end of --until %s", since, until)
	}
	return p, nil
}
