package ivr

import (
	"cmp"
	"slices"
	"strings"

	"github.com/officernd/supportline/policy"
)

// askIntent asks for the reason to call.
func (x *exchange) askIntent(say ...Phrase) Reply {
	if x.call.State.Restricted {
		return x.askRestricted(say...)
	}
	return x.then(ThenAskKey, stepMenu, append(say, x.menuKeys()...)...)
}

// menuKeys returns the keys of the menu, and after them, for who has no customer number, the one that tells the way to it.
func (x *exchange) menuKeys() []Phrase {
	if key := x.textKey(); key != "" {
		return []Phrase{menuOf(x.Menu), phrase("number-text", "key", key)}
	}
	return []Phrase{menuOf(x.Menu)}
}

func menuOf(keys []policy.MenuKey) Phrase {
	items := make([]string, len(keys))
	for i, m := range keys {
		items[i] = m.Key + "=" + string(m.Intent)
	}
	return phrase("menu", "items", strings.Join(items, ","))
}

const (
	repeatKey = "9" // repeats the menu
	hashKey   = "#" // many callers end their number with it although its length has ended it already
)

// menu takes the reason to call, pressed or spoken.
func (x *exchange) menu() Reply {
	if key := x.textKey(); key != "" && x.in.oneKey() == key {
		return x.texted(stepMenu, x.menuKeys)
	}
	if reply, ok := x.namedReason(); ok {
		return reply
	}
	switch {
	case x.in.Word == WordTraining:
		return x.training()
	case x.wantsPerson():
		x.note("menu.person", "the caller wants a person: connected as a question", "heard", x.in.heard())
		return x.chosen(policy.Question, phrase("menu-default"))
	case x.in.oneKey() == repeatKey || x.in.Word == WordRepeat:
		return x.repeatMenu("the caller asked for the menu again")
	case x.in.Keys == hashKey:
		return x.repeatMenu("a # after the last digit of the customer number is no choice")
	}
	x.call.State.Misses++
	if x.call.State.Misses >= maxMisses {
		return x.menuDefault("no choice was made")
	}
	reply := x.askIntent(x.sorry())
	reply.Say = append(reply.Say, phrase("menu-repeat", "key", repeatKey))
	return reply
}

// namedReason goes on with the reason that was pressed, spoken, or spoken by its key ("two"). ok is false if there was none.
func (x *exchange) namedReason() (reply Reply, ok bool) {
	i, ofKey := x.Intent(x.in.oneKey())
	switch {
	case x.in.Keys != "" && ofKey:
		x.note("menu.chosen", string(i), "key", x.in.Keys)
	case x.in.Intent != "":
		i = x.in.Intent
		x.note("menu.spoken", string(i), "said", x.in.Said)
	case ofKey:
		x.note("menu.spoken", string(i), "said", x.in.Said)
	default:
		return Reply{}, false
	}
	return x.chosen(i), true
}

// wantsPerson reports whether the caller wants a person without saying what for. Star and zero are what many lines have for that.
func (x *exchange) wantsPerson() bool {
	return x.in.Word == WordPerson || x.in.oneKey() == "0" || x.in.oneKey() == "*"
}

func (x *exchange) repeatMenu(why string) Reply {
	x.call.State.Repeats++
	if x.call.State.Repeats > maxRepeats {
		return x.menuDefault("the menu was repeated often enough")
	}
	x.note("menu.repeat", why, "time", count(x.call.State.Repeats))
	return x.askIntent()
}

// menuDefault connects a caller who does not choose as one with a question, since nobody is thrown out for silence or wrong keys.
func (x *exchange) menuDefault(why string) Reply {
	x.note("menu.default", why+": connected as a question", "misses", count(x.call.State.Misses))
	return x.chosen(policy.Question, phrase("menu-default"))
}

// training answers a caller who wants training with the address where it is booked, and a way to the team. Without an address it rings the team.
func (x *exchange) training() Reply {
	address := x.Links.Training
	if address == "" {
		x.note("menu.training", "the caller wants training: connected as a question, as links.training is not set", "heard", x.in.heard())
		return x.chosen(policy.Question, phrase("menu-default"))
	}
	x.note("menu.training", "the caller wants training, and is told where it is booked", "heard", x.in.heard(), "address", address)
	x.call.Refused = policy.Informed
	return x.then(ThenAskKey, stepTraining, phrase("training", "address", address))
}

// trained takes the answer of a caller who was told where training is booked.
func (x *exchange) trained() Reply {
	again := x.in.oneKey() == repeatKey || x.in.Word == WordRepeat
	switch i := x.in.Intent; {
	case again && x.call.State.Repeats < maxRepeats:
		x.call.State.Repeats++
		return x.training()
	case i != "" || x.in.oneKey() == "1" || x.wantsPerson() || x.in.Word == WordYes:
		x.call.Refused = ""
		return x.chosen(cmp.Or(i, policy.Question))
	}
	return x.leave(phrase("goodbye"))
}

// askRestricted asks the caller of a restricted account for a reason that is let through: with one key for critical calls, or with the menu
// of the reasons that the company lets through (rules 9 and 10). Who hangs up was refused.
func (x *exchange) askRestricted(say ...Phrase) Reply {
	x.call.Refused = policy.RestrictedAccount
	if keys := x.letThrough(); len(keys) > 1 {
		say = append(say, menuOf(keys), phrase("account-limited"))
	} else {
		say = append(say, phrase("account-restricted"))
	}
	return x.then(ThenAskKey, stepRestricted, say...)
}

// letThrough returns the keys of the reasons for which a restricted account is connected. 1 is for critical calls where the menu has no key for them.
func (x *exchange) letThrough() []policy.MenuKey {
	keys := slices.DeleteFunc(slices.Clone(x.Menu), func(m policy.MenuKey) bool { return !x.FairUse.AllowsWhenRestricted(m.Intent) })
	hasNoKey := func(m policy.MenuKey) bool { return m.Intent != policy.Critical && m.Key != "1" }
	if len(keys) == 0 || !slices.ContainsFunc(keys, func(m policy.MenuKey) bool { return !hasNoKey(m) }) {
		keys = slices.Insert(keys, 0, policy.MenuKey{Key: "1", Intent: policy.Critical})
	}
	return keys
}

// restricted takes the reason of a restricted account. A reason that is not let through, and silence, are asked about once more.
func (x *exchange) restricted() Reply {
	if i := x.restrictedReason(); i != "" {
		x.note("menu.chosen", string(i), "heard", x.in.heard())
		return x.chosen(i)
	}
	if x.in.Keys == hashKey && x.call.State.Repeats < maxRepeats { // after the last digit of the customer number
		x.call.State.Repeats++
		return x.askRestricted()
	}
	x.call.State.Misses++
	x.note("account.restricted", "the account is restricted", "heard", x.in.heard(), "intent", string(x.in.Intent), "time", count(x.call.State.Misses))
	if x.call.State.Misses > 1 {
		return x.leave(phrase("account-goodbye"))
	}
	return x.askRestricted(x.sorry())
}

// restrictedReason returns the reason that the caller of a restricted account chose, and "" if it is not let through. Words of raising a ticket are
// those of a critical call: they may be about SEV 1, and nothing stops such a call (rule 10).
func (x *exchange) restrictedReason() policy.Intent {
	keys := x.letThrough()
	for _, m := range keys {
		if m.Key == x.in.oneKey() {
			return m.Intent
		}
	}
	alone := len(keys) == 1
	switch i := x.in.Intent; {
	case alone && (x.in.oneKey() == "1" || i == "" && x.in.Word == WordYes):
		return policy.Critical
	case i == policy.RaiseSeverity, i != "" && x.FairUse.AllowsWhenRestricted(i):
		return i
	}
	return ""
}

// chosen goes on with a reason to call. Calls of a restricted account, and calls to a closed line, are connected only for the reasons that the
// company lets through. A restriction never stops a critical call, nor words of raising a ticket, which may be about SEV 1 (rule 10).
func (x *exchange) chosen(i policy.Intent, say ...Phrase) Reply {
	x.call.Intent = i
	if reply, refused := x.unidentifiedGate(i); refused {
		return reply
	}
	raises := i == policy.RaiseSeverity && x.in.Intent == i // in words
	allowed := x.FairUse.AllowsWhenRestricted(i)
	if x.call.State.Restricted {
		if !allowed && !raises {
			x.note("account.restricted", "the account is restricted", "intent", string(i))
			return x.askRestricted(say...)
		}
		x.call.Refused = ""
		x.note("account.let-through", "connected although the account is restricted", "intent", string(i))
	}
	if x.call.Closed {
		ending, line := x.afterHours(i)
		if ending != policy.Connect {
			return x.closed(ending)
		}
		x.note("hours.connect", "connected although the line is closed", "intent", string(i), "line", line.Name)
	}
	if i.AsksTicket() && (allowed || !x.call.State.Restricted) { // what must not wait is connected at once
		return x.then(ThenAskTicket, stepTicket, append(say, phrase("ticket"))...)
	}
	return x.hunt(say...)
}

const maxTicket = 20

// ticket takes a ticket number. The call goes on without one as well; who said something that may be one is asked once more.
func (x *exchange) ticket() Reply {
	switch number := x.in.Ticket; {
	case number != "":
		given := policy.Ticket(number[:min(len(number), maxTicket)])
		if _, set := x.call.LastAct(policy.ActTicket); !set { // a person's decision stays
			x.call.Ticket = given
		}
		x.note("ticket.given", "about ticket "+string(given), "heard", x.in.heard())
	case x.in.unclear() && x.call.State.Misses == 0:
		x.call.State.Misses++
		x.note("ticket.unclear", "no ticket number, or several: asked again", "heard", x.in.heard())
		return x.then(ThenAskTicket, stepTicket, phrase("ticket-again"))
	default:
		x.note("ticket.unknown", "the caller does not know the ticket number", "heard", x.in.heard())
	}
	return x.hunt()
}
