package ivr

import (
	"cmp"
	"strings"

	"github.com/officernd/supportline/policy"
)

// askNumber asks for the customer number, unless this caller has entered too many wrong ones.
func (x *exchange) askNumber() Reply {
	if x.tooMany(0) {
		return x.locked(phrase("number-unavailable"))
	}
	return x.thenNumber(x.numberPhrase("number-plain"))
}

func (x *exchange) thenNumber(say ...Phrase) Reply {
	reply := x.then(ThenAskNumber, stepNumber, say...)
	reply.Digits = x.Identification.Digits
	return reply
}

func (x *exchange) numberPhrase(id string) Phrase {
	return phrase(id, "digits", count(x.Identification.Digits))
}

// WrongNumberLimit is a limit of wrong customer numbers: the rule that the trace names when it was reached.
type WrongNumberLimit string

// The limits.
const (
	LimitOfCaller WrongNumberLimit = "customer.limit"     // by one caller
	LimitOfAll    WrongNumberLimit = "customer.limit-all" // by all callers together
)

// tooMany reports whether no more numbers are looked up for this caller, so that nobody finds out by trial which exist. added is how many wrong
// numbers this exchange adds to those before it. The limit of all callers together stops nobody whose number is on file of an account: a
// stranger who tries out numbers must not shut the customers out. A call that is locked stays so.
func (x *exchange) tooMany(added int) bool {
	if x.call.State.Locked {
		return true
	}
	byCaller, inAll, limits := x.in.WrongNumbers+added, x.in.WrongInAll+added, x.Identification
	switch {
	case byCaller >= limits.WrongNumbersPerHour:
		x.limited(LimitOfCaller, "too many wrong numbers within an hour: no more are looked up", byCaller, limits.WrongNumbersPerHour)
	case inAll >= limits.WrongNumbersInAll && !x.call.Known:
		x.limited(LimitOfAll, "too many wrong numbers by all callers within an hour: no more are looked up, but for callers whose number is on file",
			inAll, limits.WrongNumbersInAll)
	}
	return x.call.State.Locked
}

func (x *exchange) limited(by WrongNumberLimit, result string, wrong, limit int) {
	x.note(string(by), result, "wrong numbers", count(wrong), "limit", count(limit))
	x.call.State.Locked = true
}

// known takes the key that confirms the account of the caller's number: star, which no customer number begins with. A digit may be the first of a
// number that is typed over the prompt, so each leads to the question for the number, as a silence does.
func (x *exchange) known() Reply {
	x.keepReason()
	if x.confirms() {
		for _, c := range x.in.Callers {
			if c.Number == x.call.State.Offered {
				x.note("caller-id.confirmed", "the caller confirmed the account of their number", "customer", string(c.Number))
				return x.identified(c)
			}
		}
	}
	x.note("caller-id.declined", "the caller did not confirm: asked for a customer number", "heard", x.in.heard())
	if x.saysNumber() {
		return x.number()
	}
	x.call.State.Typed = digits(x.in.Keys) != ""
	return x.askNumber()
}

func (x *exchange) confirms() bool {
	key := x.in.oneKey()
	return key == starKey || x.in.Word == WordYes || (x.in.Keys == "" && key == "1")
}

// isDigit reports whether a key may be the first of a customer number that is typed over a prompt. Zero alone says that there is none.
func isDigit(key string) bool { return key >= "1" && key <= "9" }

// saysNumber reports whether a number was spoken where another answer was asked for.
func (x *exchange) saysNumber() bool { return x.in.Keys == "" && len(x.in.Number) > 1 }

// number takes the customer number.
func (x *exchange) number() Reply {
	x.keepReason()
	lost := x.hasNone()
	x.call.State.Typed = false
	switch {
	case lost:
		x.note("customer.none", "the caller does not have the number", "heard", x.in.heard())
		return x.unidentified(x.goingOn()...)
	case x.tooMany(0): // before the number is looked at: the caller must not learn that one is right either
		return x.unidentified(phrase("number-unavailable"))
	case x.in.Number == "":
		x.note("customer.missing", "no number was heard", "try", count(x.call.State.Misses+1))
		return x.again(0, x.numberPhrase("number-again"))
	case x.in.Customer != nil:
		x.note("customer.found", x.in.Customer.Name, "number", x.in.Number)
		return x.identified(*x.in.Customer)
	case len(x.in.Number) != x.Identification.Digits: // misheard, or a part of one: nobody tries out numbers with it
		x.note("customer.length", "not a whole customer number", "number", x.in.Number, "digits", count(x.Identification.Digits),
			"try", count(x.call.State.Misses+1))
		return x.again(0, x.unknownNumber())
	}
	x.note("customer.unknown", "nobody has this number", "number", x.in.Number, "try", count(x.call.State.Misses+1))
	x.call.WrongNumbers = append(x.call.WrongNumbers, x.now)
	return x.again(1, x.unknownNumber())
}

func (x *exchange) unknownNumber() Phrase {
	return phrase("number-unknown", "heard", x.in.Number, "digits", count(x.Identification.Digits))
}

const (
	starKey = "*"
	zeroKey = "0"
)

// hasNone reports whether the caller does not have the number: star or zero alone, or words. Zero is a digit as well: after the first digit of a
// number that was typed over another prompt it may be the last. A whole number wins over the excuse around it.
func (x *exchange) hasNone() bool {
	switch rest := strings.ReplaceAll(x.in.Keys, starKey, ""); {
	case x.in.Keys != "" && rest == "":
		return true
	case rest == zeroKey:
		return !x.call.State.Typed
	case x.in.Keys == "" && x.in.oneKey() == zeroKey:
		return true
	case x.in.Customer != nil, len(x.in.Number) == x.Identification.Digits:
		return false
	}
	return x.in.Word == WordLost || x.in.Word == WordPerson
}

// again asks once more, until the tries are used up. wrong is how many wrong numbers this exchange adds.
func (x *exchange) again(wrong int, ask Phrase) Reply {
	x.call.State.Misses++
	if x.call.State.Misses >= x.Identification.Tries || (wrong > 0 && x.tooMany(wrong)) {
		return x.unidentified(x.goingOn()...)
	}
	return x.thenNumber(ask)
}

// identified goes on with an account, if it is entitled.
func (x *exchange) identified(c policy.Customer) Reply {
	if !x.attached() { // a person's decision stays
		home, configured := x.Line(c.Line)
		if !configured {
			home = x.line
		}
		x.call.Customer, x.call.Account, x.call.Month = c.Number, c.Name, policy.MonthOf(x.call.StartedAt, home.Zone)
	}
	x.call.State.Restricted, x.call.State.Unidentified = c.Restricted, false
	if !x.IncludesPhone(c.Package) {
		return x.notEntitled(c)
	}
	x.note("package.included", "the package includes phone support", "package", c.Package)
	return x.goOn()
}

// attached reports whether a person attached the call to an account.
func (x *exchange) attached() bool {
	_, attached := x.call.LastAct(policy.ActAttach)
	return attached
}

// goOn goes on with the reason to call, which is asked for unless the caller named it before.
func (x *exchange) goOn(say ...Phrase) Reply {
	if i := x.reason(); i != "" {
		return x.chosen(i, say...)
	}
	return x.askIntent(say...)
}

// reason returns the reason to call, if it was chosen or named before the customer number was given.
func (x *exchange) reason() policy.Intent { return cmp.Or(x.call.Intent, x.call.State.Spoken) }

// keepReason keeps that the platform is down, which a caller under stress says at once, for after the question for the number.
func (x *exchange) keepReason() {
	if x.in.Intent == policy.Critical {
		x.note("menu.spoken", string(x.in.Intent), "said", x.in.Said)
		x.call.State.Spoken = x.in.Intent
		if x.call.Intent != "" { // chosen before, and refused without a number
			x.call.Intent = x.in.Intent
		}
	}
}

// notEntitled refuses the calls of an account without phone support. Whoever mistyped can enter the number again.
func (x *exchange) notEntitled(c policy.Customer) Reply {
	x.note("package.missing", "the package does not include phone support", "package", c.Package)
	x.call.Refused = policy.NotEntitled
	if !x.mayReturn() {
		return x.leave(phrase("not-entitled-goodbye"))
	}
	return x.then(ThenAskKey, stepMistyped, phrase("not-entitled"))
}

// mistyped takes the answer of a caller whose account is not entitled. A digit may be the first of the number that is right.
func (x *exchange) mistyped() Reply {
	again := x.saysNumber() || x.in.Word == WordYes || x.in.Word == WordNo || isDigit(x.in.oneKey())
	if !again || !x.mayReturn() {
		return x.leave(phrase("goodbye"))
	}
	x.note("customer.again", "the caller enters another number", "heard", x.in.heard())
	x.call.State.NotEntitled = true
	return x.returnToNumber()
}

// maxReturns bounds how often a caller goes back to the question for the customer number on one call.
const maxReturns = 2

func (x *exchange) mayReturn() bool { return !x.call.State.Locked && x.call.State.Returns < maxReturns }

// returnToNumber asks for the customer number again. The call belongs to nobody until it is answered.
func (x *exchange) returnToNumber() Reply {
	state := &x.call.State
	state.Returns++
	state.Misses, state.Restricted, state.Unidentified, x.call.Refused = 0, false, false, ""
	if !x.attached() {
		x.call.Customer, x.call.Account, x.call.Month = "", "", ""
	}
	if x.saysNumber() {
		return x.number()
	}
	state.Typed = x.in.Keys != ""
	return x.askNumber()
}
