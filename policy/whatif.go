package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const errLimit inputError = "invalid limit"

// Limit is another limit for a what-if, as a person writes it: "tickets=12".
type Limit struct{ Name, Value string }

// limitNames are the limits that can be other ones, in the order in which they are listed.
var limitNames = []string{"tickets", "over-long", "call", "months", "within", "training"}

// ParseLimit reads NAME=VALUE. The error is ErrInput.
func ParseLimit(s string) (Limit, error) {
	name, value, ok := strings.Cut(s, "=")
	if !ok || !slices.Contains(limitNames, name) {
		return Limit{}, fmt.Errorf("%w: %q; write NAME=NUMBER, and NAME is one of %s", errLimit, s, strings.Join(limitNames, ", "))
	}
	return Limit{name, value}, nil
}

// With returns the limits with others in the place of some. All are whole numbers above 0, and "call" is a duration, such as 15m. The error
// is ErrInput.
func (f FairUse) With(limits ...Limit) (FairUse, error) {
	for _, l := range limits {
		if err := f.set(l); err != nil {
			return f, err
		}
	}
	if f.SustainedMonths > f.SustainedWithin {
		return f, fmt.Errorf("%w: months=%d within %d months cannot be", errLimit, f.SustainedMonths, f.SustainedWithin)
	}
	return f, nil
}

func (f *FairUse) set(l Limit) error {
	numbers := map[string]*int{
		"tickets": &f.TicketsPerMonth, "over-long": &f.OverLongCallsPerMonth, "months": &f.SustainedMonths,
		"within": &f.SustainedWithin, "training": &f.TrainingCallsPerMonth,
	}
	if l.Name == "call" {
		d, err := time.ParseDuration(l.Value)
		if err != nil || d < time.Second || d%time.Second != 0 {
			return fmt.Errorf("%w: call=%s; write whole minutes or seconds, such as 15m", errLimit, l.Value)
		}
		f.CallLimit = d
		return nil
	}
	n, err := strconv.Atoi(l.Value)
	number, known := numbers[l.Name]
	if !known || err != nil || n < 1 {
		return fmt.Errorf("%w: %s=%s; write a whole number above 0", errLimit, l.Name, l.Value)
	}
	*number = n
	return nil
}

// Difference is an account's month under two sets of limits.
type Difference struct{ Before, After Usage }

// Comparison is the difference that other limits would make.
type Comparison struct {
	Differ   []Difference // the first of the months of accounts that would be otherwise, by account
	Months   int          // all of them
	Worse    int          // those that would be over, or sustained, and are not; the others would be better
	Accounts int
}

// Compare returns the months, of the last n, in which accounts are over or sustained under one set of limits and not under the other: the first of
// them, at most so many, and counts of all. The report must begin so many months earlier as the larger FairUse.Lead is.
func (r UsageReport) Compare(fair, other FairUse, n, most int) Comparison {
	var found Comparison
	var is, would []bool
	for c, months := range r.each(nil) {
		is, would = overIn(months, fair, is), overIn(months, other, would)
		before := found.Months
		for i := max(0, len(r)-n); i < len(r); i++ {
			long, wouldLong := sustained(is[:i+1], fair), sustained(would[:i+1], other)
			if is[i] == would[i] && long == wouldLong {
				continue
			}
			found.Months++
			found.Worse += one(would[i] && !is[i] || wouldLong && !long)
			if len(found.Differ) < most {
				found.Differ = append(found.Differ, Difference{r.usage(c, months, i, is, fair), r.usage(c, months, i, would, other)})
			}
		}
		found.Accounts += one(found.Months > before)
	}
	return found
}
