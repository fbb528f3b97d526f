package policy

import (
	"fmt"
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
		ca.ThanksgivingDay, ca.RemembranceDay, ca.ChristmasDay, ca.BoxingDay,
	},
	calendarGBEng: gb.Holidays,
}

// The library works in the machine's own zone, where a day need not begin at midnight. Dates have no zone.
func init() { cal.DefaultLoc = time.UTC }

// holiday returns the name of the holiday of a date, if it is one: "Boxing Day", "Independence Day (observed)".
func (c Calendar) holiday(d Date) (name string, ok bool) {
	for _, h := range holidays[c] {
		if !near(h, d) {
			continue
		}
		if name, ok = nameOn(h, d.Year, d); !ok && d.Month == time.December {
			// New Year's Day can be observed on the last day of the year before.
			name, ok = nameOn(h, d.Year+1, d)
		}
		if ok {
			return name, true
		}
	}
	return "", false
}

func nameOn(h *cal.Holiday, year int, d Date) (name string, ok bool) {
	actual, observed := h.Calc(year)
	switch {
	case actual.IsZero():
		return "", false
	case DateOf(actual) == d:
		return h.Name, true
	case DateOf(observed) == d:
		return h.Name + " (observed)", true
	}
	return "", false
}

// near spares the work for a holiday of another month; one without a month moves with Easter. A year is asked day by day for the next
// opening, and on the path of a call.
func near(h *cal.Holiday, d Date) bool {
	return h.Month == 0 || h.Month == d.Month || h.Month == d.Month%12+1 || d.Month == h.Month%12+1
}
