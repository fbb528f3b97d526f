package policy_test

import (
	"slices"
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
		"gb-eng 2022, with Christmas Day on a Sunday": {"gb-eng", 2022, []string{
			"2022-01-01 New Year's Day", "2022-01-03 New Year's Day (observed)", "2022-04-15 Good Friday", "2022-04-18 Easter Monday",
			"2022-05-02 Early May", "2022-06-02 Spring Bank Holiday", "2022-06-03 Platinum Jubilee Bank Holiday",
			"2022-08-29 Summer Bank Holiday", "2022-12-25 Christmas Day", "2022-12-26 Boxing Day", "2022-12-27 Christmas Day (observed)",
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
			if diff := cmp.Diff(c.want, holidaysOf(c.year, c.calendar)); diff != "" {
				t.Errorf("holidays (-want +got):\n%s", diff)
			}
		})
	}
}

// holidaysOf returns the holidays of a line with some calendars in a year, as "2026-12-25 Christmas Day".
func holidaysOf(year int, calendars ...policy.Calendar) (all []string) {
	line := policy.Line{Zone: time.UTC, Hours: policy.Hours{Calendars: calendars}}
	for d := (policy.Date{Year: year, Month: 1, Day: 1}); d.Year == year; d = d.Plus(1) {
		if day := line.Day(d); day.Rule == "hours.holiday" {
			all = append(all, d.String()+" "+day.Reason)
		}
	}
	return all
}

// almanac are the holidays of a year by the laws' own words, without the library that the program uses.
type almanac map[policy.Date]string

func (a almanac) on(d policy.Date, name string) { a[d] = name }

// instead adds a holiday and the day in its place, if it is on a weekend: the first one from it on, in steps, that is neither on a weekend nor a
// holiday. Everything else of the year that could be in the way must be there already.
func (a almanac) instead(d policy.Date, name string, steps func(time.Weekday) int) {
	a[d] = name
	if d.Weekday() != time.Saturday && d.Weekday() != time.Sunday {
		return
	}
	step, at := steps(d.Weekday()), d
	for taken := true; taken; _, taken = a[at] {
		for at = at.Plus(step); at.Weekday() == time.Saturday || at.Weekday() == time.Sunday; at = at.Plus(step) {
		}
	}
	a[at] = name + " (observed)"
}

// nextWeekday is the rule of the United Kingdom and of Canada; nearest that of the United States: Friday for a Saturday.
func nextWeekday(time.Weekday) int { return 1 }

func nearest(d time.Weekday) int {
	if d == time.Saturday {
		return -1
	}
	return 1
}

// of returns the n-th of a weekday in a month, from its end where n is negative.
func of(year int, month time.Month, weekday time.Weekday, n int) policy.Date {
	var all []policy.Date
	for d := (policy.Date{Year: year, Month: month, Day: 1}); d.Month == month; d = d.Plus(1) {
		if d.Weekday() == weekday {
			all = append(all, d)
		}
	}
	if n < 0 {
		return all[len(all)+n]
	}
	return all[n-1]
}

// easter returns Easter Sunday, by the rule of Meeus, Jones and Butcher.
func easter(year int) policy.Date {
	a, b, c := year%19, year/100, year%100
	h := (19*a + b - b/4 - (b-(b+8)/25+1)/3 + 15) % 30
	l := (32 + 2*(b%4) + 2*(c/4) - h - c%4) % 7
	m := (a + 11*h + 22*l) / 451
	month, day := (h+l-7*m+114)/31, (h+l-7*m+114)%31+1
	return policy.Date{Year: year, Month: time.Month(month), Day: day}
}

// unitedStates is 5 U.S.C. 6103 and Executive Order 11582.
func unitedStates(year int) almanac {
	a := almanac{}
	a.on(of(year, 1, time.Monday, 3), "Martin Luther King Jr. Day")
	a.on(of(year, 2, time.Monday, 3), "Presidents' Day")
	a.on(of(year, 5, time.Monday, -1), "Memorial Day")
	a.on(of(year, 9, time.Monday, 1), "Labor Day")
	a.on(of(year, 10, time.Monday, 2), "Columbus Day")
	a.on(of(year, 11, time.Thursday, 4), "Thanksgiving Day")
	for name, d := range map[string]policy.Date{
		"New Year's Day": {Year: year, Month: 1, Day: 1}, "Juneteenth": {Year: year, Month: 6, Day: 19}, "Independence Day": {Year: year, Month: 7, Day: 4},
		"Veterans Day": {Year: year, Month: 11, Day: 11}, "Christmas Day": {Year: year, Month: 12, Day: 25},
	} {
		a.instead(d, name, nearest)
	}
	return a
}

// canada is the Canada Labour Code, part III, division V, with the day in place of one on a weekend.
func canada(year int) almanac {
	a := almanac{}
	a.on(easter(year).Plus(-2), "Good Friday")
	a.on(of(year, 9, time.Monday, 1), "Labour Day")
	a.on(of(year, 10, time.Monday, 2), "Thanksgiving Day")
	for d := (policy.Date{Year: year, Month: 5, Day: 24}); ; d = d.Plus(-1) { // the Monday before May 25
		if d.Weekday() == time.Monday {
			a.on(d, "Victoria Day")
			break
		}
	}
	a.instead(policy.Date{Year: year, Month: 1, Day: 1}, "New Year's Day", nextWeekday)
	a.instead(policy.Date{Year: year, Month: 7, Day: 1}, "Canada Day", nextWeekday)
	a.instead(policy.Date{Year: year, Month: 9, Day: 30}, "National Day for Truth and Reconciliation", nextWeekday)
	a.instead(policy.Date{Year: year, Month: 11, Day: 11}, "Remembrance Day", nextWeekday)
	a.christmas(year)
	return a
}

// england is the Banking and Financial Dealings Act 1971, and what was proclaimed for 2022 and 2023.
func england(year int) almanac {
	a := almanac{}
	a.on(easter(year).Plus(-2), "Good Friday")
	a.on(easter(year).Plus(1), "Easter Monday")
	a.on(of(year, 5, time.Monday, 1), "Early May")
	a.on(of(year, 8, time.Monday, -1), "Summer Bank Holiday")
	switch year {
	case 2022:
		a.on(policy.Date{Year: 2022, Month: 6, Day: 2}, "Spring Bank Holiday")
		a.on(policy.Date{Year: 2022, Month: 6, Day: 3}, "Platinum Jubilee Bank Holiday")
	default:
		a.on(of(year, 5, time.Monday, -1), "Spring Bank Holiday")
	}
	if year == 2023 {
		a.on(policy.Date{Year: 2023, Month: 5, Day: 8}, "Coronation of King Charles III")
	}
	a.instead(policy.Date{Year: year, Month: 1, Day: 1}, "New Year's Day", nextWeekday)
	a.christmas(year)
	return a
}

// christmas adds both days before the days in their place, since Boxing Day keeps its own where that is a Monday.
func (a almanac) christmas(year int) {
	day, boxing := policy.Date{Year: year, Month: 12, Day: 25}, policy.Date{Year: year, Month: 12, Day: 26}
	a.on(boxing, "Boxing Day")
	a.instead(day, "Christmas Day", nextWeekday)
	a.instead(boxing, "Boxing Day", nextWeekday)
}

// TestHolidaysOfAHundredYears is rule 2: each holiday and each day in its place, by the laws' own words, under its own name, in every calendar and
// every year: those with Christmas Day, Boxing Day, New Year's Day, Canada Day or Independence Day on a weekend are among them.
func TestHolidaysOfAHundredYears(t *testing.T) {
	for calendar, laws := range map[policy.Calendar]func(int) almanac{"us": unitedStates, "ca": canada, "gb-eng": england} {
		for year := 2021; year <= 2121; year++ {
			want := []string{}
			for _, y := range []int{year, year + 1} { // New Year's Day can be observed in the year before
				for d, name := range laws(y) {
					if d.Year == year {
						want = append(want, d.String()+" "+name)
					}
				}
			}
			slices.Sort(want)
			if diff := cmp.Diff(want, holidaysOf(year, calendar)); diff != "" {
				t.Errorf("%s %d (-want +got):\n%s", calendar, year, diff)
			}
		}
	}
}

// TestAHolidaysOwnDayComesFirst: a line with the calendars of two countries names the holiday that is on its own day, not the one that is observed
// in the other country then.
func TestAHolidaysOwnDayComesFirst(t *testing.T) {
	for _, calendars := range [][]policy.Calendar{{"us", "gb-eng"}, {"gb-eng", "us"}, {"ca", "us"}} {
		all := holidaysOf(2033, calendars...)
		if !slices.Contains(all, "2033-12-26 Boxing Day") || !slices.Contains(all, "2033-12-27 Christmas Day (observed)") {
			t.Errorf("%v: %v", calendars, all[len(all)-3:])
		}
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
