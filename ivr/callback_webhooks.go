package ivr

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/twilio"
)

// CallBacks keeps the follow-ups whose callers are called back.
type CallBacks interface {
	// FollowUp returns a follow-up. The error is followup.ErrNone if there is none.
	FollowUp(ctx context.Context, id followup.ID) (followup.FollowUp, error)
	// ChangeFollowUp changes a follow-up in one step. An error of change, which may run again, leaves everything as it was.
	ChangeFollowUp(ctx context.Context, id followup.ID, change func(followup.FollowUp) (followup.FollowUp, error)) (followup.FollowUp, error)
	// Call returns a call. The error is policy.ErrNoCall if the log has none.
	Call(ctx context.Context, sid policy.CallSID) (policy.Call, error)
}

// callBackHook is a webhook of a call-back.
type callBackHook struct {
	*hook
	id     followup.ID
	number int
	f      followup.FollowUp
	b      followup.CallBack
}

// callBack answers a webhook of a call-back.
func (h *webhooks) callBack(w *hook) error {
	c := callBackHook{hook: w, id: followup.ID(w.Param("followup")), number: w.number("number")}
	if h.CallBacks == nil {
		return h.callBackOver(c)
	}
	var err error
	c.f, err = h.CallBacks.FollowUp(w.ctx, c.id)
	var known bool
	c.b, known = c.f.CallBack(c.number)
	switch {
	case errors.Is(err, followup.ErrNone), err == nil && !known:
		return h.callBackOver(c)
	case err != nil:
		return err
	}
	switch w.Param("step") {
	case stepStatus:
		return h.callBackStatus(c)
	case stepRing:
		return h.learnCallBack(c, policy.Report{Leg: policy.CallSID(w.CallSID), From: policy.Phone(w.From), To: policy.Phone(w.To)})
	case stepScreen:
		if err := h.pickedUp(&c, c.now); err != nil {
			return err
		}
	}
	if of := w.ParentCallSID; c.b.PickedUp.IsZero() || c.b.SID != policy.CallSID(w.CallSID) && c.b.SID != policy.CallSID(of) {
		return h.callBackOver(c) // the provider has the call twice, or it was given up: only the first goes on
	}
	return h.nextCallBack(c)
}

// callBackOver answers a call-back that there is not, or not any more.
func (h *webhooks) callBackOver(c callBackHook) error {
	if step := c.Param("step"); step == stepStatus || step == stepRing {
		return c.NoContent(http.StatusNoContent)
	}
	return h.send(c.hook, document(h.form.say(c.line, phrase("callback-over")), twilio.Hangup{}))
}

// pickedUp notes that the specialist picked up at a time.
func (h *webhooks) pickedUp(c *callBackHook, at time.Time) (err error) {
	sid := policy.CallSID(c.CallSID)
	if c.b.SID == sid && !c.b.PickedUp.IsZero() {
		return nil
	}
	c.f, err = h.CallBacks.ChangeFollowUp(c.ctx, c.id, func(f followup.FollowUp) (followup.FollowUp, error) {
		return f.PickedUp(c.number, sid, at), nil
	})
	c.b, _ = c.f.CallBack(c.number)
	return err
}

// nextCallBack advances the call-back in the log, and answers.
func (h *webhooks) nextCallBack(c callBackHook) error {
	in, err := h.callBackInput(c)
	if err != nil {
		return err
	}
	var reply Reply
	_, err = h.advance(c.hook, c.b.SID, func(call policy.Call) policy.Call {
		call, reply = h.machine(c.hook).NextCallBack(call, in, c.now)
		return call
	})
	if err != nil {
		return err
	}
	return h.send(c.hook, h.form.callBackReply(c.line, c.id, c.number, reply))
}

func (h *webhooks) callBackInput(c callBackHook) (in CallBackInput, err error) {
	in = CallBackInput{
		Step: c.Param("step"), Turn: c.hook.number("turn"), Leg: policy.CallSID(c.CallSID), Keys: c.Digits, FollowUp: c.f, CallBack: c.b,
	}
	switch in.Step {
	case stepScreen:
		in.Not = settledMeanwhile(c.f)
		in.Original, in.Month, err = matterOf(c.ctx, h.CallBacks, h.Directory, c.settings, c.f, c.now)
	case stepAnswer:
		if in.Keys == "1" {
			in.Not, err = h.mayCall(c)
		}
	case stepLeft:
		if c.DialCallSID != "" {
			in.Bridged = c.DialBridged != nil && *c.DialBridged
			in.Dial = &policy.Report{
				At: c.now, Leg: policy.CallSID(c.DialCallSID), DialEnd: true, Seconds: c.DialSeconds, NotBridged: c.DialBridged != nil && !in.Bridged,
			}
		}
	}
	return in, err
}

// matterOf returns what a call-back that begins at a time has from elsewhere: the call that is called back, the zero Call where that is past its
// retention, and the month that it counts in, that of its own start in the zone of the account's home line (rules 4 and 19).
func matterOf(
	ctx context.Context, calls callsBySID, customers customers, s *policy.Settings, f followup.FollowUp, at time.Time,
) (original policy.Call, month policy.Month, err error) {
	if original, err = calls.Call(ctx, f.Call); err != nil && !errors.Is(err, policy.ErrNoCall) {
		return original, "", err
	}
	if f.Customer == "" {
		return original, "", nil
	}
	home := f.Line
	customer, err := customers.Customer(ctx, f.Customer)
	switch {
	case err == nil:
		home = customer.Line
	case !errors.Is(err, policy.ErrNoCustomer):
		return original, "", err
	}
	return original, policy.MonthOf(at, s.LineZone(home)), nil
}

type (
	callsBySID interface {
		Call(ctx context.Context, sid policy.CallSID) (policy.Call, error)
	}
	customers interface {
		Customer(ctx context.Context, number policy.CustomerNumber) (policy.Customer, error)
	}
)

// mayCall returns why the caller is not to be called at this moment, when the specialist has asked for it. Where the caller is, that is noted in the
// follow-up, in the step that makes sure that nobody has served the caller meanwhile.
func (h *webhooks) mayCall(c callBackHook) (NotCalled, error) {
	if n := settledMeanwhile(c.f); n.Why != "" {
		return n, nil
	}
	if err := c.f.MayCall(*c.settings, c.now); err != nil {
		say := "callback-refused"
		if errors.Is(err, followup.ErrOutsideHours) {
			say = "callback-closed"
		}
		return NotCalled{err.Error(), phrase(say)}, nil
	}
	for call, err := range h.Log.Calls(c.ctx, policy.Filter{Outcome: policy.InProgress, Since: c.now.Add(-hunts)}) {
		if err != nil {
			return NotCalled{}, err
		}
		if c.f.CallsNow(call) {
			return NotCalled{"the caller was calling us at that moment", phrase("callback-calling-us")}, nil
		}
	}
	f, err := h.CallBacks.ChangeFollowUp(c.ctx, c.id, func(f followup.FollowUp) (followup.FollowUp, error) {
		return f.Dialled(c.number, c.now), nil
	})
	n := settledMeanwhile(f)
	if b, _ := f.CallBack(c.number); n.Why == "" && b.DialledAt.IsZero() {
		n = NotCalled{"the call-back was over by then", phrase("callback-over")}
	}
	return n, err
}

// settledMeanwhile returns that there is nobody to call any more, where that is so.
func settledMeanwhile(f followup.FollowUp) NotCalled {
	switch {
	case f.State != followup.Done:
		return NotCalled{}
	case f.DoneBy == "" && !f.Erased:
		return NotCalled{"the caller was served meanwhile", phrase("callback-served")}
	}
	return NotCalled{"the follow-up was done meanwhile", phrase("callback-done")}
}

// callBackStatus takes the progress of the specialist's leg. One that is over after it was picked up is in the log, whatever webhook was lost before.
func (h *webhooks) callBackStatus(c callBackHook) error {
	sid := policy.CallSID(c.CallSID)
	if c.b.PickedUp.IsZero() && c.CallStatus == "completed" {
		if err := h.pickedUp(&c, beforeSeconds(c.reported(), c.CallSeconds)); err != nil {
			return err
		}
	}
	if !c.b.PickedUp.IsZero() {
		if c.b.SID != sid {
			return c.NoContent(http.StatusNoContent)
		}
		return h.learnCallBack(c, policy.Report{From: policy.Phone(c.From), To: policy.Phone(c.To)})
	}
	_, err := h.CallBacks.ChangeFollowUp(c.ctx, c.id, func(f followup.FollowUp) (followup.FollowUp, error) {
		return f.Progress(c.number, sid, c.CallStatus, c.reported()), nil
	})
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// beforeSeconds returns the time so many seconds before another, where the seconds are known.
func beforeSeconds(at time.Time, seconds *int) time.Time {
	if seconds == nil {
		return at
	}
	return at.Add(-time.Duration(*seconds) * time.Second)
}

// learnCallBack merges a report of one of the two legs into the call, unless nobody has picked up as far as is known.
func (h *webhooks) learnCallBack(c callBackHook, r policy.Report) error {
	if c.b.PickedUp.IsZero() {
		return c.NoContent(http.StatusNoContent)
	}
	r.At, r.Status, r.Seconds = c.reported(), c.CallStatus, c.CallSeconds
	in := CallBackInput{FollowUp: c.f, CallBack: c.b}
	var err error
	if in.Original, in.Month, err = matterOf(c.ctx, h.CallBacks, h.Directory, c.settings, c.f, c.b.PickedUp); err != nil {
		return err
	}
	_, err = h.advance(c.hook, c.b.SID, func(call policy.Call) policy.Call { return in.learned(call, c.settings, r, c.now) })
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// callBackInstead answers a webhook of a call-back that failed. Without the log nobody is called; a caller who was called is joined with the specialist
// who waits.
func (h *webhooks) callBackInstead(w *hook) error {
	reply := Reply{Then: ThenHangup}
	switch w.Param("step") {
	case stepStatus, stepRing:
		return w.NoContent(http.StatusInternalServerError)
	case stepConfirm:
		reply = askCaller(w.settings.Recording) // which the Dial began already
	case stepAccept:
		if w.Digits == "1" {
			reply = Reply{Then: ThenBridge}
		}
	case stepScreen, stepAnswer:
		reply.Say = []Phrase{phrase("callback-trouble")}
	}
	return h.send(w, h.form.callBackReply(w.line, followup.ID(w.Param("followup")), w.number("number"), reply))
}
