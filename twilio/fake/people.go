package fake

import (
	"cmp"
	"time"
)

// People are the parties of a call: the caller and the specialists. The provider asks them what they do whenever it matters and notifies them
// of what happens. All methods are called from the goroutine of Call.
type People interface {
	// Caller returns the caller's next act. It is called at the start of every moment of the call, and again after a Wait or an act that
	// did not end the moment.
	Caller(Moment) Act
	// Specialist returns how the specialist at an address answers, when the leg begins to ring. The address is a number or "sip:a@b".
	// While the result is Pending it is called again whenever Caller is.
	Specialist(to string) Specialist
	// Note is called with every event of the call.
	Note(Event)
}

// Event is one line of a call's transcript.
type Event struct {
	At   time.Time
	Who  string // TheCaller, TheProvider, or the address of a specialist
	Did  string // Hears, or another verb in the third person: "presses", "rings", "hangs up"
	Text string // what was heard, pressed or said; may be empty
}

// The words of a transcript that programs look for.
const (
	TheCaller   = "caller"
	TheProvider = "provider"
	Hears       = "hears"
	Rings       = "rings"
	Plays       = "(plays " // prefix of the text of an audio file
)

// Moment is the state of a call at which the caller acts.
type Moment struct {
	Kind   Kind
	At     time.Time
	Keys   bool          // keys are collected
	Speech bool          // speech is recognised
	Left   time.Duration // until the moment ends by itself
}

// Kind is the kind of a moment.
type Kind int

// The kinds of moments.
const (
	Speaking  Kind = iota + 1 // the server speaks and no input is collected
	Prompted                  // the server speaks, and input interrupts it
	Asked                     // the server has spoken and waits for input
	Recording                 // the server records, after the tone
	Ringing                   // specialists are rung, or screened
	Holding                   // the caller waits, with a sound or in silence
	Talking                   // caller and specialist are connected
)

var moments = map[Kind]string{
	Speaking: "the line speaks", Prompted: "the line speaks", Asked: "the line waits for an answer", Recording: "the line records",
	Holding: "the caller waits", Ringing: "specialists are rung", Talking: "caller and specialist talk",
}

// String describes the moment.
func (k Kind) String() string { return cmp.Or(moments[k], "no call") }

type actKind int

const (
	listens actKind = iota
	waits
	presses
	says
	hangsUp
	partnerHangsUp
	isRedirected // the server has redirected the call
)

// Act is an act of the caller. The zero Act is Listen.
type Act struct {
	do   actKind
	keys string
	text string
	span time.Duration
}

// Listen does nothing until the moment ends by itself.
func Listen() Act { return Act{} }

// Wait does nothing for d or until the moment ends.
func Wait(d time.Duration) Act { return Act{do: waits, span: d} }

// Press presses keys one after the other: 0 to 9, * and #. They are lost if no keys are collected.
func Press(keys string) Act { return Act{do: presses, keys: keys} }

// Say speaks a text. It is lost if no speech is recognised.
func Say(text string) Act { return Act{do: says, text: text, span: Spoken(text)} }

// Message speaks into a recording for d.
func Message(d time.Duration) Act { return Act{do: says, text: "a message", span: d} }

// HangUp ends the call.
func HangUp() Act { return Act{do: hangsUp} }

// PartnerHangsUp makes the specialist end the talk. It has no effect outside a talk.
func PartnerHangsUp() Act { return Act{do: partnerHangsUp} }

// Specialist is how a specialist answers. The zero value picks up at once and never presses a key, like a voicemail.
type Specialist struct {
	Pending bool          // not decided yet, so the other fields do not count; "no-answer" if it rings out
	Status  string        // "": picks up; else "busy", "failed" or "no-answer"
	PicksUp time.Duration // time of ringing before that, or before the Status
	Presses []string      // keys for each question in turn
	Tones   string        // keys that a machine sends half a second after it picked up
	Thinks  time.Duration // time from the end of a question to its keys
	Leaves  time.Duration // time from picking up to hanging up, unless bridged by then; 0: never
	Talks   time.Duration // time from being bridged to hanging up, on a call that the server placed; 0: the other hangs up, or both after a minute
}
