package fake_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

type pages = map[string]http.HandlerFunc

type acts = map[fake.Kind][]fake.Act

func ptr[T any](v T) *T { return &v }

// TestGather: the documented ways to end an input. The acts of a row at a Gather lead to its webhooks.
func TestGather(t *testing.T) {
	number := twilio.Gather{Input: "dtmf speech", Action: "/base/number", NumDigits: 6, Prompts: []twilio.Verb{twilio.Say{Text: "your number"}}}
	ticket := twilio.Gather{Input: "dtmf", Action: "/base/number", Prompts: []twilio.Verb{twilio.Say{Text: "your ticket"}}}
	key := twilio.Gather{Input: "dtmf", Action: "/base/number", NumDigits: 1, FinishOnKey: ptr("")}
	for _, row := range []struct {
		name   string
		gather twilio.Gather
		acts   acts
		want   []string
	}{
		{"the number of digits ends it", number, acts{fake.Asked: {fake.Press("204518")}}, []string{"/voice", "/number Digits=204518", "/status"}},
		{"a finishing key ends it", ticket, acts{fake.Asked: {fake.Press("4711#")}}, []string{"/voice", "/number Digits=4711 FinishedOnKey=#", "/status"}},
		{"the timeout ends it", ticket, acts{fake.Asked: {fake.Press("47"), fake.Press("11")}}, []string{"/voice", "/number Digits=4711", "/status"}},
		{"a lone finishing key is nothing", ticket, acts{fake.Asked: {fake.Press("#")}}, []string{"/voice", "/silent", "/status"}},
		{"a star before the finishing key is a digit", ticket, acts{fake.Asked: {fake.Press("*#")}}, []string{"/voice", "/number Digits=* FinishedOnKey=#", "/status"}},
		{"without finishing key the hash is a digit", key, acts{fake.Asked: {fake.Press("#")}}, []string{"/voice", "/number Digits=#", "/status"}},
		{"a key cuts the prompt short", number, acts{fake.Prompted: {fake.Press("204518")}}, []string{"/voice", "/number Digits=204518", "/status"}},
		{"speech is heard", number, acts{fake.Asked: {fake.Say("two oh")}}, []string{"/voice", "/number SpeechResult=two oh Confidence=0.9", "/status"}},
		{"speech is lost where only keys count", ticket, acts{fake.Asked: {fake.Say("two oh")}}, []string{"/voice", "/silent", "/status"}},
		{"silence goes on with the next verb", number, acts{}, []string{"/voice", "/silent", "/status"}},
		{"a hang-up asks for nothing more", number, acts{fake.Asked: {fake.HangUp()}}, []string{"/voice", "/status"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newServer(t, pages{"/voice": says(row.gather, twilio.Redirect{URL: publicURL + "/silent"}), "/number": says(), "/silent": says()})
			call(t, provider(h, &people{acts: row.acts}))
			if diff := cmp.Diff(row.want, h.paths("Digits", "FinishedOnKey", "SpeechResult", "Confidence")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestKeysAfterAnInputGoToTheNextQuestion(t *testing.T) {
	ask := func(action string) twilio.Gather {
		return twilio.Gather{Input: "dtmf", Action: action, NumDigits: 2, Prompts: []twilio.Verb{twilio.Say{Text: "keys"}}}
	}
	h := newServer(t, pages{"/voice": says(ask("/base/a")), "/a": says(ask("/base/b")), "/b": says()})
	call(t, provider(h, &people{acts: acts{fake.Prompted: {fake.Press("1234")}}}))
	if diff := cmp.Diff([]string{"/voice", "/a Digits=12", "/b Digits=34", "/status"}, h.paths("Digits")); diff != "" {
		t.Error(diff)
	}
}

// TestRecord: what a Record reports, by what ended it.
func TestRecord(t *testing.T) {
	for _, row := range []struct {
		name string
		acts []fake.Act
		want []string
	}{
		{"silence ends it", []fake.Act{fake.Message(12 * time.Second)}, []string{"/voice", "/taped RecordingDuration=12", "/left RecordingDuration=12", "/status"}},
		{"a key ends it", []fake.Act{fake.Message(12 * time.Second), fake.Press("#")}, []string{"/voice", "/taped RecordingDuration=12", "/left RecordingDuration=12 Digits=#", "/status"}},
		{"the hang-up ends it", []fake.Act{fake.Message(12 * time.Second), fake.HangUp()}, []string{"/voice", "/left RecordingDuration=12 Digits=hangup", "/taped RecordingDuration=12", "/status"}},
		{"the greatest length ends it", []fake.Act{fake.Message(time.Hour)}, []string{"/voice", "/taped RecordingDuration=60", "/left RecordingDuration=60", "/status"}},
		{"nothing said goes on with the next verb", nil, []string{"/voice", "/empty", "/status"}},
		{"hung up before a word", []fake.Act{fake.HangUp()}, []string{"/voice", "/status"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			record := twilio.Record{Action: "/base/left", MaxLength: 60, RecordingStatusCallback: publicURL + "/taped"}
			h := newServer(t, pages{"/voice": says(record, twilio.Redirect{URL: "/base/empty"}), "/left": says(), "/empty": says()})
			r := call(t, provider(h, &people{acts: acts{fake.Recording: row.acts}}))
			if diff := cmp.Diff(row.want, h.paths("RecordingDuration", "Digits")); diff != "" {
				t.Error(diff)
			}
			if len(r.Troubles) > 0 {
				t.Error(r.Troubles)
			}
		})
	}
}

func TestStatusCallbackTellsSecondsAndMinutes(t *testing.T) {
	h := newServer(t, pages{"/voice": says(twilio.Pause{Seconds: 30}, twilio.Say{Text: "hello"}, twilio.Pause{Seconds: 70}, twilio.Hangup{})})
	r := call(t, provider(h, &people{}))
	want := []string{
		"/voice CallStatus=ringing", "/status CallStatus=completed CallDuration=70 Duration=2 Timestamp=Tue, 24 Nov 2026 10:01:40 +0000 SequenceNumber=0",
	}
	if diff := cmp.Diff(want, h.paths("CallStatus", "CallDuration", "Duration", "Timestamp", "SequenceNumber")); diff != "" {
		t.Error(diff)
	}
	if r.Seconds != 70 {
		t.Errorf("the call took %d s, want 70: a Pause before everything else delays the answer", r.Seconds)
	}
}

func TestRejectIsNotACall(t *testing.T) {
	h := newServer(t, pages{"/voice": says(twilio.Reject{Reason: "busy"})})
	r := call(t, provider(h, &people{}))
	want := []string{"/voice CallStatus=ringing", "/status CallStatus=busy"}
	if diff := cmp.Diff(want, h.paths("CallStatus", "CallDuration")); diff != "" {
		t.Error(diff)
	}
	if r.Status != "busy" || r.Seconds != 0 {
		t.Errorf("got %s after %d s, want busy after 0", r.Status, r.Seconds)
	}
}

func TestStandardParameters(t *testing.T) {
	h := newServer(t, pages{"/voice": says()})
	p := provider(h, &people{})
	in := incoming
	in.Verstat = "TN-Validation-Passed-A"
	for _, from := range []string{"+12125550142", "anonymous", "", "sip:a@b.example", "client:desk"} {
		in.From = from
		if _, err := p.Call(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		got := h.asked[len(h.asked)-2].params
		want := map[string]string{
			"From": from, "Caller": from, "To": in.To, "Called": in.To, "Direction": "inbound", "CallStatus": "ringing",
			"AccountSid": accountSID, "ApiVersion": "2010-04-01", "StirVerstat": in.Verstat, "ToCountry": "GB", "ToCity": "",
		}
		if from == "+12125550142" {
			want["FromCity"], want["FromCountry"] = "NEW YORK", "US"
		}
		for name, value := range want {
			if !got.Has(name) || got.Get(name) != value {
				t.Errorf("from %q: %s is %q, want %q", from, name, got.Get(name), value)
			}
		}
	}
}

// TestServerThatFails is rule 11 from the provider's side: the fallback is requested, and if that fails too the caller hears an apology.
func TestServerThatFails(t *testing.T) {
	sorry := "We're sorry, an application error has occurred. Goodbye."
	fallback := says(twilio.Say{Text: "plain"})
	for _, row := range []struct {
		name            string
		voice, fallback http.HandlerFunc
		heard           []string
		code            string
	}{
		{"an error page", answers(500, "text/html", "oops"), fallback, []string{"plain"}, "11200"},
		{"no TwiML", answers(200, "text/xml", "<html>"), fallback, []string{"plain"}, "12100"},
		{"JSON", answers(200, "application/json", "{}"), fallback, []string{"plain"}, "12300"},
		{"a redirect", answers(302, "text/xml", ""), fallback, []string{"plain"}, "11215"},
		{"a panic", func(http.ResponseWriter, *http.Request) { panic("oops") }, fallback, []string{"plain"}, "11205"},
		{"too long", answers(200, "text/xml", "<Response>"+string(make([]byte, 70_000))), fallback, []string{"plain"}, "11750"},
		{"the fallback fails too", answers(500, "", ""), answers(500, "", ""), []string{sorry}, "11200"},
		{"plain text is read aloud", answers(200, "text/plain", "not found"), fallback, []string{"not found"}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newServer(t, pages{"/voice": row.voice, "/plain": row.fallback})
			r := call(t, provider(h, &people{}))
			if diff := cmp.Diff(row.heard, heard(r, fake.TheCaller)); diff != "" {
				t.Error(diff)
			}
			code := ""
			for _, a := range h.asked {
				code += a.params.Get("ErrorCode")
			}
			if code != row.code || (code != "") != (len(r.Troubles) > 0) {
				t.Errorf("error code %q with troubles %q, want %q", code, r.Troubles, row.code)
			}
		})
	}
}

func TestLoopIsAnError(t *testing.T) {
	h := newServer(t, pages{"/voice": says(twilio.Redirect{URL: "/base/voice"})})
	_, err := provider(h, &people{}).Call(t.Context(), incoming)
	if !errors.Is(err, fake.ErrLoop) {
		t.Errorf("got %v, want ErrLoop", err)
	}
}

func TestRetryComparesTheAnswers(t *testing.T) {
	n := 0
	h := newServer(t, pages{"/voice": func(w http.ResponseWriter, r *http.Request) {
		n++
		says(twilio.Say{Text: "once"}, twilio.Pause{Seconds: n})(w, r)
	}})
	p := provider(h, &people{})
	p.Faults.Retry = true
	r := call(t, p)
	if diff := cmp.Diff([]string{"a repeated /base/voice was answered differently"}, r.Troubles); diff != "" {
		t.Error(diff)
	}
}

func TestGetIsSignedOverItsQuery(t *testing.T) {
	h := newServer(t, pages{"/voice": says()})
	in := incoming
	in.Number.GET = true
	if _, err := provider(h, &people{}).Call(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/voice", "/status"}, h.paths()); diff != "" {
		t.Error(diff)
	}
}
