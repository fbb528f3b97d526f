package fake

import "time"

// People are all who take part in a call on the outside of the house: the caller and the specialists. The provider asks them what they
// do whenever it matters and tells them what happens; it is never asked itself. All methods are called from the goroutine of Call.
type People interface {
	// Caller says what the caller does next. It is asked at the start of every moment of the call, and again after a Wait or after
	// an act that ended nothing.
	Caller(Moment) Act
	// Specialist says how the one at this address answers, when the leg to them begins to ring. The address is a number or "sip:a@b".
	// Who is pending is asked again whenever the caller is.
	Specialist(to string) Specialist
	// Note is told every event of the call as it happens.
	Note(Event)
}

// Event is one line of a call's transcript.
type Event struct {
	At   time.Time
	Who  string // TheCaller, TheProvider, or the address of a specialist
	Did  string // Hears, or another verb in the third person: "presses", "rings", "hangs up"
	Text string // what was heard, pressed or said; may be empty
}

// The names in a transcript that programs look for.
const (
	TheCaller   = "caller"
	TheProvider = "provider"
	Hears       = "hears"
	Rings       = "rings"
	Plays       = "(plays " // begins the text of a sound that is heard
)

// Moment is what a call is at when the caller is asked.
type Moment struct {
	Kind   Kind
	At     time.Time
	Keys   bool          // keys are listened to
	Speech bool          // speech is listened to
	Left   time.Duration // until the moment is over, if nothing ends it before
}

// Kind names a moment of a call.
type Kind int

// The moments of a call.
const (
	Speaking  Kind = iota + 1 // the house speaks and listens to nothing
	Prompted                  // the house speaks, and an input cuts it short
	Asked                     // the house has spoken and waits for an input
	Recording                 // the house records, after the tone
	Ringing                   // specialists are rung, or are told who calls
	Holding                   // a sound, or nothing, while the caller waits for what comes of it
	Talking                   // caller and specialist are joined
)

// String says in words what the call is at.
func (k Kind) String() string {
	switch k {
	case Speaking, Prompted:
		return "the line speaks"
	case Asked:
		return "the line waits for an answer"
	case Recording:
		return "the line records"
	case Holding:
		return "the caller waits"
	case Ringing:
		return "specialists are rung"
	case Talking:
		return "caller and specialist talk"
	}
	return "no call"
}

type actKind int

const (
	listens actKind = iota
	waits
	presses
	says
	hangsUp
	partnerHangsUp
	isRedirected // the house has brought the caller elsewhere
)

// Act is what a caller does. The zero Act is Listen.
type Act struct {
	do   actKind
	keys string
	text string
	span time.Duration
}

// Listen does nothing until the moment is over: the prompt ends, the time for an answer runs out, the ringing or the talk ends.
func Listen() Act { return Act{} }

// Wait does nothing for so long; the caller is asked again then, or when the moment is over, if that comes first.
func Wait(d time.Duration) Act { return Act{do: waits, span: d} }

// Press presses keys one after the other: 0 to 9, * and #. Where no keys are listened to they are lost.
func Press(keys string) Act { return Act{do: presses, keys: keys} }

// Say speaks, at the speed at which the house speaks. Where no speech is listened to it is lost.
func Say(text string) Act { return Act{do: says, text: text, span: Spoken(text)} }

// Message speaks for so long into a recording.
func Message(d time.Duration) Act { return Act{do: says, text: "a message", span: d} }

// HangUp ends the call.
func HangUp() Act { return Act{do: hangsUp} }

// PartnerHangsUp makes the specialist end the talk; outside a talk it is lost.
func PartnerHangsUp() Act { return Act{do: partnerHangsUp} }

// Specialist is how somebody answers who is rung. The zero value picks up at once and never presses a key, as a voicemail does.
type Specialist struct {
	Pending bool          // lets it ring, and says later what else is here; at the end of the ringing: "no-answer"
	Status  string        // "": picks up; else "busy", "failed" or "no-answer", as the provider reports it
	PicksUp time.Duration // after so much ringing; for busy and failed: when the leg is given up
	Presses []string      // the keys for each question in turn; after the last, nothing
	Thinks  time.Duration // from the end of a question to its keys
	Leaves  time.Duration // hangs up so long after picking up, unless joined by then; 0: never
}
