package policy

import (
	"fmt"
	"time"
)

// Act is something that a person did to a logged call, or undid. Acts are only ever added, so that the log keeps who did what, when and
// why; what the call is now follows from them in their order.
type Act struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Kind ActKind   `json:"kind"`
	// Value is what was set: the customer number of an attach, the number of a ticket, the text of a note.
	Value  string `json:"value,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Limit is for a waive: the call limit of the day, which decides whether there is something to waive.
	Limit time.Duration `json:"limit,omitempty"`
	Undo  bool          `json:"undo,omitempty"` // takes the last act of this kind back
	// Before is what Value replaced, for the undoing; for an attach together with the account's name and the month.
	Before        string `json:"before,omitempty"`
	BeforeAccount string `json:"before_account,omitempty"`
	BeforeMonth   Month  `json:"before_month,omitempty"`
}

// ActKind is what people can do to a call.
type ActKind string

// Everything that people can do.
const (
	ActWaive    ActKind = "waive"    // deem an over-long call necessary (rule 6)
	ActTraining ActKind = "training" // mark a training call (rule 7)
	ActAttach   ActKind = "attach"   // give the call to an account (rule 12)
	ActTicket   ActKind = "ticket"   // set the ticket number
	ActNote     ActKind = "note"
)

// Words tell the act in a sentence without its time: `mila waived the call as necessary: "the site was down"`.
func (a Act) Words() string {
	if a.Undo {
		return a.By + " " + a.undoWords()
	}
	text := a.By + " " + a.doneWords()
	if a.Reason != "" {
		text += fmt.Sprintf(": %q", a.Reason)
	}
	return text
}

func (a Act) doneWords() string {
	switch a.Kind {
	case ActWaive:
		return "waived the call as necessary"
	case ActTraining:
		return "marked the call as training"
	case ActAttach:
		return "attached the call to customer " + a.Value + instead(a.Before)
	case ActTicket:
		return "set the ticket number " + a.Value + instead(a.Before)
	}
	return fmt.Sprintf("noted %q", a.Value)
}

func (a Act) undoWords() string {
	switch a.Kind {
	case ActWaive:
		return "took the waiver back"
	case ActTraining:
		return "took the training mark back"
	case ActAttach:
		return "took the attaching to customer " + a.Before + " back"
	case ActTicket:
		return "took the ticket number " + a.Before + " back"
	}
	return fmt.Sprintf("took back the note %q", a.Before)
}

func instead(before string) string {
	if before == "" {
		return ""
	}
	return " instead of " + before
}
