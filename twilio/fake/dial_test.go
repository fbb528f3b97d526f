package fake_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

const (
	anna = "+15550100001"
	ben  = "sip:oncall@example.com"
)

// ringing returns a server that rings anna and ben at once and screens them: 1 accepts.
func ringing(tb testing.TB) *server {
	events := []string{"initiated", "ringing", "answered", "completed"}
	screen := twilio.Gather{Input: "dtmf", Action: publicURL + "/key", NumDigits: 1, Timeout: 10, Prompts: []twilio.Verb{twilio.Say{Text: "call from"}}}
	return newServer(tb, pages{
		"/voice": says(twilio.Dial{
			Action: publicURL + "/rang", Timeout: 20, CallerID: "+448000668187", Record: "record-from-answer-dual",
			RecordingStatusCallback: publicURL + "/taped",
			Nouns: []twilio.Noun{
				twilio.Number{Number: anna, URL: publicURL + "/screen", StatusCallback: publicURL + "/ring", StatusEvents: events},
				twilio.Sip{URI: ben, URL: publicURL + "/screen", StatusCallback: publicURL + "/ring", StatusEvents: events},
			},
		}),
		"/screen": says(screen, twilio.Hangup{}),
		"/key": func(w http.ResponseWriter, r *http.Request) {
			if r.PostFormValue("Digits") == "1" {
				says()(w, r)
				return
			}
			says(twilio.Hangup{})(w, r)
		},
		"/rang": says(twilio.Say{Text: "goodbye"}, twilio.Hangup{}),
	})
}

// TestDial: the parameters of a Dial's action, by what the specialists and the caller do.
func TestDial(t *testing.T) {
	yes := fake.Specialist{PicksUp: 5 * time.Second, Presses: []string{"1"}, Thinks: 2 * time.Second}
	talk := func() acts { return acts{fake.Talking: {fake.Wait(3 * time.Minute), fake.PartnerHangsUp()}} }
	for _, row := range []struct {
		name        string
		specialists map[string]fake.Specialist
		acts        acts
		want        string
		took        int // seconds
	}{
		{"accepted, the specialist hangs up", map[string]fake.Specialist{anna: yes}, talk(), "completed true 183", 188},
		{"the caller hangs up", map[string]fake.Specialist{anna: yes}, acts{fake.Talking: {fake.Wait(time.Minute), fake.HangUp()}}, "completed true 63", 68},
		{"nobody answers", nil, nil, "no-answer false ", 20},
		{"all are busy", map[string]fake.Specialist{anna: {Status: "busy"}, ben: {Status: "busy"}}, nil, "busy false ", 0},
		{"one is busy, one doesn't answer", map[string]fake.Specialist{anna: {Status: "busy"}}, nil, "no-answer false ", 20},
		{"passed on", map[string]fake.Specialist{anna: {PicksUp: time.Second, Presses: []string{"2"}}}, nil, "completed false 1", 2},
		{"a voicemail picks up", map[string]fake.Specialist{anna: {PicksUp: time.Second}}, nil, "completed false 11", 12},
		{"hangs up while told who calls", map[string]fake.Specialist{anna: {Leaves: 500 * time.Millisecond, Presses: []string{"1"}}}, nil, "completed false 1", 1},
		{"the caller hangs up while it rings", nil, acts{fake.Ringing: {fake.Wait(4 * time.Second), fake.HangUp()}}, "canceled false ", 4},
		{"the first to pick up stops the others, though it is a voicemail", map[string]fake.Specialist{anna: {PicksUp: time.Second}, ben: yes}, nil, "completed false 11", 12},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := ringing(t)
			p := provider(h, &people{acts: row.acts, specialists: row.specialists})
			r := call(t, p)
			i := slices.IndexFunc(h.asked, func(a asked) bool { return a.path == "/rang" })
			if i < 0 {
				t.Fatalf("the action was not asked: %q", h.paths())
			}
			got := h.asked[i].params
			end := strings.Join([]string{got.Get("DialCallStatus"), got.Get("DialBridged"), got.Get("DialCallDuration")}, " ")
			if diff := cmp.Diff(row.want, end); diff != "" {
				t.Error(diff)
			}
			if r.Seconds < row.took || r.Seconds > row.took+1 { // the goodbye takes a third of a second
				t.Errorf("took %d s, want %d", r.Seconds, row.took)
			}
		})
	}
}

// TestDocumentOfADialledLeg: a voicemail picks up, which presses nothing. Every verb but Play, Say, Pause, Gather and Hangup is skipped, in the
// answer to the key or to silence as well, and at the end of the document the voicemail gets the caller.
func TestDocumentOfADialledLeg(t *testing.T) {
	silent := twilio.Gather{Input: "dtmf", Action: publicURL + "/key", NumDigits: 1, Prompts: []twilio.Verb{twilio.Say{Text: "call from"}}}
	empty := silent
	empty.EmptyResult = true
	conference := twilio.Dial{Nouns: []twilio.Noun{twilio.Conference{Name: "CA1"}}}
	for _, row := range []struct {
		name        string
		screen, key []twilio.Verb
		bridged     bool
		trouble     string // what the provider's debugger says of it, "" for nothing
	}{
		{"ends in Hangup", []twilio.Verb{silent, twilio.Hangup{}}, nil, false, ""},
		{"runs out", []twilio.Verb{twilio.Play{URL: publicURL + "/a.wav"}, twilio.Pause{}, silent}, nil, true, ""},
		{"redirects", []twilio.Verb{silent, twilio.Redirect{URL: publicURL + "/key"}}, []twilio.Verb{twilio.Hangup{}}, true, "twilio.Redirect"},
		{"skips what it can't use", []twilio.Verb{conference, twilio.Redirect{URL: publicURL + "/key"}, twilio.Hangup{}}, nil, false, "twilio.Dial"},
		{"wants silence too, which is hung up", []twilio.Verb{empty, twilio.Hangup{}}, []twilio.Verb{twilio.Hangup{}}, false, ""},
		{"wants silence too, which bridges", []twilio.Verb{empty, twilio.Hangup{}}, nil, true, ""},
		{"wants silence too, which dials", []twilio.Verb{empty, twilio.Hangup{}}, []twilio.Verb{conference}, true, "twilio.Dial"},
		{"wants silence too, which records", []twilio.Verb{empty, twilio.Hangup{}}, []twilio.Verb{twilio.Record{Action: publicURL + "/x"}}, true, "twilio.Record"},
		{"wants silence too, which rejects", []twilio.Verb{empty, twilio.Hangup{}}, []twilio.Verb{twilio.Reject{}, twilio.Hangup{}}, false, "twilio.Reject"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newServer(t, pages{
				"/voice":  says(twilio.Dial{Action: publicURL + "/rang", Nouns: []twilio.Noun{twilio.Number{Number: anna, URL: publicURL + "/screen"}}}),
				"/screen": says(row.screen...), "/key": says(row.key...), "/rang": says(twilio.Hangup{}),
			})
			r := call(t, provider(h, &people{specialists: map[string]fake.Specialist{anna: {}}, acts: acts{fake.Talking: {fake.HangUp()}}}))
			bridged := slices.ContainsFunc(r.Events, func(e fake.Event) bool { return e.Did == "is joined with the caller" })
			if bridged != row.bridged {
				t.Errorf("the voicemail is bridged: %t, want %t", bridged, row.bridged)
			}
			if text := strings.Join(r.Troubles, "\n"); (text != "") != (row.trouble != "") || !strings.Contains(text, row.trouble) {
				t.Errorf("troubles %q, want one with %q", text, row.trouble)
			}
		})
	}
}

func TestLegCallbacks(t *testing.T) {
	h := ringing(t)
	yes := fake.Specialist{PicksUp: 5 * time.Second, Presses: []string{"1"}}
	call(t, provider(h, &people{specialists: map[string]fake.Specialist{anna: yes}, acts: acts{fake.Talking: {fake.Wait(time.Minute), fake.HangUp()}}}))
	var got []string
	for _, a := range h.asked {
		if a.path == "/ring" && a.params.Get("To") == anna {
			got = append(got, a.params.Get("SequenceNumber")+" "+a.params.Get("CallStatus")+" "+a.params.Get("CallDuration")+" "+a.params.Get("Direction"))
		}
	}
	want := []string{"0 initiated  outbound-dial", "1 ringing  outbound-dial", "2 in-progress  outbound-dial", "3 completed 61 outbound-dial"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	last := h.asked[len(h.asked)-1]
	if last.path != "/status" || last.params.Has("ParentCallSid") {
		t.Errorf("the last webhook is %s of a leg, want the caller's /status", last.path)
	}
}

// TestLegsOfACallerWhoLeaves: one that was picked up is completed, and has a length; one that rings is canceled.
func TestLegsOfACallerWhoLeaves(t *testing.T) {
	for name, picksUp := range map[string]time.Duration{"canceled ": time.Minute, "completed 3": time.Second} {
		h := ringing(t)
		call(t, provider(h, &people{
			specialists: map[string]fake.Specialist{anna: {PicksUp: picksUp}}, acts: acts{fake.Ringing: {fake.Wait(4 * time.Second), fake.Wait(3 * time.Second), fake.HangUp()}},
		}))
		i := slices.IndexFunc(h.asked, func(a asked) bool {
			status := a.params.Get("CallStatus")
			return a.path == "/ring" && a.params.Get("To") == anna && (status == "completed" || status == "canceled")
		})
		if i < 0 {
			t.Fatalf("no end of the leg was reported: %q", h.paths())
		}
		if got := h.asked[i].params.Get("CallStatus") + " " + h.asked[i].params.Get("CallDuration"); got != name {
			t.Errorf("the leg is %q, want %q", got, name)
		}
	}
}

// TestAKeyThatEndsNothingWaitsForTheTimeout, as the provider does: there may be more keys.
func TestAKeyThatEndsNothingWaitsForTheTimeout(t *testing.T) {
	for digits, want := range map[int]string{1: "completed 62", 0: "completed 68"} {
		gather := twilio.Gather{Input: "dtmf", Action: publicURL + "/key", NumDigits: digits, Timeout: 6}
		h := newServer(t, pages{
			"/voice":  says(twilio.Dial{Action: publicURL + "/rang", Nouns: []twilio.Noun{twilio.Number{Number: anna, URL: publicURL + "/screen"}}}),
			"/screen": says(gather), "/key": says(), "/rang": says(twilio.Hangup{}),
		})
		yes := fake.Specialist{Presses: []string{"1"}, Thinks: 2 * time.Second}
		call(t, provider(h, &people{specialists: map[string]fake.Specialist{anna: yes}, acts: acts{fake.Talking: {fake.Wait(time.Minute), fake.HangUp()}}}))
		i := slices.IndexFunc(h.asked, func(a asked) bool { return a.path == "/rang" })
		if i < 0 {
			t.Fatalf("the action was not asked: %q", h.paths())
		}
		if got := h.asked[i].params.Get("DialCallStatus") + " " + h.asked[i].params.Get("DialCallDuration"); got != want {
			t.Errorf("with %d digits the leg is %q, want %q", digits, got, want)
		}
	}
}

// TestDeliveryOfCallbacks: the effect of Faults on the callbacks of a call that rings out.
func TestDeliveryOfCallbacks(t *testing.T) {
	const rings, done = "/ring", "/status"
	for _, row := range []struct {
		name string
		how  fake.Delivery
		want []string
	}{
		{"once", fake.Once, []string{"/voice", rings, rings, rings, rings, rings, rings, "/rang", done}},
		{"lost", fake.Lost, []string{"/voice", "/rang"}},
		{"late", fake.Late, []string{"/voice", "/rang", rings, rings, rings, rings, rings, rings, done}},
		{"twice", fake.Twice, slices.Concat([]string{"/voice"}, slices.Repeat([]string{rings}, 12), []string{"/rang", done, done})},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := ringing(t)
			p := provider(h, &people{})
			p.Faults.Callbacks = row.how
			call(t, p)
			if diff := cmp.Diff(row.want, h.paths()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReorderedCallbacks(t *testing.T) {
	h := ringing(t)
	p := provider(h, &people{})
	p.Faults.Callbacks = fake.Reordered
	call(t, p)
	var got []string
	for _, a := range h.asked {
		if a.path == "/ring" && a.params.Get("To") == anna {
			got = append(got, a.params.Get("CallStatus"))
		}
	}
	if diff := cmp.Diff([]string{"ringing", "initiated", "no-answer"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestNoActionAfterHangUp(t *testing.T) {
	h := ringing(t)
	p := provider(h, &people{acts: acts{fake.Ringing: {fake.HangUp()}}})
	p.Faults.NoActionAfterHangUp = true
	call(t, p)
	if slices.Contains(h.paths(), "/rang") {
		t.Errorf("the action was asked: %q", h.paths())
	}
}

func TestCancelledContextHangsUp(t *testing.T) {
	h := ringing(t)
	p := provider(h, &people{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := p.Call(ctx, incoming)
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != "completed" || h.asked[len(h.asked)-1].path != "/status" {
		t.Errorf("got %q after %q, want completed and a status callback", r.Status, h.paths())
	}
}

func TestVia(t *testing.T) {
	h := newServer(t, pages{"/voice": says(twilio.Say{Text: "hello"})})
	server := listen(t, h)
	p := provider(h, &people{})
	p.Transport = fake.Via(server)
	if diff := cmp.Diff([]string{"hello"}, heard(call(t, p), fake.TheCaller)); diff != "" {
		t.Error(diff)
	}
}
