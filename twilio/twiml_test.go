package twilio_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio"
)

// documents has a response for each verb, by the name of its golden file.
func documents() map[string]twilio.Response {
	welcome := twilio.Say{Voice: "Polly.Amy-Neural", Language: "en-GB", Text: `Welcome to "Smith & Sons". It's <open>.`}
	events := []string{"initiated", "ringing", "answered", "completed"}
	return map[string]twilio.Response{
		"empty":    {},
		"say":      {Verbs: []twilio.Verb{welcome, twilio.Say{Text: "Grüße aus 東京"}}},
		"play":     {Verbs: []twilio.Verb{twilio.Play{URL: "https://example.com/hold.mp3?a=1&b=2", Loop: 3}}},
		"pause":    {Verbs: []twilio.Verb{twilio.Pause{}, twilio.Pause{Seconds: 2}}},
		"hangup":   {Verbs: []twilio.Verb{welcome, twilio.Hangup{}}},
		"reject":   {Verbs: []twilio.Verb{twilio.Reject{Reason: "busy"}}},
		"redirect": {Verbs: []twilio.Verb{twilio.Redirect{URL: "https://example.com/voice/menu/2"}}},
		"gather": {Verbs: []twilio.Verb{
			twilio.Gather{
				Input: "dtmf speech", Action: "/voice/number/1", Timeout: 6, NumDigits: 6, Language: "en-GB",
				Hints: "ticket, critical", SpeechTimeout: "auto",
				Prompts: []twilio.Verb{welcome, twilio.Pause{Seconds: 1}, twilio.Play{URL: "/beep.wav"}},
			},
			twilio.Redirect{URL: "/voice/number/1"},
		}},
		"gather-no-finish-key": {Verbs: []twilio.Verb{
			twilio.Gather{Action: "/voice/menu/1", FinishOnKey: new(""), NumDigits: 1},
			twilio.Gather{Action: "/voice/menu/1", FinishOnKey: new("*"), SpeechTimeout: "3"},
		}},
		"gather-empty-result": {Verbs: []twilio.Verb{
			twilio.Gather{Input: "dtmf", Action: "/leg/CA1/answer/1", NumDigits: 1, EmptyResult: true, Prompts: []twilio.Verb{welcome}}, twilio.Hangup{},
		}},
		"dial": {Verbs: []twilio.Verb{
			twilio.Dial{
				Action: "/voice/rang/1", Timeout: 20, TimeLimit: 7200, CallerID: "+448000668187", AnswerOnBridge: true,
				RingTone: "uk", Record: "record-from-answer-dual", RecordingStatusCallback: "/recording",
				Nouns: []twilio.Noun{
					twilio.Number{Number: "+442079460018", URL: "/leg/screen", StatusCallback: "/leg/ring", StatusEvents: events},
					twilio.Number{Number: "+442079460019"},
					twilio.Sip{URI: "sip:anna@example.com", URL: "/leg/screen", StatusCallback: "/leg/ring", StatusEvents: events[3:]},
				},
			},
		}},
		"conference": {Verbs: []twilio.Verb{
			twilio.Dial{Action: "/voice/rang/4", Nouns: []twilio.Noun{twilio.Conference{
				Name: "CA1", Beep: "false", EndOnExit: true, WaitURL: "/conference/CA1/wait", StatusCallback: "/conference/CA1/events",
				StatusEvents: []string{"start", "leave"}, Record: "record-from-start", RecordingStatusCallback: "/conference/CA1/recording",
			}}},
			twilio.Dial{Nouns: []twilio.Noun{twilio.Conference{Name: "CA1"}}},
		}},
		"record": {Verbs: []twilio.Verb{
			twilio.Record{
				Action: "/recording/done", MaxLength: 120, Timeout: 5, FinishOnKey: "#", NoBeep: true, Trim: "trim-silence",
				RecordingStatusCallback: "/recording/status",
			},
			twilio.Record{Action: "/recording/done"},
		}},
	}
}

func golden(name string) string { return filepath.Join("..", "testdata", "twiml", name+".xml") }

func mustRead(tb testing.TB, file string) []byte {
	tb.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func mustRender(tb testing.TB, r twilio.Response) []byte {
	tb.Helper()
	doc, err := r.Render()
	if err != nil {
		tb.Fatal(err)
	}
	return doc
}

func TestEachVerbRendersToItsGoldenFileAndBack(t *testing.T) {
	for name, response := range documents() {
		t.Run(name, func(t *testing.T) {
			doc := mustRead(t, golden(name))
			if diff := cmp.Diff(string(doc), string(mustRender(t, response))); diff != "" {
				t.Errorf("rendered (-want +got):\n%s", diff)
			}
			parsed, err := twilio.Parse(doc)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(response, parsed); diff != "" {
				t.Errorf("parsed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEachGoldenFileIsTested(t *testing.T) {
	files, err := filepath.Glob(golden("*"))
	if err != nil {
		t.Fatal(err)
	}
	known := documents()
	for _, file := range files {
		if _, ok := known[strings.TrimSuffix(filepath.Base(file), ".xml")]; !ok {
			t.Errorf("%s belongs to no test", file)
		}
	}
}

func TestTextThatXMLCannotCarryIsReplaced(t *testing.T) {
	r := twilio.Response{Verbs: []twilio.Verb{
		twilio.Say{Text: "\n a\x00b\xffc\u0008d\uFFFEe\r\n\tf "},
		twilio.Gather{Action: "/a?x=\"'\n\t\r<>&", Hints: "\x01"},
	}}
	parsed, err := twilio.Parse(mustRender(t, r))
	if err != nil {
		t.Fatal(err)
	}
	want := twilio.Response{Verbs: []twilio.Verb{
		twilio.Say{Text: "a\uFFFDb\uFFFDc\uFFFDd\uFFFDe\r\n\tf"},
		twilio.Gather{Action: "/a?x=\"'\n\t\r<>&", Hints: "\uFFFD"},
	}}
	if diff := cmp.Diff(want, parsed); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
