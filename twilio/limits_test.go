package twilio_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/officernd/supportline/twilio"
)

func one(verb twilio.Verb) twilio.Response { return twilio.Response{Verbs: []twilio.Verb{verb}} }

func say(voice string, characters int) twilio.Response {
	return one(twilio.Say{Voice: voice, Text: strings.Repeat("é", characters)})
}

func dial(nouns ...twilio.Noun) twilio.Response { return one(twilio.Dial{Nouns: nouns}) }

func parties(n int) []twilio.Noun {
	return slices.Repeat([]twilio.Noun{twilio.Number{Number: "+442079460018"}}, n)
}

// sized returns a response whose document has exactly n bytes.
func sized(tb testing.TB, n int) twilio.Response {
	r := twilio.Response{Verbs: slices.Repeat([]twilio.Verb{twilio.Say{Text: strings.Repeat("a", 2000)}}, 31)}
	tb.Helper()
	rest := n - len(mustRender(tb, r)) - len("\n  <Say></Say>")
	r.Verbs = append(r.Verbs, twilio.Say{Text: strings.Repeat("a", rest)})
	return r
}

func TestRenderTakesWhatTheProviderTakes(t *testing.T) {
	rows := map[string]twilio.Response{
		"3000 characters in a Polly voice":  say("Polly.Amy-Neural", 3000),
		"5000 characters in a Google voice": say("Google.en-GB-Neural2-A", 5000),
		"4096 characters in a basic voice":  say("", 4096),
		"one party":                         dial(parties(1)...),
		"ten parties":                       dial(parties(10)...),
		"a dial of 600 seconds":             one(twilio.Dial{Timeout: 600, Nouns: parties(1)}),
		"a talk of a day":                   one(twilio.Dial{TimeLimit: 86400, Nouns: parties(1)}),
		"a secure SIP address":              dial(twilio.Sip{URI: "sips:a@b"}),
		"a document of 64,000 bytes":        sized(t, 64_000),
	}
	for name, r := range rows {
		t.Run(name, func(t *testing.T) { mustRender(t, r) })
	}
}

// refusal is a response that Render must refuse, and a part of the error.
type refusal struct {
	response twilio.Response
	want     string
}

func refuseToRender(t *testing.T, rows map[string]refusal) {
	t.Helper()
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			if doc, err := row.response.Render(); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want %q in it; document %.200q", err, row.want, doc)
			}
		})
	}
}

func TestRenderRefusesVerbsThatTheProviderWouldNotCarryOut(t *testing.T) {
	refuseToRender(t, map[string]refusal{
		"a Polly voice, too long":    {say("Polly.Amy-Neural", 3001), "verb 1: Say: the text has 3001 characters and Polly voices take 3000"},
		"a Google voice, too long":   {say("Google.en-GB-Neural2-A", 5001), "Google voices take 5000"},
		"a basic voice, too long":    {say("alice", 4097), "basic voices take 4096"},
		"a Say without text":         {say("", 0), "verb 1: Say: no text"},
		"a Say of white space":       {one(twilio.Say{Text: " \n\t"}), "no text"},
		"a Play without an address":  {one(twilio.Play{}), "no address of an audio file"},
		"a Play loop below zero":     {one(twilio.Play{URL: "/a", Loop: -1}), "loop is -1: write 1 to 1000"},
		"a Redirect to nowhere":      {one(twilio.Redirect{}), "verb 1: Redirect: no address to go on with"},
		"a negative pause":           {one(twilio.Pause{Seconds: -1}), "length is -1"},
		"a pause of two days":        {one(twilio.Pause{Seconds: 172800}), "length is 172800"},
		"a Reject after a Say":       {twilio.Response{Verbs: []twilio.Verb{twilio.Say{Text: "a"}, twilio.Reject{}}}, "verb 2: Reject: only the first verb"},
		"an unknown reason":          {one(twilio.Reject{Reason: "no"}), `reason is "no": write busy, rejected`},
		"no verb at all":             {one(nil), "verb 1: a <nil> cannot be written"},
		"a pointer to a verb":        {one(&twilio.Hangup{}), "verb 1: a *twilio.Hangup cannot be written"},
		"a document of 64,001 bytes": {sized(t, 64_001), "the document has 64001 bytes and the provider takes 64000"},
	})
}

func TestRenderRefusesGathersThatLoopOrNestTooMuch(t *testing.T) {
	gather := func(change func(*twilio.Gather)) twilio.Response {
		g := twilio.Gather{Action: "/a"}
		change(&g)
		return one(g)
	}
	refuseToRender(t, map[string]refusal{
		"a Gather without an action":    {one(twilio.Gather{}), "verb 1: Gather: no action"},
		"a Gather of unknown input":     {gather(func(g *twilio.Gather) { g.Input = "keys" }), `input is "keys": write dtmf, speech, dtmf speech`},
		"a negative Gather timeout":     {gather(func(g *twilio.Gather) { g.Timeout = -1 }), "timeout is -1"},
		"a negative number of digits":   {gather(func(g *twilio.Gather) { g.NumDigits = -1 }), "numDigits is -1"},
		"a finishing key that is none":  {gather(func(g *twilio.Gather) { g.FinishOnKey = new("any") }), `finishOnKey is "any"`},
		"a speech timeout of no number": {gather(func(g *twilio.Gather) { g.SpeechTimeout = "soon" }), `speechTimeout is "soon": write auto or 1 to 86400`},
		"a speech timeout of zero":      {gather(func(g *twilio.Gather) { g.SpeechTimeout = "0" }), "speechTimeout"},
		"a Dial in a Gather": {
			gather(func(g *twilio.Gather) {
				g.Prompts = []twilio.Verb{twilio.Say{Text: "a"}, twilio.Dial{Nouns: parties(1)}}
			}),
			"verb 1: Gather: child 2 is a twilio.Dial: only Say, Play and Pause can be nested",
		},
		"an empty prompt in a Gather": {
			gather(func(g *twilio.Gather) { g.Prompts = []twilio.Verb{twilio.Say{}} }),
			"verb 1: Gather: child 1: Say: no text",
		},
	})
}

func TestRenderRefusesDialsThatRingNobody(t *testing.T) {
	refuseToRender(t, map[string]refusal{
		"nobody to ring":           {dial(), "verb 1: Dial: 0 parties to ring: give 1 to 10"},
		"eleven parties":           {dial(parties(11)...), "11 parties"},
		"a dial of 601 seconds":    {one(twilio.Dial{Timeout: 601, Nouns: parties(1)}), "timeout is 601: write 1 to 600"},
		"a negative time limit":    {one(twilio.Dial{TimeLimit: -1, Nouns: parties(1)}), "timeLimit is -1"},
		"an unknown recording":     {one(twilio.Dial{Record: "yes", Nouns: parties(1)}), `record is "yes": write do-not-record`},
		"a number without digits":  {dial(twilio.Number{}), "verb 1: Dial: child 1: Number: no number"},
		"a SIP address without it": {dial(twilio.Sip{URI: "anna@example.com"}), `"anna@example.com" is no SIP address`},
		"an unknown event": {
			dial(twilio.Number{Number: "+1", StatusCallback: "/a", StatusEvents: []string{"in-progress"}}),
			`statusCallbackEvent is "in-progress": write initiated`,
		},
		"an empty event":         {dial(twilio.Number{Number: "+1", StatusCallback: "/a", StatusEvents: []string{""}}), "an empty word"},
		"events for nobody":      {dial(twilio.Number{Number: "+1", StatusEvents: []string{"completed"}}), "without a statusCallback"},
		"SIP events for nobody":  {dial(twilio.Sip{URI: "sip:a@b", StatusEvents: []string{"completed"}}), "without a statusCallback"},
		"no party but a pointer": {dial(&twilio.Number{Number: "+1"}), "child 1: a *twilio.Number cannot be written"},
	})
}

func TestRenderRefusesRecordsThatLoop(t *testing.T) {
	record := func(change func(*twilio.Record)) twilio.Response {
		r := twilio.Record{Action: "/a"}
		change(&r)
		return one(r)
	}
	refuseToRender(t, map[string]refusal{
		"a Record without an action": {one(twilio.Record{}), "verb 1: Record: no action"},
		"a negative maximum":         {record(func(r *twilio.Record) { r.MaxLength = -1 }), "maxLength is -1"},
		"a negative silence":         {record(func(r *twilio.Record) { r.Timeout = -1 }), "timeout is -1"},
		"a key that is none":         {record(func(r *twilio.Record) { r.FinishOnKey = "12x" }), `finishOnKey is "12x"`},
		"an unknown trim":            {record(func(r *twilio.Record) { r.Trim = "yes" }), `trim is "yes"`},
	})
}
