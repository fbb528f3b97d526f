package server

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/store"
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

// TestCallBackWithALostWebhook: whichever webhook of a call-back is lost, or its answer, and those that would make up for it as well, or where they come
// late, twice or swapped, it is over in the log and in its follow-up within minutes, once, and done only where the two really talked.
func TestCallBackWithALostWebhook(t *testing.T) {
	for _, step := range []string{"", "/screen/", "/answer/", "/confirm/", "/accept/", "/left/", "/ring/", "/status/"} {
		others := []fake.Faults{{}, {Callbacks: fake.Lost}}
		if step == "" {
			others = []fake.Faults{
				{Callbacks: fake.Lost, NoActionAfterHangUp: true}, {Callbacks: fake.Late}, {Callbacks: fake.Twice, Retry: true}, {Callbacks: fake.Reordered},
			}
		}
		for _, faults := range others {
			for _, answered := range []bool{false, true} {
				for who, caller := range map[string]fake.Specialist{"taken": callerTalk, "a machine": machine, "busy": {Status: "busy"}} {
					t.Run(fmt.Sprintf("%s answered %v, %+v, %s", step, answered, faults, who), func(t *testing.T) {
						p := mustCalledBack(t, tuesday, policy.Critical)
						p.people.does[adasPhone], p.people.does[missedFrom.Full()] = adaCalls, caller
						p.provider.Faults = faults
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

// boundaries are moments around which the hours of the UK line begin or end, by its own clock: on an ordinary day, at the ends of a weekend, and on the
// working days before and after clocks change.
var boundaries = []time.Time{
	time.Date(2026, time.November, 24, 19, 0, 0, 0, time.UTC), time.Date(2026, time.November, 25, 8, 0, 0, 0, time.UTC),
	time.Date(2026, time.November, 27, 19, 0, 0, 0, time.UTC), time.Date(2026, time.November, 30, 8, 0, 0, 0, time.UTC),
	time.Date(2026, time.October, 23, 18, 0, 0, 0, time.UTC), time.Date(2026, time.October, 26, 8, 0, 0, 0, time.UTC),
	time.Date(2026, time.March, 27, 19, 0, 0, 0, time.UTC), time.Date(2026, time.March, 30, 7, 0, 0, 0, time.UTC),
}

// isOpen reports whether the UK line is open, by the policy's own words: Monday to Friday, 08:00 to 19:00 of London's clock.
func isOpen(at time.Time) bool {
	at = at.In(must(time.LoadLocation("Europe/London")))
	return at.Weekday() != time.Saturday && at.Weekday() != time.Sunday && at.Hour() >= 8 && at.Hour() < 19
}

// shuffled is call-backs under whatever people, the network, the provider and the store do.
type shuffled struct {
	*calledBack
	r             *rapid.T
	intent        policy.Intent
	asked, rings  int
	placed        map[string]int // calls to specialists, by the call-back that they are of
	breaks, event int            // the store breaks at this event of a call; 0: it does not
}

// note checks each ringing of the caller's phone, and breaks the store where it is to break.
func (s *shuffled) note(t *testing.T, e fake.Event) {
	if s.event++; s.event == s.breaks {
		s.Store.FailWrites(errors.New("the disk is full"))
	}
	if e.Who != missedFrom.Full() || e.Did != fake.Rings {
		return
	}
	s.rings++
	println("rings", s.intent, s.clock.Now().String(), isOpen(s.clock.Now()))
	if s.intent != policy.Critical && !isOpen(s.clock.Now()) {
		s.r.Errorf("the caller's phone rang at %s", s.clock.Now())
	}
	if f := s.followUp(t); f.State == followup.Done {
		s.r.Errorf("the caller's phone rang although %+v", f)
	}
}

// play carries the calls that were placed.
func (s *shuffled) play(t *testing.T, r *rapid.T, faults fake.Faults, l losing, breaks int) {
	way := s.provider.Transport
	l.RoundTripper = way
	s.provider.Transport, s.provider.Faults, s.breaks, s.event = l, faults, breaks, 0
	for _, c := range s.account.TakeCreated() {
		path, _, _ := strings.Cut(c.Leg.URL, "/screen/")
		if s.placed[path]++; s.placed[path] > 1 {
			r.Errorf("%s was placed twice", path)
		}
		must(s.provider.Place(t.Context(), c))
	}
	s.provider.Transport = way
	s.Store.FailWrites(nil)
}

// TestCallBacksInAnyOrder: whatever people ask for and however requests, answers, webhooks, processes, the store and callbacks fail, each call-back is
// placed once at most, the caller's phone rings in opening hours only and while the follow-up waits, never twice for one call-back, and every call-back
// ends with a word.
func TestCallBacksInAnyOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		begin := rapid.SampledFrom(boundaries).Draw(r, "boundary")
		s := &shuffled{r: r, intent: rapid.SampledFrom([]policy.Intent{policy.Critical, policy.Question}).Draw(r, "intent"), placed: map[string]int{}}
		s.calledBack = mustCalledBack(t, begin.Add(time.Duration(rapid.IntRange(-90, 10).Draw(r, "second"))*time.Second), s.intent)
		s.people.during = func(e fake.Event) { s.note(t, e) }
		who := rapid.SampledFrom([]fake.Specialist{
			adaCalls, adaCalls,
			{PicksUp: 25 * time.Second, Presses: []string{"1"}},
			callerTalk, machine,
			{Status: "busy"},
			{Status: "no-answer"},
			{Presses: []string{"2"}},
			{Presses: []string{"1"}, Leaves: 9 * time.Second},
		})
		ask := func(r *rapid.T) {
			to := rapid.SampledFrom([]policy.Target{"ada", "ben"}).Draw(r, "who")
			if _, err := s.Store.AskCallBack(t.Context(), s.id, to, followup.Act{At: s.clock.Now(), By: string(to)}); err == nil {
				s.asked++
			}
		}
		carryOn := func(r *rapid.T) {
			s.lost, s.failed = rapid.IntRange(0, 1).Draw(r, "lost"), rapid.IntRange(0, 3).Draw(r, "failed")/3
			_ = s.callBacks().Once(t.Context())
			s.lost, s.failed = 0, 0
		}
		play := func(r *rapid.T) {
			s.people.does[adasPhone], s.people.does[bensPhone] = who.Draw(r, "ada"), who.Draw(r, "ben")
			s.people.does[missedFrom.Full()] = who.Draw(r, "caller")
			faults := fake.Faults{
				Callbacks: rapid.SampledFrom([]fake.Delivery{fake.Once, fake.Lost, fake.Twice, fake.Late, fake.Reordered}).Draw(r, "callbacks"),
				Retry:     rapid.Bool().Draw(r, "retry"),
			}
			steps := []string{"", "", "", "/screen/", "/answer/", "/confirm/", "/accept/", "/left/", "/status/"}
			lost := losing{step: rapid.SampledFrom(steps).Draw(r, "lost"), answered: rapid.Bool().Draw(r, "answered")}
			s.play(t, r, faults, lost, max(0, rapid.IntRange(-20, 20).Draw(r, "breaks")))
		}
		r.Repeat(map[string]func(*rapid.T){
			"ask": ask, "carry on": carryOn, "play": play,
			"ask and play": func(r *rapid.T) { ask(r); carryOn(r); play(r) },
			"carry on without a lease": func(*rapid.T) {
				_ = s.callBacks().Once(store.UnderLease(t.Context(), store.Lease{Work: workCallBacks, Holder: "gone", Fence: 7}))
			},
			"time passes": func(r *rapid.T) {
				s.clock.Sleep(time.Duration(rapid.IntRange(1, 100).Draw(r, "seconds")) * time.Second)
			},
		})
		for range 3 { // everything comes to its end
			s.clock.Sleep(2 * time.Hour)
			s.play(t, r, fake.Faults{}, losing{}, 0)
			_ = s.callBacks().Once(t.Context())
			s.reconcile(t)
		}
		f, dialled := s.followUp(t), 0
		for _, b := range f.CallBacks {
			if b.EndedAt.IsZero() || b.Result == "" {
				r.Errorf("it never ended: %+v", b)
			}
			if !b.DialledAt.IsZero() {
				dialled++
			}
		}
		if len(f.CallBacks) != s.asked || s.rings > dialled || (f.State == followup.Done) != (f.ServedBy != "") {
			r.Errorf("%d asked for, the caller's phone rang %d times, %+v", s.asked, s.rings, f)
		}
	})
}
