package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/us"
)

// Calendar names a set of public holidays. A holiday that falls on a weekend closes that day and the day on which it is observed.
// One-off holidays that a government proclaims are not in it; a line closes on those by a closure of its own.
type Calendar string

// The calendars.
const (
	calendarUS    Calendar = "us"     // federal holidays of the United States
	calendarCA    Calendar = "ca"     // general holidays of the Canada Labour Code, which bind federal workplaces
	calendarGBEng Calendar = "gb-eng" // bank holidays of England and Wales
)

// ParseCalendar reads the name of a calendar.
func ParseCalendar(s string) (Calendar, error) {
	if c := Calendar(s); holidays[c] != nil {
		return c, nil
	}
	return "", fmt.Errorf("%q is not a holiday calendar: write us, ca or gb-eng", s)
}

// holidays leaves out what the library's Canadian set has beyond the Code: Easter Monday and Civic Day.
var holidays = map[Calendar][]*cal.Holiday{
	calendarUS: us.Holidays,
	calendarCA: {
		ca.NewYear, ca.GoodFriday, ca.VictoriaDay, ca.CanadaDay, ca.LabourDay, ca.NationalDayForTruthAndReconciliation,
		ca.ThanksgivingDay, ca.RemembranceDay, christmasDay, boxingDay,
	},
	calendarGBEng: append(slices.DeleteFunc(slices.Clone(gb.Holidays), isChristmas), christmasDay, boxingDay),
}

// Where Christmas Day is a Sunday, Boxing Day keeps its Monday, and the day in place of Christmas Day is the Tuesday. The library has the
// two names the other way round.
var (
	twoLater     = []cal.AltDay{{Day: time.Saturday, Offset: 2}, {Day: time.Sunday, Offset: 2}}
	christmasDay = gb.ChristmasDay.Clone(&cal.Holiday{Observed: twoLater})
	boxingDay    = gb.BoxingDay.Clone(&cal.Holiday{Observed: twoLater})
)

func isChristmas(h *cal.Holiday) bool { return h == gb.ChristmasDay || h == gb.BoxingDay }

// The library works in the machine's own zone, where a day need not begin at midnight. Dates have no zone.
func init() { cal.DefaultLoc = time.UTC }

// holiday returns the name of the holiday of a date in some calendars, and "" if it is none: "Boxing Day", "Independence Day (observed)". A
// holiday on its own day comes before one that is observed then.
func holiday(calendars []Calendar, d Date) (name string) {
	for _, c := range calendars {
		for _, h := range holidays[c] {
			if !near(h, d) {
				continue
			}
			switch found, own := nameOn(h, d); {
			case own:
				return found
			case name == "":
				name = found
			}
		}
	}
	return name
}

// nameOn returns the name of a holiday on a date, if it is that holiday or observed in its place, and whether it is the holiday's own day.
func nameOn(h *cal.Holiday, d Date) (name string, own bool) {
	last := d.Year
	if d.Month == time.December { // New Year's Day can be observed on the last day of the year before
		last++
	}
	for year := d.Year; year <= last; year++ {
		actual, observed := h.Calc(year)
		switch {
		case actual.IsZero():
		case DateOf(actual) == d:
			return h.Name, true
		case DateOf(observed) == d:
			return h.Name + " (observed)", false
		}
	}
	return "", false
}

// near spares the work for a holiday of another month; one without a month moves with Easter. A year is asked day by day for the next
// opening, and on the path of a call.
func near(h *cal.Holiday, d Date) bool {
	return h.Month == 0 || h.Month == d.Month || h.Month == d.Month%12+1 || d.Month == h.Month%12+1
}
