package ivr

import (
	"github.com/officernd/supportline/policy"
)

// Reply holds what the caller, or a specialist on a leg, is told, and what follows. It is a value: the machine builds it, the log keeps it, and only
// the webhooks turn it into words and TwiML.
type Reply struct {
	Say    []Phrase `json:"say,omitempty"`
	Then   Then     `json:"then"`
	Next   string   `json:"next,omitempty"`   // step and number of the webhook that follows: "menu/3"
	Ring   *Ring    `json:"ring,omitempty"`   // with ThenRing, and with ThenJoin for Record alone
	Digits int      `json:"digits,omitempty"` // with ThenAskNumber and ThenLetType: how many end the input
}

// Then names what follows the words of a reply.
type Then string

// All that can follow.
const (
	ThenAskNumber Then = "ask-number" // a customer number, keyed or spoken
	ThenAskKey    Then = "ask-key"    // one key, or words
	ThenAskTicket Then = "ask-ticket" // digits of any length, keyed or spoken
	ThenLetType   Then = "let-type"   // keys that nobody asked for, so that they choose nothing
	ThenRing      Then = "ring"       // specialists
	ThenWait      Then = "wait"       // a piece of the ringing tone, while outbound legs ring
	ThenJoin      Then = "join"       // the conference of the call, for caller and leg alike
	ThenRecord    Then = "record"     // a voicemail
	ThenScreen    Then = "screen"     // one key of a specialist, on a leg
	ThenBridge    Then = "bridge"     // the leg is joined with the caller
	ThenHangup    Then = "hangup"
	ThenReject    Then = "reject"  // the call is not answered at all
	ThenNothing   Then = "nothing" // the other side is gone
	ThenStateless Then = "plain"   // the stateless fallback
)

// Ring is one ring step. All of its addresses ring at once.
type Ring struct {
	To      []policy.Phone `json:"to"`
	Seconds int            `json:"seconds"`
	Record  bool           `json:"record,omitempty"` // the talk is recorded
}

// Asks reports whether a key or words are expected in answer.
func (t Then) Asks() bool {
	return t == ThenAskNumber || t == ThenAskKey || t == ThenAskTicket || t == ThenLetType || t == ThenScreen
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

// Phrase is something to say, before it has words: the ID of a sentence, and the values in it as the machine knows them (digits as they were
// keyed, times in RFC 3339). Words are found when the reply is rendered, in the language of the line.
type Phrase struct {
	ID   string            `json:"id"`
	Args map[string]string `json:"args,omitempty"`
}
