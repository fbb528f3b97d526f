package followup

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// Conflict refuses an act because somebody was quicker. It wraps ErrTaken or ErrDone.
type Conflict struct {
	What string // "follow-up 3" or "alarm 2"
	Err  error
	By   string // who took it, or did it; "" where it was done by itself
	At   time.Time
}

// Error names who was quicker and when.
func (c *Conflict) Error() string {
	at := c.At.UTC().Format(time.RFC3339)
	switch {
	case c.Err == ErrTaken:
		return fmt.Sprintf("%s was taken by %s at %s", c.What, c.By, at)
	case c.By == "":
		return fmt.Sprintf("%s was done by itself at %s", c.What, at)
	}
	return fmt.Sprintf("%s was done by %s at %s", c.What, c.By, at)
}

// Words returns who was quicker, and what that means to whoever acts, in sentences. at is when, as its reader writes times.
func (c *Conflict) Words(at string) string {
	switch {
	case c.Err == ErrTaken:
		return c.By + " took it at " + at + ". Nothing of yours was done: look at how it is now, and do it again if it is still right."
	case c.By == "":
		return "It was done at " + at + ". Nothing of yours was done: below is how it is now."
	}
	return c.By + " finished it at " + at + ". Nothing of yours was done: below is how it is now."
}

// Unwrap returns ErrTaken or ErrDone.
func (c *Conflict) Unwrap() error { return c.Err }

// Taken returns the follow-up as it is when somebody takes it. Taking again what one has changes nothing. Errors: a Conflict.
func (f FollowUp) Taken(a Act) (FollowUp, error) {
	by, err := a.who()
	switch {
	case err != nil:
		return f, err
	case f.State == Done:
		return f, f.done()
	case f.State == Taken && f.Owner == by:
		return f, nil
	case f.State == Taken:
		return f, f.taken()
	}
	f.State, f.Owner, f.TakenAt, f.TakenVia = Taken, by, a.At.UTC(), a.Via
	return f, nil
}

// Finished returns the follow-up as it is when somebody has done it, whoever had taken it. The note says what was done. Finishing again what one
// finished changes nothing. Errors: policy.ErrNoNote, a Conflict: also where somebody else took it since it was seen.
func (f FollowUp) Finished(a Act) (FollowUp, error) {
	by, err := a.who()
	if err != nil {
		return f, err
	}
	note, err := policy.WrittenText("the note", a.Note)
	switch note = strings.TrimSpace(note); {
	case err != nil:
		return f, err
	case f.State == Done && f.DoneBy == by:
		return f, nil
	case f.State == Done:
		return f, f.done()
	case f.seizedFrom(by, a.Seen):
		return f, f.taken()
	case note == "":
		return f, policy.ErrNoNote
	}
	if f.Owner == "" {
		f.Owner, f.TakenAt, f.TakenVia = by, a.At.UTC(), a.Via
	}
	f.State, f.DoneAt, f.DoneBy, f.Note = Done, a.At.UTC(), by, note
	return f, nil
}

// Reopened returns the follow-up as it is when somebody puts it back: open, and nobody's. One that is open stays as it is. Errors: a Conflict, where
// somebody else took or finished it since it was seen.
func (f FollowUp) Reopened(a Act) (FollowUp, error) {
	by, err := a.who()
	switch {
	case err != nil:
		return f, err
	case f.State == Done && a.Seen.State != "" && a.Seen.State != Done && f.DoneBy != by:
		return f, f.done()
	case f.seizedFrom(by, a.Seen):
		return f, f.taken()
	}
	f.State, f.Owner, f.TakenAt, f.TakenVia = Open, "", time.Time{}, ""
	f.DoneAt, f.DoneBy, f.ServedBy = time.Time{}, "", ""
	return f, nil
}

// seizedFrom reports whether somebody else took the follow-up since a person saw it.
func (f FollowUp) seizedFrom(by string, seen Seen) bool {
	return seen.State != "" && f.State == Taken && f.Owner != by && f.Owner != seen.Owner
}

// Heard returns the follow-up as it is when somebody has played its message. The first time stays.
func (f FollowUp) Heard(by string, at time.Time) FollowUp {
	if f.HeardAt.IsZero() {
		f.HeardAt, f.HeardBy = at.UTC(), by
	}
	return f
}

// Meets reports whether a call is of the same account or from the same number, and one that serves its caller does so within the time of the
// follow-up. A withheld number is nobody's. Where both callers were identified, their accounts decide: one number may call for several.
func (f FollowUp) Meets(c policy.Call) bool {
	if c.Test() || c.Erased {
		return false
	}
	if f.Customer != "" && c.Customer != "" {
		return f.Customer == c.Customer
	}
	return f.From.SameCaller(c.From)
}

// ServedIn returns the follow-up as it is when a specialist accepted a call, and whether it is done thereby: the caller of either was served within
// its time. A follow-up whose own call turns out to have been served is done as well, and one whose caller was called back, at any time.
func (f FollowUp) ServedIn(c policy.Call) (FollowUp, bool) {
	leg, accepted := c.Accepted()
	at := leg.AcceptedAt
	within := !at.Before(f.WaitingSince) && !at.After(f.DueAt) && f.Meets(c)
	if f.State == Done || !accepted || c.SID != f.Call && c.CallBackOf != f.Call && !within {
		return f, false
	}
	f.State, f.DoneAt, f.ServedBy = Done, at.UTC(), c.SID
	return f, true
}

// NotServedIn returns the follow-up as it is when it turns out that the call by which it was done by itself reached nobody: it goes on to whoever had
// taken it.
func (f FollowUp) NotServedIn(c policy.CallSID) (FollowUp, bool) {
	if f.State != Done || f.DoneBy != "" || f.ServedBy != c {
		return f, false
	}
	f.State, f.DoneAt, f.ServedBy = Open, time.Time{}, ""
	if f.Owner != "" {
		f.State = Taken
	}
	return f, true
}

// Anonymised returns the follow-up without what leads to a person or an account, and done (rule 13).
func (f FollowUp) Anonymised(at time.Time) FollowUp {
	f.Customer, f.Account, f.From, f.Note, f.Erased = "", "", "", "", true
	if f.State != Done {
		f.State, f.DoneAt = Done, at.UTC()
	}
	f.CallBacks = slices.Clone(f.CallBacks)
	for i := range f.CallBacks {
		f.CallBacks[i].Phone = ""
	}
	return f
}

func (f FollowUp) taken() error { return &Conflict{f.what(), ErrTaken, f.Owner, f.TakenAt} }

func (f FollowUp) done() error { return &Conflict{f.what(), ErrDone, f.DoneBy, f.DoneAt} }

func (f FollowUp) what() string { return "follow-up " + string(f.ID) }

// who returns the name of who acts.
func (a Act) who() (string, error) {
	by, err := policy.WrittenLine("the name of who does it", a.By)
	if err == nil && by == "" {
		err = policy.ErrNoName
	}
	return by, err
}
