package ivr

import (
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// Reply holds what the caller, or a specialist on a leg, is told, and what follows. It is a value: the machine builds it, the log keeps it, and only
// the webhooks turn it into words and TwiML.
type Reply struct {
	Say    []Phrase `json:"say,omitempty"`
	Then   Then     `json:"then"`
	Next   string   `json:"next,omitempty"`   // step and number of the webhook that follows: "menu/3"
	Ring   *Ring    `json:"ring,omitempty"`   // with ThenRing, and with ThenJoin for Record alone
	Digits int      `json:"digits,omitempty"` // with ThenAskNumber and ThenLetType: how many end the input
}

// Then names what follows the words of a reply.
type Then string

// All that can follow.
const (
	ThenAskNumber Then = "ask-number" // a customer number, keyed or spoken
	ThenAskKey    Then = "ask-key"    // one key, or words
	ThenAskTicket Then = "ask-ticket" // digits of any length, keyed or spoken
	ThenLetType   Then = "let-type"   // keys that nobody asked for, so that they choose nothing
	ThenRing      Then = "ring"       // specialists
	ThenWait      Then = "wait"       // a piece of the ringing tone, while outbound legs ring
	ThenJoin      Then = "join"       // the conference of the call, for caller and leg alike
	ThenRecord    Then = "record"     // a voicemail
	ThenScreen    Then = "screen"     // one key of a specialist, on a leg
	ThenWord      Then = "word"       // one key of a specialist after the call, on a leg
	ThenBridge    Then = "bridge"     // the leg is joined with the caller
	ThenCallBack  Then = "call-back"  // the caller of a call-back is dialled, from the specialist's leg
	ThenHangup    Then = "hangup"
	ThenReject    Then = "reject"  // the call is not answered at all
	ThenNothing   Then = "nothing" // the other side is gone
	ThenStateless Then = "plain"   // the stateless fallback
)

// Ring is one ring step. All of its addresses ring at once.
type Ring struct {
	To      []policy.Phone `json:"to"`
	Seconds int            `json:"seconds"`
	Record  bool           `json:"record,omitempty"` // the talk is recorded
}

// Asks reports whether a key or words are expected in answer.
func (t Then) Asks() bool {
	return t == ThenAskNumber || t == ThenAskKey || t == ThenAskTicket || t == ThenLetType || t == ThenScreen || t == ThenWord
}

func phrase(id string, args ...string) Phrase {
	p := Phrase{ID: id}
	for i := 0; i+1 < len(args); i += 2 {
		if p.Args == nil {
			p.Args = map[string]string{}
		}
		p.Args[args[i]] = args[i+1]
	}
	return p
}

// Phrase is something to say, before it has words: the ID of a sentence, and the values in it as the machine knows them (digits as they were
// keyed, times in RFC 3339). Words are found when the reply is rendered, in the language of the line.
type Phrase struct {
	ID   string            `json:"id"`
	Args map[string]string `json:"args,omitempty"`
}

// Bounds on what a caller can key, say and leave, in seconds.
const (
	numberTimeout    = 6 // between two digits: people read the number off a page
	keyTimeout       = 5
	typedTimeout     = 2 // where no answer is expected
	wordTimeout      = 4 // of a specialist after the call, whom nobody waits for
	voicemailLength  = 180
	voicemailSilence = 5
)

type form struct {
	words Words
	base  string // public_url without a slash at its end
}

// voice renders a reply to the caller. line gives language and voice.
func (f form) voice(line policy.Line, sid policy.CallSID, r Reply) twilio.Response {
	next := f.base + "/voice/" + r.Next
	say := f.say(line, r.Say...)
	switch r.Then {
	case ThenAskNumber, ThenAskTicket, ThenAskKey, ThenLetType:
		gather := f.gather(line, r, next)
		gather.Prompts = say
		return document(nil, gather, twilio.Redirect{URL: next})
	case ThenRing:
		return document(say, f.dial(line, sid, *r.Ring, next))
	case ThenWait:
		return document(say, f.ringingTone(line, next)...)
	case ThenJoin:
		dial := f.join(sid, r.Ring != nil && r.Ring.Record)
		dial.Action = next
		return document(say, dial)
	case ThenRecord:
		return document(say, f.record(next), twilio.Redirect{URL: next})
	case ThenHangup:
		return document(say, twilio.Hangup{})
	case ThenReject:
		return document(nil, rejected)
	}
	return document(say)
}

// leg renders a reply to a specialist. sid is the caller's leg, attempt the one that placed the specialist's, or 0.
func (f form) leg(line policy.Line, sid policy.CallSID, attempt int, r Reply) twilio.Response {
	say := f.say(line, r.Say...)
	switch r.Then {
	case ThenScreen:
		next := f.legURL(sid, attempt, r.Next)
		return screening(next, say, keyTimeout)
	case ThenWord:
		return screening(f.legURL(sid, attempt, r.Next), say, wordTimeout)
	case ThenJoin:
		dial := f.join(sid, false)
		if r.Next != "" { // a reply of an earlier version has none
			dial.Action = f.legURL(sid, attempt, r.Next)
		}
		return document(say, dial)
	case ThenHangup:
		return document(say, twilio.Hangup{})
	}
	return document(say)
}

func document(say []twilio.Verb, then ...twilio.Verb) twilio.Response {
	return twilio.Response{Verbs: append(say, then...)}
}

// say speaks each phrase. One that has no words in this language and situation is left out.
func (f form) say(line policy.Line, phrases ...Phrase) []twilio.Verb {
	verbs := make([]twilio.Verb, 0, len(phrases)+2)
	for _, p := range phrases {
		if text := f.words.Speak(line, p); text != "" {
			verbs = append(verbs, twilio.Say{Voice: line.Voice, Language: line.Language, Text: text})
		}
	}
	return verbs
}

// noKey is a finishOnKey that no key matches, so that # and * are answers as well.
var noKey = ""

func (f form) gather(line policy.Line, r Reply, next string) twilio.Gather {
	g := twilio.Gather{Input: "dtmf speech", Action: next, Timeout: keyTimeout, Language: line.Language, SpeechTimeout: "auto"}
	switch r.Then {
	case ThenAskKey:
		g.NumDigits, g.FinishOnKey, g.Hints = 1, &noKey, f.words.Hints(line.Language)
	case ThenAskNumber:
		g.Timeout, g.NumDigits = numberTimeout, r.Digits
	case ThenAskTicket:
		g.Timeout = numberTimeout
	case ThenLetType:
		g.Timeout, g.NumDigits = typedTimeout, r.Digits
	}
	return g
}

func oneKey(next string, say []twilio.Verb) twilio.Gather {
	return twilio.Gather{Input: "dtmf", Action: next, Timeout: keyTimeout, NumDigits: 1, FinishOnKey: &noKey, Prompts: say}
}

// screening returns a document that asks a specialist for one key within a timeout in seconds, which next takes, as it takes silence. It ends in Hangup: the provider joins a
// leg whose document runs out with the caller, and skips what it does not support there, such as Redirect. A voicemail would get the caller.
func screening(next string, say []twilio.Verb, timeout int) twilio.Response {
	key := oneKey(next, say)
	key.EmptyResult, key.Timeout = true, timeout
	return document(nil, key, twilio.Hangup{})
}

func (f form) record(next string) twilio.Record {
	return twilio.Record{
		Action: next, MaxLength: voicemailLength, Timeout: voicemailSilence, FinishOnKey: "#", Trim: "trim-silence",
		RecordingStatusCallback: f.base + "/recording/message",
	}
}

// legEvents lists the events of a specialist's leg that the provider reports.
var legEvents = []string{"initiated", "ringing", "answered", "completed"}

// dial rings specialists. The caller hears ringing until one of them accepts. They see the number of the line, since carriers may refuse to pass
// on the caller's.
func (f form) dial(line policy.Line, sid policy.CallSID, ring Ring, next string) twilio.Dial {
	d := f.dialNumbers(line, ring, next, legHooks{screen: f.legURL(sid, 0, stepPath(stepScreen, 1)), status: f.legURL(sid, 0, "ring")})
	if ring.Record {
		d.Record, d.RecordingStatusCallback = "record-from-answer-dual", f.base+"/recording/talk"
	}
	return d
}

// legHooks are the URLs of a dialled leg's webhooks. status may be empty.
type legHooks struct {
	screen, status string
	method         string // of screen; "" is POST
}

func (f form) dialNumbers(line policy.Line, ring Ring, next string, hooks legHooks) twilio.Dial {
	d := twilio.Dial{
		Action: next, Timeout: ring.Seconds, CallerID: line.Number.Full(), AnswerOnBridge: true, RingTone: ringTone(line.Language),
	}
	for _, to := range ring.To {
		d.Nouns = append(d.Nouns, hooks.noun(to))
	}
	return d
}

func (l legHooks) noun(to policy.Phone) twilio.Noun {
	var events []string
	if l.status != "" {
		events = legEvents
	}
	if to.IsNumber() {
		return twilio.Number{Number: to.Full(), URL: l.screen, Method: l.method, StatusCallback: l.status, StatusEvents: events}
	}
	return twilio.Sip{URI: to.Full(), URL: l.screen, Method: l.method, StatusCallback: l.status, StatusEvents: events}
}

func ringTone(language string) string {
	if language == "en-GB" {
		return "uk"
	}
	return "us"
}

func (f form) legURL(sid policy.CallSID, attempt int, path string) string {
	return f.base + "/" + legPath(sid, attempt) + "/" + path
}

// legPath returns the path of a leg's webhooks below the public URL. It names the attempt that placed the leg, if one did.
func legPath(sid policy.CallSID, attempt int) string {
	if attempt <= 0 {
		return "leg/" + string(sid)
	}
	return stepPath("leg/"+string(sid), attempt)
}

func (f form) ringingTone(line policy.Line, next string) []twilio.Verb {
	name := ringTone(line.Language)
	return []twilio.Verb{
		twilio.Play{URL: f.base + "/sound/" + name + ".wav"}, twilio.Pause{Seconds: tones[name].pause}, twilio.Redirect{URL: next},
	}
}

// join leads into the conference of a call. It ends for both when one of them leaves.
func (f form) join(sid policy.CallSID, record bool) twilio.Dial {
	room := twilio.Conference{Name: string(sid), Beep: "false", EndOnExit: true, WaitURL: f.base + "/conference/" + string(sid) + "/wait"}
	if record {
		room.Record, room.RecordingStatusCallback = "record-from-start", f.base+"/conference/"+string(sid)+"/recording"
	}
	return twilio.Dial{Nouns: []twilio.Noun{room}}
}
