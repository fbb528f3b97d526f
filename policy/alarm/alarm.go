// Package alarm is how people are told until somebody takes it: the rules from events to receivers, the steps of an alarm, quiet hours. It is pure: time
// is passed in, and the store keeps what it returns.
package alarm

import (
	"errors"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// ErrNone reports that there is no such alarm.
var ErrNone = errors.New("no such alarm")

// ID is the number of an alarm: "1", "2", ...
type ID string

// Alarm is an event that people are told of, step by step, until somebody takes it.
type Alarm struct {
	ID    ID            `json:"id"`
	Event policy.Notice `json:"event"` // what it is about: Key, Kind, At, Customer and Facts, without channel and receiver
	Count int           `json:"count"` // of events, those that joined it included
	// FollowUps are those that it is about: none for an event that is no call.
	FollowUps []followup.ID `json:"followups,omitempty"`
	// Joined are the keys of the events that joined it.
	Joined []string `json:"joined,omitempty"`

	StartedAt time.Time `json:"started_at"`
	Step      int       `json:"step"`             // that is told next: 0 is the rule's To, 1 the first of Then
	Told      int       `json:"told,omitempty"`   // how often the last step was told
	NextAt    time.Time `json:"next_at,omitzero"` // when the next step is due; zero: never
	Held      bool      `json:"held,omitempty"`   // it waits for the end of the quiet hours
	LastAt    time.Time `json:"last_at,omitzero"` // when the last step was told first
	Hoped     int       `json:"hoped,omitempty"`  // people told by the step that was told last, but for those whom it can't reach
	Gap       bool      `json:"gap,omitempty"`    // a receiver led to nobody, which was told as an event of its own

	State    policy.AlarmState `json:"state"`
	TakenBy  string            `json:"taken_by,omitempty"`
	TakenVia followup.Via      `json:"taken_via,omitempty"`
	TakenAt  time.Time         `json:"taken_at,omitzero"`
	DoneAt   time.Time         `json:"done_at,omitzero"`
}

// Taken returns the alarm as it is when somebody takes it: nobody is told of it any more. Taking again what one has changes nothing. Errors: a
// followup.Conflict.
func (a Alarm) Taken(act followup.Act) (Alarm, error) {
	switch {
	case a.State == policy.AlarmDone:
		return a, &followup.Conflict{What: a.what(), Err: followup.ErrDone, At: a.DoneAt}
	case a.State == policy.AlarmTaken && a.TakenBy == act.By:
		return a, nil
	case a.State == policy.AlarmTaken:
		return a, &followup.Conflict{What: a.what(), Err: followup.ErrTaken, By: a.TakenBy, At: a.TakenAt}
	}
	a.State, a.TakenBy, a.TakenVia, a.TakenAt = policy.AlarmTaken, act.By, act.Via, act.At.UTC()
	a.NextAt, a.Held = time.Time{}, false
	return a, nil
}

// Finished returns the alarm as it is when what it is about is done. One that is done stays as it is.
func (a Alarm) Finished(at time.Time) Alarm {
	if a.State != policy.AlarmDone {
		a.State, a.DoneAt, a.NextAt, a.Held = policy.AlarmDone, at.UTC(), time.Time{}, false
	}
	return a
}

// FinishedBy returns the alarm as it is when a person closes it. Errors: a followup.Conflict, where somebody else took it since it was seen.
func (a Alarm) FinishedBy(act followup.Act) (Alarm, error) {
	if act.Seen.State != "" && a.State == policy.AlarmTaken && a.TakenBy != act.By && a.TakenBy != act.Seen.Owner {
		return a, &followup.Conflict{What: a.what(), Err: followup.ErrTaken, By: a.TakenBy, At: a.TakenAt}
	}
	return a.Finished(act.At), nil
}

func (a Alarm) what() string { return "alarm " + string(a.ID) }

// Rules are the rules of an installation in their order: an event goes to the first that names it.
type Rules []Rule

// Rule leads events to receivers.
type Rule struct {
	On    []policy.NoticeKind
	To    []Receiver
	Then  []Step
	Quiet *Quiet // nil: none
}

// Step is told after a time from the step before, until somebody takes the alarm.
type Step struct {
	After time.Duration
	To    []Receiver
}

// Receiver is who is told, and how: a channel of the configuration (Target is ""), or "sms", "call", "email" or "slack" with a target.
type Receiver struct {
	Channel policy.Channel
	Target  policy.Target
}

// Quiet are hours in which nobody is told, but for what is critical. From and To are times since midnight on the zone's wall clock; To may be before From.
type Quiet struct {
	From, To time.Duration
	Zone     *time.Location
}
