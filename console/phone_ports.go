package console

import (
	"context"
	"time"

	"github.com/officernd/supportline/policy"
)

// Phones carry the calls that people make from the console, each playing the caller and every specialist of a call of their own. Errors are
// policy.ErrNoPhoneCall where the person has no such call, ErrPhonesBusy and ErrNotTestLine, or internal.
type Phones interface {
	// Lines are those that may be called.
	Lines() []policy.Phone
	// Free says that callers choose their number, and count like others: in a demo. Elsewhere a call comes from policy.TestCaller.
	Free() bool
	// Dial begins a call, which goes on by itself, and gives its name. from is looked at only where Free.
	Dial(by string, line, from policy.Phone, attested bool) (id string, err error)
	// PhoneCalls are a person's calls, newest first: those that go on, and the last that are over.
	PhoneCalls(by string) []PhoneCall
	// PhoneCall is one of them as it stands.
	PhoneCall(by, id string) (PhoneCall, error)
	// Act does something in a call. It returns when that has had its effect, or ctx has ended.
	Act(ctx context.Context, by, id string, act PhoneAct) error
	// Moved returns when the call has another Version than that, or ctx has ended.
	Moved(ctx context.Context, by, id string, version int) error
}

// PhoneCall is a call that is made from the console.
type PhoneCall struct {
	ID          string
	Line, From  policy.Phone
	Attested    bool
	Version     int // goes up with each change
	State       PhoneState
	StartedAt   time.Time
	JoinedAt    time.Time // caller and specialist talk since then; zero: they don't
	EndedAt     time.Time
	Said        []PhoneLine
	Specialists []PhoneRung    // who were rung, in that order
	SID         policy.CallSID // in the log; "" until the call is over
	Trouble     string         // what went wrong with the line
}

// PhoneState is what a call is at.
type PhoneState string

// The states of a call.
const (
	PhoneSpeaks   PhoneState = "speaks"    // the line speaks
	PhoneAsks     PhoneState = "asks"      // it waits for keys or words
	PhoneRecords  PhoneState = "records"   // it records a message
	PhoneRings    PhoneState = "rings"     // specialists ring
	PhoneScreens  PhoneState = "screening" // one has picked up, and hears who calls
	PhoneHolds    PhoneState = "holds"     // the caller waits
	PhoneTalks    PhoneState = "talks"     // caller and specialist talk
	PhoneLeaves   PhoneState = "leaves"    // the call ends
	PhoneOver     PhoneState = "over"
	PhoneDialling PhoneState = "dialling"
)

// PhoneLine is one line of what happened in a call.
type PhoneLine struct {
	At     time.Time
	Who    PhoneParty
	Number policy.Phone // of a specialist
	Did    string       // "hears", "presses", "rings", ...
	Text   string
	Sound  bool // Text is a sound's name, and no sentence
}

// PhoneParty is one side of a call.
type PhoneParty string

// The sides.
const (
	PhoneCaller     PhoneParty = "caller"
	PhoneSpecialist PhoneParty = "specialist"
	PhoneProvider   PhoneParty = "provider"
)

// PhoneRung is a specialist who was rung.
type PhoneRung struct {
	Number policy.Phone
	State  string // "rings", "picks up", ...: what was done last
	Rings  bool   // and has not been answered for
	Told   []string
}

// PhoneAct is what one side of a call does. One field is set.
type PhoneAct struct {
	Keys       string     // the caller presses 0 to 9, * and #
	Words      string     // the caller says that
	HangsUp    PhoneParty // PhoneCaller or PhoneSpecialist
	Skip       bool       // lets what is heard, or the time for an answer, be over
	Specialist policy.Phone
	Answer     PhoneAnswer // of the Specialist
}

// PhoneAnswer is how a specialist who is rung answers.
type PhoneAnswer string

// The answers.
const (
	PhoneAccepts   PhoneAnswer = "accept" // picks up, hears who calls, presses 1
	PhonePasses    PhoneAnswer = "pass"   // picks up, hears who calls, presses 2
	PhoneVoicemail PhoneAnswer = "voicemail"
	PhoneBusy      PhoneAnswer = "busy"
	PhoneNobody    PhoneAnswer = "nobody"
)
