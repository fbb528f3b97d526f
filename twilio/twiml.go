package twilio

// Response is one TwiML document: what the provider shall do next on a call, in order.
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

// Gather collects keys or speech while it plays its prompts. Without input the provider goes on with the next verb, with no request.
type Gather struct {
	Input       string // "dtmf", "speech" or "dtmf speech"
	Action      string
	Method      string  // of the action: "" is POST
	Timeout     int     // seconds; 0: the provider's default, 5
	FinishOnKey *string // nil: the provider's default, "#"; "" means that no key ends the input
	NumDigits   int     // 0: unlimited
	Language    string  // of the speech
	Hints       string  // comma list of expected words
	// SpeechTimeout is seconds or "auto"; "" leaves the provider's default.
	SpeechTimeout string
	Prompts       []Verb // Say, Play and Pause only
}

// Dial rings its nouns at once and bridges the one that answers.
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
	URL            string // fetched on the answering leg before it is bridged
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

// Conference is a room that the dialling leg joins, alone in its Dial. Its parties hear each other; each joins with a Dial of its own.
type Conference struct {
	Name                    string // the same name is the same room, of an account
	Beep                    string // at coming and going: "" is the provider's default, "true"; "false", "onEnter", "onExit"
	EndOnExit               bool   // the room ends when this party leaves
	WaitURL                 string // what a party hears who is alone: Say, Play, Pause and Redirect; asked for again when it is over
	StatusCallback          string
	StatusEvents            []string // start end join leave
	Record                  string   // "" or "record-from-start"
	RecordingStatusCallback string
}

// Record records the caller.
type Record struct {
	Action                  string
	MaxLength               int    // seconds; 0: the provider's default, an hour
	Timeout                 int    // seconds of silence that end it; 0: the provider's default, 5
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
