package twilio

import (
	"fmt"
	"reflect"
)

// The bounds of the provider's TwiML reference. Where it has none it is a day, since no call lasts longer.
const (
	maxSeconds     = 24 * 60 * 60
	maxDialTimeout = 600
	maxLoop        = 1000
	maxDigits      = 1000
)

// visitor visits the attributes of an element in the order in which they are written, then its content. One walk per element serves the
// check, the writer and the reader, so that the three cannot disagree.
type visitor interface {
	// text visits an attribute that is left out when empty. If words are allowed it is one of them.
	text(name string, value *string, allowed ...string)
	// checked visits an attribute with a check of its own. It is left out when empty.
	checked(name string, value *string, check func(c *checker, name, value string))
	// optionalKeys visits a set of telephone keys that may be empty; nil means that it is left out.
	optionalKeys(name string, value **string)
	// number visits a number from 1 to limit, which is left out when 0.
	number(name string, value *int, limit int)
	// flag visits a boolean that is left out when false. zero is what false means in the attribute.
	flag(name string, value *bool, zero bool)
	// words visits a list of allowed words, separated by spaces.
	words(name string, value *[]string, allowed ...string)

	// content visits the text between the tags; what names it in errors.
	content(what string, value *string)
	prompts(value *[]Verb)
	nouns(value *[]Noun)
}

// walker is a pointer to a verb or noun.
type walker interface{ walk(visitor) }

func (s *Say) walk(v visitor) {
	v.text("voice", &s.Voice)
	v.text("language", &s.Language)
	v.content("text", &s.Text)
}

func (p *Play) walk(v visitor) {
	v.number("loop", &p.Loop, maxLoop)
	v.content("address of an audio file", &p.URL)
}

func (p *Pause) walk(v visitor) { v.number("length", &p.Seconds, maxSeconds) }

func (g *Gather) walk(v visitor) {
	v.text("input", &g.Input, "dtmf", "speech", "dtmf speech")
	v.checked("action", &g.Action, (*checker).required)
	v.text("method", &g.Method, methods...)
	v.number("timeout", &g.Timeout, maxSeconds)
	v.optionalKeys("finishOnKey", &g.FinishOnKey)
	v.number("numDigits", &g.NumDigits, maxDigits)
	v.text("language", &g.Language)
	v.text("hints", &g.Hints)
	v.checked("speechTimeout", &g.SpeechTimeout, (*checker).secondsOrAuto)
	v.flag("actionOnEmptyResult", &g.EmptyResult, false)
	v.prompts(&g.Prompts)
}

func (d *Dial) walk(v visitor) {
	v.text("action", &d.Action)
	v.text("method", &d.Method, methods...)
	v.number("timeout", &d.Timeout, maxDialTimeout)
	v.number("timeLimit", &d.TimeLimit, maxSeconds)
	v.text("callerId", &d.CallerID)
	v.flag("answerOnBridge", &d.AnswerOnBridge, false)
	v.text("ringTone", &d.RingTone)
	v.text("record", &d.Record, "do-not-record", "record-from-answer", "record-from-answer-dual",
		"record-from-ringing", "record-from-ringing-dual")
	v.text("recordingStatusCallback", &d.RecordingStatusCallback)
	v.nouns(&d.Nouns)
}

func (n *Number) walk(v visitor) {
	walkParty(v, &n.URL, &n.Method, &n.StatusCallback, &n.StatusEvents)
	v.content("number", &n.Number)
}

func (s *Sip) walk(v visitor) {
	walkParty(v, &s.URL, &s.Method, &s.StatusCallback, &s.StatusEvents)
	v.content("SIP address", &s.URI)
}

func (c *Conference) walk(v visitor) {
	v.text("beep", &c.Beep, "true", "false", "onEnter", "onExit")
	v.flag("endConferenceOnExit", &c.EndOnExit, false)
	v.text("waitUrl", &c.WaitURL)
	v.text("statusCallback", &c.StatusCallback)
	v.words("statusCallbackEvent", &c.StatusEvents, "start", "end", "join", "leave")
	v.text("record", &c.Record, "do-not-record", "record-from-start")
	v.text("recordingStatusCallback", &c.RecordingStatusCallback)
	v.content("name of a conference", &c.Name)
}

var methods = []string{"GET", "POST"}

func walkParty(v visitor, url, method, callback *string, events *[]string) {
	v.text("url", url)
	v.text("method", method, methods...)
	v.text("statusCallback", callback)
	v.words("statusCallbackEvent", events, "initiated", "ringing", "answered", "completed")
}

func (r *Record) walk(v visitor) {
	v.checked("action", &r.Action, (*checker).required)
	v.number("maxLength", &r.MaxLength, maxSeconds)
	v.number("timeout", &r.Timeout, maxSeconds)
	v.checked("finishOnKey", &r.FinishOnKey, (*checker).keys)
	v.flag("playBeep", &r.NoBeep, true)
	v.text("trim", &r.Trim, "trim-silence", "do-not-trim")
	v.text("recordingStatusCallback", &r.RecordingStatusCallback)
}

func (r *Redirect) walk(v visitor) { v.content("address to go on with", &r.URL) }

func (r *Reject) walk(v visitor) { v.text("reason", &r.Reason, "busy", "rejected") }

func (h *Hangup) walk(visitor) {}

// elements holds the types of the verbs and nouns by their XML names, which are the names of the types.
var elements = map[string]reflect.Type{}

func init() {
	for _, w := range []walker{
		&Say{}, &Play{}, &Pause{}, &Gather{}, &Dial{}, &Number{}, &Sip{}, &Conference{}, &Record{}, &Redirect{}, &Reject{}, &Hangup{},
	} {
		t := reflect.TypeOf(w).Elem()
		elements[t.Name()] = t
	}
}

// elementOf returns the XML name of a verb or noun and a walker over a copy of it.
func elementOf(value any) (name string, w walker, err error) {
	t := reflect.TypeOf(value)
	if t == nil || elements[t.Name()] != t {
		return "", nil, fmt.Errorf("a %T cannot be written: use the value (no pointer) of a verb or noun of this package", value)
	}
	element := reflect.New(t)
	element.Elem().Set(reflect.ValueOf(value))
	return t.Name(), element.Interface().(walker), nil
}

// readElement is the inverse of elementOf: it returns the value of a verb or noun.
func readElement(n node) (any, error) {
	if n.XMLName.Space != "" {
		return nil, fmt.Errorf("%s is of the name space %q, not TwiML", n.XMLName.Local, n.XMLName.Space)
	}
	t, known := elements[n.XMLName.Local]
	if !known {
		return nil, fmt.Errorf("%s is no verb or noun that this package writes", n.XMLName.Local)
	}
	element, in := reflect.New(t), reader{node: n}
	element.Interface().(walker).walk(&in)
	return element.Elem().Interface(), in.finish()
}
