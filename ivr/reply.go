package ivr

import (
	"github.com/officernd/supportline/policy"
)

// Reply is what the caller, or a specialist on a leg, is told and what follows. It is a value: the machine builds it, the log keeps it,
// tests compare it, and Render gives it words and a form.
type Reply struct {
	Say    []Phrase `json:"say,omitempty"`
	Then   Then     `json:"then"`
	Next   string   `json:"next,omitempty"`   // step and turn of the webhook that follows: "menu/3"
	Ring   *Ring    `json:"ring,omitempty"`   // with ThenRing, and ThenJoin for whether it is recorded
	Digits int      `json:"digits,omitempty"` // with ThenAskNumber: how many end the input
}

// Then is what follows the words.
type Then string

// Everything that can follow.
const (
	ThenAskNumber Then = "ask-number" // a customer number, keyed or spoken
	ThenAskKey    Then = "ask-key"    // one key, or words
	ThenAskTicket Then = "ask-ticket" // digits of any length, keyed or spoken
	ThenRing      Then = "ring"       // specialists
	ThenWait      Then = "wait"       // for specialists who are rung beside the call
	ThenJoin      Then = "join"       // the conference of the call, caller and leg alike
	ThenRecord    Then = "record"     // a voicemail
	ThenScreen    Then = "screen"     // one key of a specialist, on a leg
	ThenBridge    Then = "bridge"     // the leg is joined with the caller
	ThenHangup    Then = "hangup"
	ThenNothing   Then = "nothing" // the other side is gone
	ThenStateless Then = "plain"   // the way to a person that needs no state
)

// Ring is one ring step: everybody in it at once.
type Ring struct {
	To      []policy.Phone `json:"to"`
	Seconds int            `json:"seconds"`
	Record  bool           `json:"record,omitempty"` // the talk is recorded
}

// Asks says whether the reply waits for an answer.
func (t Then) Asks() bool {
	return t == ThenAskNumber || t == ThenAskKey || t == ThenAskTicket || t == ThenScreen
}

func phrase(id string, args ...string) Phrase {
	p := Phrase{ID: id}
	for i := 0; i+1 < len(args); i += 2 {
		if p.Args == nil {
			p.Args = map[string]string{}
		}
		p.Args[args[i]] = args[i+1]
	}
	return p
}

// Phrase is something to say, before it has words: which sentence, and the values in it as the machine knows them (digits as they were
// keyed, times in RFC 3339). The words are found when the reply is rendered, in the language of the line.
type Phrase struct {
	ID   string            `json:"id"`
	Args map[string]string `json:"args,omitempty"`
}
