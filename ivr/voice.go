package ivr

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

func (h *webhooks) voice(w *hook) error {
	in, err := h.input(w)
	if err != nil {
		return err
	}
	var reply Reply
	_, err = h.advanceCounting(w, policy.CallSID(w.CallSID), in.count(w), func(c policy.Call, wrong policy.WrongNumbers) policy.Call {
		in.counted(wrong)
		c, reply = h.machine(w).Next(c, in, w.now)
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
		sid := policy.CallSID(w.Param("call"))
		in := LegInput{
			Step: step, Leg: policy.CallSID(w.CallSID), To: policy.Phone(w.To), Try: w.number("turn"), Keys: w.Digits, Attempt: w.number("order"),
			Unjoined: w.DialCallStatus == dialFailed, Gone: gone(w.CallStatus),
		}
		if step == stepScreen { // to say that the account is over; an account that has very many calls is so after few of them
			in.Month = h.monthOf(w, sid, w.settings.FairUse.UntilOver)
		}
		var reply Reply
		_, err := h.advance(w, sid, func(c policy.Call) policy.Call {
			c, reply = h.machine(w).NextLeg(c, in, w.now)
			return c
		})
		if err != nil {
			return err
		}
		return h.send(w, h.form.leg(w.line, sid, in.Attempt, reply))
	}
}

var errNoSID = errors.New("the webhook names no call")

// advance commits one change to a call, starts the REST actions that follow from it, and reports the end of the call once.
func (h *webhooks) advance(w *hook, sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error) {
	uncounted := func(c policy.Call, _ policy.WrongNumbers) policy.Call { return change(c) }
	return h.advanceCounting(w, sid, policy.WrongNumberCount{}, uncounted)
}

func (h *webhooks) advanceCounting(
	w *hook, sid policy.CallSID, count policy.WrongNumberCount, change func(policy.Call, policy.WrongNumbers) policy.Call,
) (policy.Call, error) {
	if sid == "" {
		return policy.Call{}, errNoSID
	}
	var before policy.Call
	call, err := h.Log.AdvanceCounting(w.ctx, sid, count, func(c policy.Call, wrong policy.WrongNumbers) policy.Call {
		before = c
		return change(c, wrong)
	})
	if err != nil {
		return call, err
	}
	h.Ringer.follow(before, call)
	h.observeNumbers(before, call)
	after := call.Outcome()
	if line := h.Logger.Check(zap.DebugLevel, "webhook"); line != nil {
		line.Write(zap.String("sid", string(sid)), zap.String("route", w.Path()), zap.String("step", call.State.Step))
	}
	if before.Outcome() == "" && after != "" {
		h.Observer.CallEnded(after)
		if after == policy.Refused {
			h.looped(w)
		}
		h.Logger.Info("call ended", zap.String("sid", string(sid)), zap.Stringer("from", call.From), zap.String("outcome", string(after)))
	}
	return call, nil
}

func (h *webhooks) input(w *hook) (Input, error) {
	in, ctx := h.read(w), w.ctx
	var err error
	if in.Step == stepArrive {
		if in.Rung, err = h.rung(w, in.ForwardedFrom); err != nil {
			return in, err
		}
	}
	switch in.Step {
	case stepArrive, stepKnown, stepClosed:
		if in.Callers, err = h.callers(ctx, in.From); err != nil {
			return in, err
		}
	case stepNumber, stepMistyped, stepRefused:
	case stepMenu, stepTicket, stepRestricted, stepTraining:
		if w.settings.FairUse.TellCaller {
			in.Month = h.monthOf(w, policy.CallSID(w.CallSID), nil)
		}
		return in, nil
	default:
		return in, nil
	}
	if in.Step != stepArrive && in.Step != stepClosed {
		if in.Customer, err = h.customer(ctx, in.Number); err != nil {
			return in, err
		}
		in.Month = h.identifiedMonth(w, in)
	}
	in.MayText = in.mayText(w.settings)
	return in, nil
}

// count returns what the log has to count for a webhook: nothing where no customer number is asked for.
func (in Input) count(w *hook) policy.WrongNumberCount {
	if !in.takesNumber() {
		return policy.WrongNumberCount{}
	}
	i := w.settings.Identification
	count := policy.WrongNumberCount{
		Caller: in.From, Since: w.now.Add(-wrongNumberWindow),
		AtMost: policy.WrongNumbers{ByCaller: i.WrongNumbersPerHour, InAll: i.WrongNumbersInAll},
	}
	if in.MayText {
		count.TextedSince = w.settings.DayBegan(in.Line, w.now)
	}
	return count
}

// counted takes what the log has counted.
func (in *Input) counted(n policy.WrongNumbers) {
	in.WrongNumbers, in.WrongInAll, in.Texted = n.ByCaller, n.InAll, n.Texted
}

// mayText reports whether the number of a caller who may turn out to have no customer number can be sent the way to it.
func (in Input) mayText(s *policy.Settings) bool {
	leads := in.takesNumber() && in.Step != stepArrive && in.Step != stepClosed && in.Customer == nil
	return leads && s.Texts && s.Links.CustomerNumber != "" && followup.MayText(in.From, *s) == nil
}

// observeNumbers counts the wrong customer numbers of a step, and whether it was the one after which no more are looked up.
func (h *webhooks) observeNumbers(before, after policy.Call) {
	for range len(after.WrongNumbers) - len(before.WrongNumbers) {
		h.Observer.WrongNumber()
	}
	for _, d := range after.Trace[min(len(before.Trace), len(after.Trace)):] {
		if limit := WrongNumberLimit(d.Rule); limit == LimitOfCaller || limit == LimitOfAll {
			h.Observer.NumbersRefused(limit)
		}
	}
}

// monthOf returns the calls of a call's account in its month, up to the one of which enough reports true, if it is not nil.
func (h *webhooks) monthOf(w *hook, sid policy.CallSID, enough func() func(policy.CallSummary) bool) []policy.CallSummary {
	return h.month(w, func(ctx context.Context) ([]policy.CallSummary, error) { return h.Log.MonthCalls(ctx, sid, enough) })
}

// monthWithin bounds the wait for the calls of a month, which only add a sentence.
const monthWithin = time.Second

// identifiedMonth returns the calls of the account that this webhook identifies: a caller who has named the reason before is
// rung through at once.
func (h *webhooks) identifiedMonth(w *hook, in Input) []policy.CallSummary {
	c := in.Customer
	if c == nil && in.Step == stepKnown && len(in.Callers) == 1 {
		c = &in.Callers[0]
	}
	if c == nil || !w.settings.FairUse.TellCaller {
		return nil
	}
	return h.month(w, func(ctx context.Context) ([]policy.CallSummary, error) {
		return h.Log.AccountSummaries(ctx, c.Number, policy.MonthOf(w.now, w.settings.LineZone(c.Line)))
	})
}

// month returns the calls of the call's account in its month, which read reads. Without them the call goes on as well.
func (h *webhooks) month(w *hook, read func(context.Context) ([]policy.CallSummary, error)) []policy.CallSummary {
	ctx, cancel := context.WithTimeout(w.ctx, monthWithin)
	defer cancel()
	calls, err := read(ctx)
	if err != nil {
		h.log(w).Warn("the account's calls of the month could not be read; the call goes on without them", zap.Error(err))
		return nil
	}
	return calls
}

func (h *webhooks) read(w *hook) Input {
	in := Input{
		Step: stepArrive, Line: ours(w.settings, w.Webhook), From: policy.Phone(w.From), Attested: w.FullAttestation, Gone: gone(w.CallStatus),
		ForwardedFrom: policy.Phone(w.ForwardedFrom),
		Keys:          w.Digits, Said: w.Speech, Fetched: w.Request().URL.RawQuery == fetchedQuery,
	}
	if step := w.Param("step"); step != "" {
		in.Step, in.Exchange = step, w.number("turn")
	}
	if w.Digits == hangupKeys {
		in.Keys, in.Gone = "", true
	}
	switch {
	case in.Keys != "":
		in.Number = digits(in.Keys)
		if in.Ticket = in.Number; len(in.Keys) == 1 {
			in.Key = in.Keys
		}
	case in.Said != "":
		m := h.Words.Meaning(w.line.Language, in.Step, in.Said, w.settings.Identification.Digits)
		in.Number, in.Ticket, in.Key, in.Intent, in.Word = m.Number, m.Ticket, m.Key, m.Intent, m.Word
	}
	in.Unjoined = w.DialCallStatus == dialFailed
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

// dialFailed is the provider's status for the end of a Dial that could not begin.
const dialFailed = "failed"

// hangupKeys is sent by the provider as keys if the caller hung up during a recording.
const hangupKeys = "hangup"

func digits(keys string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, keys)
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

// fallback answers at the number's fallback URL, after an answer of ours that the provider could not use.
func (h *webhooks) fallback(w *hook) error {
	failed := failedPath(h.PublicURL, w.ErrorURL)
	h.Logger.Warn("the provider fell back to us", zap.String("sid", w.CallSID), zap.String("error", w.ErrorCode), zap.String("at", failed))
	if isOutboundLeg(w.Webhook) {
		return h.send(w, h.stateless(w).screen(w.line, h.form.base+"/plain/answer"))
	}
	in, err := h.input(w)
	if err != nil {
		return err
	}
	f := Failure{Code: w.ErrorCode, Path: failed, Token: w.Request().Header.Get("I-Twilio-Idempotency-Token"), Input: in}
	var reply Reply
	_, err = h.advanceCounting(w, policy.CallSID(w.CallSID), in.count(w), func(c policy.Call, wrong policy.WrongNumbers) policy.Call {
		f.Input.counted(wrong)
		c, reply = h.machine(w).Fail(c, f, w.now)
		return c
	})
	switch {
	case err != nil:
		return err
	case reply.Then == ThenStateless:
		return h.send(w, h.stateless(w).trouble(w.line))
	}
	return h.send(w, h.form.voice(w.line, policy.CallSID(w.CallSID), reply))
}

// status takes the number's status callback, which comes once, after the end of a call.
func (h *webhooks) status(w *hook) error {
	return h.learn(w, policy.CallSID(w.CallSID), policy.Report{
		At: w.reported(), From: policy.Phone(w.From), To: ours(w.settings, w.Webhook), Status: w.CallStatus, Seconds: w.CallSeconds,
	})
}

func (h *webhooks) legStatus(w *hook) error {
	return h.learn(w, policy.CallSID(w.Param("call")), policy.Report{
		At: w.reported(), Leg: policy.CallSID(w.CallSID), From: policy.Phone(w.From), To: policy.Phone(w.To),
		Status: w.CallStatus, Seconds: w.CallSeconds, Attempt: w.number("order"),
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

// completed returns the recording that a callback reports. It is nil if the recording is not there yet, or never will be.
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

// reported returns the provider's time of what it reports, or our own if it gives none.
func (w *hook) reported() time.Time {
	if !w.Timestamp.IsZero() {
		return w.Timestamp
	}
	return w.now
}

func (h *webhooks) learn(w *hook, sid policy.CallSID, r policy.Report) error {
	if _, err := h.advance(w, sid, func(c policy.Call) policy.Call { return w.settings.WithPeople(c, c.Learn(r)) }); err != nil {
		return err
	}
	return w.NoContent(http.StatusNoContent)
}
