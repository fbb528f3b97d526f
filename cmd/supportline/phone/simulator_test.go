package phone_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/phone"
	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio/fake"
)

const deskLine = policy.Phone("+448000668187")

// handClock is a clock that a test moves. What waits on it continues when it has moved far enough.
type handClock struct {
	mu    sync.Mutex
	now   time.Time
	until map[chan time.Time]time.Time
}

func newHandClock() *handClock { return &handClock{now: ten, until: map[chan time.Time]time.Time{}} }

func (h *handClock) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *handClock) After(d time.Duration) <-chan time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := make(chan time.Time, 1)
	h.until[c] = h.now.Add(d)
	return c
}

func (h *handClock) move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
	for c, at := range h.until {
		if !at.After(h.now) {
			c <- h.now
			delete(h.until, c)
		}
	}
}

// mustSimulator returns a simulator whose calls reach desks of their own.
func mustSimulator(t testing.TB, change func(*phone.Simulator)) (*phone.Simulator, *handClock) {
	t.Helper()
	clock := newHandClock()
	d := &desk{Setup: phone.Setup{Now: clock.Now}, calls: map[policy.CallSID]policy.Call{}}
	s := &phone.Simulator{
		Account: d.Account(), Transport: fake.Straight(oneByOne(d.Handler())), Now: clock.Now, After: clock.After, Numbers: []policy.Phone{deskLine}, Demo: true,
	}
	change(s)
	t.Cleanup(s.Close)
	return s, clock
}

// oneByOne is a desk for calls that go on at the same time.
func oneByOne(h http.Handler) http.Handler {
	var mu sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		h.ServeHTTP(w, r)
	})
}

// handset is one person's call.
type handset struct {
	t      testing.TB
	s      *phone.Simulator
	by, id string
}

func dialled(t testing.TB, s *phone.Simulator, by string) handset {
	t.Helper()
	id, err := s.Dial(by, deskLine, "anonymous", false)
	if err != nil {
		t.Fatal(err)
	}
	h := handset{t, s, by, id}
	h.does(console.PhoneAct{}) // nothing: it returns when the line has spoken
	return h
}

func (h handset) does(acts ...console.PhoneAct) console.PhoneCall {
	h.t.Helper()
	for _, act := range acts {
		if err := h.s.Act(h.t.Context(), h.by, h.id, act); err != nil {
			h.t.Fatal(err)
		}
	}
	return h.looks()
}

func (h handset) looks() console.PhoneCall {
	h.t.Helper()
	call, err := h.s.PhoneCall(h.by, h.id)
	if err != nil {
		h.t.Fatal(err)
	}
	return call
}

// told returns the lines of a call, without their times.
func told(c console.PhoneCall) []string {
	lines := []string{}
	for _, l := range c.Said {
		who := string(l.Who)
		if l.Number != "" {
			who = l.Number.Full()
		}
		lines = append(lines, strings.TrimSpace(who+" "+l.Did+" "+l.Text))
	}
	return lines
}

var (
	skip    = console.PhoneAct{Skip: true}
	hangUp  = console.PhoneAct{HangsUp: console.PhoneCaller}
	partner = console.PhoneAct{HangsUp: console.PhoneSpecialist}
)

func pressed(keys string) console.PhoneAct { return console.PhoneAct{Keys: keys} }
func spoken(words string) console.PhoneAct { return console.PhoneAct{Words: words} }

func answer(how console.PhoneAnswer) console.PhoneAct {
	return console.PhoneAct{Specialist: ringer, Answer: how}
}

// TestBrowser checks what a person sees and hears after acts on the page, when only skipped time passes.
func TestBrowser(t *testing.T) {
	opening := []string{"caller dials +448000668187", "caller hears two digits please"}
	rings := append(opening[:2:2], "caller presses 12", "caller hears Connecting you.", ringer+" rings")
	screened := append(rings[:5:5], ringer+" picks up", ringer+" hears a call, press 1")
	tape := []string{"caller hears goodbye", "caller hears a tone"}
	for _, row := range []struct {
		name  string
		acts  []console.PhoneAct
		state console.PhoneState
		want  [][]string
	}{
		{"keys ahead of the question", []console.PhoneAct{pressed("1"), pressed("2")}, console.PhoneSpeaks, [][]string{rings[:4]}},
		{"words", []console.PhoneAct{spoken("one two")}, console.PhoneSpeaks, [][]string{opening, {"caller says one two", "caller hears Connecting you."}}},
		{"keys that nobody listens to", []console.PhoneAct{pressed("12"), pressed("5")}, console.PhoneSpeaks, [][]string{
			rings[:4], {"caller presses 5 (nobody listens to keys now)"},
		}},
		{"silence", []console.PhoneAct{skip, skip}, console.PhoneSpeaks, [][]string{opening, {"caller hears Connecting you."}}},
		{"it rings", []console.PhoneAct{pressed("12"), skip}, console.PhoneRings, [][]string{rings}},
		{"ringing is not skipped", []console.PhoneAct{pressed("12"), skip, skip}, console.PhoneRings, [][]string{rings}},
		{"screened", []console.PhoneAct{pressed("12"), skip, answer(console.PhoneAccepts)}, console.PhoneScreens, [][]string{screened}},
		{"the talk", []console.PhoneAct{pressed("12"), skip, answer(console.PhoneAccepts), skip, skip}, console.PhoneTalks, [][]string{
			screened, {ringer + " presses 1", ringer + " is joined with the caller"},
		}},
		{"the caller hangs up", []console.PhoneAct{pressed("12"), skip, answer(console.PhoneAccepts), skip, hangUp}, console.PhoneOver, [][]string{
			screened, {ringer + " presses 1", ringer + " is joined with the caller", ringer + " is off the line", "caller hangs up"},
		}},
		{"the specialist hangs up, a message", []console.PhoneAct{
			pressed("12"), skip, answer(console.PhoneAccepts), skip, partner, skip, spoken("hello there"), pressed("#"), skip,
		}, console.PhoneOver, [][]string{
			screened,
			{ringer + " presses 1", ringer + " is joined with the caller", ringer + " hangs up", ringer + " is off the line"},
			tape,
			{"caller says hello there", "caller presses #", "caller hears saved", "provider ends the call"},
		}},
		{"busy", []console.PhoneAct{pressed("12"), skip, answer(console.PhoneBusy), skip}, console.PhoneRecords, [][]string{rings, {ringer + " is busy"}, tape}},
		{"nobody answers", []console.PhoneAct{pressed("12"), skip, answer(console.PhoneNobody), skip}, console.PhoneRecords, [][]string{
			rings, {ringer + " doesn't answer"}, tape,
		}},
		{"hung up while it rings", []console.PhoneAct{pressed("12"), skip, hangUp}, console.PhoneOver, [][]string{rings, {ringer + " stops ringing", "caller hangs up"}}},
		{"nothing is done any more", []console.PhoneAct{hangUp, pressed("1"), skip, answer(console.PhoneAccepts)}, console.PhoneOver, [][]string{opening, {"caller hangs up"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, _ := mustSimulator(t, func(*phone.Simulator) {})
			call := dialled(t, s, "mila").does(row.acts...)
			want := []string{}
			for _, part := range row.want {
				want = append(want, part...)
			}
			if diff := cmp.Diff(want, told(call)); diff != "" {
				t.Error(diff)
			}
			if call.State != row.state || call.Over() != (call.SID != "") || call.Trouble != "" {
				t.Errorf("state %s, SID %q, trouble %q; want %s", call.State, call.SID, call.Trouble, row.state)
			}
		})
	}
}

// A call that is left alone comes to its end: the line keeps waiting for an answer a while, then its own time runs out; and where nobody looks, or for
// too long, the caller hangs up.
func TestBrowserLeftAlone(t *testing.T) {
	t.Run("an answer is awaited longer than a telephone's caller has", func(t *testing.T) {
		s, clock := mustSimulator(t, func(*phone.Simulator) {})
		h := dialled(t, s, "mila")
		h.does(skip)
		for range 19 * 4 {
			clock.move(time.Second / 4)
			h.does(console.PhoneAct{})
		}
		if s := h.looks().State; s != console.PhoneAsks {
			t.Errorf("after 19 s the state is %s", s)
		}
		for range 8 * 4 {
			clock.move(time.Second / 4)
			h.does(console.PhoneAct{})
		}
		if s := h.looks().State; s == console.PhoneAsks {
			t.Errorf("after 27 s the state is %s", s)
		}
	})
	for _, row := range []struct {
		name   string
		moves  time.Duration
		looks  bool
		reason string
	}{
		{"nobody looks", 3 * time.Minute, false, "nobody has looked at the phone for 2m0s"},
		{"too long", 31 * time.Minute, true, "a call from the console ends after 30m0s"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, clock := mustSimulator(t, func(*phone.Simulator) {})
			h := dialled(t, s, "mila")
			h.does(pressed("12"), skip, answer(console.PhoneAccepts), skip)
			if clock.move(row.moves); row.looks {
				h.does(console.PhoneAct{})
			}
			call := s.PhoneCalls("mila")[0]
			for !call.Over() && t.Context().Err() == nil {
				runtime.Gosched()
				call = s.PhoneCalls("mila")[0] // which is no look at the phone
			}
			if lines := told(call); !call.Over() || !strings.Contains(strings.Join(lines, "\n"), "provider ends the call "+row.reason) {
				t.Errorf("state %s after\n%s", call.State, strings.Join(lines, "\n"))
			}
		})
	}
}

// A page that waits for the next change looks at the phone, however long nothing changes.
func TestBrowserThatWaitsLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, clock := mustSimulator(t, func(*phone.Simulator) {})
		h := dialled(t, s, "mila")
		call := h.does(pressed("12"), skip, answer(console.PhoneAccepts), skip)
		ctx, leave := context.WithCancel(t.Context())
		page := make(chan error, 1)
		go func() { page <- s.Moved(ctx, "mila", h.id, call.Version) }()
		synctest.Wait()
		clock.move(3 * time.Minute)
		synctest.Wait()
		if call := s.PhoneCalls("mila")[0]; call.Over() {
			t.Errorf("it ended with\n%s", strings.Join(told(call), "\n"))
		}
		leave()
		if err := <-page; err != nil {
			t.Error(err)
		}
		clock.move(3 * time.Minute)
		synctest.Wait()
		if call := s.PhoneCalls("mila")[0]; !call.Over() {
			t.Error("it goes on although nobody looks any more")
		}
	})
}

// Calls are bounded, and everybody has their own.
func TestSimulatorBounds(t *testing.T) {
	s, _ := mustSimulator(t, func(*phone.Simulator) {})
	first := dialled(t, s, "mila")
	dialled(t, s, "mila")
	if _, err := s.Dial("mila", deskLine, "anonymous", false); !errors.Is(err, console.ErrPhonesBusy) {
		t.Errorf("a third call of one person: %v", err)
	}
	first.does(hangUp)
	dialled(t, s, "mila")
	for _, by := range []string{"ben", "ben", "eva", "eva", "tom", "tom"} {
		dialled(t, s, by)
	}
	if _, err := s.Dial("ida", deskLine, "anonymous", false); !errors.Is(err, console.ErrPhonesBusy) {
		t.Errorf("a ninth call: %v", err)
	}
	if _, err := s.Dial("ida", "+18883071053", "anonymous", false); !errors.Is(err, console.ErrNotTestLine) {
		t.Errorf("another line: %v", err)
	}
	if _, err := s.PhoneCall("ben", first.id); !errors.Is(err, console.ErrNoPhoneCall) {
		t.Errorf("somebody else's call: %v", err)
	}
	if got := len(s.PhoneCalls("mila")); got != 3 {
		t.Errorf("mila has %d calls, want 3", got)
	}
	s.Close()
	if _, err := s.Dial("ida", deskLine, "anonymous", false); !errors.Is(err, console.ErrPhonesBusy) {
		t.Errorf("a call after the end: %v", err)
	}
	for _, c := range s.PhoneCalls("mila") {
		if !c.Over() {
			t.Errorf("a call goes on after the end: %s", c.State)
		}
	}
}

// Calls that are over can be read for a while.
func TestSimulatorForgets(t *testing.T) {
	s, _ := mustSimulator(t, func(*phone.Simulator) {})
	for range 40 {
		dialled(t, s, "mila").does(hangUp)
	}
	if got := len(s.PhoneCalls("mila")); got != 32 {
		t.Errorf("%d calls are kept, want 32", got)
	}
}

// Outside of a demo a call is always marked as a test.
func TestSimulatorMarksTests(t *testing.T) {
	s, _ := mustSimulator(t, func(s *phone.Simulator) { s.Demo = false })
	id, err := s.Dial("mila", deskLine, "+442079460018", true)
	if err != nil {
		t.Fatal(err)
	}
	call, err := s.PhoneCall("mila", id)
	if err != nil {
		t.Fatal(err)
	}
	if call.From != "client:test-mila" || call.Attested {
		t.Errorf("from %s, attested %v", call.From.Full(), call.Attested)
	}
}

// Problems of the line are shown.
func TestBrowserSaysWhatIsWrongWithTheLine(t *testing.T) {
	s, _ := mustSimulator(t, func(s *phone.Simulator) { s.Account.PublicURL += "/elsewhere" })
	call := dialled(t, s, "mila").looks()
	if !call.Over() || !strings.Contains(call.Trouble, "11200 /elsewhere/voice: answered 404") {
		t.Errorf("state %s, trouble %q", call.State, call.Trouble)
	}
}
