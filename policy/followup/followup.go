// Package followup is what waits for a person: the calls that ended without one although the caller wanted one (rule 18), and the call-backs to their
// callers (rule 19). It is pure: time is passed in, and the store keeps what it returns.
package followup

import (
	"errors"
	"time"

	"github.com/officernd/supportline/policy"
)

// The errors about follow-ups. A Conflict wraps ErrTaken and ErrDone.
var (
	// ErrNone reports that there is no such follow-up.
	ErrNone = errors.New("no such follow-up")
	// ErrTaken refuses to take what somebody else has taken.
	ErrTaken = errors.New("somebody else has taken it")
	// ErrDone refuses what is done.
	ErrDone = errors.New("it is done")
)

// ID is the number of a follow-up: "1", "2", ...
type ID string

// State is how far people are with a follow-up.
type State string

// The states, in their order.
const (
	Open  State = "open"
	Taken State = "taken"
	Done  State = "done"
)

// Reason is why a call waits for a person.
type Reason string

// The reasons.
const (
	Unanswered Reason = "unanswered"
	Abandoned  Reason = "abandoned" // the caller hung up after 10 s of waiting or more
	Voicemail  Reason = "voicemail" // a message was left, on an open or a closed line
	Promised   Reason = "callback"  // a call-back was promised
)

// Words returns what happened, as people read it behind the name of the caller.
func (r Reason) Words() string {
	switch r {
	case Unanswered:
		return "nobody answered"
	case Abandoned:
		return "hung up while waiting"
	case Voicemail:
		return "left a message"
	case Promised:
		return "was promised a call back"
	}
	return string(r)
}

// FollowUp is a call that waits for a person. There is one for each call, however many reasons it has.
type FollowUp struct {
	ID       ID                    `json:"id"`
	Call     policy.CallSID        `json:"call"`
	Line     policy.Phone          `json:"line"`
	Customer policy.CustomerNumber `json:"customer,omitempty"`
	Account  string                `json:"account,omitempty"`
	From     policy.Phone          `json:"from"`
	Reason   Reason                `json:"reason"`
	Intent   policy.Intent         `json:"intent,omitempty"`

	WaitingSince time.Time `json:"waiting_since"` // the end of the call
	DueAt        time.Time `json:"due_at"`        // by the clock of its severity

	State    State          `json:"state"`
	Owner    string         `json:"owner,omitempty"` // a specialist's name, else a console user or who a command names
	TakenAt  time.Time      `json:"taken_at,omitzero"`
	TakenVia Via            `json:"taken_via,omitempty"`
	DoneAt   time.Time      `json:"done_at,omitzero"`
	DoneBy   string         `json:"done_by,omitempty"` // "" where it was done by itself
	Note     string         `json:"note,omitempty"`
	ServedBy policy.CallSID `json:"served_by,omitempty"` // the call that served the account or number meanwhile, or the call-back
	HeardAt  time.Time      `json:"heard_at,omitzero"`   // the voicemail was played first
	HeardBy  string         `json:"heard_by,omitempty"`

	// Alarms are the numbers of all alarms that told people of it, Alarm the last of them; "" for none.
	Alarms    []string   `json:"alarms,omitempty"`
	Alarm     string     `json:"alarm,omitempty"`
	CallBacks []CallBack `json:"callbacks,omitempty"` // in their order
	Erased    bool       `json:"erased,omitempty"`    // the customer was erased (rule 13)
}

// Via is the way by which a person acted.
type Via string

// The ways.
const (
	ViaConsole Via = "console"
	ViaCommand Via = "command"
	ViaPhone   Via = "phone"
	ViaLink    Via = "link"
	ViaPager   Via = "pager"
	ViaAPI     Via = "api"
)

// Act is what a person does to a follow-up or an alarm: Owner is who takes it, By who did so.
type Act struct {
	At   time.Time
	By   string // a specialist's name, a console user, or the operating system's user
	Via  Via
	Note string // of done
	Seen Seen   // before acting
}

// Seen is how far people were with a follow-up or an alarm when somebody looked at it, so that an act by an old page undoes nothing that others did
// since. The zero Seen is of who did not look: then the act is done whatever is so by now.
type Seen struct {
	State State
	Owner string
}

// CallBack is one try to call a caller back. The call itself is in the log, under SID, once somebody picked up.
type CallBack struct {
	Number    int             `json:"number"` // 1 is the first
	By        string          `json:"by"`
	Person    policy.PersonID `json:"person,omitempty"`
	Phone     policy.Phone    `json:"phone"` // of the specialist
	AskedAt   time.Time       `json:"asked_at"`
	TriedAt   time.Time       `json:"tried_at,omitzero"`  // the provider was asked to place the call, and may have it
	PlacedAt  time.Time       `json:"placed_at,omitzero"` // the provider has the call
	SID       policy.CallSID  `json:"sid,omitempty"`      // of the specialist's leg
	PickedUp  time.Time       `json:"picked_up_at,omitzero"`
	DialledAt time.Time       `json:"dialled_at,omitzero"` // the caller's phone was dialled
	EndedAt   time.Time       `json:"ended_at,omitzero"`
	Result    string          `json:"result,omitempty"` // in words: "served", "nobody picked up", "outside hours", ...
}
