package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

// The dates are those that the governments published: opm.gov, the Canada Labour Code (part III, division V), gov.uk/bank-holidays. A
// holiday on a weekend is there on its own day as well.
func TestHolidaysArePublishedDates(t *testing.T) {
	for name, c := range map[string]struct {
		calendar policy.Calendar
		year     int
		want     []string
	}{
		"us 2026": {"us", 2026, []string{
			"2026-01-01 New Year's Day", "2026-01-19 Martin Luther King Jr. Day", "2026-02-16 Presidents' Day",
			"2026-05-25 Memorial Day", "2026-06-19 Juneteenth", "2026-07-03 Independence Day (observed)",
			"2026-07-04 Independence Day", "2026-09-07 Labor Day", "2026-10-12 Columbus Day", "2026-11-11 Veterans Day",
			"2026-11-26 Thanksgiving Day", "2026-12-25 Christmas Day",
		}},
		"us 2027, with the new year of 2028 observed in it": {"us", 2027, []string{
			"2027-01-01 New Year's Day", "2027-01-18 Martin Luther King Jr. Day", "2027-02-15 Presidents' Day",
			"2027-05-31 Memorial Day", "2027-06-18 Juneteenth (observed)", "2027-06-19 Juneteenth", "2027-07-04 Independence Day",
			"2027-07-05 Independence Day (observed)", "2027-09-06 Labor Day", "2027-10-11 Columbus Day", "2027-11-11 Veterans Day",
			"2027-11-25 Thanksgiving Day", "2027-12-24 Christmas Day (observed)", "2027-12-25 Christmas Day",
			"2027-12-31 New Year's Day (observed)",
		}},
		"ca 2026": {"ca", 2026, []string{
			"2026-01-01 New Year's Day", "2026-04-03 Good Friday", "2026-05-18 Victoria Day", "2026-07-01 Canada Day",
			"2026-09-07 Labour Day", "2026-09-30 National Day for Truth and Reconciliation", "2026-10-12 Thanksgiving Day",
			"2026-11-11 Remembrance Day", "2026-12-25 Christmas Day", "2026-12-26 Boxing Day", "2026-12-28 Boxing Day (observed)",
		}},
		"ca 2027": {"ca", 2027, []string{
			"2027-01-01 New Year's Day", "2027-03-26 Good Friday", "2027-05-24 Victoria Day", "2027-07-01 Canada Day",
			"2027-09-06 Labour Day", "2027-09-30 National Day for Truth and Reconciliation", "2027-10-11 Thanksgiving Day",
			"2027-11-11 Remembrance Day", "2027-12-25 Christmas Day", "2027-12-26 Boxing Day",
			"2027-12-27 Christmas Day (observed)", "2027-12-28 Boxing Day (observed)",
		}},
		"gb-eng 2026": {"gb-eng", 2026, []string{
			"2026-01-01 New Year's Day", "2026-04-03 Good Friday", "2026-04-06 Easter Monday", "2026-05-04 Early May",
			"2026-05-25 Spring Bank Holiday", "2026-08-31 Summer Bank Holiday", "2026-12-25 Christmas Day",
			"2026-12-26 Boxing Day", "2026-12-28 Boxing Day (observed)",
		}},
		"gb-eng 2027": {"gb-eng", 2027, []string{
			"2027-01-01 New Year's Day", "2027-03-26 Good Friday", "2027-03-29 Easter Monday", "2027-05-03 Early May",
			"2027-05-31 Spring Bank Holiday", "2027-08-30 Summer Bank Holiday", "2027-12-25 Christmas Day",
			"2027-12-26 Boxing Day", "2027-12-27 Christmas Day (observed)", "2027-12-28 Boxing Day (observed)",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			line := policy.Line{Zone: time.UTC, Hours: policy.Hours{Calendars: []policy.Calendar{c.calendar}}}
			var got []string
			for d := (policy.Date{Year: c.year, Month: 1, Day: 1}); d.Year == c.year; d = d.Plus(1) {
				if day := line.Day(d); day.Rule == "hours.holiday" {
					got = append(got, d.String()+" "+day.Reason)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("holidays (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseCalendar(t *testing.T) {
	for _, name := range []string{"us", "ca", "gb-eng"} {
		if got, err := policy.ParseCalendar(name); err != nil || string(got) != name {
			t.Errorf("ParseCalendar(%q) = %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "US", "gb", "de"} {
		_, err := policy.ParseCalendar(name)
		checkError(t, err, "is not a holiday calendar: write us, ca or gb-eng")
	}
}
