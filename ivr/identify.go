package ivr

import (
	"slices"
	"strings"

	"github.com/officernd/supportline/policy"
)

// askNumber asks for the customer number, unless this caller has entered too many wrong ones.
func (x *exchange) askNumber(say ...Phrase) Reply {
	if x.tooMany(x.in.WrongNumbers) {
		return x.unidentified()
	}
	return x.thenNumber(say...)
}

func (x *exchange) thenNumber(say ...Phrase) Reply {
	reply := x.then(ThenAskNumber, stepNumber, say...)
	reply.Digits = x.Identification.Digits
	return reply
}

// tooMany reports whether no more numbers are looked up for this caller, so that nobody finds out by trial which exist.
func (x *exchange) tooMany(wrong int) bool {
	if wrong < x.Identification.WrongNumbersPerHour {
		return false
	}
	x.note("customer.limit", "too many wrong numbers within an hour: no more are looked up",
		"wrong numbers", count(wrong), "limit", count(x.Identification.WrongNumbersPerHour))
	return true
}

// known takes the key that confirms the account of the caller's number. After any other answer the customer number is asked for.
func (x *exchange) known() Reply {
	if x.in.Keys == "1" || x.in.Word == WordYes {
		for _, c := range x.in.Callers {
			if c.Number == x.call.State.Offered {
				x.note("caller-id.confirmed", "the caller confirmed the account of their number", "customer", string(c.Number))
				return x.identified(c)
			}
		}
	}
	x.note("caller-id.declined", "the caller did not confirm: asked for a customer number", "heard", x.in.heard())
	return x.askNumber(phrase("number-plain", "digits", count(x.Identification.Digits)))
}

func (x *exchange) number() Reply {
	switch {
	case strings.Contains(x.in.Keys, "*") || x.in.Word == WordLost:
		x.note("customer.none", "the caller does not have the number", "heard", x.in.heard())
		return x.unidentified()
	case x.tooMany(x.in.WrongNumbers): // before the number is looked at: the caller must not learn that one is right either
		return x.unidentified()
	case x.in.Number == "":
		x.note("customer.missing", "no number was heard", "try", count(x.call.State.Misses+1))
		return x.again(0, phrase("number-again", "digits", count(x.Identification.Digits)))
	case x.in.Customer == nil:
		x.note("customer.unknown", "nobody has this number", "number", x.in.Number, "try", count(x.call.State.Misses+1))
		x.call.WrongNumbers = append(x.call.WrongNumbers, x.now)
		return x.again(1, phrase("number-unknown", "heard", x.in.Number, "digits", count(x.Identification.Digits)))
	}
	x.note("customer.found", x.in.Customer.Name, "number", x.in.Number)
	return x.identified(*x.in.Customer)
}

// again asks once more, until the tries are used up. wrong is how many wrong numbers this exchange adds.
func (x *exchange) again(wrong int, ask Phrase) Reply {
	x.call.State.Misses++
	if x.call.State.Misses >= x.Identification.Tries || (wrong > 0 && x.tooMany(x.in.WrongNumbers+wrong)) {
		return x.unidentified()
	}
	return x.thenNumber(ask)
}

// identified goes on with an account: it asks for the reason to call, if the account is entitled.
func (x *exchange) identified(c policy.Customer) Reply {
	if _, attached := x.call.LastAct(policy.ActAttach); !attached { // a person's decision stays
		home, configured := x.Line(c.Line)
		if !configured {
			home = x.line
		}
		x.call.Customer, x.call.Account, x.call.Month = c.Number, c.Name, policy.MonthOf(x.call.StartedAt, home.Zone)
	}
	x.call.State.Restricted = c.Restricted
	if !slices.Contains(x.Packages, c.Package) {
		x.note("package.missing", "the package does not include phone support", "package", c.Package)
		x.call.Refused = policy.NotEntitled
		return x.leave(phrase("not-entitled"))
	}
	x.note("package.included", "the package includes phone support", "package", c.Package)
	return x.askIntent()
}

// unidentified goes on without an account, or refuses the call (rule 12).
func (x *exchange) unidentified() Reply {
	if x.Identification.Unidentified.Default == policy.UnidentifiedRefuse {
		x.note("unidentified.refuse", "callers without a customer number are refused")
		x.call.Refused = policy.UnidentifiedRefused
		return x.leave(phrase("number-refused"))
	}
	x.note("unidentified.connect", "the caller goes on unidentified")
	x.call.State.Unidentified = true
	return x.askIntent(phrase("number-missing"))
}
