package ivr

import (
	"strings"

	"github.com/officernd/supportline/policy"
)

// askNumber asks for the customer number, unless this caller has tried too many already.
func (t *turn) askNumber(say ...Phrase) Reply {
	if t.tooMany(t.in.WrongNumbers) {
		return t.unidentified()
	}
	return t.thenNumber(say...)
}

func (t *turn) thenNumber(say ...Phrase) Reply {
	reply := t.then(ThenAskNumber, stepNumber, say...)
	reply.Digits = t.Identification.Digits
	return reply
}

// tooMany keeps callers from finding out by trial which numbers exist.
func (t *turn) tooMany(wrong int) bool {
	if wrong < t.Identification.WrongNumbersPerHour {
		return false
	}
	t.note("customer.limit", "too many wrong numbers within an hour: no more are looked up",
		"wrong numbers", count(wrong), "limit", count(t.Identification.WrongNumbersPerHour))
	return true
}

// known takes the key that confirms the account of the caller's number. Anything else leads to the customer number.
func (t *turn) known() Reply {
	if t.in.Keys == "1" || t.in.Word == WordYes {
		for _, c := range t.in.Callers {
			if c.Number == t.call.State.Offered {
				t.note("caller-id.confirmed", "the caller confirmed the account of their number", "customer", string(c.Number))
				return t.identified(c)
			}
		}
	}
	t.note("caller-id.declined", "the caller did not confirm: asked for a customer number", "heard", t.in.heard())
	return t.askNumber(phrase("number-plain", "digits", count(t.Identification.Digits)))
}

// number takes a customer number.
func (t *turn) number() Reply {
	switch {
	case strings.Contains(t.in.Keys, "*") || t.in.Word == WordLost:
		t.note("customer.none", "the caller does not have the number", "heard", t.in.heard())
		return t.unidentified()
	case t.tooMany(t.in.WrongNumbers): // checked before the number is looked at: a right one must not show either
		return t.unidentified()
	case t.in.Number == "":
		t.note("customer.missing", "no number was heard", "try", count(t.call.State.Misses+1))
		return t.again(0, phrase("number-again", "digits", count(t.Identification.Digits)))
	case t.in.Customer == nil:
		t.note("customer.unknown", "nobody has this number", "number", t.in.Number, "try", count(t.call.State.Misses+1))
		t.call.WrongNumbers = append(t.call.WrongNumbers, t.now)
		return t.again(1, phrase("number-unknown", "heard", t.in.Number, "digits", count(t.Identification.Digits)))
	}
	t.note("customer.found", t.in.Customer.Name, "number", t.in.Number)
	return t.identified(*t.in.Customer)
}

// again asks once more, until the tries are used up. wrong is how many wrong numbers this turn adds.
func (t *turn) again(wrong int, ask Phrase) Reply {
	t.call.State.Misses++
	if t.call.State.Misses >= t.Identification.Tries || (wrong > 0 && t.tooMany(t.in.WrongNumbers+wrong)) {
		return t.unidentified()
	}
	return t.thenNumber(ask)
}

// identified goes on with an account: is it entitled, and why does it call.
func (t *turn) identified(c policy.Customer) Reply {
	if _, attached := t.call.Standing(policy.ActAttach); !attached { // what a person decided meanwhile stays
		t.call.Customer, t.call.Account = c.Number, c.Name
		t.call.Month = policy.MonthOf(t.call.StartedAt, t.homeLine(c).Zone)
	}
	t.call.State.Restricted = c.Restricted
	if !t.Includes(c.Package) {
		t.note("package.missing", "the package does not include phone support", "package", c.Package)
		t.call.Refused = policy.NotEntitled
		return t.leave(phrase("not-entitled"))
	}
	t.note("package.included", "the package includes phone support", "package", c.Package)
	return t.askIntent()
}

// homeLine is the line whose zone decides the account's months; the dialled one where the directory names a line that is gone.
func (t *turn) homeLine(c policy.Customer) policy.Line {
	if home, ok := t.Line(c.Line); ok {
		return home
	}
	return t.line
}

// unidentified goes on without an account, or refuses to (rule 12).
func (t *turn) unidentified() Reply {
	if t.Identification.Refuse {
		t.note("unidentified.refuse", "callers without a customer number are refused")
		t.call.Refused = policy.UnidentifiedRefuse
		return t.leave(phrase("number-refused"))
	}
	t.note("unidentified.connect", "the caller goes on unidentified")
	t.call.State.Unidentified = true
	return t.askIntent(phrase("number-missing"))
}
