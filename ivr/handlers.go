package ivr

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
)

// patience is how long a webhook waits for the log before the caller is served without it: far below the provider's 15 seconds.
const patience = 5 * time.Second

// voice answers a step of a call.
func (h *webhooks) voice(w *hook) error {
	ctx, cancel := context.WithTimeout(w.Request().Context(), patience)
	defer cancel()
	in, err := h.input(ctx, w)
	if err != nil {
		return err
	}
	var reply Reply
	_, err = h.advance(ctx, w, policy.CallSID(w.CallSID), func(c policy.Call) policy.Call {
		c, reply = w.machine().Next(c, in, w.now)
		return c
	})
	if err != nil {
		return err
	}
	return h.send(w, h.form.voice(w.line, policy.CallSID(w.CallSID), reply))
}

// leg answers a step of a specialist's leg, on the call that it was rung for.
func (h *webhooks) leg(step string) func(*hook) error {
	return func(w *hook) error {
		ctx, cancel := context.WithTimeout(w.Request().Context(), patience)
		defer cancel()
		sid := policy.CallSID(w.Param("call"))
		in := LegInput{Step: step, Leg: policy.CallSID(w.CallSID), To: policy.Phone(w.To), Try: turnNumber(w), Keys: w.Digits, Order: orderNumber(w)}
		var reply Reply
		_, err := h.advance(ctx, w, sid, func(c policy.Call) policy.Call {
			c, reply = w.machine().NextLeg(c, in, w.now)
			return c
		})
		if err != nil {
			return err
		}
		return h.send(w, h.form.leg(w.line, sid, in.Order, reply))
	}
}

// status takes the number's status callback, once, after the end of a call.
func (h *webhooks) status(w *hook) error {
	return h.learn(w, policy.CallSID(w.CallSID), policy.Report{
		At: w.reported(), From: policy.Phone(w.From), To: policy.Phone(w.To), Status: w.CallStatus, Seconds: w.CallSeconds,
	})
}

// legStatus takes the status callbacks of a specialist's leg.
func (h *webhooks) legStatus(w *hook) error {
	return h.learn(w, policy.CallSID(w.Param("call")), policy.Report{
		At: w.reported(), Leg: policy.CallSID(w.CallSID), From: policy.Phone(w.From), To: policy.Phone(w.To),
		Status: w.CallStatus, Seconds: w.CallSeconds, Attempt: orderNumber(w),
	})
}

// recording takes the status callback of a recording. It names the caller's leg.
func (h *webhooks) recording(w *hook) error {
	report := policy.Report{Recording: completed(w)}
	if w.Param("kind") == "message" {
		report = policy.Report{Message: completed(w)}
	}
	return h.recorded(w, policy.CallSID(w.CallSID), report)
}

func (h *webhooks) recorded(w *hook, sid policy.CallSID, report policy.Report) error {
	if report.Recording == nil && report.Message == nil {
		return w.NoContent(http.StatusNoContent)
	}
	return h.learn(w, sid, report)
}

// completed is the recording that a callback tells of; nil where it is not there yet, or never will be.
func completed(w *hook) *policy.Recording {
	if w.RecordingStatus != "" && w.RecordingStatus != "completed" {
		return nil
	}
	return recordingOf(w)
}

func recordingOf(w *hook) *policy.Recording {
	if w.RecordingURL == "" || w.RecordingSeconds == nil {
		return nil
	}
	return &policy.Recording{SID: w.RecordingSID, URL: w.RecordingURL, Seconds: *w.RecordingSeconds, At: w.reported()}
}

// reported is when the provider says that something happened; our clock where it does not.
func (w *hook) reported() time.Time {
	if !w.Timestamp.IsZero() {
		return w.Timestamp
	}
	return w.now
}

func (h *webhooks) learn(w *hook, sid policy.CallSID, r policy.Report) error {
	ctx, cancel := context.WithTimeout(w.Request().Context(), patience)
	defer cancel()
	if _, err := h.advance(ctx, w, sid, func(c policy.Call) policy.Call { return c.Learn(r) }); err != nil {
		return err
	}
	return w.NoContent(http.StatusNoContent)
}

var errNoSID = errors.New("the webhook names no call")

// advance commits one change to a call, and says so once when it ended the call.
func (h *webhooks) advance(ctx context.Context, w *hook, sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error) {
	if sid == "" {
		return policy.Call{}, errNoSID
	}
	var before policy.Call
	call, err := h.Log.Advance(ctx, sid, func(c policy.Call) policy.Call {
		before = c
		return change(c)
	})
	if err != nil {
		return call, err
	}
	h.Ringer.follow(before, call)
	after := call.Outcome()
	if line := h.Logger.Check(zap.DebugLevel, "webhook"); line != nil {
		line.Write(zap.String("sid", string(sid)), zap.String("route", w.Path()), zap.String("step", call.State.Step))
	}
	if before.Outcome() == "" && after != "" {
		h.Observer.CallEnded(after)
		h.Logger.Info("call ended", zap.String("sid", string(sid)), zap.Stringer("from", call.From), zap.String("outcome", string(after)))
	}
	return call, nil
}

// input reads a webhook and looks up what the machine may want to know.
func (h *webhooks) input(ctx context.Context, w *hook) (Input, error) {
	in := h.read(w)
	var err error
	switch in.Step {
	case stepArrive, stepKnown:
		if in.Callers, err = h.callers(ctx, in.From); err != nil {
			return in, err
		}
	case stepNumber:
		if in.Customer, err = h.customer(ctx, in.Number); err != nil {
			return in, err
		}
	default:
		return in, nil
	}
	in.WrongNumbers, err = h.Log.WrongNumbers(ctx, in.From, w.now.Add(-wrongNumberWindow))
	return in, err
}

// read is the webhook alone.
func (h *webhooks) read(w *hook) Input {
	in := Input{
		Step: stepArrive, Line: policy.Phone(w.To), From: policy.Phone(w.From), Attested: w.FullAttestation, Gone: gone(w.CallStatus),
		Keys: w.Digits, Said: w.Speech, Fetched: w.Request().URL.RawQuery == fetchedQuery,
	}
	if step := w.Param("step"); step != "" {
		in.Step, in.Turn = step, turnNumber(w)
	}
	if w.Digits == hangupKeys {
		in.Keys, in.Gone = "", true
	}
	in.Number = digits(in.Keys)
	if in.Keys == "" && in.Said != "" {
		in.Number = SpokenDigits(in.Said)
		in.Intent, _ = h.Words.Intent(w.line.Language, in.Said)
		in.Word = h.Words.Word(w.line.Language, in.Said)
	}
	if w.DialCallSID != "" {
		in.Dial = &policy.Report{
			At: w.now, Leg: policy.CallSID(w.DialCallSID), DialEnd: true, Seconds: w.DialSeconds,
			NotBridged: w.DialBridged != nil && !*w.DialBridged,
		}
		in.Bridged = w.DialBridged
	}
	if in.Step == stepRecorded {
		in.Message = recordingOf(w)
	}
	return in
}

// hangupKeys is what the provider sends as keys when the caller hung up during a recording.
const hangupKeys = "hangup"

func digits(keys string) string {
	out := make([]byte, 0, len(keys))
	for i := range len(keys) {
		if keys[i] >= '0' && keys[i] <= '9' {
			out = append(out, keys[i])
		}
	}
	return string(out)
}

func (h *webhooks) customer(ctx context.Context, number string) (*policy.Customer, error) {
	if number == "" {
		return nil, nil
	}
	c, err := h.Directory.Customer(ctx, policy.CustomerNumber(number))
	if errors.Is(err, policy.ErrNoCustomer) {
		return nil, nil
	}
	return &c, err
}

func (h *webhooks) callers(ctx context.Context, from policy.Phone) ([]policy.Customer, error) {
	if from.Caller() == "" {
		return nil, nil
	}
	return h.Directory.CustomersCallingFrom(ctx, from)
}

// fallback goes on after an answer of ours that the provider could not use.
func (h *webhooks) fallback(w *hook) error {
	failed := failedPath(h.PublicURL, w.ErrorURL)
	h.Logger.Warn("the provider fell back to us", zap.String("sid", w.CallSID), zap.String("error", w.ErrorCode), zap.String("at", failed))
	if outbound(w.Webhook) {
		return h.send(w, h.plain(w).screen(w.line, h.form.base+"/plain/answer"))
	}
	ctx, cancel := context.WithTimeout(w.Request().Context(), patience)
	defer cancel()
	in := h.read(w)
	f := Failure{Code: w.ErrorCode, Path: failed, Token: w.Request().Header.Get("I-Twilio-Idempotency-Token"), Input: in}
	var err error
	if f.Callers, err = h.callers(ctx, in.From); err != nil {
		return err
	}
	if f.WrongNumbers, err = h.Log.WrongNumbers(ctx, in.From, w.now.Add(-wrongNumberWindow)); err != nil {
		return err
	}
	var reply Reply
	_, err = h.advance(ctx, w, policy.CallSID(w.CallSID), func(c policy.Call) policy.Call {
		c, reply = w.machine().Fail(c, f, w.now)
		return c
	})
	switch {
	case err != nil:
		return err
	case reply.Then == ThenPlain:
		return h.send(w, h.plain(w).trouble(w.line))
	}
	return h.send(w, h.form.voice(w.line, policy.CallSID(w.CallSID), reply))
}

// plainRoutes are the way to a person that needs no state. The log is not asked for anything.
func (h *webhooks) plainRoutes(on func(string, func(*hook) error)) {
	on("/plain", func(w *hook) error { return h.send(w, h.plain(w).instead(w.line, "", w.Webhook)) })
	on("/plain/key", func(w *hook) error { return h.send(w, h.plain(w).key(w.line, w.Digits)) })
	on("/plain/rang/:intent/:turn", func(w *hook) error {
		return h.send(w, h.plain(w).next(w.line, policy.Intent(w.Param("intent")), turnNumber(w), w.Webhook))
	})
	on("/plain/screen", func(w *hook) error { return h.send(w, h.plain(w).screen(w.line, h.form.base+"/plain/answer")) })
	on("/plain/answer", func(w *hook) error { return h.send(w, h.plain(w).answer(w.Digits)) })
}
