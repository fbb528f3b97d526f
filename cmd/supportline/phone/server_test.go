package phone_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/phone"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// desk is the smallest server: it asks for two digits, then rings one specialist, and logs what it is told. It tests the
// mechanics of the player; the scripts under testdata/calls are played on the real server.
type desk struct {
	phone.Setup
	calls  map[policy.CallSID]policy.Call
	broken bool
	closed *bool
}

const ringer = "+15550100001"

func opener(closed *bool, seen *phone.Setup) phone.Opener {
	return func(s phone.Setup) (phone.Server, error) {
		if seen != nil {
			*seen = s
		}
		return &desk{Setup: s, calls: map[policy.CallSID]policy.Call{}, closed: closed}, nil
	}
}

func (d *desk) Account() phone.Account {
	return phone.Account{PublicURL: "https://desk.example.com", SID: "AC00000000000000000000000000000001", Token: "secret"}
}

// Provider returns an account that is not used.
func (d *desk) Provider() *fake.Account {
	account := d.Account()
	return fake.NewAccount(account.SID, account.Token, d.Now)
}

// Settle returns at once: a desk does nothing beside its webhooks.
func (d *desk) Settle() {}

// Work does nothing, and no call of a desk is followed up.
func (d *desk) Work(context.Context) {}

func (d *desk) FollowUp(context.Context, policy.CallSID) (any, error)  { return nil, errNone }
func (d *desk) Take(context.Context, policy.CallSID, string) error     { return errNone }
func (d *desk) CallBack(context.Context, policy.CallSID, string) error { return errNone }

var errNone = errors.New("there is no follow-up")

func (d *desk) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/voice", d.voice)
	mux.HandleFunc("/key", d.key)
	mux.HandleFunc("/screen", reply(twilio.Gather{Action: "/yes", NumDigits: 1, Prompts: say("a call, press 1")}, twilio.Hangup{}))
	mux.HandleFunc("/yes", reply())
	mux.HandleFunc("/rang", reply(twilio.Say{Text: "goodbye"}, twilio.Record{Action: "/left"}))
	mux.HandleFunc("/left", reply(twilio.Say{Text: "saved"}))
	return mux
}

func (d *desk) voice(w http.ResponseWriter, r *http.Request) {
	if d.broken {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	sid := policy.CallSID(r.FormValue("CallSid"))
	d.calls[sid] = policy.Call{SID: sid, Line: policy.Phone(r.FormValue("To")), From: policy.Phone(r.FormValue("From")), StartedAt: d.Now()}
	ask := twilio.Gather{Input: "dtmf speech", Action: "/key", NumDigits: 2, Prompts: say("two digits please")}
	reply(ask, twilio.Redirect{URL: "/key"})(w, r)
}

func (d *desk) key(w http.ResponseWriter, r *http.Request) {
	sid := policy.CallSID(r.FormValue("CallSid"))
	c := d.calls[sid]
	c.Trace = append(c.Trace, policy.Decision{Rule: "digits.given", Result: "two", Inputs: []policy.Fact{{Name: "keys", Value: r.FormValue("Digits")}}})
	d.calls[sid] = c
	reply(twilio.Say{Text: "Connecting you."}, twilio.Dial{Action: "/rang", Nouns: []twilio.Noun{twilio.Number{Number: ringer, URL: "/screen"}}})(w, r)
}

func (d *desk) Explain(_ context.Context, sid policy.CallSID) ([]policy.Decision, error) {
	c, ok := d.calls[sid]
	if !ok {
		return nil, policy.ErrNoCall
	}
	return c.Trace, nil
}

func (d *desk) Row(_ context.Context, sid policy.CallSID) (policy.Row, error) {
	c, ok := d.calls[sid]
	if !ok {
		return policy.Row{}, policy.ErrNoCall
	}
	return policy.Settings{}.Row(c, false), nil
}

func (d *desk) Break(broken bool) { d.broken = broken }

func (d *desk) Close() error {
	if d.closed != nil {
		*d.closed = true
	}
	return nil
}

func say(text string) []twilio.Verb { return []twilio.Verb{twilio.Say{Text: text}} }

func reply(verbs ...twilio.Verb) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		doc, err := twilio.Response{Verbs: verbs}.Render()
		if err != nil {
			panic(err)
		}
		w.Header().Set("Content-Type", "text/xml")
		if _, err := w.Write(doc); err != nil {
			panic(err)
		}
	}
}

// play parses and plays a script of the desk.
func play(tb testing.TB, text string) error {
	tb.Helper()
	s, err := phone.Parse("a.call", []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	_, err = phone.Play(ctx, s, opener(nil, nil))
	return err
}
