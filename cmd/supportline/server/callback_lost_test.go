package server

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/twilio/fake"
)

// losing is a way from the provider to the webhooks on which those of one step are lost.
type losing struct {
	http.RoundTripper
	step     string // part of the path, "" for none
	answered bool   // they arrive, and their answers are lost
}

func (l losing) RoundTrip(r *http.Request) (*http.Response, error) {
	lost := l.step != "" && strings.Contains(r.URL.Path, l.step)
	if lost && !l.answered {
		return nil, errors.New("no way to the server")
	}
	answer, err := l.RoundTripper.RoundTrip(r)
	if lost && err == nil {
		_ = answer.Body.Close()
		return nil, errors.New("the answer was lost")
	}
	return answer, err
}

// reconcile compares the log with the provider's list.
func (p *calledBack) reconcile(t *testing.T) {
	t.Helper()
	r := &Reconciler{Log: p.callLog(), List: p.App.account, Settings: p.Settings(), Now: p.clock.Now(), Found: func(Repair) {}}
	if err := r.Run(t.Context(), p.clock.Now().Add(-12*time.Hour), p.clock.Now()); err != nil {
		t.Fatal(err)
	}
}

// joined reports whether the caller talked to the specialist, by the provider's own word.
func joined(r fake.Record) bool {
	return slices.ContainsFunc(r.Events, func(e fake.Event) bool { return e.Who == missedFrom.Full() && strings.HasPrefix(e.Did, "is joined") })
}

// loses plays the call-back that was asked for, with all webhooks of a step lost, and returns the provider's record of it.
func (p *calledBack) loses(t *testing.T, l losing) fake.Record {
	t.Helper()
	must(0, p.callBacks().Once(t.Context()))
	created := p.account.TakeCreated()
	if len(created) != 1 {
		t.Fatalf("%d calls", len(created))
	}
	way := p.provider.Transport
	l.RoundTripper = way
	p.provider.Transport = l
	defer func() { p.provider.Transport = way }()
	return must(p.provider.Place(t.Context(), created[0]))
}

// TestCallBackWithALostWebhook: whichever webhook of a call-back is lost, or its answer, and those that would make up for it as well, it is over in the
// log and in its follow-up within minutes, once, and done only where the two really talked.
func TestCallBackWithALostWebhook(t *testing.T) {
	for _, step := range []string{"/screen/", "/answer/", "/confirm/", "/accept/", "/left/", "/ring/", "/status/"} {
		for _, answered := range []bool{false, true} {
			for _, others := range []fake.Delivery{fake.Once, fake.Lost} {
				name := strings.Trim(step, "/") + map[bool]string{true: ", the answer is lost"}[answered] + map[fake.Delivery]string{fake.Lost: ", no callback comes"}[others]
				for who, caller := range map[string]fake.Specialist{"taken": callerTalk, "a machine": machine} {
					t.Run(name+", "+who, func(t *testing.T) {
						p := mustCalledBack(t, tuesday, policy.Critical)
						p.people.does[adasPhone], p.people.does[missedFrom.Full()] = adaCalls, caller
						p.provider.Faults.Callbacks = others
						must(0, p.ask(t))
						record := p.loses(t, losing{step: step, answered: answered})
						c := p.settles(t, joined(record))
						if c.CallBackOf != "CAmissed" || c.End().IsZero() || c.TotalSeconds == nil || *c.TotalSeconds != record.Seconds {
							t.Errorf("the log: of %q, ended %s, %v s of %d", c.CallBackOf, c.End(), c.TotalSeconds, record.Seconds)
						}
						if c.Leg(c.SID).Person != "ada" || c.Customer != northwind || c.Month != "2026-11" {
							t.Errorf("%+v", c)
						}
					})
				}
			}
		}
	}
}

// settles lets ten minutes pass and expects the truth in the follow-up then, and nobody rung again. It returns the call.
func (p *calledBack) settles(t *testing.T, talked bool) policy.Call {
	t.Helper()
	for minute := range 10 {
		p.clock.Sleep(time.Minute)
		if n := len(p.run(t)); n > 0 {
			t.Errorf("%d calls again", n)
		}
		if minute == 2 {
			if b := p.followUp(t).CallBacks[0]; b.EndedAt.IsZero() {
				t.Error("it goes on after three minutes, and nobody can call back again")
			}
		}
	}
	p.reconcile(t)
	f, c := p.followUp(t), p.call(t)
	b := f.CallBacks[0]
	if (f.State == followup.Done) != talked || (b.Result == "served") != talked || (c.Outcome() == policy.Served) != talked || b.EndedAt.IsZero() {
		t.Errorf("they talked: %v; the follow-up is %s, %q, the call %s", talked, f.State, b.Result, c.Outcome())
	}
	if want := followup.ResultOf(c); b.Result != want {
		t.Errorf("the follow-up has %q, and the call %q", b.Result, want)
	}
	if !talked && p.ask(t) != nil {
		t.Error("it can't be asked for again")
	}
	return c
}

// TestCallBackThatTheLogMissed: the store is away from the caller's pick-up to the end. Who talked for longer than anybody is asked for a key is served.
func TestCallBackThatTheLogMissed(t *testing.T) {
	talks := callerTalk
	talks.Talks = 4 * time.Minute
	for name, caller := range map[string]fake.Specialist{"taken": talks, "a machine": machine} {
		t.Run(name, func(t *testing.T) {
			p := mustCalledBack(t, tuesday, policy.Critical)
			p.people.does[adasPhone], p.people.does[missedFrom.Full()] = adaCalls, caller
			p.people.during = func(e fake.Event) {
				if e.Who == missedFrom.Full() && e.Did == "picks up" {
					p.Store.FailWrites(errors.New("the disk is full"))
				}
			}
			must(0, p.ask(t))
			record := p.loses(t, losing{})
			p.Store.FailWrites(nil)
			if talk, _, known := p.settles(t, joined(record)).Talk(); joined(record) && (!known || talk < 240 || talk > 260) {
				t.Errorf("%d seconds of talk", talk)
			}
		})
	}
}

// TestCallBackBetweenTwoCommits: the process stops after it noted the pick-up, and before the call is in the log.
func TestCallBackBetweenTwoCommits(t *testing.T) {
	p := mustCalledBack(t, tuesday, policy.Critical)
	p.people.does[adasPhone] = adaCalls
	p.provider.Faults.Callbacks = fake.Lost
	must(0, p.ask(t))
	p.people.during = func(e fake.Event) {
		if e.Who != adasPhone || e.Did != "picks up" {
			return
		}
		b := p.followUp(t).CallBacks[0]
		must(p.Store.ChangeFollowUp(t.Context(), p.id, func(f followup.FollowUp) (followup.FollowUp, error) {
			return f.PickedUp(1, b.SID, p.clock.Now()), nil
		}))
	}
	p.settles(t, joined(p.loses(t, losing{step: "/screen/"})))
}
