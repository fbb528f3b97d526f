package policy

import "time"

// CaseState is where a case of sustained load stands (rule 9).
type CaseState string

// The states. Closed is reached from any other, and is final.
const (
	CaseFlagged    CaseState = "flagged"
	CaseContacted  CaseState = "contacted"
	CaseDiscussed  CaseState = "discussed"
	CaseWatching   CaseState = "watching"
	CaseRestricted CaseState = "restricted"
	CaseCharged    CaseState = "charged"
	CaseClosed     CaseState = "closed"
)

// CaseID names a case: "1", "2", ...
type CaseID string

// CaseHead is which case it is, whose, and where it stands.
type CaseHead struct {
	ID       CaseID
	Customer CustomerNumber
	State    CaseState
}

// Case is an account's sustained load, carried through by people. The software opens it and never moves it.
type Case struct {
	ID       CaseID         `json:"id"`
	Customer CustomerNumber `json:"customer"`
	Account  string         `json:"account"`
	State    CaseState      `json:"state"`
	OpenedAt time.Time      `json:"opened_at"`
	Months   []Usage        `json:"months"` // the months it rests on, frozen as they were
	Moves    []Move         `json:"moves"`
}

// Whole is the case with lists that are lists in JSON too, where they are empty.
func (c Case) Whole() Case {
	c.Months, c.Moves = append([]Usage{}, c.Months...), append([]Move{}, c.Moves...)
	return c
}

// Masked is the case for those who may not see telephone numbers: those in people's own words are masked.
func (c Case) Masked() Case {
	c.Moves = append([]Move{}, c.Moves...)
	for i := range c.Moves {
		c.Moves[i].Note = MaskedText(c.Moves[i].Note)
	}
	return c
}

// Move is one step of a case.
type Move struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	From CaseState `json:"from,omitempty"` // "" when the case was opened
	To   CaseState `json:"to"`
	Via  string    `json:"via,omitempty"` // phone or email, for contacted
	// Offered are the alternatives that the account holder was offered.
	Offered []Alternative `json:"offered,omitempty"`
	Note    string        `json:"note,omitempty"`
}

// Alternative is what an account holder can be offered instead of so many or so long calls.
type Alternative string

// The alternatives of the policy.
const (
	OfferScreenSharing Alternative = "screen-sharing" // a scheduled session
	OfferTraining      Alternative = "training"       // a training package
	OfferPlan          Alternative = "plan"           // another plan
)

// Alternatives are all of them.
func Alternatives() []Alternative {
	return []Alternative{OfferScreenSharing, OfferTraining, OfferPlan}
}
