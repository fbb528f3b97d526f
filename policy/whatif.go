package policy

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrLimit reports a figure that a what-if cannot take.
var ErrLimit = errors.New("invalid limit")

// Limit is one other figure for a what-if, as a person writes it: "tickets=12".
type Limit struct{ Name, Value string }

// limitNames are the figures that can be other ones, in the order in which they are listed.
var limitNames = []string{"tickets", "over-long", "call", "months", "within", "training"}

// ParseLimit reads NAME=VALUE. The error is ErrLimit.
func ParseLimit(s string) (Limit, error) {
	name, value, ok := strings.Cut(s, "=")
	if !ok || !slices.Contains(limitNames, name) {
		return Limit{}, fmt.Errorf("%w: %q; write NAME=NUMBER, and NAME is one of %s", ErrLimit, s, strings.Join(limitNames, ", "))
	}
	return Limit{name, value}, nil
}

// With are the figures with others in the place of some. All are whole numbers above 0, and "call" is a duration, such as 15m. The error
// is ErrLimit.
func (f FairUse) With(limits ...Limit) (FairUse, error) {
	for _, l := range limits {
		if err := f.set(l); err != nil {
			return f, err
		}
	}
	if f.SustainedMonths > f.SustainedWithin {
		return f, fmt.Errorf("%w: months=%d within %d months cannot be", ErrLimit, f.SustainedMonths, f.SustainedWithin)
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
			return fmt.Errorf("%w: call=%s; write whole minutes or seconds, such as 15m", ErrLimit, l.Value)
		}
		f.CallLimit = d
		return nil
	}
	n, err := strconv.Atoi(l.Value)
	number, known := numbers[l.Name]
	if !known || err != nil || n < 1 {
		return fmt.Errorf("%w: %s=%s; write a whole number above 0", ErrLimit, l.Name, l.Value)
	}
	*number = n
	return nil
}

// Difference is an account's month under two figures.
type Difference struct{ Before, After Usage }

// Compare gives the months in which the account is over or sustained under one figures and not under the others. before and after are the
// same months in the same order.
func Compare(before, after []Usage) []Difference {
	var differ []Difference
	for i, b := range before {
		if a := after[i]; a.Over != b.Over || a.Sustained != b.Sustained {
			differ = append(differ, Difference{b, a})
		}
	}
	return differ
}
