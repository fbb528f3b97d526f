package policy

import (
	"encoding/json"
	"slices"
	"time"
)

// Call is one logged call: what the machine decided, what the provider reported, and the machine's own place in it. It holds facts
// only; whatever follows from them (outcome, talk time, month's ticket) is derived by methods, so that it cannot drift. A Call is a
// value: nobody writes into what a store handed out (Clip, Clone).
type Call struct {
	SID       CallSID   `json:"sid"`
	Line      Phone     `json:"line"` // the number that was dialled
	From      Phone     `json:"from"` // the caller, or what the provider sent instead
	StartedAt time.Time `json:"started_at,omitzero"`
	Answered  bool      `json:"answered,omitempty"` // we saw the first webhook, so StartedAt is our own
	Config    string    `json:"config,omitempty"`   // version of the configuration at the first webhook

	Customer CustomerNumber `json:"customer,omitempty"`
	Account  string         `json:"account,omitempty"` // the customer's name when the call came
	Month    Month          `json:"month,omitempty"`   // of the start, in the zone of the account's home line (rule 4)
	Known    bool           `json:"known,omitempty"`   // the caller's number is one of an account's caller numbers
	Intent   Intent         `json:"intent,omitempty"`
	Ticket   Ticket         `json:"ticket,omitempty"`

	State     State      `json:"state"`
	Exchanges []Exchange `json:"turns,omitempty"`
	Trace     []Decision `json:"trace,omitempty"`
	Legs      []Leg      `json:"legs,omitempty"`
	Message   *Recording `json:"message,omitempty"` // the voicemail that was left
	// Recordings of the talk, where the company records, and other messages than the one above; by SID.
	Recordings []Recording `json:"recordings,omitempty"`
	// WrongNumbers are the times at which a customer number was entered that nobody has.
	WrongNumbers []time.Time `json:"wrong_numbers,omitempty"`

	Closed    bool      `json:"closed,omitempty"`    // the line was closed when the call came
	HuntingAt time.Time `json:"hunting_at,omitzero"` // the end of the menu: from here the caller waits
	JoinedAt  time.Time `json:"joined_at,omitzero"`  // the caller was sent to the conference with a specialist who was rung beside the call
	Refused   Outcome   `json:"refused,omitempty"`   // why the machine sent the caller away
	Exhausted bool      `json:"exhausted,omitempty"` // everybody was rung and nobody accepted
	LeftAt    time.Time `json:"left_at,omitzero"`    // the machine said goodbye, or learned that the caller hung up

	Listed       bool      `json:"listed,omitempty"` // we know of the call from the provider's list, and saw none of it
	Erased       bool      `json:"erased,omitempty"` // the customer was erased: nothing that identifies comes back (rule 13)
	Status       string    `json:"status,omitempty"` // the provider's final word on the call, in its own terms
	EndedAt      time.Time `json:"ended_at,omitzero"`
	TotalSeconds *int      `json:"total_seconds,omitempty"` // the provider's figure

	Waived   bool `json:"waived,omitempty"`   // deemed necessary although over-long (rule 6)
	Training bool `json:"training,omitempty"` // rule 7
	// Acts are what people did to the call and undid, in their order. They are added by WithAct alone, which keeps Waived, Training, Ticket,
	// Customer, Account and Month in step.
	Acts []Act `json:"acts,omitempty"`
	// LimitToldAt is when people were told that the talk passed the call limit.
	LimitToldAt time.Time `json:"limit_told_at,omitzero"`
}

// StepRecorded is the machine's step at which a message is left. It has a name here because a closed line leads to it before anything else is
// known of the call.
const StepRecorded = "recorded"

// State is the machine's place in a call. Only ivr decides by it.
type State struct {
	Step     string `json:"step,omitempty"`
	Exchange int    `json:"turn,omitempty"`    // of the webhook that is expected next
	Misses   int    `json:"misses,omitempty"`  // wrong answers and silences at the present step
	Repeats  int    `json:"repeats,omitempty"` // of the present step, on the caller\'s wish
	Team     string `json:"team,omitempty"`
	Round    int    `json:"round,omitempty"` // of the ring step in progress, from 0
	Ring     int    `json:"ring,omitempty"`  // index of the ring step in progress
	// Order is the last ring step that was rung beside the call, by its turn; OrderedAt is when, and Word what is known of it.
	Order     int       `json:"order,omitempty"`
	OrderedAt time.Time `json:"ordered_at,omitzero"`
	Word      string    `json:"word,omitempty"` // "": nothing yet; rung or refused
	WordAt    time.Time `json:"word_at,omitzero"`
	Plain     bool      `json:"plain,omitempty"` // nobody can be rung beside this call: specialists are rung on it
	// Unidentified callers go on without an account (rule 12).
	Unidentified bool           `json:"unidentified,omitempty"`
	Offered      CustomerNumber `json:"offered,omitempty"`    // the account that one key would confirm
	Restricted   bool           `json:"restricted,omitempty"` // the account was restricted when it was identified
}

// Exchange is one webhook that was answered. A retry of it gets the same reply.
type Exchange struct {
	Key   string          `json:"key"` // which webhook: step and exchange, or leg and try
	At    time.Time       `json:"at"`
	Heard string          `json:"heard,omitempty"` // what was pressed or said
	Reply json.RawMessage `json:"reply"`           // as ivr wrote it
}

// Decision is one step of the trace: which rule decided what, on which inputs, under which configuration.
type Decision struct {
	At     time.Time `json:"at"`
	Rule   string    `json:"rule"`   // "hours.week", "package.included", ...
	Result string    `json:"result"` // in words
	Inputs []Fact    `json:"inputs,omitempty"`
	Config string    `json:"config,omitempty"`
}

// Fact is one named input of a decision.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Leg is one specialist who was rung: a call of its own at the provider.
type Leg struct {
	SID         CallSID   `json:"sid"`
	To          Phone     `json:"to,omitempty"`
	Attempt     int       `json:"order,omitempty"`  // rung beside the call, by this order; 0: rung on it, by a Dial
	Status      string    `json:"status,omitempty"` // the provider's, the furthest that was reported
	RangAt      time.Time `json:"rang_at,omitzero"`
	AnsweredAt  time.Time `json:"answered_at,omitzero"` // somebody or something picked up
	ScreenedAt  time.Time `json:"screened_at,omitzero"` // our first screening request: the specialist is told who calls
	AcceptedAt  time.Time `json:"accepted_at,omitzero"` // the accepting key
	PassedAt    time.Time `json:"passed_at,omitzero"`   // passed on, with the key for that
	EndedAt     time.Time `json:"ended_at,omitzero"`
	Seconds     *int      `json:"seconds,omitempty"`      // the provider's duration of the leg, from its answer to its end
	DialSeconds *int      `json:"dial_seconds,omitempty"` // the same as the dialling leg was told it
	DialEndedAt time.Time `json:"dial_ended_at,omitzero"` // we were told that the dial is over
	NotBridged  bool      `json:"not_bridged,omitempty"`  // the provider says that the two never heard each other
}

// Clip gives the call with its slices ending where they end, so that appending to one makes a new one. It is how a call is changed without
// writing into what others hold; who writes into elements starts from Clone.
func (c Call) Clip() Call {
	c.Exchanges, c.Trace, c.Legs = slices.Clip(c.Exchanges), slices.Clip(c.Trace), slices.Clip(c.Legs)
	c.Recordings, c.WrongNumbers = slices.Clip(c.Recordings), slices.Clip(c.WrongNumbers)
	c.Acts = slices.Clip(c.Acts)
	return c
}

// WithoutHistory returns the call without its exchanges and its trace.
func (c Call) WithoutHistory() Call {
	c.Exchanges, c.Trace = nil, nil
	return c
}

// Clone gives a call whose slices are its own.
func (c Call) Clone() Call {
	c.Exchanges, c.Trace, c.Legs = slices.Clone(c.Exchanges), slices.Clone(c.Trace), slices.Clone(c.Legs)
	c.Recordings, c.WrongNumbers = slices.Clone(c.Recordings), slices.Clone(c.WrongNumbers)
	c.Acts = slices.Clone(c.Acts)
	return c
}

// Exchange returns the exchange of a webhook that was answered before.
func (c Call) Exchange(key string) (Exchange, bool) {
	for i := len(c.Exchanges) - 1; i >= 0; i-- {
		if c.Exchanges[i].Key == key {
			return c.Exchanges[i], true
		}
	}
	return Exchange{}, false
}

// Leg finds a leg by its SID; the zero Leg with that SID if it is new.
func (c Call) Leg(sid CallSID) Leg {
	for _, l := range c.Legs {
		if l.SID == sid {
			return l
		}
	}
	return Leg{SID: sid}
}

// WithLeg puts a leg in its place, legs in the order of their SIDs, so that the order of reports does not show.
func (c Call) WithLeg(l Leg) Call {
	c.Legs = slices.Clone(c.Legs)
	i, found := slices.BinarySearchFunc(c.Legs, l, func(a, b Leg) int { return compare(a.SID, b.SID) })
	if found {
		c.Legs[i] = l
	} else {
		c.Legs = slices.Insert(c.Legs, i, l)
	}
	return c
}

func compare(a, b CallSID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Accepted is the leg of the specialist who took the call: the first acceptance that was not denied by the provider. A caller who left before
// being sent to the specialist's conference was not served.
func (c Call) Accepted() (Leg, bool) {
	var taken Leg
	for _, l := range c.Legs {
		if l.AcceptedAt.IsZero() || l.NotBridged || (l.Attempt > 0 && c.JoinedAt.IsZero() && !c.End().IsZero()) {
			continue
		}
		if taken.SID == "" || l.AcceptedAt.Before(taken.AcceptedAt) {
			taken = l
		}
	}
	return taken, taken.SID != ""
}

// End is when the call ended: the provider's time, else the moment we learned it; zero while the call goes on.
func (c Call) End() time.Time {
	if !c.EndedAt.IsZero() {
		return c.EndedAt
	}
	return c.LeftAt
}

// Outcome says how the call ended; "" while it goes on.
func (c Call) Outcome() Outcome {
	if c.End().IsZero() {
		return ""
	}
	_, accepted := c.Accepted()
	switch {
	case accepted:
		return Served
	case c.Message != nil:
		return LeftVoicemail
	case c.Refused != "":
		return c.Refused
	case c.Closed && c.HuntingAt.IsZero():
		return LineClosed
	case c.Exhausted:
		return Unanswered
	case c.Status == "failed" || c.Status == "busy" || c.Status == "no-answer", c.Listed && !c.Answered:
		return Failed
	}
	return Abandoned
}
