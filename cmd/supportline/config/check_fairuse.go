package config

import (
	"fmt"
	"slices"
	"strconv"

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
		PerMinuteOverTickets:  c.amount(f.Charges.PerMinuteOverTickets, f.Charges.Currency.Value),
		TellCaller:            c.oneOf(f.TellCaller, "false", "true") == "true",
		TellHolder:            c.oneOf(f.TellHolder, "false", "true") == "true",
		WarnAt:                c.warnAt(f.WarnAt),
		LetThrough:            c.letThrough(f.LetThrough),
	}
	if fair.SustainedMonths > fair.SustainedWithin && fair.SustainedWithin > 0 {
		what := fmt.Sprintf("sustained asks for %d months within %d, which is impossible", fair.SustainedMonths, fair.SustainedWithin)
		c.add(either(f.Sustained.Months, f.Sustained.Within), what, "write months no larger than within")
	}
	if !currency.MatchString(fair.Currency) {
		c.wrong(f.Charges.Currency, "is "+quoted(fair.Currency), "write the three capital letters of a currency, such as USD or GBP")
	}
	return fair
}

// warnAt returns percentages of the monthly limit, ascending. Without any, nobody is warned.
func (c *checker) warnAt(l list[text]) []int {
	percents := distinct(c, l, func(t text) (n int, shown string, ok bool) {
		n = c.whole(t, 1, 1000)
		return n, strconv.Itoa(n), n != 0
	})
	slices.Sort(percents)
	return percents
}

// letThrough returns the intents that a restricted account keeps, in the order of policy.Intents. Critical is always one of them (rule 10).
func (c *checker) letThrough(l list[text]) []policy.Intent {
	named := distinct(c, l, func(t text) (policy.Intent, string, bool) {
		intent, ok := c.intent(t)
		return intent, t.Value, ok
	})
	named = append(named, policy.Critical)
	return slices.DeleteFunc(policy.Intents(), func(i policy.Intent) bool { return !slices.Contains(named, i) })
}
