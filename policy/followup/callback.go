package followup

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
)

// The errors that refuse a call-back, besides a Conflict and ErrUnreachable. What wraps them says what to do instead.
var (
	// ErrUnderWay refuses a second call-back while there is one.
	ErrUnderWay = errors.New("the caller is being called back already")
	// ErrOnThePhone refuses to call whoever is calling us.
	ErrOnThePhone = errors.New("the caller is on the phone with us")
	// ErrOutsideHours refuses to call outside the hours of the line that was called.
	ErrOutsideHours = errors.New("the line that was called is closed")
	// ErrNoPhone refuses a call-back by somebody who cannot be rung.
	ErrNoPhone = errors.New("there is no phone to ring first")
)

// MayCall returns nil where the caller may be called at a time: the number is one that may be called (MayReach), and the line that was called is open,
// or the caller critical (rule 19). It is asked when a call-back is asked for, and again when the caller's own phone is dialled.
func (f FollowUp) MayCall(s policy.Settings, at time.Time) error {
	line, ok := s.Line(f.Line)
	if !ok {
		return fmt.Errorf("%w: the line %s is no longer configured, and the caller would not know who calls", ErrUnreachable, f.Line.Full())
	}
	if err := MayReach(f.From, s, s.MadeUp); err != nil {
		return err
	}
	o := line.Opening(at)
	switch {
	case f.Intent == policy.Critical, o.Open:
		return nil
	case o.Until.IsZero():
		return fmt.Errorf("%w: %s", ErrOutsideHours, o.Reason)
	}
	return fmt.Errorf("%w, and opens again on %s", ErrOutsideHours, o.Until.Format("Monday 2 January at 15:04 MST"))
}

// CallBackAsked returns the follow-up as it is when somebody asks to call its caller back, which takes it if nobody has it. to is the specialist whose
// phone rings first, or a number; "" is whoever acts. Errors: a Conflict, ErrUnderWay, ErrNoPhone, and those of MayCall.
func (f FollowUp) CallBackAsked(to policy.Target, s policy.Settings, act Act) (FollowUp, error) {
	by, err := act.who()
	if err != nil {
		return f, err
	}
	if f.State == Done {
		return f, f.done()
	}
	if c, is := f.UnderWay(); is {
		return f, fmt.Errorf("%w: %s asked for it at %s", ErrUnderWay, c.By, c.AskedAt.In(s.LineZone(f.Line)).Format("15:04 MST"))
	}
	if f.seizedFrom(by, act.Seen) {
		return f, f.taken()
	}
	person, phone, err := ringsFirst(to, by, s)
	if err == nil {
		err = f.MayCall(s, act.At)
	}
	if err != nil {
		return f, err
	}
	if f.State == Open {
		if f, err = f.Taken(act); err != nil {
			return f, err
		}
	}
	f.CallBacks = append(slices.Clone(f.CallBacks), CallBack{
		Number: len(f.CallBacks) + 1, By: by, Person: person, Phone: phone, AskedAt: act.At.UTC(),
	})
	return f, nil
}

// ringsFirst returns whose phone rings first, and its number.
func ringsFirst(to policy.Target, by string, s policy.Settings) (policy.PersonID, policy.Phone, error) {
	if number, bare := to.Phone(); bare {
		p, ok := s.PersonAt(number)
		if ok {
			return p.ID, number, nil
		}
		if err := MayReach(number, s, s.MadeUp); err != nil {
			return "", "", fmt.Errorf("%w: %w", ErrNoPhone, err)
		}
		return "", number, nil
	}
	p, ok := s.PersonNamed(string(to))
	if to == "" {
		if p, ok = s.PersonOf(by); !ok {
			p, ok = s.PersonNamed(by)
		}
	}
	switch {
	case !ok && to == "":
		return "", "", fmt.Errorf("%w: no specialist signs in as %q; write user: %s at one of specialists, or name a specialist or a number", ErrNoPhone, by, by)
	case !ok:
		return "", "", fmt.Errorf("%w: no specialist is called %q", ErrNoPhone, string(to))
	case p.Phone == "":
		return "", "", fmt.Errorf("%w: %s has no phone in the configuration", ErrNoPhone, p.Name)
	}
	return p.ID, p.Phone, nil
}

// CallsNow reports whether a call that goes on is of the same account, or from the same number.
func (f FollowUp) CallsNow(c policy.Call) bool {
	return c.End().IsZero() && c.CallBackOf == "" && c.SID != f.Call && f.Meets(c)
}

// UnderWay returns the call-back that has not ended, if there is one. There is never more than one.
func (f FollowUp) UnderWay() (CallBack, bool) {
	for _, c := range slices.Backward(f.CallBacks) {
		if c.EndedAt.IsZero() {
			return c, true
		}
	}
	return CallBack{}, false
}

// CallBack returns a call-back by its number.
func (f FollowUp) CallBack(number int) (CallBack, bool) {
	i := slices.IndexFunc(f.CallBacks, func(c CallBack) bool { return c.Number == number })
	if i < 0 {
		return CallBack{}, false
	}
	return f.CallBacks[i], true
}

// WithCallBack returns the follow-up with a call-back as it is now, in place of the one with its number.
func (f FollowUp) WithCallBack(c CallBack) FollowUp {
	f.CallBacks = slices.Clone(f.CallBacks)
	for i := range f.CallBacks {
		if f.CallBacks[i].Number == c.Number {
			f.CallBacks[i] = c
		}
	}
	return f
}

// CallBackEnded returns the follow-up with the end of a call-back, and why it ended, unless that is known already.
func (f FollowUp) CallBackEnded(number int, at time.Time, why string) FollowUp {
	c, ok := f.CallBack(number)
	if !ok || !c.EndedAt.IsZero() {
		return f
	}
	c.EndedAt, c.Result = at.UTC(), why
	return f.WithCallBack(c)
}

// CalledBack returns the follow-up with how far one of its call-backs has come, by the call that it is in the log.
func (f FollowUp) CalledBack(c policy.Call) FollowUp {
	for _, b := range f.CallBacks {
		if b.SID == c.SID {
			b.EndedAt, b.Result = c.End(), ResultOf(c)
			f = f.WithCallBack(b)
		}
	}
	return f
}

// RuleNotCalled is the rule in the trace of a call-back on which the caller was not called, with the reason as its result.
const RuleNotCalled = "callback.not-called"

// ResultOf returns what has come of a call-back, in words, by the call that it is in the log; "" while it goes on and nobody was served.
func ResultOf(c policy.Call) string {
	own, caller := c.Leg(c.SID), policy.Leg{}
	for _, l := range c.Legs {
		if l.SID != c.SID {
			caller = l
		}
	}
	_, served := c.Accepted()
	switch {
	case served:
		return "served"
	case c.End().IsZero():
		return ""
	case caller.SID == "":
		return notCalled(c, own)
	case !caller.ScreenedAt.IsZero(), !caller.AnsweredAt.IsZero():
		return "somebody or a voicemail picked up, and nobody pressed 1"
	case caller.Status == "busy":
		return "the caller's phone was busy"
	case caller.Status == "failed":
		return "the caller's number could not be reached"
	}
	return "the caller did not answer"
}

// notCalled returns why the caller's phone never rang.
func notCalled(c policy.Call, own policy.Leg) string {
	for _, d := range slices.Backward(c.Trace) {
		if d.Rule == RuleNotCalled {
			return d.Result
		}
	}
	switch {
	case own.ScreenedAt.IsZero():
		return "it broke off when the specialist picked up"
	case !own.PassedAt.IsZero():
		return "the specialist left it open"
	case own.AcceptedAt.IsZero():
		return "nobody pressed 1 at the specialist's phone"
	}
	return "it broke off before the caller was called"
}

// Progress returns the follow-up with what the provider reports of the specialist's leg before anybody has picked up: that it has the call, under a
// SID, or that nobody will. One that was picked up and is over is PickedUp's.
func (f FollowUp) Progress(number int, sid policy.CallSID, status string, at time.Time) FollowUp {
	c, ok := f.CallBack(number)
	if !ok || !c.EndedAt.IsZero() || !c.PickedUp.IsZero() || c.SID != "" && c.SID != sid {
		return f
	}
	c.SID = sid
	if c.PlacedAt.IsZero() {
		c.PlacedAt = at.UTC()
	}
	return f.WithCallBack(c).specialistStatus(number, status, at)
}

// specialistStatus ends a call-back whose specialist nobody reached.
func (f FollowUp) specialistStatus(number int, status string, at time.Time) FollowUp {
	why := map[string]string{
		"busy": "the specialist's phone was busy", "no-answer": "the specialist did not pick up", "failed": "the specialist's phone could not be reached",
		"canceled": "it was ended before anybody picked up",
	}[status]
	if why == "" {
		return f
	}
	return f.CallBackEnded(number, at, why)
}

// PickedUp returns the follow-up with the call on which the specialist, or a voicemail, picked up. Where the provider has a call-back twice, the first
// one has it, and one that was given up is nobody's.
func (f FollowUp) PickedUp(number int, sid policy.CallSID, at time.Time) FollowUp {
	c, ok := f.CallBack(number)
	if !ok || !c.EndedAt.IsZero() || !c.PickedUp.IsZero() {
		return f
	}
	c.SID, c.PickedUp = sid, at.UTC()
	if c.PlacedAt.IsZero() {
		c.PlacedAt = c.PickedUp
	}
	return f.WithCallBack(c)
}

// Dialled returns the follow-up with when the caller's phone was dialled. One that is done stays as it is, and so
// does a call-back that has ended.
func (f FollowUp) Dialled(number int, at time.Time) FollowUp {
	c, ok := f.CallBack(number)
	if !ok || f.State == Done || !c.EndedAt.IsZero() || !c.DialledAt.IsZero() {
		return f
	}
	c.DialledAt = at.UTC()
	return f.WithCallBack(c)
}
