package ivr

import (
	"slices"
	"strconv"
	"time"

	"github.com/officernd/supportline/policy"
)

// Steps of a call, as they stand in the paths of its webhooks.
const (
	stepArrive     = "arrive"            // the first webhook of a call
	stepKnown      = "known"             // one key confirms the account of the caller's number
	stepNumber     = "number"            // the customer number
	stepLocked     = "locked"            // keys that choose nothing: no number is looked up for this caller
	stepRefused    = "refused"           // the ways out of a caller without a customer number who is refused
	stepMistyped   = "not-entitled"      // one key enters another number than that of an account without phone support
	stepClosed     = "closed"            // one key for critical calls to a closed line
	stepRestricted = "restricted"        // the reason to call, of a restricted account
	stepTraining   = "training"          // one key leads to the team after all
	stepMenu       = "menu"              // the reason to call
	stepTicket     = "ticket"            // the ticket number
	stepWait       = "wait"              // outbound legs ring, and the caller hears the ringing tone
	stepRang       = "rang"              // a ring step is over
	stepRecorded   = policy.StepRecorded // a voicemail is over
)

// Input is one webhook of a call as the machine sees it: what was asked, what was pressed or said, and what the directory and the log know
// about that.
type Input struct {
	Step     string
	Exchange int

	Line     policy.Phone // the dialled number
	From     policy.Phone
	Attested bool // the carrier vouches fully for From
	// ForwardedFrom is whose telephone forwarded the call to Line, "" where none did or the carrier does not say. Rung is that we ring this very
	// telephone at this moment, for another call.
	ForwardedFrom policy.Phone
	Rung          bool
	Gone          bool // the caller has hung up already
	Fetched       bool // the Ringer redirected the caller here; else the ringing tone was over

	Keys string // digits, * and #, as pressed
	// Said is what was spoken, as the provider understood it. The steps decide by its meaning in the language of the line, in the fields below.
	Said   string
	Number string        // digits of a customer number: keyed, or spoken
	Ticket string        // digits of a ticket number: keyed, or spoken
	Key    string        // the one key that was pressed or spoken; "" where there were none or several
	Intent policy.Intent // spoken
	Word   Word          // spoken

	Dial    *policy.Report // the end of a dial
	Bridged *bool          // whether the two sides heard each other; nil where the provider does not report it
	// Unjoined is that the provider could not let the caller into the conference.
	Unjoined bool
	Message  *policy.Recording // a voicemail

	Customer     *policy.Customer  // with that Number; nil: none
	Callers      []policy.Customer // accounts that list From as theirs
	WrongNumbers int               // entered by this caller within the last hour, on any call; counted up to the limit
	WrongInAll   int               // entered by all callers, counted in the same way
	MayText      bool              // From may be sent the way to the customer number by text
	Texted       bool              // From was sent a text today, or is known to take none
	// Month are the calls of the call's account in its month; nil: they were not read, or could not be.
	Month []policy.CallSummary
}

// Word is a short spoken answer that is understood.
type Word string

// The words.
const (
	WordNone     Word = ""
	WordYes      Word = "yes"
	WordNo       Word = "no"
	WordRepeat   Word = "repeat"
	WordLost     Word = "lost"     // "I don't have it", "I don't know"
	WordPerson   Word = "person"   // "agent", "human", "operator"
	WordTraining Word = "training" // "training", "book a training"
)

// key identifies the webhook among the exchanges of a call. A retry has the same key.
func (in Input) key() string { return stepPath(in.Step, in.Exchange) }

func stepPath(step string, number int) string { return step + "/" + strconv.Itoa(number) }

// oneKey returns the one key that was pressed or spoken, and "" if there was none or several.
func (in Input) oneKey() string {
	switch len(in.Keys) {
	case 0:
		return in.Key
	case 1:
		return in.Keys
	}
	return ""
}

// heard returns the input as the log keeps it.
func (in Input) heard() string {
	switch {
	case in.Keys != "":
		return in.Keys
	case in.Said != "":
		return "“" + in.Said + "”"
	}
	return ""
}

// unclear reports whether something was said that neither answers the question nor says that the caller can't, or asks for a person.
func (in Input) unclear() bool {
	return in.Keys == "" && in.Said != "" && !slices.Contains([]Word{WordLost, WordNo, WordPerson}, in.Word)
}

// wrongNumberWindow is how far back wrong numbers count (wrong_numbers_per_hour, wrong_numbers_in_all).
const wrongNumberWindow = time.Hour

// takesNumber reports whether the step asks for a customer number, or leads to the question for one.
func (in Input) takesNumber() bool {
	switch in.Step {
	case stepArrive, stepKnown, stepClosed, stepNumber, stepMistyped, stepRefused:
		return true
	}
	return false
}
