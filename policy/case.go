package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The errors about cases. ErrNoNote matches ErrInput too; the others are a state that refuses.
var (
	ErrNoCase               = errors.New("no such case")
	ErrCaseOpen             = errors.New("the account has an open case")
	ErrNoNote         error = inputError("no note: write what was done or decided")
	ErrMoveNotAllowed       = errors.New("the case cannot move so")
	ErrNoEmail              = errors.New("the account has no e-mail address: import one, or tell the account holder by phone")
)

const (
	errNoAlternative inputError = "what is offered is screen-sharing, training or plan"
	errNoVia         inputError = "say how the account holder was contacted: phone or email"
	errSilentMail    inputError = "an e-mail that is asked for is not silent: leave one of the two out"
)

// CaseState is where a case of sustained load stands (rule 9).
type CaseState string

// The states. Closed is reached from any other, and is final.
const (
	CaseFlagged    CaseState = "flagged"
	CaseContacted  CaseState = "contacted"
	CaseDiscussed  CaseState = "discussed"
	CaseWatching   CaseState = "watching"
	CaseRestricted CaseState = "restricted" // calls other than critical ones are refused, until the next move
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

// Whole returns the case with empty lists in place of nil ones, which JSON would write as null.
func (c Case) Whole() Case {
	c.Months, c.Moves = append([]Usage{}, c.Months...), append([]Move{}, c.Moves...)
	return c
}

// Masked returns the case for those who may not see telephone numbers: those in people's own words are masked.
func (c Case) Masked() Case {
	c.Moves = mapped(c.Moves, func(m Move) Move {
		m.Note = MaskedText(m.Note)
		return m
	})
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
	// Silent moves to restricted do not tell the account holder.
	Silent bool `json:"silent,omitempty"`
}

// TellsHolder reports whether the account holder gets an e-mail about the move: if a person asks for one, and of a restriction unless a person
// says not to.
func (m Move) TellsHolder() bool {
	return m.Via == ViaEmail || m.To == CaseRestricted && !m.Silent
}

// MustPhone reports whether somebody must phone the account holder: of a restriction that nobody has told them of.
func (m Move) MustPhone() bool { return m.To == CaseRestricted && !m.Silent && m.Via == "" }

// Alternative is an offer to an account holder instead of so many or so long calls.
type Alternative string

// The alternatives of the policy.
const (
	offerScreenSharing Alternative = "screen-sharing" // a scheduled session
	offerTraining      Alternative = "training"       // a training package
	offerPlan          Alternative = "plan"           // another plan
)

// Alternatives returns all alternatives.
func Alternatives() []Alternative {
	return []Alternative{offerScreenSharing, offerTraining, offerPlan}
}

// caseMoves are the moves of rule 9. Closed is not in the table: it is final, and reached from any state.
var caseMoves = map[CaseState][]CaseState{
	CaseFlagged:    {CaseContacted},
	CaseContacted:  {CaseDiscussed},
	CaseDiscussed:  {CaseWatching},
	CaseWatching:   {CaseRestricted, CaseCharged},
	CaseRestricted: {CaseCharged},
	CaseCharged:    {CaseRestricted},
}

// CaseStates returns all states, in the order of a case's life.
func CaseStates() []CaseState {
	return []CaseState{CaseFlagged, CaseContacted, CaseDiscussed, CaseWatching, CaseRestricted, CaseCharged, CaseClosed}
}

// Next returns the states to which people may move a case from this one; none from closed.
func (s CaseState) Next() []CaseState {
	if s == CaseClosed {
		return nil
	}
	return append(slices.Clone(caseMoves[s]), CaseClosed)
}

// Ways to contact an account holder.
const (
	ViaPhone = "phone"
	ViaEmail = "email"
)

// Open reports whether the case is not closed.
func (c Case) Open() bool { return c.State != CaseClosed }

// restsOn reports whether a call of this month is evidence of the case.
func (c Case) restsOn(customer CustomerNumber, month Month) bool {
	return c.Customer == customer && slices.ContainsFunc(c.Months, func(u Usage) bool { return u.Month == month })
}

// Moved returns the case after a person's move to m.To. m.From, if it is set, is the state in which the person saw the case; the result has it filled
// in. The case that is returned with an error is the case as it was. Errors: ErrInput for what is missing (contacted needs Via),
// ErrNoNote, ErrMoveNotAllowed with the moves that are, and who moved it last.
func (c Case) Moved(m Move) (Case, error) {
	allowed := c.State.Next()
	words := mapped(allowed, func(s CaseState) string { return string(s) })
	m, err := m.written()
	switch {
	case err != nil:
		return c, err
	case strings.TrimSpace(m.By) == "":
		return c, errNobody
	case m.Via != "" && m.Via != ViaPhone && m.Via != ViaEmail, m.Via == "" && m.To == CaseContacted:
		return c, errNoVia
	case m.Silent && m.Via == ViaEmail:
		return c, errSilentMail
	case slices.ContainsFunc(m.Offered, func(a Alternative) bool { return !slices.Contains(Alternatives(), a) }):
		return c, errNoAlternative
	case strings.TrimSpace(m.Note) == "":
		return c, ErrNoNote
	case len(allowed) == 0:
		return c, fmt.Errorf("%w: it is closed, and that is final%s", ErrMoveNotAllowed, c.movedBy())
	case m.From != "" && m.From != c.State:
		return c, fmt.Errorf("%w: it was %s when you looked, and is %s%s", ErrMoveNotAllowed, m.From, c.State, c.movedBy())
	case len(c.Moves) >= maxMoves && m.To != CaseClosed:
		return c, fmt.Errorf("%w: it has as many moves as a case can have (%d): close it", ErrMoveNotAllowed, maxMoves)
	case !slices.Contains(allowed, m.To):
		return c, fmt.Errorf("%w: from %s it goes to %s%s", ErrMoveNotAllowed, c.State, strings.Join(words, " or "), c.movedBy())
	}
	m.From = c.State
	c.State, c.Moves = m.To, append(slices.Clip(c.Moves), m)
	return c, nil
}

// maxMoves is how many moves a case has at most: a restricted and a charged one could go on for ever. It can be closed beyond them.
const maxMoves = 200

// written returns the move with its texts as WrittenLine and WrittenText return them. The error is ErrInput.
func (m Move) written() (Move, error) {
	var wrong [2]error
	m.By, wrong[0] = WrittenLine("the name of who does it", m.By)
	m.Note, wrong[1] = WrittenText("the note", m.Note)
	return m, cmp.Or(wrong[:]...)
}

// LastMove returns the case's last move, or the zero Move if it was never moved.
func (c Case) LastMove() Move {
	if len(c.Moves) == 0 {
		return Move{}
	}
	return c.Moves[len(c.Moves)-1]
}

// OverMonths returns the months that the case rests on in which the account was over.
func (c Case) OverMonths() []string { return overMonths(c.Months) }

// movedBy returns in words who moved the case last, for a person who did not see it move.
func (c Case) movedBy() string {
	if len(c.Moves) == 0 {
		return ""
	}
	m := c.LastMove()
	return fmt.Sprintf("; %s moved it to %s at %s", m.By, m.To, clock(m.At))
}

// NewCase returns a case as it is opened, with the months it rests on. The store numbers it.
func NewCase(customer Customer, months []Usage, by, note string, at time.Time) Case {
	return Case{
		Customer: customer.Number, Account: customer.Name, State: CaseFlagged, OpenedAt: at, Months: slices.Clone(months),
		Moves: []Move{{At: at, By: by, To: CaseFlagged, Note: note}},
	}
}
