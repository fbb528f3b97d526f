package ivr

import (
	"strings"

	"github.com/officernd/supportline/policy"
)

func (x *exchange) askIntent(say ...Phrase) Reply {
	items := make([]string, len(x.Menu))
	for i, m := range x.Menu {
		items[i] = m.Key + "=" + string(m.Intent)
	}
	return x.then(ThenAskKey, stepMenu, append(say, phrase("menu", "items", strings.Join(items, ",")))...)
}

const (
	repeatKey = "9" // repeats the menu
	hashKey   = "#" // many callers end their number with it although its length has ended it already
)

// menu takes the reason to call, pressed or spoken.
func (x *exchange) menu() Reply {
	if i, ok := x.Intent(x.in.Keys); ok {
		x.note("menu.chosen", string(i), "key", x.in.Keys)
		return x.chosen(i)
	}
	if i := x.spokenIntent(); i != "" {
		x.note("menu.spoken", string(i), "said", x.in.Said)
		return x.chosen(i)
	}
	if x.in.Keys == repeatKey || x.in.Word == WordRepeat || x.spokenKey() == repeatKey {
		return x.repeatMenu("the caller asked for the menu again")
	}
	if x.in.Keys == hashKey {
		return x.repeatMenu("a # after the last digit of the customer number is no choice")
	}
	x.call.State.Misses++
	if x.call.State.Misses >= maxMisses {
		return x.menuDefault("no choice was made")
	}
	if x.in.heard() == "" {
		x.note("menu.silence", "no choice was heard", "miss", count(x.call.State.Misses))
		return x.askIntent(phrase("menu-silence"))
	}
	x.note("menu.wrong-key", "not a choice of the menu", "heard", x.in.heard(), "miss", count(x.call.State.Misses))
	return x.askIntent(phrase("menu-wrong"))
}

// spokenIntent returns the reason that was spoken, by what it is or by its key ("two").
func (x *exchange) spokenIntent() policy.Intent {
	if x.in.Intent != "" {
		return x.in.Intent
	}
	i, _ := x.Intent(x.spokenKey())
	return i
}

// spokenKey returns the key that was spoken, and "" if none was.
func (x *exchange) spokenKey() string {
	if x.in.Keys != "" {
		return ""
	}
	return x.in.Key
}

func (x *exchange) repeatMenu(why string) Reply {
	x.call.State.Repeats++
	if x.call.State.Repeats > maxRepeats {
		return x.menuDefault("the menu was repeated often enough")
	}
	x.note("menu.repeat", why, "time", count(x.call.State.Repeats))
	return x.askIntent()
}

// menuDefault connects a caller who does not choose as one with a question, since nobody is thrown out for silence or wrong keys. That holds for
// a restricted account too: silence is no way round the restriction, and the menu says which key is for critical calls.
func (x *exchange) menuDefault(why string) Reply {
	x.note("menu.default", why+": connected as a question", "misses", count(x.call.State.Misses))
	return x.chosen(policy.Question, phrase("menu-default"))
}

// chosen goes on with a reason to call. Calls of a restricted account, and calls to a closed line, are connected only for the reasons that the
// company lets through. A restriction never stops a critical call (rule 10).
func (x *exchange) chosen(i policy.Intent, say ...Phrase) Reply {
	x.call.Intent = i
	if reply, refused := x.unidentifiedGate(i); refused {
		return reply
	}
	if x.call.State.Restricted {
		if !x.FairUse.AllowsWhenRestricted(i) {
			x.note("account.restricted", "the account is restricted", "intent", string(i))
			x.call.Refused = policy.RestrictedAccount
			return x.leave(phrase("account-restricted"))
		}
		x.note("account.let-through", "connected although the account is restricted", "intent", string(i))
	}
	if x.call.Closed {
		ending := x.AfterHours.For(i)
		if ending != policy.Connect {
			return x.closed(ending)
		}
		x.note("hours.connect", "connected although the line is closed", "intent", string(i))
	}
	if i.AsksTicket() {
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
