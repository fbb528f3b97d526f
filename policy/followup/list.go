package followup

import (
	"cmp"
	"time"

	"github.com/officernd/supportline/policy"
)

// Filter selects follow-ups. Zero fields select all.
type Filter struct {
	Waiting  bool // those that are not done
	State    State
	Severity Severity
	Line     policy.Phone
	Customer policy.CustomerNumber
	Owner    string
	Reason   Reason
	LateAt   time.Time // those that are late at that time
}

// Matches reports whether a follow-up is selected.
func (f Filter) Matches(u FollowUp) bool {
	return (!f.Waiting || u.State != Done) && (f.State == "" || u.State == f.State) && (f.Severity == "" || u.Severity() == f.Severity) &&
		(f.Line == "" || u.Line == f.Line) && (f.Customer == "" || u.Customer == f.Customer) && (f.Owner == "" || u.Owner == f.Owner) &&
		(f.Reason == "" || u.Reason == f.Reason) && (f.LateAt.IsZero() || u.Late(f.LateAt))
}

// InQueue reports whether the filter selects only those that are not done. They are listed in the order in which they are to be called, all others
// by their numbers, the newest first.
func (f Filter) InQueue() bool {
	return f.Waiting || f.State == Open || f.State == Taken || !f.LateAt.IsZero()
}

// Page is a part of a list.
type Page struct {
	After ID // the last one of the page before; "" for the first page
	Limit int
}

// Found is a page of follow-ups. Next is where the next one goes on, "" at the end; a page that had to look at many may have few, or none.
type Found struct {
	List []FollowUp
	Next ID
}

// Count is how many follow-ups of a severity are not done, and how many of those are late.
type Count struct{ Waiting, Late int }

// Row is a follow-up as people and programs are shown it, with the names of the JSON and CSV exports. Times are UTC, and an unknown value is nil.
type Row struct {
	ID           ID                     `json:"id"`
	Call         policy.CallSID         `json:"call"`
	Account      *string                `json:"account"`
	Customer     *policy.CustomerNumber `json:"customer"`
	From         string                 `json:"from"`
	Reason       Reason                 `json:"reason"`
	Intent       *policy.Intent         `json:"intent"`
	WaitingSince time.Time              `json:"waiting_since"`
	DueAt        time.Time              `json:"due_at"`
	State        State                  `json:"state"`
	Owner        *string                `json:"owner"`
	DoneAt       *time.Time             `json:"done_at"`
	Note         *string                `json:"note"`
}

// Row returns the follow-up as a row, with the caller's number in full.
func (f FollowUp) Row() Row {
	return Row{
		ID: f.ID, Call: f.Call, Account: orNil(f.Account), Customer: orNil(f.Customer), From: f.From.Full(), Reason: f.Reason, Intent: orNil(f.Intent),
		WaitingSince: f.WaitingSince.UTC(), DueAt: f.DueAt.UTC(), State: f.State, Owner: orNil(f.Owner), DoneAt: policy.TimeOrNil(f.DoneAt), Note: orNil(f.Note),
	}
}

// Masked returns the row as it is shown to whoever may not see telephone numbers: in texts of people as well.
func (r Row) Masked() Row {
	r.From = policy.Phone(r.From).String()
	if r.Note != nil {
		note := policy.MaskedText(*r.Note)
		r.Note = &note
	}
	return r
}

func orNil[T comparable](v T) *T {
	var none T
	if v == none {
		return nil
	}
	return &v
}

// Compare orders follow-ups as they are to be called.
func Compare(a, b FollowUp) int {
	return cmp.Or(cmp.Compare(a.Rank(), b.Rank()), a.WaitingSince.Compare(b.WaitingSince), cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
}
