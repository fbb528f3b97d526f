package policy

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// ErrNoCall reports that the log has no such call.
var ErrNoCall = errors.New("no such call")

// Call is one logged call: what the machine decided, what the provider reported, and the machine's own place in it. It holds facts only. All that
// follows from them (outcome, talk time, month's ticket) is derived by methods, so that it cannot drift. A Call is a value: the slices of one
// that a store returned are never written into (Clip, Clone).
type Call struct {
	SID       CallSID   `json:"sid"`
	Line      Phone     `json:"line"` // the number that was dialled
	From      Phone     `json:"from"` // the caller, or what the provider sent instead
	StartedAt time.Time `json:"started_at,omitzero"`
	Answered  bool      `json:"answered,omitempty"` // we answered the first webhook, so StartedAt is our own time
	Config    string    `json:"config,omitempty"`   // version of the configuration at the first webhook

	Customer CustomerNumber `json:"customer,omitempty"`
	Account  string         `json:"account,omitempty"` // the customer's name when the call came
	Month    Month          `json:"month,omitempty"`   // of the start, in the zone of the account's home line (rule 4)
	Known    bool           `json:"known,omitempty"`   // the caller's number is one of an account's caller numbers
	// OnFile is the one account that the caller's number was on file of when the call came, "" where there were none or several. It never
	// identifies (rule 12).
	OnFile CustomerNumber `json:"on_file,omitempty"`
	Intent Intent         `json:"intent,omitempty"`
	Ticket Ticket         `json:"ticket,omitempty"`
	// CallBackOf is the call whose caller was called back with this one (rule 19). Then SID is the specialist's leg, which is among the legs as well,
	// the other legs are those to the caller, and From is who is called back.
	CallBackOf CallSID `json:"callback_of,omitempty"`

	State     State      `json:"state"`
	Exchanges []Exchange `json:"turns,omitempty"`
	Trace     []Decision `json:"trace,omitempty"`
	Legs      []Leg      `json:"legs,omitempty"`
	Message   *Recording `json:"message,omitempty"` // the voicemail that was left
	// Recordings of the talk, where the company records, and further messages, sorted by SID.
	Recordings []Recording `json:"recordings,omitempty"`
	// WrongNumbers are the times at which customer numbers that nobody has were entered.
	WrongNumbers []time.Time `json:"wrong_numbers,omitempty"`

	Closed    bool      `json:"closed,omitempty"`    // the line was closed when the call came
	HuntingAt time.Time `json:"hunting_at,omitzero"` // the end of the menu: from here on the caller waits
	JoinedAt  time.Time `json:"joined_at,omitzero"`  // the caller was sent to the conference with the specialist of an outbound leg
	Refused   Outcome   `json:"refused,omitempty"`   // why the machine sent the caller away
	Exhausted bool      `json:"exhausted,omitempty"` // everybody was rung and nobody accepted
	LeftAt    time.Time `json:"left_at,omitzero"`    // the machine said goodbye, or learned that the caller hung up

	Listed       bool      `json:"listed,omitempty"` // known from the provider's list alone
	Erased       bool      `json:"erased,omitempty"` // the customer was erased, and nothing that identifies comes back (rule 13)
	Status       string    `json:"status,omitempty"` // the provider's final status
	EndedAt      time.Time `json:"ended_at,omitzero"`
	TotalSeconds *int      `json:"total_seconds,omitempty"` // the provider's figure

	Waived   bool `json:"waived,omitempty"`   // deemed necessary although over-long (rule 6)
	Training bool `json:"training,omitempty"` // rule 7
	// Acts are what people did to the call and undid, in their order. WithAct alone adds them and keeps Waived, Training, Ticket, Customer, Account
	// and Month in step.
	Acts []Act `json:"acts,omitempty"`
	// LimitToldAt is when people were told that the talk passed the call limit.
	LimitToldAt time.Time `json:"limit_told_at,omitzero"`
}

// StepRecorded is the machine's step at which a message is left. Stage needs it: a closed line leads there before anything else is known.
const StepRecorded = "recorded"

// State is the machine's place in a call. Only package ivr decides by it.
type State struct {
	Step     string `json:"step,omitempty"`
	Exchange int    `json:"turn,omitempty"`    // number of the webhook that is expected next
	Misses   int    `json:"misses,omitempty"`  // wrong answers and silences at the present step
	Repeats  int    `json:"repeats,omitempty"` // of the present step, at the caller's wish
	Team     string `json:"team,omitempty"`
	Round    int    `json:"round,omitempty"` // of the ring step in progress, from 0
	Ring     int    `json:"ring,omitempty"`  // index of the ring step in progress
	// RungAt is when we last asked for people to be rung, and Rest who of the step is rung again. The zero Rest is everybody.
	RungAt time.Time `json:"rung_at,omitzero"`
	Rest   RingRest  `json:"rest,omitzero"`
	// Rung is whom the ring step in progress led to when it was first rung, where it names people or rotas: a hand-over does not change it. It is
	// empty for a step of bare numbers.
	Rung []Rung `json:"rung,omitempty"`
	// Gaps are the ring steps that led to nobody when they were to be rung, each once, in the order of the call.
	Gaps        []RingGap `json:"gaps,omitempty"`
	RingAttempt           // the last one by outbound legs; its fields are stored among those of the state
	DialledOnly bool      `json:"plain,omitempty"` // no outbound leg could be placed for this call: specialists are dialled on it
	// Unidentified callers go on without an account (rule 12).
	Unidentified bool           `json:"unidentified,omitempty"`
	Offered      CustomerNumber `json:"offered,omitempty"`    // the account that one key would confirm
	Restricted   bool           `json:"restricted,omitempty"` // the account was restricted when it was identified
	// Presumed is why the account that the caller's number is on file of would be refused, "" where it would not be. Without a customer number
	// the caller is refused as well (rule 12).
	Presumed    Outcome `json:"presumed,omitempty"`
	NotEntitled bool    `json:"not_entitled,omitempty"` // the caller gave up a number whose account has no phone support
	Locked      bool    `json:"locked,omitempty"`       // too many wrong numbers: no more are looked up on this call
	Returns     int     `json:"returns,omitempty"`      // to the question for the customer number, by a key
	Spoken      Intent  `json:"spoken,omitempty"`       // the reason to call, where it was named before it was asked for
	Typed       bool    `json:"typed,omitempty"`        // a digit led to the question for the number, and the rest of one may follow
	OnFileName  string  `json:"on_file_name,omitempty"` // of the account OnFile when the call came
	MayText     bool    `json:"may_text,omitempty"`     // without a customer number: a key has the way to it sent by text
	Texted      bool    `json:"texted,omitempty"`       // that key was pressed
	Over        bool    `json:"over,omitempty"`         // with this call the account was over in the month, as it stood then (rule 8)
}

// RingRest is the part of a ring step that is rung again, after somebody was reached who did not accept (rule 16).
type RingRest struct {
	To      []Phone `json:"to,omitempty"`      // who is still to be reached
	Seconds int     `json:"seconds,omitempty"` // what is left of the step's time
	Times   int     `json:"times,omitempty"`   // how often the step was rung again
}

// Rung is somebody who was rung. Person is "" for a number that is nobody's.
type Rung struct {
	Person PersonID `json:"person,omitempty"`
	To     Phone    `json:"to"`
}

// RingGap is a ring step that led to nobody. Why has a reason for each target, in words, for people who may see names but no numbers.
type RingGap struct {
	At   time.Time `json:"at"`
	Team string    `json:"team"`
	To   []Target  `json:"to"`
	Why  string    `json:"why"`
}

// RingAttempt is an attempt to reach people by outbound legs: calls that we place, rather than legs of a Dial on the caller's call. The legs
// carry its number. It is kept with the legs, in a call's State or in any other record of what they are placed for.
type RingAttempt struct {
	Number    int        `json:"order,omitempty"` // names the attempt among those of its call; 0: there was none
	StartedAt time.Time  `json:"ordered_at,omitzero"`
	Result    RingResult `json:"word,omitempty"`
	ResultAt  time.Time  `json:"word_at,omitzero"`
}

// RingResult is the outcome of placing the legs of an attempt.
type RingResult string

// The results. The zero value means that nothing is known yet.
const (
	RingPlaced  RingResult = "rung"    // at least one leg was placed
	RingRefused RingResult = "refused" // none could be
	RingLate    RingResult = "late"    // some would begin to ring too late, since the provider queues the account's calls
)

// Exchange is a webhook that was answered. A retry of it gets the same reply.
type Exchange struct {
	Key   string          `json:"key"` // of the webhook: step and number, or leg and try
	At    time.Time       `json:"at"`
	Heard string          `json:"heard,omitempty"` // what was pressed or said
	Reply json.RawMessage `json:"reply"`           // as package ivr encodes it
}

// Decision is one entry of the trace: which rule decided what, on which inputs, under which configuration.
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

// Leg is a specialist who was rung. At the provider it is a call of its own.
type Leg struct {
	SID         CallSID   `json:"sid"`
	To          Phone     `json:"to,omitempty"`
	Person      PersonID  `json:"person,omitempty"` // whose address To was when the leg became known; "": nobody's
	Name        string    `json:"name,omitempty"`   // that the person had then
	Attempt     int       `json:"order,omitempty"`  // number of the attempt that placed it; 0: it is of a Dial on the caller's call
	Status      string    `json:"status,omitempty"` // the provider's, the furthest that was reported
	RangAt      time.Time `json:"rang_at,omitzero"`
	AnsweredAt  time.Time `json:"answered_at,omitzero"` // somebody or something picked up
	ScreenedAt  time.Time `json:"screened_at,omitzero"` // our first screening request: the specialist is told who calls
	AcceptedAt  time.Time `json:"accepted_at,omitzero"` // the accepting key
	PassedAt    time.Time `json:"passed_at,omitzero"`   // the key that passes the call on
	LeftAt      time.Time `json:"left_at,omitzero"`     // the caller hung up, and the leg went on: its specialist was asked what the call was
	EndedAt     time.Time `json:"ended_at,omitzero"`
	Seconds     *int      `json:"seconds,omitempty"`      // the provider's duration of the leg, from its answer to its end
	DialSeconds *int      `json:"dial_seconds,omitempty"` // the same, from the end of the Dial
	DialEndedAt time.Time `json:"dial_ended_at,omitzero"` // the end of the Dial was reported
	NotBridged  bool      `json:"not_bridged,omitempty"`  // the provider reports that caller and specialist never heard each other
}

// Open reports whether the leg goes on and the call was not passed on: it rings, is answered, or talks.
func (l Leg) Open() bool { return l.PassedAt.IsZero() && !l.Over() }

// Screening reports whether somebody picked up, was told who calls, and has not passed the call on.
func (l Leg) Screening() bool { return !l.ScreenedAt.IsZero() && l.Open() }

// Clip returns the call with the capacity of its slices reduced to their length, so that appending to one copies it and writes into nothing that
// others hold. To write into elements, start from Clone.
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

// Clone returns the call with copies of its slices.
func (c Call) Clone() Call {
	c.Exchanges, c.Trace, c.Legs = slices.Clone(c.Exchanges), slices.Clone(c.Trace), slices.Clone(c.Legs)
	c.Recordings, c.WrongNumbers = slices.Clone(c.Recordings), slices.Clone(c.WrongNumbers)
	c.Acts = slices.Clone(c.Acts)
	return c
}

// Leg returns the leg with a SID. If the call has none, the leg has its SID only.
func (c Call) Leg(sid CallSID) Leg {
	for _, l := range c.Legs {
		if l.SID == sid {
			return l
		}
	}
	return Leg{SID: sid}
}

// WithLeg returns the call with a leg added or replaced. Legs are sorted by SID, so that the order of reports does not matter.
func (c Call) WithLeg(l Leg) Call {
	c.Legs = slices.Clone(c.Legs)
	i, found := slices.BinarySearchFunc(c.Legs, l, func(a, b Leg) int { return cmp.Compare(a.SID, b.SID) })
	if found {
		c.Legs[i] = l
	} else {
		c.Legs = slices.Insert(c.Legs, i, l)
	}
	return c
}

// Accepted returns the leg of the specialist who took the call: the first that was accepted and that the provider did not report as never bridged.
// A caller who left before being sent to the conference with the specialist was not served. On a call-back the caller accepts: the leg is the caller's,
// with the specialist as its address and person.
func (c Call) Accepted() (Leg, bool) {
	var taken Leg
	for _, l := range c.Legs {
		if l.AcceptedAt.IsZero() || l.SID == c.SID || l.NotBridged || (l.Attempt > 0 && c.JoinedAt.IsZero() && !c.End().IsZero()) {
			continue
		}
		if taken.SID == "" || l.AcceptedAt.Before(taken.AcceptedAt) {
			taken = l
		}
	}
	if c.CallBackOf != "" && taken.SID != "" {
		own := c.Leg(c.SID)
		taken.To, taken.Person, taken.Name = own.To, own.Person, own.Name
	}
	return taken, taken.SID != ""
}

// End returns when the call ended: the provider's time, else the time at which we learned it. It is zero while the call goes on.
func (c Call) End() time.Time {
	if !c.EndedAt.IsZero() {
		return c.EndedAt
	}
	return c.LeftAt
}

// Outcome returns how the call ended. It is "" while the call goes on.
func (c Call) Outcome() Outcome {
	if c.End().IsZero() {
		return ""
	}
	_, accepted := c.Accepted()
	switch {
	case accepted:
		return Served
	case c.CallBackOf != "":
		return NotReached
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

// Stage is where a call is, as far as is known.
type Stage string

// The stages, in the order of a call.
const (
	stageNumber  Stage = "asked for the customer number"
	stageMenu    Stage = "at the menu"
	stageTicket  Stage = "asked for the ticket number"
	StageWaiting Stage = "waiting for a specialist"
	StageTold    Stage = "a specialist is told who calls"
	StageTalking Stage = "talking"
	StageBack    Stage = "calling back" // a caller, who has not confirmed yet
	stageMessage Stage = "leaving a message"
	stageOver    Stage = "over"
)

// Stage returns where the call is, by what was logged.
func (c Call) Stage() Stage {
	leg, accepted := c.Accepted()
	switch {
	case !c.End().IsZero(), accepted && (leg.Over() || !leg.LeftAt.IsZero()):
		return stageOver
	case accepted:
		return StageTalking
	case c.CallBackOf != "":
		return StageBack
	case c.Exhausted, c.State.Step == StepRecorded:
		return stageMessage
	case !c.HuntingAt.IsZero() && slices.ContainsFunc(c.Legs, Leg.Screening):
		return StageTold
	case !c.HuntingAt.IsZero():
		return StageWaiting
	case c.Refused == UnidentifiedRefused, c.Refused == NotEntitled: // and can enter a number
		return stageNumber
	case c.Refused != "": // and can choose another reason
		return stageMenu
	case c.Intent != "" && (c.Customer != "" || c.State.Unidentified): // a closed line asks for the reason first
		return stageTicket
	case c.Customer != "" || c.State.Unidentified:
		return stageMenu
	}
	return stageNumber
}
