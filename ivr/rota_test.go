package ivr_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// The specialists of these tests. Dora has no phone, Eve has Ben's.
var people = []policy.Person{
	{ID: "ada", Name: "Ada Moreau", Phone: "+15550100011"},
	{ID: "ben", Name: "Ben Okafor", Phone: "+15550100012"},
	{ID: "cleo", Name: "Cleo Lind", Phone: "sip:cleo@example.com"},
	{ID: "dora", Name: "Dora Zeller"},
	{ID: "eve", Name: "Eve Holt", Phone: "+15550100012"},
}

// shifts are who is on call in one rota, each from a wall time of the test's morning on.
type shifts map[string][]policy.PersonID

// rotas is a roster of rotas with shifts.
type rotas map[string]shifts

func (r rotas) OnCall(rota string, at time.Time) (who []policy.PersonID) {
	for _, from := range slices.Sorted(maps.Keys(r[rota])) {
		if at.Format("15:04") >= from {
			who = r[rota][from]
		}
	}
	return who
}

// team is one that rings each list of targets for 20 s, in so many rounds.
func team(rounds int, steps ...[]policy.Target) policy.Team {
	t := policy.Team{Name: "critical", Rounds: rounds}
	for _, to := range steps {
		t.Steps = append(t.Steps, policy.RingStep{To: to, For: 20 * time.Second})
	}
	return t
}

// shift is a server whose critical team has rotas, at a time that the test moves.
type shift struct {
	*server
	t      *testing.T
	board  *board
	ringer *ivr.Ringer
	own    *policy.Settings
	roster rotas
	now    time.Time
	asked  int // the number of the step's next webhook
}

// inBothWays runs a test in both ways of ringing, with a critical caller who has just chosen the reason to call, at 08:59.
func inBothWays(t *testing.T, critical policy.Team, roster rotas, test func(t *testing.T, s *shift)) {
	t.Helper()
	for _, way := range []string{"dialled", "outbound"} {
		t.Run(way, func(t *testing.T) {
			s := newShift(t, critical, roster, way == "outbound")
			s.reachesTheHunt()
			s.settle()
			test(t, s)
		})
	}
}

func newShift(t *testing.T, critical policy.Team, roster rotas, outbound bool) *shift {
	t.Helper()
	s := &shift{t: t, board: &board{}, roster: roster, now: time.Date(2026, 11, 24, 8, 59, 0, 0, time.UTC), asked: 3}
	own := settings(t)
	own.People, own.Roster, own.Announce, own.Teams["critical"] = people, roster, outbound, critical
	s.own = &own
	s.server = newServerWith(t, func(d *ivr.Deps) {
		d.Settings, d.Now = func() *policy.Settings { return s.own }, func() time.Time { return s.now }
		if outbound {
			s.ringer = ivr.NewRinger(d.Settings, publicURL, d.Log, ivr.NewQueue(d.Settings, s.board, d.Now, time.After), d.Now, zap.NewNop())
			d.Ringer = s.ringer
		}
	})
	return s
}

func (s *shift) settle() {
	s.ringer.Wait()
	s.board.mu.Lock()
	defer s.board.mu.Unlock()
	slices.Sort(s.board.orders)
}

// rings returns whom the present step of the call rings: by the Dial in the answer to the caller's last webhook, or by the legs that were asked for.
func (s *shift) rings() string {
	s.t.Helper()
	c := s.calls[sid]
	if s.ringer == nil {
		return strings.Join(rung(s.answerAgain()), " ")
	}
	var to []string
	for _, order := range s.board.taken() {
		if number, at, ok := strings.Cut(strings.TrimPrefix(order, "ring "), " from "); ok && strings.Contains(at, fmt.Sprintf("/%d/screen", c.State.Number)) {
			to = append(to, number)
		}
	}
	return strings.Join(to, " ")
}

// answerAgain repeats the caller's last webhook.
func (s *shift) answerAgain() twilio.Response {
	s.t.Helper()
	for _, e := range slices.Backward(s.calls[sid].Exchanges) {
		if !strings.HasPrefix(e.Key, "screen/") && !strings.HasPrefix(e.Key, "answer/") {
			return document(s.t, s.post("/voice/"+e.Key))
		}
	}
	s.t.Fatal("no exchange")
	return twilio.Response{}
}

// over ends the present step after its time, without an acceptance.
func (s *shift) over(after time.Duration) *httptest.ResponseRecorder {
	s.now = s.now.Add(after)
	step := map[bool]string{true: "rang", false: "wait"}[s.ringer == nil]
	w := s.post(fmt.Sprintf("/voice/%s/%d", step, s.asked), "DialCallStatus", "no-answer")
	s.asked++
	s.settle()
	return w
}

func (s *shift) rule(name string) (found []policy.Decision) {
	for _, d := range s.calls[sid].Trace {
		if d.Rule == name {
			found = append(found, d)
		}
	}
	return found
}

// TestWhoIsOnCallIsAskedAsAStepIsRung: told at 08:59, the next step at 09:02 rings who is on call then.
func TestWhoIsOnCallIsAskedAsAStepIsRung(t *testing.T) {
	t.Parallel()
	primary := team(2, []policy.Target{"rota:primary", "+15550100009"})
	inBothWays(t, primary, rotas{"primary": {"00:00": {"ada"}, "09:00": {"ben"}}}, func(t *testing.T, s *shift) {
		if got := s.rings(); got != "+15550100011 +15550100009" && got != "+15550100009 +15550100011" {
			t.Errorf("at 08:59 it rings %s", got)
		}
		s.over(3 * time.Minute)
		if got := s.rings(); !strings.Contains(got, "+15550100012") || strings.Contains(got, "+15550100011") {
			t.Errorf("at 09:02 it rings %s", got)
		}
		told := s.rule("ring.step")
		if got := told[len(told)-1].Result; got != "rings Ben Okafor (+15550100012), +15550100009" {
			t.Error(got)
		}
	})
}

// TestAHandOverDoesNotChangeAStepThatRings: the retry of its webhook gets the same answer, and its rest is of those who were on call as it began.
func TestAHandOverDoesNotChangeAStepThatRings(t *testing.T) {
	t.Parallel()
	primary := team(1, []policy.Target{"rota:primary"}, []policy.Target{"+15550100009"})
	roster := rotas{"primary": {"00:00": {"ada", "ben"}, "09:00": {"cleo"}}}
	s := newShift(t, primary, roster, false)
	before := s.reachesTheHunt().Body.String()
	s.now = s.now.Add(70 * time.Second)
	if again := s.post("/voice/menu/2", "Digits", "1").Body.String(); again != before {
		t.Errorf("the retry gets %s instead of %s", again, before)
	}
	s.post("/leg/"+sid+"/screen/1", "CallSid", legSID, "Direction", "outbound-dial", "To", "+15550100011")
	got := rung(document(t, s.over(0)))
	if diff := cmp.Diff([]string{"+15550100012"}, got); diff != "" {
		t.Errorf("after a voicemail: %s", diff)
	}
	if leg := s.calls[sid].Leg(legSID); leg.Person != "ada" {
		t.Errorf("the leg is of %q", leg.Person)
	}
}

// TestOutboundLegsAreOfThoseWhoWereOnCall: legs that the Ringer asks for late, and those of a step that is dialled instead, are of the same people.
func TestOutboundLegsAreOfThoseWhoWereOnCall(t *testing.T) {
	t.Parallel()
	own := settings(t)
	own.People, own.Roster = people, rotas{"primary": {"00:00": {"ada"}, "10:01": {"ben"}}}
	own.Teams["critical"] = team(1, []policy.Target{"rota:primary"})
	m := ivr.Machine{Settings: own, Outbound: true}
	call, _ := chooses(t, m, northwind, policy.Critical, true, tuesday)
	m.Settings.Roster = rotas{"primary": {"00:00": {"cleo"}}}
	asked := m.Actions(policy.Call{SID: call.SID}, call)
	if len(asked) != 1 || asked[0].Ring == nil || !slices.Equal(asked[0].Ring.To, []policy.Phone{"+15550100011"}) {
		t.Fatalf("asked for %+v", asked)
	}
	call = m.Placed(call, ivr.Placed{Attempt: call.State.Number}, tuesday) // none could be
	_, reply := m.Next(call, ivr.Input{Step: "wait", Exchange: call.State.Exchange, Fetched: true}, tuesday.Add(5*time.Minute))
	if reply.Then != ivr.ThenRing || !slices.Equal(reply.Ring.To, []policy.Phone{"+15550100011"}) {
		t.Errorf("dialled instead: %+v", reply)
	}
}

// TestAStepThatFindsNobodyIsPassedOver: a gap, people without a phone and people who left the configuration cost the caller nothing. The trace says
// so each time, and the call keeps it once.
func TestAStepThatFindsNobodyIsPassedOver(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		to  []policy.Target
		why string
	}{
		"a gap":                       {[]policy.Target{"rota:night"}, "nobody is on call in the rota night"},
		"no such rota":                {[]policy.Target{"rota:lunch"}, "nobody is on call in the rota lunch"},
		"no phone":                    {[]policy.Target{"dora"}, "Dora Zeller has no phone"},
		"on call without a phone":     {[]policy.Target{"rota:unreachable"}, "Dora Zeller has no phone"},
		"gone":                        {[]policy.Target{"zoe"}, "zoe is not in the configuration"},
		"on call and gone":            {[]policy.Target{"rota:gone"}, "zoe, on call in the rota gone, is not in the configuration"},
		"several, none of them there": {[]policy.Target{"dora", "rota:night"}, "Dora Zeller has no phone, nobody is on call in the rota night"},
	} {
		critical := team(2, row.to, []policy.Target{"ben"})
		roster := rotas{"unreachable": {"00:00": {"dora"}}, "gone": {"00:00": {"zoe"}}}
		inBothWays(t, critical, roster, func(t *testing.T, s *shift) {
			for round := 1; round <= 2; round++ {
				if got := s.rings(); got != "+15550100012" {
					t.Errorf("%s: round %d rings %q", name, round, got)
				}
				if round == 1 {
					s.over(26 * time.Second)
				}
			}
			noted := s.rule("rota.gap")
			if len(noted) != 2 || noted[0].Inputs[4].Value != row.why {
				t.Errorf("%s: the trace has %+v", name, noted)
			}
			want := []policy.RingGap{{At: noted[0].At, Team: "critical", To: row.to, Why: row.why}}
			if diff := cmp.Diff(want, s.calls[sid].State.Gaps); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		})
	}
}

// TestWhenNobodyAtAllCanBeRung: the hunt is over at once, in both ways of ringing and in all rounds, and the caller can leave a message. Without the log
// the caller hears what to do.
func TestWhenNobodyAtAllCanBeRung(t *testing.T) {
	t.Parallel()
	none := team(10, []policy.Target{"rota:night"}, []policy.Target{"dora"})
	inBothWays(t, none, nil, func(t *testing.T, s *shift) {
		c := s.calls[sid]
		answer := s.answerAgain()
		asked := slices.ContainsFunc(answer.Verbs, func(v twilio.Verb) bool { _, is := v.(twilio.Record); return is })
		if !asked || spoken(answer.Verbs) == "" {
			t.Errorf("the caller gets %+v", answer.Verbs)
		}
		if c.State.Step != policy.StepRecorded || len(c.State.Gaps) != 2 || len(s.rule("hunt.exhausted")) != 1 {
			t.Errorf("%+v", c.State)
		}
		s.post("/status", "CallStatus", "completed", "CallDuration", "40")
		if got := s.calls[sid].Outcome(); got != policy.Unanswered {
			t.Errorf("ends %s", got)
		}
		s.fail = errors.New("no store")
		for _, path := range []string{"/plain/key", "/plain/rang/critical/0", "/plain/rang/critical/19", "/plain/rang/critical/3/0"} {
			doc := document(t, s.post(path, "Digits", "1", "DialCallStatus", "completed"))
			if _, ends := doc.Verbs[len(doc.Verbs)-1].(twilio.Hangup); !ends || len(rung(doc)) > 0 || spoken(doc.Verbs) == "" {
				t.Errorf("%s: %+v", path, doc.Verbs)
			}
		}
	})
}

// TestPartOfAStepFindsNobody: the others are rung, and the trace has who could not be.
func TestPartOfAStepFindsNobody(t *testing.T) {
	t.Parallel()
	inBothWays(t, team(1, []policy.Target{"rota:night", "cleo", "dora"}), nil, func(t *testing.T, s *shift) {
		if got := s.rings(); got != "sip:cleo@example.com" {
			t.Errorf("rings %q", got)
		}
		inputs := s.rule("ring.step")[0].Inputs
		want := policy.Fact{Name: "nobody", Value: "nobody is on call in the rota night, Dora Zeller has no phone"}
		if !slices.Contains(inputs, want) || len(s.calls[sid].State.Gaps) > 0 {
			t.Errorf("%+v", inputs)
		}
	})
}

// TestEachNumberIsRungOnceAndTenAtMost: two people may share a telephone, and a rota may be as long as it likes.
func TestEachNumberIsRungOnceAndTenAtMost(t *testing.T) {
	t.Parallel()
	own := settings(t)
	crew := shifts{}
	for n := range 14 {
		id := policy.PersonID(fmt.Sprintf("p%02d", n))
		own.People = append(own.People, policy.Person{ID: id, Name: string(id), Phone: policy.Phone(fmt.Sprintf("+155501000%02d", n/2*2+n%2*(n/2%2)))})
		crew["00:00"] = append(crew["00:00"], id)
	}
	own.People = append(own.People, policy.Person{ID: "sip", Name: "sip", Phone: "sip:+15550100000@example.com"})
	own.Roster = rotas{"all": crew}
	own.Teams["critical"] = team(1, []policy.Target{"sip", "rota:all", "+15550100050"})
	_, reply := chooses(t, ivr.Machine{Settings: own}, northwind, policy.Critical, false, tuesday)
	to := reply.Ring.To
	if len(to) != 10 || to[0] != "sip:+15550100000@example.com" {
		t.Errorf("rings %d: %v", len(to), policy.FullNumbers(to))
	}
	for i, a := range to {
		if slices.ContainsFunc(to[i+1:], a.SameParty) {
			t.Errorf("%s rings twice", a.Full())
		}
	}
}

// TestALegKnowsWhoseItIs: from whatever is known of it first, and for good, whoever has the number later.
func TestALegKnowsWhoseItIs(t *testing.T) {
	t.Parallel()
	leg := []string{"CallSid", legSID, "Direction", "outbound-dial", "To", "+15550100011"}
	for name, first := range map[string]string{"a callback": "/leg/" + sid + "/ring", "the screening": "/leg/" + sid + "/screen/1"} {
		s := newShift(t, team(1, []policy.Target{"+15550100011"}), nil, false)
		s.reachesTheHunt()
		s.post(first, append(leg, "CallStatus", "ringing")...)
		moved := *s.own
		moved.People = []policy.Person{{ID: "ben", Name: "Ben Okafor", Phone: "+15550100011"}}
		s.own = &moved
		s.post("/leg/"+sid+"/screen/1", leg...)
		s.post("/leg/"+sid+"/ring", append(leg, "CallStatus", "completed", "CallDuration", "9")...)
		if got := s.calls[sid].Leg(legSID); got.Person != "ada" || got.Status != "completed" {
			t.Errorf("first %s: %+v", name, got)
		}
	}
}

// TestALegOfASharedTelephone is of whoever was on call.
func TestALegOfASharedTelephone(t *testing.T) {
	t.Parallel()
	inBothWays(t, team(1, []policy.Target{"rota:primary"}), rotas{"primary": {"00:00": {"eve"}}}, func(t *testing.T, s *shift) {
		order := s.calls[sid].State.Number // 0 where it is dialled
		path := map[bool]string{true: "/leg/" + sid + "/screen/1", false: fmt.Sprintf("/leg/%s/%d/screen/1", sid, order)}[s.ringer == nil]
		s.post(path, "CallSid", legSID, "Direction", "outbound-dial", "To", "+15550100012")
		for _, l := range s.calls[sid].Legs {
			if l.Person != "eve" {
				t.Errorf("%s is of %q", l.SID, l.Person)
			}
		}
	})
}

// TestForwardedByWhoIsOnCall: rule 17 counts whom we ring now, by person and rota too. Others on the list may forward as anybody.
func TestForwardedByWhoIsOnCall(t *testing.T) {
	t.Parallel()
	inBothWays(t, team(1, []policy.Target{"rota:primary"}), rotas{"primary": {"00:00": {"ada", "cleo"}, "09:00": {"ben"}}}, func(t *testing.T, s *shift) {
		s.now = s.now.Add(60 * time.Second) // handed over, and the step still rings
		s.ringsLonger()
		for by, loop := range map[policy.Phone]bool{"+15550100011": true, "sip:cleo@example.com": true, "+15550100012": false, "": false} {
			if got := rejects(t, s.server, "/voice", first("CallSid", otherSID, "From", "+441632960999", "ForwardedFrom", by.Full())...); got != loop {
				t.Errorf("forwarded by %q: refused is %t", by.Full(), got)
			}
			delete(s.calls, otherSID)
		}
		s.fail = errors.New("no store")
		for _, p := range people {
			if got := rejects(t, s.server, "/voice", first("CallSid", otherSID, "ForwardedFrom", p.Phone.Full())...); got != (p.Phone != "") {
				t.Errorf("without the log, forwarded by %s: refused is %t", p.Name, got)
			}
		}
	})
}

// ringsLonger gives the present step three minutes.
func (s *shift) ringsLonger() {
	own := *s.own
	critical := own.Teams["critical"]
	critical.Steps = []policy.RingStep{{To: critical.Steps[0].To, For: 3 * time.Minute}}
	own.Teams = maps.Clone(own.Teams)
	own.Teams["critical"] = critical
	s.own = &own
}

// TestStatelessFallbackRingsWhoIsOnCall: without the log, whoever is on call at that moment is rung, and steps that find nobody are passed over.
func TestStatelessFallbackRingsWhoIsOnCall(t *testing.T) {
	t.Parallel()
	critical := team(1, []policy.Target{"rota:night"}, []policy.Target{"rota:primary"}, []policy.Target{"dora"}, []policy.Target{"cleo", "+15550100009"}, []policy.Target{"dora"})
	s := newShift(t, critical, rotas{"primary": {"00:00": {"ada"}, "09:00": {"ben"}}}, false)
	s.fail = errors.New("no store")
	for _, row := range []struct {
		path, at string
		rings    []string
	}{
		{"/plain/key", "08:59", []string{"+15550100011"}},
		{"/plain/key", "09:02", []string{"+15550100012"}},
		{"/plain/rang/critical/0", "09:02", []string{"+15550100012"}},
		{"/plain/rang/critical/1", "09:02", []string{"sip:cleo@example.com", "+15550100009"}},
		{"/plain/rang/critical/3", "09:02", nil},
		{"/plain/rang/critical/3/0", "09:02", []string{"+15550100009"}},
		{"/plain/rang/critical/1/5", "09:02", []string{"sip:cleo@example.com", "+15550100009"}},
	} {
		at, err := time.Parse("15:04", row.at)
		if err != nil {
			t.Fatal(err)
		}
		s.now = time.Date(2026, 11, 24, at.Hour(), at.Minute(), 0, 0, time.UTC)
		doc := document(t, s.post(row.path, "Digits", "1", "DialCallStatus", "no-answer"))
		if diff := cmp.Diff(row.rings, rung(doc)); diff != "" {
			t.Errorf("%s at %s: %s", row.path, row.at, diff)
		}
		if strings.Contains(spoken(doc.Verbs), "still trying") && row.rings == nil {
			t.Errorf("%s: nobody is left, and the caller hears %q", row.path, spoken(doc.Verbs))
		}
	}
}

// TestFallbackDocumentsRingWhoMayBeOnCall: a file does not know the time, so everybody of a rota is rung, ten at most.
func TestFallbackDocumentsRingWhoMayBeOnCall(t *testing.T) {
	t.Parallel()
	own := settings(t)
	own.People, own.Rotas = people, map[string][]policy.PersonID{"primary": {"cleo", "ada", "dora"}}
	own.Teams["critical"] = team(1, []policy.Target{"rota:primary", "+15550100009"}, []policy.Target{"ben", "ada", "rota:lunch"})
	files, err := ivr.NewFallback(own, ivr.DefaultWords(), publicURL).Documents(own.Lines[1], tuesday)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := twilio.Parse(files["voice.xml"])
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"sip:cleo@example.com", "+15550100011", "+15550100009", "+15550100012"}
	if diff := cmp.Diff(want, rung(doc)); diff != "" {
		t.Error(diff)
	}
}

// TestBareNumbersAreKeptNowhere: a step of bare numbers leaves no more in the state of a call than it always did.
func TestBareNumbersAreKeptNowhere(t *testing.T) {
	t.Parallel()
	own := settings(t)
	own.People = people
	call, _ := chooses(t, ivr.Machine{Settings: own}, northwind, policy.Critical, false, tuesday)
	if len(call.State.Rung) > 0 || len(call.State.Gaps) > 0 {
		t.Errorf("%+v", call.State)
	}
}
