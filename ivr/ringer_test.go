package ivr_test

import (
	"context"
	"encoding/binary"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// board is a REST API that records its requests, and holds them up until hold is closed.
type board struct {
	mu     sync.Mutex
	orders []string
	fail   error
	queue  time.Duration // of every leg
	slow   string        // the number of the only leg that queues; "": all do
	hold   chan struct{}
}

func (b *board) did(what string) error {
	if b.hold != nil {
		<-b.hold
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.orders = append(b.orders, what)
	return b.fail
}

func (b *board) Ring(_ context.Context, r twilio.OutboundLeg) (twilio.PlacedLeg, error) {
	leg := twilio.PlacedLeg{SID: "CAleg" + strings.Trim(r.To, "+")}
	if b.slow == "" || b.slow == r.To {
		leg.Queue = b.queue
	}
	return leg, b.did("ring " + r.To + " from " + r.From + " at " + r.URL)
}

func (b *board) Redirect(_ context.Context, sid, url string) error {
	return b.did("fetch " + sid + " to " + url)
}
func (b *board) HangUp(_ context.Context, sid string) error { return b.did("hang up " + sid) }

func (b *board) taken() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.orders)
}

// outboundServer rings by outbound legs, over a board.
func outboundServer(t *testing.T, b *board) (*server, *ivr.Ringer) {
	t.Helper()
	return ringingServer(t, b, settings(t), true)
}

// ringingServer rings in either way: by outbound legs over a board, or by dialling, where the Ringer is nil.
func ringingServer(t *testing.T, b *board, own policy.Settings, outbound bool) (*server, *ivr.Ringer) {
	t.Helper()
	var ringer *ivr.Ringer
	s := newServerWith(t, func(d *ivr.Deps) {
		own.Announce = outbound
		d.Settings = always(own)
		if outbound {
			now := func() time.Time { return tuesday }
			ringer = ivr.NewRinger(d.Settings, publicURL, d.Log, ivr.NewQueue(d.Settings, b, now, time.After), now, zap.NewNop())
			d.Ringer = ringer
		}
	})
	t.Cleanup(ringer.Wait)
	return s, ringer
}

func (s *server) reachesTheHunt() *httptest.ResponseRecorder {
	s.post("/voice")
	s.post("/voice/number/1", "Digits", "204518")
	return s.post("/voice/menu/2", "Digits", "1")
}

// TestNoWebhookWaitsForREST: the caller hears the ringing tone while the provider's REST API hangs.
func TestNoWebhookWaitsForREST(t *testing.T) {
	b := &board{hold: make(chan struct{})}
	s, ringer := outboundServer(t, b)
	heard := document(t, s.reachesTheHunt())
	if text := spoken(heard.Verbs); !strings.Contains(text, "Putting you through") {
		t.Errorf("heard %q", text)
	}
	if play, ok := heard.Verbs[1].(twilio.Play); !ok || play.URL != publicURL+"/sound/uk.wav" {
		t.Errorf("no ringing tone: %+v", heard.Verbs)
	}
	if again, ok := heard.Verbs[len(heard.Verbs)-1].(twilio.Redirect); !ok || again.URL != publicURL+"/voice/wait/3" {
		t.Errorf("it ends: %+v", heard.Verbs)
	}
	close(b.hold)
	ringer.Wait()
	want := []string{"ring " + string(oncall1) + " from " + string(uk) + " at " + publicURL + "/leg/" + sid + "/3/screen/1"}
	if diff := cmp.Diff(want, b.taken()); diff != "" {
		t.Error(diff)
	}
}

// TestOutboundOverHTTP: the specialist accepts on a leg of its own, the caller is fetched, and both are led into one conference.
func TestOutboundOverHTTP(t *testing.T) {
	b := &board{}
	s, ringer := outboundServer(t, b)
	s.reachesTheHunt()
	ringer.Wait()
	leg := func(path, keys string) twilio.Response {
		return document(t, s.post("/leg/"+sid+"/3/"+path, "CallSid", legSID, "From", string(uk), "To", string(oncall1), "Direction", "outbound-api", "Digits", keys))
	}
	asked := leg("screen/1", "")
	if text := spoken(asked.Verbs); !strings.Contains(text, "Northwind Flex Offices") || !strings.Contains(text, "Press 1 to take the call") {
		t.Errorf("the specialist hears %q", text)
	}
	joined := leg("answer/1", "1")
	ringer.Wait()
	if got := b.taken()[1]; !strings.HasPrefix(got, "fetch "+sid+" to "+publicURL+"/voice/wait/3?") && !strings.HasPrefix(b.taken()[2], "fetch ") {
		t.Errorf("orders %q", b.taken())
	}
	fetched := document(t, s.post("/voice/wait/3?fetched=1"))
	for who, doc := range map[string]twilio.Response{"specialist": joined, "caller": fetched} {
		room, ok := doc.Verbs[0].(twilio.Dial).Nouns[0].(twilio.Conference)
		if !ok || room.Name != sid || !room.EndOnExit || room.Beep != "false" {
			t.Errorf("%s: %+v", who, doc)
		}
	}
	length := "61"
	s.post("/conference/"+sid+"/recording", "CallSid", "", "RecordingUrl", "https://api.twilio.com/r/RE1", "RecordingSid", "RE1", "RecordingDuration", length, "RecordingStatus", "completed")
	if got := s.calls[sid].Recordings; len(got) != 1 || got[0].Seconds != 61 {
		t.Errorf("the recording of the conference: %+v", got)
	}
}

// TestAnnouncementHasTheLineAndTheLimit: what the specialist hears says the configured minutes, in the language of the line.
func TestAnnouncementHasTheLineAndTheLimit(t *testing.T) {
	s, _ := outboundServer(t, &board{})
	address := ivr.AnnounceURL(publicURL, us, false)
	said := document(t, s.post(strings.TrimPrefix(address, publicURL), "From", "", "To", ""))
	if say, ok := said.Verbs[0].(twilio.Say); !ok || say.Language != "en-US" || !strings.Contains(say.Text, "20 minutes") {
		t.Errorf("%+v", said)
	}
	linked := document(t, s.post(strings.TrimPrefix(ivr.AnnounceURL(publicURL, us, true), publicURL), "From", "", "To", ""))
	if got := spoken(linked.Verbs); !strings.HasPrefix(got, "20 minutes. We've sent you a link") {
		t.Errorf("to a specialist who is sent a link: %s", got)
	}
	if w := s.serve(httptest.NewRequest(http.MethodPost, "/phone/announce/18883071053", nil)); w.Code != http.StatusForbidden {
		t.Errorf("unsigned: %d", w.Code)
	}
}

// TestOutboundLegWithoutTheLog: nothing can join the two, so the specialist hears that, and the caller gets the stateless fallback (rule 11).
func TestOutboundLegWithoutTheLog(t *testing.T) {
	s, ringer := outboundServer(t, &board{})
	s.reachesTheHunt()
	ringer.Wait()
	s.memory.mu.Lock()
	s.memory.fail = errDisk
	s.memory.mu.Unlock()
	gone := document(t, s.post("/leg/"+sid+"/3/answer/1", "CallSid", legSID, "Direction", "outbound-api", "From", string(uk), "Digits", "1"))
	if len(gone.Verbs) != 2 || spoken(gone.Verbs) == "" {
		t.Errorf("the specialist: %+v", gone)
	}
	if text := spoken(document(t, s.post("/voice/wait/3")).Verbs); !strings.Contains(text, "technical problem") {
		t.Errorf("the caller hears %q", text)
	}
}

// TestActionsThatFail: the step is dialled instead.
func TestActionsThatFail(t *testing.T) {
	b := &board{fail: errors.New("no way out")}
	s, ringer := outboundServer(t, b)
	s.reachesTheHunt()
	ringer.Wait()
	dialled := document(t, s.post("/voice/wait/3?fetched=1"))
	if diff := cmp.Diff([]string{string(oncall1)}, rung(dialled)); diff != "" {
		t.Errorf("dialled instead:\n%s", diff)
	}
}

// TestWaitingInTheConference: the provider asks for the waiting document once and knows few verbs there, so that it goes on by itself for as long as
// anybody may wait.
func TestWaitingInTheConference(t *testing.T) {
	s := newServer(t)
	for _, fail := range []error{nil, errDisk} {
		s.fail = fail
		said, silence := 0, 0
		for _, v := range document(t, s.post("/conference/"+sid+"/wait", "CallSid", legSID)).Verbs {
			switch v := v.(type) {
			case twilio.Say:
				said++
			case twilio.Pause:
				silence += v.Seconds
			default:
				t.Errorf("the waiting document has a %T", v)
			}
		}
		if said < 20 || silence < 100 || silence > 5*said {
			t.Errorf("said %d times, with %d seconds of silence", said, silence)
		}
	}
}

// accepted returns a server on which a specialist has accepted on an outbound leg, and the caller was sent to the conference if so wanted.
func accepted(t *testing.T, b *board, joined bool) (*server, *ivr.Ringer, func(path string, pairs ...string) twilio.Response) {
	t.Helper()
	s, ringer := outboundServer(t, b)
	s.reachesTheHunt()
	ringer.Wait()
	leg := func(path string, pairs ...string) twilio.Response {
		pairs = append([]string{"CallSid", "CAleg15550100001", "From", uk.Full(), "To", oncall1.Full(), "Direction", "outbound-api"}, pairs...)
		return document(t, s.post("/leg/"+sid+"/3/"+path, pairs...))
	}
	leg("screen/1")
	dial := leg("answer/1", "Digits", "1").Verbs[0].(twilio.Dial)
	if dial.Action != publicURL+"/leg/"+sid+"/3/left/1" {
		t.Errorf("after the conference the leg goes on at %q", dial.Action)
	}
	if joined {
		s.post("/voice/wait/3?fetched=1")
	}
	ringer.Wait()
	return s, ringer, leg
}

// TestConferenceThatFails: whoever of the two can't be let in, the specialist hears why or is hung up, and the caller reaches the next specialist by a
// Dial (rule 11).
func TestConferenceThatFails(t *testing.T) {
	rings := func(name string, s *server, doc twilio.Response) {
		if got := rung(doc); !slices.Contains(got, oncall2.Full()) {
			t.Errorf("%s: the caller gets %+v", name, doc)
		}
		c := s.calls[sid]
		if _, served := c.Accepted(); served || !decided(c, "conference.failed") {
			t.Errorf("%s: %+v", name, c.Trace)
		}
	}
	lost := "couldn't connect you with the caller"

	s, _, leg := accepted(t, &board{}, false)
	if heard := spoken(leg("left/1", "DialCallStatus", "failed").Verbs); !strings.Contains(heard, lost) {
		t.Errorf("the specialist hears %q", heard)
	}
	rings("the specialist", s, document(t, s.post("/voice/wait/3?fetched=1")))

	b := &board{}
	s, ringer, leg := accepted(t, b, true)
	if heard := spoken(leg("left/1", "DialCallStatus", "answered").Verbs); !strings.Contains(heard, lost) {
		t.Errorf("the specialist, with the caller inside, hears %q", heard)
	}
	ringer.Wait()
	if did := b.taken(); did[len(did)-1] != "fetch "+sid+" to "+publicURL+"/voice/rang/4?fetched=1" {
		t.Errorf("with the caller inside: %q", did)
	}
	rings("the specialist, with the caller inside", s, document(t, s.post("/voice/rang/4?fetched=1")))

	b = &board{}
	s, ringer, _ = accepted(t, b, true)
	rings("the caller", s, document(t, s.post("/voice/rang/4", "DialCallStatus", "failed")))
	ringer.Wait()
	if did := b.taken(); did[len(did)-1] != "hang up CAleg15550100001" {
		t.Errorf("the specialist of a caller who was not let in: %q", did)
	}
}

// TestAfterTheConference: at the end of a talk, and where the caller is gone, the specialist hears nothing of a failure.
func TestAfterTheConference(t *testing.T) {
	s, _, leg := accepted(t, &board{}, true)
	c := s.calls[sid]
	c.JoinedAt = c.JoinedAt.Add(-time.Minute)
	s.calls[sid] = c
	if said := leg("left/1", "DialCallStatus", "answered").Verbs; !cmp.Equal(said, []twilio.Verb{twilio.Hangup{}}) {
		t.Errorf("after a talk: %+v", said)
	}
	s, _, leg = accepted(t, &board{}, false)
	s.post("/status", "CallStatus", "completed")
	if heard := spoken(leg("left/1", "DialCallStatus", "answered").Verbs); !strings.Contains(heard, "caller has hung up") {
		t.Errorf("after the caller hung up: %q", heard)
	}
	s, _, leg = accepted(t, &board{}, true)
	s.memory.fail = errDisk
	if said := leg("left/1", "DialCallStatus", "answered").Verbs; !cmp.Equal(said, []twilio.Verb{twilio.Hangup{}}) {
		t.Errorf("without the log: %+v", said)
	}
}

// crowd returns settings in which so many people are rung at once for critical calls, then one more, and the account starts so many calls a second.
func crowd(t *testing.T, people, perSecond int) policy.Settings {
	t.Helper()
	s := settings(t)
	var all []policy.Target
	for n := range people {
		all = append(all, policy.Target("+1555010010"+strconv.Itoa(n)))
	}
	s.Teams["critical"] = policy.Team{Name: "critical", Rounds: 1, Steps: []policy.RingStep{{To: all, For: 20 * time.Second}, {To: []policy.Target{policy.Target(oncall1)}, For: 20 * time.Second}}}
	s.CallsPerSecond = perSecond
	return s
}

func decided(c policy.Call, rule string) bool {
	return slices.ContainsFunc(c.Trace, func(d policy.Decision) bool { return d.Rule == rule })
}

// TestStepsThatWouldRingLateAreDialled: the provider starts only so many calls a second, and so a step of many people is dialled on the caller's call
// where some would begin to ring too late. The steps after it are rung by outbound legs again.
func TestStepsThatWouldRingLateAreDialled(t *testing.T) {
	for _, row := range []struct {
		people, perSecond int
		dialled           bool
	}{{1, 1, false}, {2, 1, false}, {4, 1, false}, {5, 1, true}, {7, 2, false}, {8, 2, true}, {10, 3, false}, {10, 1, true}, {5, 0, true}} {
		b := &board{}
		s, ringer := ringingServer(t, b, crowd(t, row.people, row.perSecond), true)
		s.reachesTheHunt()
		ringer.Wait()
		c := s.calls[sid]
		if late := c.State.Result == policy.RingLate; late != row.dialled || decided(c, "ring.queued") != row.dialled {
			t.Errorf("%+v: the attempt's result is %q, trace %+v", row, c.State.Result, c.Trace)
		}
		if !row.dialled {
			continue
		}
		if len(b.taken()) != 1 || !strings.HasPrefix(b.taken()[0], "fetch ") {
			t.Errorf("%+v: asked for %q", row, b.taken())
		}
		if got := rung(document(t, s.post("/voice/wait/3?fetched=1"))); len(got) != row.people {
			t.Errorf("%+v: dialled %q", row, got)
		}
		next := document(t, s.post("/voice/rang/4", "DialCallStatus", "no-answer"))
		ringer.Wait()
		if again := b.taken(); len(rung(next)) > 0 || !strings.HasPrefix(again[len(again)-1], "ring "+oncall1.Full()) {
			t.Errorf("%+v: after it %+v, asked for %q", row, next, again)
		}
		if c := s.calls[sid]; !decided(c, "ring.plain") || c.State.DialledOnly {
			t.Errorf("%+v: trace %+v", row, c.Trace)
		}
	}
}

// TestCallsOfOneSecondQueueTogether: what counts is the calls of the whole account.
func TestCallsOfOneSecondQueueTogether(t *testing.T) {
	s, ringer := ringingServer(t, &board{}, crowd(t, 2, 1), true)
	for n, dialled := range []bool{false, false, true, true} {
		call := "CA0000000000000000000000000000010" + strconv.Itoa(n)
		s.post("/voice", "CallSid", call)
		s.post("/voice/number/1", "CallSid", call, "Digits", "204518")
		s.post("/voice/menu/2", "CallSid", call, "Digits", "1")
		ringer.Wait()
		if late := s.calls[policy.CallSID(call)].State.Result == policy.RingLate; late != dialled {
			t.Errorf("call %d of the second: late is %t", n+1, late)
		}
	}
}

// TestTheProvidersQueueIsBelieved: others may use the account. Legs that were placed too late are hung up once the step is dialled, and a queue that is
// short enough changes nothing.
func TestTheProvidersQueueIsBelieved(t *testing.T) {
	for queue, dialled := range map[time.Duration]bool{0: false, 3 * time.Second: false, 3001 * time.Millisecond: true, time.Minute: true} {
		b := &board{queue: queue}
		s, ringer := ringingServer(t, b, crowd(t, 2, 1), true)
		s.reachesTheHunt()
		ringer.Wait()
		if late := s.calls[sid].State.Result == policy.RingLate; late != dialled {
			t.Errorf("a queue of %v: late is %t", queue, late)
		}
		if !dialled {
			continue
		}
		if got := rung(document(t, s.post("/voice/wait/3?fetched=1"))); len(got) != 2 {
			t.Errorf("a queue of %v: dialled %q", queue, got)
		}
		ringer.Wait()
		hungUp := slices.DeleteFunc(b.taken(), func(did string) bool { return !strings.HasPrefix(did, "hang up ") })
		if len(hungUp) != 2 {
			t.Errorf("a queue of %v: asked for %q", queue, b.taken())
		}
		b.mu.Lock()
		b.queue = 0
		b.mu.Unlock()
		other := "CA00000000000000000000000000000108"
		s.post("/voice", "CallSid", other)
		s.post("/voice/number/1", "CallSid", other, "Digits", "204518")
		s.post("/voice/menu/2", "CallSid", other, "Digits", "1")
		ringer.Wait()
		if s.calls[policy.CallSID(other)].State.Result != policy.RingLate {
			t.Errorf("a queue of %v is forgotten by the next call", queue)
		}
	}
}

// TestAShortQueueShortensNothing: our own calls of this second still wait for each other when the provider tells of a shorter queue, and of the legs of
// one step the one that waits longest counts.
func TestAShortQueueShortensNothing(t *testing.T) {
	b := &board{queue: time.Second}
	s, ringer := ringingServer(t, b, crowd(t, 4, 1), true)
	s.reachesTheHunt()
	ringer.Wait()
	if s.calls[sid].State.Result != policy.RingPlaced {
		t.Fatalf("four at one a second: %+v", s.calls[sid].State)
	}
	other := "CA00000000000000000000000000000108"
	s.post("/voice", "CallSid", other)
	s.post("/voice/number/1", "CallSid", other, "Digits", "204518")
	s.post("/voice/menu/2", "CallSid", other, "Digits", "5")
	ringer.Wait()
	if got := s.calls[policy.CallSID(other)].State.Result; got != policy.RingLate {
		t.Errorf("the fifth call of a second is %q", got)
	}
	s, ringer = ringingServer(t, &board{queue: time.Minute, slow: "+15550100100"}, crowd(t, 2, 1), true)
	s.reachesTheHunt()
	ringer.Wait()
	if got := s.calls[sid].State.Result; got != policy.RingLate {
		t.Errorf("a step of which one leg queues for a minute is %q", got)
	}
}

// TestRingingTone: anybody can fetch a tone that a telephone can play, with one channel of 8000 bytes a second.
func TestRingingTone(t *testing.T) {
	s := newServer(t)
	for name, length := range map[string]int{"us": 2, "uk": 1} {
		w := s.serve(httptest.NewRequest(http.MethodGet, "/phone/sound/"+name+".wav", nil))
		file := w.Body.Bytes()
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "audio/wav" || len(file) != 44+8000*length {
			t.Fatalf("%s: %d, %s, %d bytes", name, w.Code, w.Header().Get("Content-Type"), len(file))
		}
		rate, size := binary.LittleEndian.Uint32(file[24:]), binary.LittleEndian.Uint32(file[40:])
		if string(file[:4]) != "RIFF" || rate != 8000 || int(size) != len(file)-44 {
			t.Errorf("%s: rate %d, size %d", name, rate, size)
		}
		if quiet := slices.Max(file[44:]) < 150; quiet {
			t.Errorf("%s: silence", name)
		}
	}
	if w := s.serve(httptest.NewRequest(http.MethodGet, "/phone/sound/..%2fwords.wav", nil)); w.Code != http.StatusNotFound {
		t.Errorf("another file: %d", w.Code)
	}
}
