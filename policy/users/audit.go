package users

import (
	"fmt"
	"time"

	"github.com/officernd/supportline/policy"
)

// AuditEntry records what a person did, or retention, or a review that opened a case.
type AuditEntry struct {
	At time.Time `json:"at"`
	By string    `json:"by"`
	// Act is what was done: "import", "import-preview", "export", "erase", "expire"; "reveal" of a recording; "case-open", "case-move"; "retry" of a
	// notice; an act on a call by its kind, such as "waive", with "undo " in front where it was taken back; "sign-in" and the other acts of and on
	// users (see ActSignIn); ActLineDates; ActOverride.
	Act string `json:"act"`
	// Customer is whom it was about; empty where that is nobody, and for anything that was about a customer who was erased since.
	Customer policy.CustomerNumber `json:"customer,omitempty"`
	Subject  string                `json:"subject,omitempty"` // the SID of the call, the ID of the case, the user's name, the line's number, or the rota's name
	Detail   string                `json:"detail"`            // in words, without names and numbers of customers
	Reason   string                `json:"reason,omitempty"`  // in the person's own words
	// OSUser is the name of the operating system's user who ran the command; empty where it was no command, and in entries of older versions. By
	// is then what the command was told, and only OSUser is certain.
	OSUser string `json:"os_user,omitempty"`
}

// Who returns who did it in words: "mila", or "mila (as root)" if a command of another user of the operating system was told that name.
func (e AuditEntry) Who() string {
	if e.OSUser == "" || e.OSUser == e.By {
		return e.By
	}
	return fmt.Sprintf("%s (as %s)", e.By, e.OSUser)
}

// AuditFilter selects entries of the audit. Zero fields select all.
type AuditFilter struct {
	Since    time.Time // at or after
	Until    time.Time // before
	By       string
	Act      string
	Subject  string
	Customer policy.CustomerNumber
}

// Matches reports whether an entry is selected.
func (f AuditFilter) Matches(e AuditEntry) bool {
	return !e.At.Before(f.Since) && (f.Until.IsZero() || e.At.Before(f.Until)) &&
		(f.By == "" || e.By == f.By) && (f.Act == "" || e.Act == f.Act) &&
		(f.Subject == "" || e.Subject == f.Subject) && (f.Customer == "" || e.Customer == f.Customer)
}
