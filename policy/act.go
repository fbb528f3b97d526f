package policy

import "time"

// Act is something that a person did to a logged call, or undid. Acts are only ever added, so that the log keeps who did what, when and
// why; what the call is now follows from them in their order.
type Act struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Kind ActKind   `json:"kind"`
	// Value is what was set: the customer number of an attach, the number of a ticket, the text of a note.
	Value  string `json:"value,omitempty"`
	Reason string `json:"reason,omitempty"`
	Undo   bool   `json:"undo,omitempty"` // takes the last act of this kind back
	// Before is what Value replaced, for the undoing.
	Before string `json:"before,omitempty"`
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
