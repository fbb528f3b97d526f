package ivr_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// person is a specialist of a ring step. People come to the phone after it has rung for so long altogether, so that a ring that was stopped
// counts; a voicemail picks up after so much of each ring.
type person struct {
	does  string // accepts, passes, hangs up, voicemail, busy or nothing
	after time.Duration

	rung  time.Duration // so far
	since time.Time     // the present ring began; zero: it does not ring
}

func (p *person) answers() fake.Specialist {
	s := fake.Specialist{PicksUp: max(0, p.after-p.rung), Thinks: time.Second}
	switch p.does {
	case "accepts":
		s.Presses = []string{"1"}
	case "passes":
		s.Presses = []string{"2"}
	case "hangs up":
		s.Leaves = 2 * time.Second
	case "voicemail":
		s.PicksUp = p.after
	case "busy":
		s.Status, s.PicksUp = "busy", p.after
	case "nothing":
		s.Status = "no-answer"
	}
	return s
}

// staff are the parties of a call: the specialists, and a caller who enters a number and presses 1, as long as there are questions.
type staff struct {
	keys   []string
	people map[string]*person
	joined string
}

func (s *staff) Caller(m fake.Moment) fake.Act {
	switch {
	case m.Kind == fake.Talking, m.Kind == fake.Recording:
		return fake.HangUp()
	case m.Kind == fake.Asked && len(s.keys) > 0:
		key := s.keys[0]
		s.keys = s.keys[1:]
		return fake.Press(key)
	}
	return fake.Listen()
}

func (s *staff) Specialist(to string) fake.Specialist { return s.people[to].answers() }

func (s *staff) Note(e fake.Event) {
	p := s.people[e.Who]
	switch {
	case p == nil:
	case e.Did == fake.Rings:
		p.since = e.At
	case !p.since.IsZero():
		p.rung, p.since = p.rung+e.At.Sub(p.since), time.Time{}
	case e.Did == "is joined with the caller":
		s.joined = e.Who
	}
}

// TestAPickUpCostsTheCallerNothing is rule 16 as a property, in each way in which people are rung: if one of a step's people would accept within
// the time of the step when nobody is stopped, the caller gets a specialist in it, whoever or whatever else picks up first, and however the
// callbacks arrive. A voicemail never gets the caller.
func TestAPickUpCostsTheCallerNothing(t *testing.T) {
	t.Parallel()
	for way, voice := range map[string]string{
		"dialled": "/voice", "outbound": "/voice", "stateless": "/plain", "files": "/fallback/" + ivr.FallbackFolder(uk) + "/voice.xml",
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				step := policy.RingStep{For: time.Duration(rapid.IntRange(5, 40).Draw(rt, "for")) * time.Second}
				parties := &staff{keys: []string{"204518", "1"}, people: map[string]*person{}}
				if way == "stateless" {
					parties.keys = parties.keys[1:]
				}
				wanted := false
				for i := range rapid.IntRange(1, 10).Draw(rt, "people") {
					p := &person{does: rapid.SampledFrom([]string{"accepts", "passes", "hangs up", "voicemail", "busy", "nothing"}).Draw(rt, "does")}
					p.after = time.Duration(rapid.IntRange(0, 45).Draw(rt, "after")) * time.Second
					to := policy.Phone("+1555020000" + strconv.Itoa(i))
					step.To, parties.people[to.Full()] = append(step.To, policy.Target(to)), p
					wanted = wanted || p.does == "accepts" && p.after < step.For
				}
				r := rings(t, rt, way, voice, step, parties)
				how := fmt.Sprintf("%s for %s", way, step.For)
				if got := parties.people[parties.joined]; got == nil && wanted {
					rt.Fatalf("%s: nobody is joined with the caller: %v", how, r.Events)
				} else if got != nil && got.does != "accepts" && (way != "files" || got.does != "passes") { // a file takes any key
					rt.Fatalf("%s: one that %s is joined with the caller", how, got.does)
				}
				if len(r.Troubles) > 0 {
					rt.Fatalf("%s: %v", how, r.Troubles)
				}
			})
		})
	}
}

// rings carries a critical call whose team has one step, and returns the provider's record of it.
func rings(t testing.TB, rt *rapid.T, way, voice string, step policy.RingStep, parties *staff) fake.Record {
	clock := fake.NewVirtual(tuesday)
	at := fake.NewAccount(account, token, clock.Now)
	at.AddNumber(uk.Full())
	perSecond := rapid.SampledFrom([]int{1, 2, 100}).Draw(rt, "calls per second")
	at.Change(func(s *fake.State) { s.CallsPerSecond = perSecond })
	rest, err := twilio.NewAccount(twilio.AccountConfig{AccountSID: account, AuthToken: token, Transport: fake.Straight(at)})
	if err != nil {
		rt.Fatal(err)
	}
	own := settings(t)
	own.Teams["critical"] = policy.Team{Name: "critical", Rounds: 1, Steps: []policy.RingStep{step}}
	own.Announce, own.CallsPerSecond = way == "outbound", perSecond
	p := &fake.Provider{AccountSID: account, Token: token, Clock: clock, People: parties, Account: at}
	s := newServerWith(t, func(d *ivr.Deps) {
		d.Settings, d.Now = always(own), clock.Now
		d.Ringer = ivr.NewRinger(d.Settings, publicURL, d.Log, ivr.NewQueue(d.Settings, rest, clock.Now, time.After), clock.Now, zap.NewNop())
		p.Settle = d.Ringer.Wait
	})
	p.Transport = fake.Straight(s.handler)
	p.Faults.Callbacks = rapid.SampledFrom([]fake.Delivery{fake.Once, fake.Lost, fake.Twice, fake.Late, fake.Reordered}).Draw(rt, "callbacks")
	p.Faults.Retry = rapid.Bool().Draw(rt, "retry")
	number := fake.Number{Voice: publicURL + voice, Fallback: publicURL + "/plain", Status: publicURL + "/status", GET: way == "files"}
	r, err := p.Call(t.Context(), fake.Incoming{From: "anonymous", To: uk.Full(), Number: number})
	if err != nil {
		rt.Fatal(err)
	}
	return r
}

// TestScreeningDocuments: each document of a dialled leg that asks holds one Gather, which comes back with silence as well, and ends in Hangup, with and
// without the log. Without state a key is all that a file can tell from silence, so that its Gather does not come back without one.
func TestScreeningDocuments(t *testing.T) {
	t.Parallel()
	leg := []string{"CallSid", legSID, "ParentCallSid", sid, "From", string(uk), "To", string(oncall1), "Direction", "outbound-dial"}
	for _, broken := range []bool{false, true} {
		s := newServer(t)
		document(t, s.post("/voice"))
		if broken {
			s.fail = errDisk
		}
		for _, path := range []string{"/leg/" + sid + "/screen/1", "/leg/" + sid + "/answer/1", "/plain/screen", "/fallback"} {
			if broken && strings.Contains(path, "/answer/") {
				continue // without the log nobody is asked again
			}
			asks := document(t, s.post(path, leg...))
			g, ok := asks.Verbs[0].(twilio.Gather)
			if !ok || !g.EmptyResult || len(asks.Verbs) != 2 || asks.Verbs[1] != (twilio.Hangup{}) {
				t.Errorf("%s, broken log %t: %+v", path, broken, asks.Verbs)
			}
		}
		for _, path := range []string{"/leg/" + sid + "/answer/2", "/plain/answer"} {
			silent := append(slices.Clone(leg), "CallSid", "CA9")
			if hung := document(t, s.post(path, silent...)); len(hung.Verbs) != 1 || hung.Verbs[0] != (twilio.Hangup{}) {
				t.Errorf("%s, broken log %t: silence gets %+v", path, broken, hung.Verbs)
			}
			if bridged := document(t, s.post(path, append(slices.Clone(leg), "Digits", "1")...)); len(bridged.Verbs) > 0 {
				t.Errorf("%s, broken log %t: the accepting key gets %+v", path, broken, bridged.Verbs)
			}
		}
	}
	files, err := ivr.NewFallback(settings(t), ivr.DefaultWords(), publicURL).Documents(settings(t).Lines[0], tuesday)
	if err != nil {
		t.Fatal(err)
	}
	asks, err := twilio.Parse(files["screen.xml"])
	if err != nil {
		t.Fatal(err)
	}
	if g, ok := asks.Verbs[0].(twilio.Gather); !ok || g.EmptyResult || len(asks.Verbs) != 2 || asks.Verbs[1] != (twilio.Hangup{}) {
		t.Errorf("screen.xml: %+v", asks.Verbs)
	}
}
