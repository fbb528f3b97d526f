package twilio_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twilio/twilio-go/twiml"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/twilio"
)

func TestParseOverlooksOrderSpaceAndComments(t *testing.T) {
	doc := `<?xml version="1.0"?> <!-- by hand -->
		<Response>
			<Gather numDigits='1' action="/a"><!-- first --><Say language="en-GB" voice="alice">
				Press <!-- the key --> one.
			</Say></Gather>
			<Record playBeep="true" action="&#47;b"></Record>
			<Dial answerOnBridge="false"><Number> +1555 </Number></Dial>
			<Hangup></Hangup>
		</Response> <!-- end -->`
	got, err := twilio.Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	want := twilio.Response{Verbs: []twilio.Verb{
		twilio.Gather{
			Action: "/a", NumDigits: 1,
			Prompts: []twilio.Verb{twilio.Say{Voice: "alice", Language: "en-GB", Text: "Press  one."}},
		},
		twilio.Record{Action: "/b"},
		twilio.Dial{Nouns: []twilio.Noun{twilio.Number{Number: "+1555"}}},
		twilio.Hangup{},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseNamesWhatItDoesNotKnow(t *testing.T) {
	rows := map[string]struct{ doc, want string }{
		"nothing":                   {"", "not XML"},
		"no XML":                    {"Hello", "not XML"},
		"an open tag":               {"<Response><Say>a</Response>", "not XML"},
		"an unknown entity":         {"<Response><Say>&nbsp;</Say></Response>", "not XML"},
		"another encoding":          {`<?xml version="1.0" encoding="UTF-16"?><Response/>`, "not XML"},
		"another root":              {"<Answer/>", "the document is a Answer: write <Response>"},
		"a name space":              {`<Response xmlns="urn:x"/>`, "write <Response>"},
		"a verb's name space":       {`<Response><Hangup xmlns="urn:x"/></Response>`, `of the name space "urn:x"`},
		"a second root":             {"<Response/><Response/>", "something follows </Response>"},
		"text behind the root":      {"<Response/>bye", "something follows </Response>"},
		"a broken tail":             {"<Response/><", "not XML"},
		"an attribute of Response":  {`<Response a="1"/>`, "Response: the attribute a is unknown"},
		"text between verbs":        {"<Response>bye<Hangup/></Response>", `Response: the text "bye" cannot stand here`},
		"an unknown verb":           {"<Response><Hangup/><Queue/></Response>", "Response: child 2: Queue is no verb"},
		"a verb in lower case":      {"<Response><say>a</say></Response>", "say is no verb"},
		"a noun as a verb":          {"<Response><Number>+1</Number></Response>", "a Number cannot stand here"},
		"a verb as a noun":          {"<Response><Dial><Say>a</Say></Dial></Response>", "Dial: child 1: a Say cannot stand here"},
		"a number without its noun": {"<Response><Dial>+1555</Dial></Response>", `Dial: the text "+1555" cannot stand here`},
		"an element in a Say":       {"<Response><Say>a<break/></Say></Response>", "Say: a break cannot be nested here"},
		"text in a Pause":           {"<Response><Pause>1</Pause></Response>", `Pause: the text "1"`},
		"an unknown attribute":      {`<Response><Hangup reason="busy"/></Response>`, "Hangup: the attribute reason is unknown"},
		"an attribute's name space": {`<Response><Reject x:reason="busy"/></Response>`, "the attribute reason is unknown"},
		"an attribute twice":        {`<Response><Reject reason="busy" reason="busy"/></Response>`, "given twice"},
		"an empty attribute":        {`<Response><Reject reason=""/></Response>`, "reason is empty: leave it out"},
		"a number that is none":     {`<Response><Pause length="long"/></Response>`, `length is "long": write a whole number`},
		"a zero, which is not none": {`<Response><Pause length="0"/></Response>`, `length is "0"`},
		"a flag that is none":       {`<Response><Record action="/a" playBeep="no"/></Response>`, `playBeep is "no": write true or false`},
		"a limit that Render keeps": {`<Response><Gather/></Response>`, "verb 1: Gather: no action"},
		"a document too large":      {"<Response>" + strings.Repeat(" ", 64_000) + "</Response>", "and the provider takes 64000"},
		"nesting without end":       {strings.Repeat("<Response>", 6000), "not XML"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			if got, err := twilio.Parse([]byte(row.doc)); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want %q in it; parsed %+v", err, row.want, got)
			}
		})
	}
}

// Generators of Responses that Render accepts.
var (
	anyText    = rapid.Map(rapid.StringN(1, 60, 200), clean).Filter(func(s string) bool { return s != "" })
	maybeText  = rapid.OneOf(rapid.Just(""), anyText)
	anySeconds = rapid.IntRange(0, 600)
	anyKeys    = rapid.StringMatching(`[0-9*#]{0,12}`)
	anyEvents  = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"initiated", "ringing", "answered", "completed"}), 1, 4, rapid.ID)
	anyPrompt  = rapid.OneOf(generate(drawSay), generate(drawPlay), generate(drawPause))
	anyNoun    = rapid.Custom(drawNoun)
	anyVerb    = rapid.OneOf(anyPrompt, generate(drawGather), generate(drawDial), generate(drawRecord),
		generate(func(t *rapid.T) twilio.Redirect { return twilio.Redirect{URL: anyText.Draw(t, "url")} }),
		rapid.Just[twilio.Verb](twilio.Hangup{}))
)

// clean returns a text as it is after Render and Parse: without white space around it and characters that XML lacks.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < ' ' && c != '\n' && c != '\t' && c != '\r' || c == 0xFFFE || c == 0xFFFF {
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, "")))
}

func generate[V twilio.Verb](draw func(*rapid.T) V) *rapid.Generator[twilio.Verb] {
	return rapid.Custom(func(t *rapid.T) twilio.Verb { return draw(t) })
}

func drawSay(t *rapid.T) twilio.Say {
	return twilio.Say{Voice: maybeText.Draw(t, "voice"), Language: maybeText.Draw(t, "language"), Text: anyText.Draw(t, "text")}
}

func drawPlay(t *rapid.T) twilio.Play {
	return twilio.Play{URL: anyText.Draw(t, "url"), Loop: anySeconds.Draw(t, "loop")}
}

func drawPause(t *rapid.T) twilio.Pause { return twilio.Pause{Seconds: anySeconds.Draw(t, "seconds")} }

func drawGather(t *rapid.T) twilio.Gather {
	g := twilio.Gather{
		Input:         rapid.SampledFrom([]string{"", "dtmf", "speech", "dtmf speech"}).Draw(t, "input"),
		Action:        anyText.Draw(t, "action"),
		Timeout:       anySeconds.Draw(t, "timeout"),
		NumDigits:     anySeconds.Draw(t, "digits"),
		Language:      maybeText.Draw(t, "language"),
		Hints:         maybeText.Draw(t, "hints"),
		SpeechTimeout: rapid.SampledFrom([]string{"", "auto", "3"}).Draw(t, "speech timeout"),
		Prompts:       emptyIsNil(rapid.SliceOfN(anyPrompt, 0, 3).Draw(t, "prompts")),
	}
	if rapid.Bool().Draw(t, "finish") {
		g.FinishOnKey = new(anyKeys.Draw(t, "key"))
	}
	return g
}

func drawDial(t *rapid.T) twilio.Dial {
	return twilio.Dial{
		Action:                  maybeText.Draw(t, "action"),
		Timeout:                 anySeconds.Draw(t, "timeout"),
		TimeLimit:               anySeconds.Draw(t, "limit"),
		CallerID:                maybeText.Draw(t, "caller"),
		AnswerOnBridge:          rapid.Bool().Draw(t, "bridge"),
		RingTone:                maybeText.Draw(t, "tone"),
		Record:                  rapid.SampledFrom([]string{"", "do-not-record", "record-from-answer-dual"}).Draw(t, "record"),
		RecordingStatusCallback: maybeText.Draw(t, "callback"),
		Nouns:                   rapid.SliceOfN(anyNoun, 1, 10).Draw(t, "nouns"),
	}
}

func drawNoun(t *rapid.T) twilio.Noun {
	url, callback, events := maybeText.Draw(t, "url"), maybeText.Draw(t, "callback"), []string(nil)
	if callback != "" {
		events = anyEvents.Draw(t, "events")
	}
	address := anyText.Draw(t, "address")
	if rapid.Bool().Draw(t, "sip") {
		return twilio.Sip{URI: "sip:" + address, URL: url, StatusCallback: callback, StatusEvents: events}
	}
	return twilio.Number{Number: address, URL: url, StatusCallback: callback, StatusEvents: events}
}

func drawRecord(t *rapid.T) twilio.Record {
	return twilio.Record{
		Action:                  anyText.Draw(t, "action"),
		MaxLength:               anySeconds.Draw(t, "length"),
		Timeout:                 anySeconds.Draw(t, "timeout"),
		FinishOnKey:             anyKeys.Draw(t, "key"),
		NoBeep:                  rapid.Bool().Draw(t, "beep"),
		Trim:                    rapid.SampledFrom([]string{"", "trim-silence", "do-not-trim"}).Draw(t, "trim"),
		RecordingStatusCallback: maybeText.Draw(t, "callback"),
	}
}

// emptyIsNil makes empty and nil slices equal, as they are in a document.
func emptyIsNil[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

func TestParseIsTheInverseOfRender(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := twilio.Response{Verbs: emptyIsNil(rapid.SliceOfN(anyVerb, 0, 5).Draw(t, "verbs"))}
		doc, err := want.Render()
		if err != nil {
			t.Fatal(err)
		}
		got, err := twilio.Parse(doc)
		if err != nil {
			t.Fatalf("%v in\n%s", err, doc)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s\n%s", diff, doc)
		}
	})
}

// The provider's own builder writes equal documents with other bytes: its attributes have no order, and it cannot write finishOnKey="".
func TestTheProvidersBuilderMeansTheSame(t *testing.T) {
	events := "initiated ringing answered completed"
	welcome := twiml.VoiceSay{Voice: "Polly.Amy-Neural", Language: "en-GB", Message: `Welcome to "Smith & Sons". It's <open>.`}
	theirs := map[string][]twiml.Element{
		"empty":    nil,
		"say":      {&welcome, &twiml.VoiceSay{Message: "Grüße aus 東京"}},
		"play":     {&twiml.VoicePlay{Url: "https://example.com/hold.mp3?a=1&b=2", Loop: "3"}},
		"pause":    {&twiml.VoicePause{}, &twiml.VoicePause{Length: "2"}},
		"hangup":   {&welcome, &twiml.VoiceHangup{}},
		"reject":   {&twiml.VoiceReject{Reason: "busy"}},
		"redirect": {&twiml.VoiceRedirect{Url: "https://example.com/voice/menu/2"}},
		"gather": {
			&twiml.VoiceGather{
				Input: "dtmf speech", Action: "/voice/number/1", Timeout: "6", NumDigits: "6", Language: "en-GB",
				Hints: "ticket, critical", SpeechTimeout: "auto",
				InnerElements: []twiml.Element{&welcome, &twiml.VoicePause{Length: "1"}, &twiml.VoicePlay{Url: "/beep.wav"}},
			},
			&twiml.VoiceRedirect{Url: "/voice/number/1"},
		},
		"gather-empty-result": {
			&twiml.VoiceGather{
				Input: "dtmf", Action: "/leg/CA1/answer/1", NumDigits: "1", ActionOnEmptyResult: "true", InnerElements: []twiml.Element{&welcome},
			},
			&twiml.VoiceHangup{},
		},
		"dial": {&twiml.VoiceDial{
			Action: "/voice/rang/1", Timeout: "20", TimeLimit: "7200", CallerId: "+448000668187", AnswerOnBridge: "true",
			RingTone: "uk", Record: "record-from-answer-dual", RecordingStatusCallback: "/recording",
			InnerElements: []twiml.Element{
				&twiml.VoiceNumber{PhoneNumber: "+442079460018", Url: "/leg/screen", StatusCallback: "/leg/ring", StatusCallbackEvent: events},
				&twiml.VoiceNumber{PhoneNumber: "+442079460019"},
				&twiml.VoiceSip{SipUrl: "sip:anna@example.com", Url: "/leg/screen", StatusCallback: "/leg/ring", StatusCallbackEvent: "completed"},
			},
		}},
		"conference": {
			&twiml.VoiceDial{Action: "/voice/rang/4", InnerElements: []twiml.Element{&twiml.VoiceConference{
				Name: "CA1", Beep: "false", EndConferenceOnExit: "true", WaitUrl: "/conference/CA1/wait", StatusCallback: "/conference/CA1/events",
				StatusCallbackEvent: "start leave", Record: "record-from-start", RecordingStatusCallback: "/conference/CA1/recording",
			}}},
			&twiml.VoiceDial{InnerElements: []twiml.Element{&twiml.VoiceConference{Name: "CA1"}}},
		},
		"record": {
			&twiml.VoiceRecord{
				Action: "/recording/done", MaxLength: "120", Timeout: "5", FinishOnKey: "#", PlayBeep: "false", Trim: "trim-silence",
				RecordingStatusCallback: "/recording/status",
			},
			&twiml.VoiceRecord{Action: "/recording/done"},
		},
	}
	ours := documents()
	delete(ours, "gather-no-finish-key")
	for name, response := range ours {
		t.Run(name, func(t *testing.T) {
			doc, err := twiml.Voice(slices.Clone(theirs[name]))
			if err != nil {
				t.Fatal(err)
			}
			got, err := twilio.Parse([]byte(doc))
			if err != nil {
				t.Fatalf("%v in\n%s", err, doc)
			}
			if diff := cmp.Diff(response, got); diff != "" {
				t.Errorf("(-ours +theirs):\n%s", diff)
			}
		})
	}
}
