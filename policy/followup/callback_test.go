package followup_test

import (
	"errors"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// TestNobodyIsCalledBackOutsideHours, by the line's own clock, at both ends of every minute of the days around which clocks change, in the hours that they
// skip and repeat as well; a critical caller is, at any time (rule 19).
func TestNobodyIsCalledBackOutsideHours(t *testing.T) {
	for _, c := range []struct{ zone, from, to, date string }{
		{"America/New_York", "08:00", "20:00", "2026-03-07"},
		{"America/New_York", "08:00", "20:00", "2026-10-31"},
		{"Europe/London", "08:00", "19:00", "2026-03-28"},
		{"Europe/London", "08:00", "19:00", "2026-10-24"},
	} {
		called := weekdays(t, c.zone, c.from+"-"+c.to)
		s := policy.Settings{Lines: []policy.Line{called}, Countries: []string{"GB"}, MadeUp: true}
		open := func(at time.Time) bool { // as a person reads the clock on the wall
			clock := at.In(called.Zone).Format("Mon 15:04")
			switch day, minute := clock[:3], clock[4:]; day {
			case "Sat":
				return false
			case "Sun":
				return "00:30" <= minute && minute < "02:30"
			default:
				return c.from <= minute && minute < c.to
			}
		}
		begin, err := time.Parse(time.DateOnly, c.date)
		if err != nil {
			t.Fatal(err)
		}
		for at := begin; at.Before(begin.AddDate(0, 0, 3)); at = at.Add(time.Minute) {
			for _, moment := range []time.Time{at, at.Add(time.Minute - time.Nanosecond)} {
				f := followup.FollowUp{Line: called.Number, From: "+442079460018", Intent: policy.Question}
				if err := f.MayCall(s, moment); (err == nil) != open(moment) || err != nil && !errors.Is(err, followup.ErrOutsideHours) {
					t.Fatalf("at %s: %v", moment.In(called.Zone), err)
				}
			}
			f := followup.FollowUp{Line: called.Number, From: "+442079460018", Intent: policy.Critical}
			if err := f.MayCall(s, at); err != nil {
				t.Fatalf("critical at %s: %v", at.In(called.Zone), err)
			}
		}
	}
}
