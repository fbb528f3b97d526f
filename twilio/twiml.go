package twilio

// Response is one TwiML document: the next instructions of a call, in order.
type Response struct{ Verbs []Verb }

// Verb is one instruction: Say, Play, Pause, Gather, Dial, Record, Redirect, Reject or Hangup.
type Verb interface{ verb() }

// Noun is a party to dial, Number or Sip, or the Conference to join.
type Noun interface{ noun() }

// Say speaks a text.
type Say struct {
	Voice    string // "Polly.Amy-Neural"
	Language string // BCP 47
	Text     string
}

// Play plays an audio file.
type Play struct {
	URL  string
	Loop int // 0: once
}

// Pause is silence.
type Pause struct{ Seconds int } // 0: the provider's default, one second

// Gather collects keys or speech while it plays its prompts. Without input the provider goes on with the next verb and sends no request, unless
// EmptyResult is set.
type Gather struct {
	Input       string // "dtmf", "speech" or "dtmf speech"
	Action      string
	Method      string  // of the action: "" is POST
	Timeout     int     // seconds; 0: the provider's default, 5
	FinishOnKey *string // nil: the provider's default, "#"; "": no key ends the input
	NumDigits   int     // 0: unlimited
	Language    string  // of the speech
	Hints       string  // comma list of expected words
	// SpeechTimeout is a number of seconds or "auto"; "": the provider's default.
	SpeechTimeout string
	EmptyResult   bool   // the action is requested without input as well, then without digits
	Prompts       []Verb // Say, Play and Pause only
}

// Dial rings all its nouns at once and bridges the one that answers.
type Dial struct {
	Action                  string
	Method                  string // of the action: "" is POST
	Timeout                 int    // seconds; 0: the provider's default, 30
	TimeLimit               int    // seconds; 0: the provider's default, 4 hours
	CallerID                string
	AnswerOnBridge          bool
	RingTone                string // "us", "uk", ...
	Record                  string // "", "record-from-answer-dual", ...
	RecordingStatusCallback string
	Nouns                   []Noun // 1 to 10, or one Conference
}

// Number is a phone number to dial.
type Number struct {
	Number         string // E.164
	URL            string // of the document that the answering leg follows before it is bridged
	Method         string // of URL: "" is POST
	StatusCallback string
	StatusEvents   []string // initiated ringing answered completed
}

// Sip is a SIP address to dial.
type Sip struct {
	URI            string // "sip:user@host"
	URL            string
	Method         string
	StatusCallback string
	StatusEvents   []string
}

// Conference is a conference that the dialling leg joins. It is the only noun of its Dial.
type Conference struct {
	Name                    string // unique within the account
	Beep                    string // on entry and exit: "true", "false", "onEnter" or "onExit"; "": the provider's default, "true"
	EndOnExit               bool   // the conference ends when this party leaves
	WaitURL                 string // of the document for a party that is alone: Say, Play, Pause and Redirect; silence follows its end
	StatusCallback          string
	StatusEvents            []string // start end join leave
	Record                  string   // "" or "record-from-start"
	RecordingStatusCallback string
}

// Record records the caller.
type Record struct {
	Action                  string
	MaxLength               int    // seconds; 0: the provider's default, an hour
	Timeout                 int    // seconds of silence that end the recording; 0: the provider's default, 5
	FinishOnKey             string // "": the provider's default, any key
	NoBeep                  bool
	Trim                    string // "", "trim-silence" or "do-not-trim"
	RecordingStatusCallback string
}

// Redirect goes on with another document, fetched with POST.
type Redirect struct{ URL string }

// Reject refuses the call without answering it.
type Reject struct{ Reason string } // "", "busy" or "rejected"

// Hangup ends the call.
type Hangup struct{}

func (Say) verb()        {}
func (Play) verb()       {}
func (Pause) verb()      {}
func (Gather) verb()     {}
func (Dial) verb()       {}
func (Record) verb()     {}
func (Redirect) verb()   {}
func (Reject) verb()     {}
func (Hangup) verb()     {}
func (Number) noun()     {}
func (Sip) noun()        {}
func (Conference) noun() {}
