package policy_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
)

// model says from the wall clock as a person reads it whether a line is open. It shares nothing with the program but the promise: it
// prints the clock and compares texts.
type model struct {
	zone  *time.Location
	dates map[string]string // hours of a date, "" for closed, before those of its weekday
	week  map[string]string
}

func (m model) open(t time.Time) bool {
	clock := t.In(m.zone).Format("2006-01-02 Mon 15:04")
	date, day, minute := clock[:10], clock[11:14], clock[15:]
	hours, ok := m.dates[date]
	if !ok {
		hours = m.week[day]
	}
	for _, span := range strings.Fields(hours) {
		if span[:5] <= minute && minute < span[6:] {
			return true
		}
	}
	return false
}

// TestEveryMinuteOfTwoYears holds rules 1 and 2, clock changes included, against the model: the published hours, and hours by night that
// begin, end and lie in the hours that clocks skip and repeat.
func TestEveryMinuteOfTwoYears(t *testing.T) {
	dates := map[string]string{"2026-12-24": "", "2026-12-31": "09:00-12:00", "2027-12-25": "10:00-11:00"}
	nights := map[string]string{"Sun": "00:00-01:30 02:15-02:45 23:00-24:00", "Sat": "01:15-01:45 22:00-24:00"}
	change := func(l *policy.Line) {
		for _, c := range []func(*policy.Line){
			closed("2026-12-24", "Christmas Eve"), special("2026-12-31", "09:00-12:00"),
			closed("2027-12-25", "Christmas"), special("2027-12-25", "10:00-11:00"),
			week("sun", "00:00-01:30, 02:15-02:45, 23:00-24:00"), week("sat", "01:15-01:45, 22:00-24:00"),
		} {
			c(l)
		}
	}
	for name, c := range map[string]struct {
		line  policy.Line
		hours string
	}{
		"New York": {usLine(change), "08:00-20:00"},
		"London":   {ukLine(change), "08:00-19:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			week := maps.Clone(nights)
			for _, day := range []string{"Mon", "Tue", "Wed", "Thu", "Fri"} {
				week[day] = c.hours
			}
			everyMinute(t, c.line, model{c.line.Zone, dates, week})
		})
	}
}

// everyMinute goes back in time, so that the next change is known at each minute.
func everyMinute(t *testing.T, line policy.Line, m model) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, line.Zone)
	end := time.Date(2028, 1, 1, 0, 0, 0, 0, line.Zone)
	open := m.open(end)
	var change time.Time // not known yet near the end
	for at := end.Add(-time.Minute); !at.Before(begin); at = at.Add(-time.Minute) {
		if was := m.open(at); was != open {
			change, open = at.Add(time.Minute), was
		}
		got := line.Opening(at)
		if got.Open != open || !change.IsZero() && !got.Until.Equal(change) {
			t.Fatalf("at %s: open %v until %s by %s, want %v until %s", at, got.Open, got.Until, got.Rule, open, change)
		}
	}
}

// TestUntilIsTheFirstChange draws hours, zones and moments: between a moment and Until nothing changes, at Until it does.
func TestUntilIsTheFirstChange(t *testing.T) {
	zones := []string{
		"America/New_York", "Europe/London", "Etc/GMT+4", "America/Havana", "Asia/Kathmandu", "Pacific/Chatham", "Asia/Beirut",
		"Australia/Lord_Howe",
	}
	rapid.Check(t, func(t *rapid.T) {
		line := policy.Line{Zone: must(time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone")))}
		for d := range line.Hours.Week {
			week(strings.ToLower(time.Weekday(d).String()[:3]), drawHours(t))(&line)
		}
		if rapid.Bool().Draw(t, "has special hours") {
			date := policy.Date{Year: 2026, Month: 1, Day: 1}.Plus(rapid.IntRange(0, 730).Draw(t, "special day"))
			special(date.String(), drawHours(t))(&line)
		}
		begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		at := begin.Add(time.Duration(rapid.Int64Range(0, int64(2*365*24*time.Hour)).Draw(t, "at")))
		now := line.Opening(at)
		if next, ok := line.NextOpening(at); now.Open && !next.Equal(at) || !now.Open && (!next.Equal(now.Until) || ok == next.IsZero()) {
			t.Fatalf("next opening %s (%v), open %v until %s", next, ok, now.Open, now.Until)
		}
		if now.Until.IsZero() {
			at = at.Add(time.Duration(rapid.Int64Range(0, int64(390*24*time.Hour)).Draw(t, "later")))
			if line.Opening(at).Open != now.Open {
				t.Fatalf("changed by %s although no change was foreseen", at)
			}
			return
		}
		if !now.Until.After(at) {
			t.Fatalf("until %s is not after %s", now.Until, at)
		}
		between := at.Add(time.Duration(rapid.Int64Range(0, int64(now.Until.Sub(at))-1).Draw(t, "between")))
		for _, same := range []time.Time{between, now.Until.Add(-1)} {
			if line.Opening(same).Open != now.Open {
				t.Fatalf("open %v at %s until %s, but changed by %s", now.Open, at, now.Until, same)
			}
		}
		if line.Opening(now.Until).Open == now.Open {
			t.Fatalf("open %v at %s until %s, but unchanged then", now.Open, at, now.Until)
		}
	})
}

// drawHours draws up to three spans on quarters of an hour, apart or touching, or a closed day.
func drawHours(t *rapid.T) string {
	quarters := rapid.SliceOfNDistinct(rapid.IntRange(0, 96), 0, 6, rapid.ID).Draw(t, "quarters")
	marks := [97]bool{}
	for _, q := range quarters {
		marks[q] = true
	}
	var spans []string
	from := -1
	for q, mark := range marks {
		switch {
		case !mark:
		case from < 0:
			from = q
		default:
			spans = append(spans, fmt.Sprintf("%02d:%02d-%02d:%02d", from/4, from%4*15, q/4, q%4*15))
			from = -1
		}
	}
	if len(spans) == 0 {
		return "closed"
	}
	return strings.Join(spans, ", ")
}

// BenchmarkOpening measures what each call pays at its first webhook.
func BenchmarkOpening(b *testing.B) {
	for name, line := range map[string]policy.Line{
		"week":           usLine(),
		"holidays":       usLine(calendars("us", "ca", "gb-eng")),
		"always open":    usLine(week("mon-sun", "00:00-24:00")),
		"open, holidays": usLine(week("mon-sun", "00:00-24:00"), calendars("us")),
		"never open":     usLine(week("mon-fri", "closed")),
	} {
		b.Run(name, func(b *testing.B) {
			at := time.Date(2026, 11, 27, 21, 0, 0, 0, line.Zone)
			b.ReportAllocs()
			for b.Loop() {
				line.Opening(at)
			}
		})
	}
}
