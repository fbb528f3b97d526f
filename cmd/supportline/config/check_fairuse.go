package config

import (
	"fmt"
	"slices"

	"github.com/officernd/supportline/policy"
)

func (c *checker) fairUse(f fairUse) policy.FairUse {
	fair := policy.FairUse{
		CallLimit:             c.seconds(f.CallLimit, 60, 4*60*60), // the provider ends a call after four hours
		TicketsPerMonth:       c.whole(f.TicketsPerMonth, 1, 100_000),
		OverLongCallsPerMonth: c.whole(f.OverLongCallsPerMonth, 1, 100_000),
		SustainedMonths:       c.whole(f.Sustained.Months, 1, 60),
		SustainedWithin:       c.whole(f.Sustained.Within, 1, 60),
		TrainingCallsPerMonth: c.whole(f.TrainingCallsPerMonth, 1, 100_000),
		Currency:              f.Charges.Currency.Value,
		PerTicket:             c.amount(f.Charges.PerTicket, f.Charges.Currency.Value),
		PerMinute:             c.amount(f.Charges.PerMinute, f.Charges.Currency.Value),
		WarnAt:                c.warnAt(f.WarnAt),
		LetThrough:            c.letThrough(f.LetThrough),
	}
	if fair.SustainedMonths > fair.SustainedWithin && fair.SustainedWithin > 0 {
		at := f.Sustained.Months
		if !at.Given {
			at = f.Sustained.Within
		}
		c.add(at.At, fmt.Sprintf("sustained asks for %d months within %d, which is impossible", fair.SustainedMonths, fair.SustainedWithin),
			"write months no larger than within")
	}
	if !currency.MatchString(fair.Currency) {
		c.wrong(f.Charges.Currency, "is "+quoted(fair.Currency), "write the three capital letters of a currency, such as USD or GBP")
	}
	return fair
}

// warnAt returns percentages of the monthly limit, ascending. Without any, nobody is warned.
func (c *checker) warnAt(l list[text]) []int {
	var percents []int
	for _, t := range l.Items {
		switch n := c.whole(t, 1, 1000); {
		case n == 0:
		case slices.Contains(percents, n):
			c.wrong(t, fmt.Sprintf("names %d twice", n), "keep one of the two")
		default:
			percents = append(percents, n)
		}
	}
	slices.Sort(percents)
	return percents
}

// letThrough returns the intents that a restricted account keeps, in the order of policy.Intents. Critical is always one of them (rule 10).
func (c *checker) letThrough(l list[text]) []policy.Intent {
	named := map[policy.Intent]bool{}
	for _, t := range l.Items {
		intent, ok := c.intent(t)
		if ok && named[intent] {
			c.wrong(t, "names "+string(intent)+" twice", "keep one of the two")
		}
		named[intent] = ok
	}
	var through []policy.Intent
	for _, i := range policy.Intents() {
		if i == policy.Critical || named[i] {
			through = append(through, i)
		}
	}
	return through
}
