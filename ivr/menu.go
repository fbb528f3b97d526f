package ivr

import (
	"strings"

	"github.com/officernd/supportline/policy"
)

// askIntent reads the menu out.
func (t *turn) askIntent(say ...Phrase) Reply {
	items := make([]string, len(t.Menu))
	for i, m := range t.Menu {
		items[i] = m.Key + "=" + string(m.Intent)
	}
	return t.then(ThenAskKey, stepMenu, append(say, phrase("menu", "items", strings.Join(items, ",")))...)
}

const (
	repeatKey = "9" // repeats the menu
	hashKey   = "#" // many callers end their number with it although its length has ended it already
)

// menu takes the reason to call, by key or in words.
func (t *turn) menu() Reply {
	if i, ok := t.Intent(t.in.Keys); ok {
		t.note("menu.chosen", string(i), "key", t.in.Keys)
		return t.chosen(i)
	}
	if i := t.spokenIntent(); i != "" {
		t.note("menu.spoken", string(i), "said", t.in.Said)
		return t.chosen(i)
	}
	if t.in.Keys == repeatKey || t.in.Word == WordRepeat || t.spokenKey() == repeatKey {
		return t.repeatMenu("the caller asked for the menu again")
	}
	if t.in.Keys == hashKey {
		return t.repeatMenu("a # after the last digit of the customer number is no choice")
	}
	t.call.State.Misses++
	if t.call.State.Misses >= maxMisses {
		return t.menuDefault("no choice was made")
	}
	if t.in.heard() == "" {
		t.note("menu.silence", "no choice was heard", "miss", count(t.call.State.Misses))
		return t.askIntent(phrase("menu-silence"))
	}
	t.note("menu.wrong-key", "not a choice of the menu", "heard", t.in.heard(), "miss", count(t.call.State.Misses))
	return t.askIntent(phrase("menu-wrong"))
}

// spokenIntent is a reason to call in words, or the name of its key: "two".
func (t *turn) spokenIntent() policy.Intent {
	if t.in.Intent != "" {
		return t.in.Intent
	}
	i, _ := t.Intent(t.spokenKey())
	return i
}

// spokenKey is the key that was named; "" where none was pressed and none is meant.
func (t *turn) spokenKey() string {
	if t.in.Keys != "" || len(t.in.Number) != 1 {
		return ""
	}
	return t.in.Number
}

func (t *turn) repeatMenu(why string) Reply {
	t.call.State.Repeats++
	if t.call.State.Repeats > maxRepeats {
		return t.menuDefault("the menu was repeated often enough")
	}
	t.note("menu.repeat", why, "time", count(t.call.State.Repeats))
	return t.askIntent()
}

// menuDefault connects a caller who does not choose: nobody is thrown out for silence or wrong keys. A restricted account that chooses
// nothing has a question too, or silence would be its way round the restriction; it was told which key is for critical.
func (t *turn) menuDefault(why string) Reply {
	t.note("menu.default", why+": connected as a question", "misses", count(t.call.State.Misses))
	return t.chosen(policy.Question, phrase("menu-default"))
}

// chosen goes on with a reason to call. A restricted account, and a closed line, connect only the reasons that the company lets through;
// a restriction never stops a critical call (rule 10).
func (t *turn) chosen(i policy.Intent, say ...Phrase) Reply {
	t.call.Intent = i
	if t.call.State.Restricted {
		if !t.FairUse.Lets(i) {
			t.note("account.restricted", "the account is restricted", "intent", string(i))
			t.call.Refused = policy.RestrictedAccount
			return t.leave(phrase("account-restricted"))
		}
		t.note("account.let-through", "connected although the account is restricted", "intent", string(i))
	}
	if t.call.Closed {
		ending := t.AfterHours.For(i)
		if ending != policy.Connect {
			return t.closed(ending)
		}
		t.note("hours.connect", "connected although the line is closed", "intent", string(i))
	}
	if i.AsksTicket() {
		return t.then(ThenAskTicket, stepTicket, append(say, phrase("ticket"))...)
	}
	return t.hunt(say...)
}

// maxTicket is the longest ticket number that is kept.
const maxTicket = 20

// ticket takes a ticket number. Without one the call goes on all the same.
func (t *turn) ticket() Reply {
	if number := t.in.Number; number != "" {
		given := policy.Ticket(number[:min(len(number), maxTicket)])
		if _, set := t.call.Standing(policy.ActTicket); !set { // what a person set meanwhile stays
			t.call.Ticket = given
		}
		t.note("ticket.given", "about ticket "+string(given), "heard", t.in.heard())
	} else {
		t.note("ticket.unknown", "the caller does not know the ticket number", "heard", t.in.heard())
	}
	return t.hunt()
}
