package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/figures"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

const (
	ukLine     = policy.Phone("+448000668187")
	missedFrom = policy.Phone("+442079460018")
	northwind  = policy.CustomerNumber("204518")
)

// calledBack is an App with one call that was missed, whose caller Ada calls back.
type calledBack struct {
	*called
	id followup.ID
}

// missedCall is a call that nobody answered and that has just ended.
func missedCall(sid policy.CallSID, intent policy.Intent, end time.Time) policy.Call {
	c := policy.Call{
		SID: sid, Line: ukLine, From: missedFrom, Customer: northwind, Account: "Northwind Flex Offices", Intent: intent, Month: "2026-11",
		StartedAt: end.Add(-time.Minute), HuntingAt: end.Add(-40 * time.Second), Answered: true, Exhausted: true, EndedAt: end, Status: "completed",
	}
	return c
}

func mustCalledBack(t *testing.T, at time.Time, intent policy.Intent, changes ...func(*config.Config)) *calledBack {
	t.Helper()
	called := func(c *config.Config) { c.Settings.Countries, c.Settings.MadeUp = []string{"US", "GB"}, true }
	p := &calledBack{called: mustCalled(t, append(changes, called)...)}
	p.clock.Set(at)
	p.add(t, missedCall("CAmissed", intent, at))
	f, err := p.Store.FollowUpOf(t.Context(), "CAmissed")
	if err != nil {
		t.Fatal(err)
	}
	p.id = f.ID
	return p
}

// add writes a call to the log, as a webhook does.
func (p *calledBack) add(t *testing.T, c policy.Call) {
	t.Helper()
	if _, err := p.callLog().Advance(t.Context(), c.SID, func(policy.Call) policy.Call { return c }); err != nil {
		t.Fatal(err)
	}
}

func (p *calledBack) ask(t *testing.T) error {
	t.Helper()
	_, err := p.Store.AskCallBack(t.Context(), p.id, "ada", followup.Act{At: p.clock.Now(), By: "Ada Moreau", Via: followup.ViaConsole})
	return err
}

// run carries what was asked for on, and plays the calls that come of it.
func (p *calledBack) run(t *testing.T) (records []fake.Record) {
	t.Helper()
	if err := p.callBacks().Once(t.Context()); err != nil {
		t.Log(err)
	}
	for _, c := range p.account.TakeCreated() {
		r, err := p.provider.Place(t.Context(), c)
		if err != nil || len(r.Troubles)+len(r.Warnings) > 0 {
			t.Errorf("%v: %q %q", err, r.Troubles, r.Warnings)
		}
		records = append(records, r)
	}
	return records
}

func (p *calledBack) followUp(t *testing.T) followup.FollowUp {
	t.Helper()
	f, err := p.Store.FollowUp(t.Context(), p.id)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// call returns the call of the last call-back, the zero Call if the log has none.
func (p *calledBack) call(t *testing.T) policy.Call {
	t.Helper()
	f := p.followUp(t)
	c, err := p.Store.Call(t.Context(), f.CallBacks[len(f.CallBacks)-1].SID)
	if err != nil && !errors.Is(err, policy.ErrNoCall) {
		t.Fatal(err)
	}
	return c
}

// rang reports whether the caller's phone rang.
func rang(records []fake.Record) bool {
	return slices.ContainsFunc(records, func(r fake.Record) bool {
		return slices.ContainsFunc(r.Events, func(e fake.Event) bool { return e.Who == missedFrom.Full() && e.Did == fake.Rings })
	})
}

var (
	adaCalls   = fake.Specialist{PicksUp: 4 * time.Second, Presses: []string{"1"}, Thinks: time.Second}
	callerTalk = fake.Specialist{PicksUp: 5 * time.Second, Presses: []string{"1"}, Thinks: 2 * time.Second, Talks: 95 * time.Second}
	machine    = fake.Specialist{PicksUp: 3 * time.Second}
)

// TestCallBackRefused is whom and when nobody may call, each with its reason.
func TestCallBackRefused(t *testing.T) {
	night := time.Date(2026, time.November, 24, 23, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		at     time.Time
		intent policy.Intent
		from   policy.Phone
		to     policy.Target
		during *policy.Call
		want   error
		says   string
	}{
		"outside hours":           {at: night, intent: policy.Question, want: followup.ErrOutsideHours, says: "opens again on Wednesday 25 November at 08:00 GMT"},
		"critical, outside hours": {at: night, intent: policy.Critical},
		"another country":         {intent: policy.Critical, from: "+18765550123", want: followup.ErrUnreachable, says: "JM"},
		"premium":                 {intent: policy.Critical, from: "+449098790000", want: followup.ErrUnreachable, says: "premium"},
		"a personal number":       {intent: policy.Critical, from: "+447012345678", want: followup.ErrUnreachable, says: "personal"},
		"short":                   {intent: policy.Critical, from: "911", want: followup.ErrUnreachable, says: "short"},
		"our own line":            {intent: policy.Critical, from: ukLine, want: followup.ErrUnreachable, says: "our own"},
		"anonymous":               {intent: policy.Critical, from: "anonymous", want: followup.ErrUnreachable, says: "withheld"},
		"somebody without a name": {intent: policy.Critical, to: "zoe", want: followup.ErrNoPhone, says: `"zoe"`},
		"a number that costs":     {intent: policy.Critical, to: "+449098790000", want: followup.ErrNoPhone, says: "premium"},
		"the caller calls us": {
			intent: policy.Critical, want: followup.ErrOnThePhone, says: "on the phone",
			during: &policy.Call{SID: "CAnow", Line: ukLine, From: missedFrom, StartedAt: tuesday.Add(-time.Minute), Answered: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if test.at.IsZero() {
				test.at = tuesday
			}
			p := mustCalledBack(t, test.at, test.intent)
			if test.from != "" {
				other := missedCall("CAother", test.intent, test.at)
				other.From, other.Customer = test.from, ""
				p.add(t, other)
				p.id = must(p.Store.FollowUpOf(t.Context(), "CAother")).ID
			}
			if test.during != nil {
				p.add(t, *test.during)
			}
			to := test.to
			if to == "" {
				to = "ada"
			}
			_, err := p.Store.AskCallBack(t.Context(), p.id, to, followup.Act{At: test.at, By: "ada"})
			if !errors.Is(err, test.want) || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %v with %q", err, test.want, test.says)
			}
			if f := p.followUp(t); err != nil && (f.State != followup.Open || len(f.CallBacks) > 0) {
				t.Errorf("a refusal changed it: %+v", f)
			}
		})
	}
}

// TestCallBackIsPlacedOnce: the answer of the create is lost, the process stops between any two steps, the provider refuses or is away.
func TestCallBackIsPlacedOnce(t *testing.T) {
	t.Run("the answer is lost", func(t *testing.T) {
		p := mustCalledBack(t, tuesday, policy.Critical)
		p.people.does[adasPhone], p.people.does[missedFrom.Full()] = adaCalls, callerTalk
		must(0, p.ask(t))
		p.lost = 1
		_ = p.callBacks().Once(t.Context())
		p.clock.Sleep(5 * time.Second)
		if err := p.callBacks().Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		created := p.account.TakeCreated()
		if b := p.followUp(t).CallBacks[0]; len(created) != 1 || string(b.SID) != created[0].SID {
			t.Fatalf("%d calls, and the follow-up has %q", len(created), b.SID)
		}
		if r, err := p.provider.Place(t.Context(), created[0]); err != nil || !rang([]fake.Record{r}) {
			t.Error(err)
		}
	})
	t.Run("it never got there", func(t *testing.T) {
		p := mustCalledBack(t, tuesday, policy.Critical)
		p.people.does[adasPhone], p.people.does[missedFrom.Full()] = adaCalls, callerTalk
		must(0, p.ask(t))
		p.failed = 1
		_ = p.callBacks().Once(t.Context())
		p.clock.Sleep(10 * time.Second)
		if n := len(p.run(t)); n != 0 {
			t.Errorf("%d calls within the time in which the provider may list the first", n)
		}
		p.clock.Sleep(30 * time.Second)
		if n := len(p.run(t)); n != 1 {
			t.Errorf("%d calls then", n)
		}
	})
	t.Run("the provider is away", func(t *testing.T) {
		p := mustCalledBack(t, tuesday, policy.Critical)
		must(0, p.ask(t))
		p.failed = 100
		for range 20 {
			_ = p.callBacks().Once(t.Context())
			p.clock.Sleep(10 * time.Second)
		}
		if b := p.followUp(t).CallBacks[0]; b.EndedAt.IsZero() || b.Result == "" || len(p.account.TakeCreated()) > 0 {
			t.Errorf("%+v", b)
		}
		if err := p.ask(t); err != nil {
			t.Error(err)
		}
	})
	t.Run("the provider refuses", func(t *testing.T) {
		p := mustCalledBack(t, tuesday, policy.Critical)
		p.account.Change(func(s *fake.State) { s.RefusedCalls = map[string]int{adasPhone: 21215} })
		must(0, p.ask(t))
		p.run(t)
		if b := p.followUp(t).CallBacks[0]; !strings.Contains(b.Result, "21215") || strings.Contains(b.Result, adasPhone) {
			t.Errorf("result %q", b.Result)
		}
	})
	t.Run("nobody worked on it in time", func(t *testing.T) {
		p := mustCalledBack(t, tuesday, policy.Critical)
		must(0, p.ask(t))
		p.clock.Sleep(3 * time.Minute)
		if n := len(p.run(t)); n != 0 || !strings.Contains(p.followUp(t).CallBacks[0].Result, "in time") {
			t.Errorf("%d calls, %+v", n, p.followUp(t).CallBacks)
		}
	})
	t.Run("picked up after it was given up", func(t *testing.T) {
		p := mustCalledBack(t, tuesday, policy.Critical)
		p.people.does[adasPhone], p.people.does[missedFrom.Full()] = adaCalls, callerTalk
		must(0, p.ask(t))
		must(0, p.callBacks().Once(t.Context()))
		p.clock.Sleep(4 * time.Minute)
		must(0, p.callBacks().Once(t.Context()))
		records := p.run(t)
		if b := p.followUp(t).CallBacks[0]; len(records) != 1 || rang(records) || b.Result != "nobody picked up, as far as is known" {
			t.Errorf("%d calls, the caller's phone rang: %v, %+v", len(records), rang(records), b)
		}
		if heard := strings.Join(p.people.heard, " "); !strings.Contains(heard, "This call-back is over.") {
			t.Errorf("heard %q", heard)
		}
	})
	t.Run("done before it was placed", func(t *testing.T) {
		p := mustCalledBack(t, tuesday, policy.Critical)
		must(0, p.ask(t))
		must(p.Store.FinishFollowUp(t.Context(), p.id, followup.Act{At: tuesday, By: "Ada Moreau", Note: "called from my own phone"}))
		if n := len(p.run(t)); n != 0 || p.followUp(t).CallBacks[0].Result != "the follow-up was done meanwhile" {
			t.Errorf("%d calls, %+v", n, p.followUp(t).CallBacks)
		}
	})
	t.Run("the lease is another's", func(t *testing.T) {
		p := mustCalledBack(t, tuesday, policy.Critical)
		must(0, p.ask(t))
		ctx := store.UnderLease(t.Context(), store.Lease{Work: workCallBacks, Holder: "somebody else", Fence: 7})
		if err := p.callBacks().Once(ctx); !errors.Is(err, store.ErrLeaseLost) || len(p.account.TakeCreated()) > 0 {
			t.Errorf("got %v", err)
		}
	})
}

// TestCallBacksCountOnce is rule 19: several call-backs of one call are one phone ticket of the month of their own start.
func TestCallBacksCountOnce(t *testing.T) {
	p := mustCalledBack(t, tuesday, policy.Question)
	must(p.Store.ImportCustomers(t.Context(), []policy.Customer{{Number: northwind, Name: "Northwind Flex Offices", Line: ukLine}}, "Ada"))
	p.people.does[adasPhone], p.people.does[missedFrom.Full()] = adaCalls, callerTalk
	for range 2 {
		must(0, p.ask(t))
		p.run(t)
		p.clock.Sleep(10 * time.Minute)
		must(p.Store.ReopenFollowUp(t.Context(), p.id, followup.Act{At: p.clock.Now(), By: "Ada Moreau"}))
	}
	used, err := figures.Accounts{Store: p.Store, FairUse: p.Conf.Settings.FairUse}.Usage(t.Context(), northwind, "2026-11")
	if err != nil || used.Tickets != 1 || used.Calls != 2 || used.TalkSeconds != 2*95 {
		t.Errorf("%v: %+v", err, used)
	}
}

// TestCallBackWithoutTheLog: a caller who was rung is told of the recording and joined with the specialist; nobody is rung who was not.
func TestCallBackWithoutTheLog(t *testing.T) {
	for step, want := range map[string]string{
		"screen/1": "I can&#39;t write down", "answer/1": "I can&#39;t write down", "confirm/1": "This call is recorded.", "accept/1": "<Response></Response>", "left/1": "<Hangup",
	} {
		t.Run(step, func(t *testing.T) {
			p := mustCalledBack(t, tuesday, policy.Critical, func(c *config.Config) { c.Settings.Recording = true })
			must(0, p.ask(t))
			answer, body := p.post(cancelled(t), t, step, url.Values{"CallSid": {"CAone"}, "To": {adasPhone}, "Direction": {"outbound-api"}, "Digits": {"1"}})
			if answer != http.StatusOK || !strings.Contains(body, want) && !strings.Contains(body, strings.ReplaceAll(want, "&#39;", "'")) {
				t.Errorf("%d: %s", answer, body)
			}
		})
	}
}

// post sends a signed webhook of the first call-back, and returns the answer.
func (p *calledBack) post(ctx context.Context, t *testing.T, step string, form url.Values) (status int, body string) {
	t.Helper()
	address := p.Conf.PublicURL + fmt.Sprintf("/callback/%s/1/%s", p.id, step)
	form.Set("AccountSid", p.Conf.Twilio.AccountSID)
	form.Set("From", ukLine.Full())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", twilio.Sign(p.Conf.Twilio.AuthToken, address, form))
	answer, err := fake.Straight(p.Webhooks).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode, string(must(io.ReadAll(answer.Body)))
}

// TestCallBackDocuments is what the provider is answered at each step, and again when it asks again. Every document that asks for a key ends in Hangup.
func TestCallBackDocuments(t *testing.T) {
	p := mustCalledBack(t, tuesday, policy.Critical)
	must(0, p.ask(t))
	const say = `<Say voice="Polly.Amy-Neural" language="en-GB">`
	specialist := url.Values{"CallSid": {"CAback"}, "To": {adasPhone}, "Direction": {"outbound-api"}, "Digits": {"1"}}
	callee := url.Values{"CallSid": {"CAcallee"}, "ParentCallSid": {"CAback"}, "To": {missedFrom.Full()}, "Direction": {"outbound-dial"}, "Digits": {"1"}}
	over := url.Values{
		"CallSid": {"CAback"}, "To": {adasPhone}, "Direction": {"outbound-api"}, "DialCallSid": {"CAcallee"}, "DialCallStatus": {"completed"},
		"DialCallDuration": {"99"}, "DialBridged": {"true"},
	}
	for _, test := range []struct {
		step string
		form url.Values
		want string
	}{
		{"screen/1", specialist, `  <Gather input="dtmf" action="/callback/1/1/answer/1" timeout="5" finishOnKey="" numDigits="1" actionOnEmptyResult="true">
    <Say>Call back to Northwind Flex Offices.</Say>
    <Say>They called about: Critical.</Say>
    <Say>Press 1 to call them, 2 to leave it.</Say>
  </Gather>
  <Hangup/>
`},
		{"answer/1", specialist, `  <Say>I'm calling them.</Say>
  <Dial action="/callback/1/1/left/1" timeout="30" callerId="+448000668187" answerOnBridge="true" ringTone="uk">
    <Number url="/callback/1/1/confirm/1" statusCallback="/callback/1/1/ring/0" statusCallbackEvent="initiated ringing answered completed">+442079460018</Number>
  </Dial>
`},
		{"confirm/1", callee, `  <Gather input="dtmf" action="/callback/1/1/accept/1" timeout="5" finishOnKey="" numDigits="1" actionOnEmptyResult="true">
    <Say>This is OfficeRnD support, returning your call.</Say>
    <Say>Press 1 to talk to us.</Say>
  </Gather>
  <Hangup/>
`},
		{"accept/1", callee, ``},
		{"left/1", over, `  <Say>Thank you. Goodbye.</Say>
  <Hangup/>
`},
	} {
		for range 2 {
			status, body := p.post(t.Context(), t, test.step, test.form)
			body = strings.NewReplacer(p.Conf.PublicURL, "", say, "<Say>", "</Response>\n", "").Replace(body)
			_, body, _ = strings.Cut(body, "<Response>")
			body = strings.TrimPrefix(body, "\n")
			if diff := cmp.Diff(test.want, body); diff != "" || status != http.StatusOK {
				t.Errorf("%s: %d (-want +got):\n%s", test.step, status, diff)
			}
		}
	}
	if status, body := p.post(t.Context(), t, "screen/1", url.Values{"CallSid": {"CAother"}, "To": {adasPhone}, "Direction": {"outbound-api"}}); status != http.StatusOK || !strings.Contains(body, "This call-back is over.") {
		t.Errorf("a call that the provider has twice: %d %s", status, body)
	}
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
