package console

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/policy/users"
)

const fairUsePath = "/fair-use"

const (
	// casesInState is how many cases the board shows of each state, and casesOnPage how many a page of one state, or of the closed ones, does.
	casesInState = 12
	casesOnPage  = 40
)

var fairUseRoutes = []route{
	{http.MethodGet, fairUsePath, (*request).board, ""},
	{http.MethodGet, fairUsePath + "/closed", (*request).closedCases, ""},
	{http.MethodPost, fairUsePath + "/cases", (*request).openCase, users.DoActs},
	{http.MethodGet, fairUsePath + "/cases/:id", (*request).oneCase, ""},
	{http.MethodPost, fairUsePath + "/cases/:id/reveal", (*request).revealCase, users.SeeNumbers},
	{http.MethodPost, fairUsePath + "/cases/:id/moves", (*request).moveCase, users.DoActs},
}

type boardPage struct {
	State          policy.CaseState // the one that is shown alone; "" for all
	Columns        []boardColumn
	Open           int
	Nobody         []nobodyMonth
	Customer, Note string // as sent, if the case could not be opened
	Problem        string
}

type boardColumn struct {
	State policy.CaseState
	Cases []boardCard
	shown []policy.CaseID // those of Cases
	Total int
	More  string // where the others are
	Hint  string // what is to be done with a case of the state
}

type boardCard struct {
	policy.Case
	Over []string // the months of its evidence in which the account was over
	Last policy.Move
	Next []policy.CaseState
}

// hints name the next step for a case of a state.
var hints = map[policy.CaseState]string{
	policy.CaseFlagged: "Contact the account holder.", policy.CaseContacted: "Talk about alternatives.",
	policy.CaseDiscussed: "Agree on a change, and watch.", policy.CaseWatching: "Close it, or restrict or charge.",
	policy.CaseRestricted: "Only critical calls connect.", policy.CaseCharged: "Accounting has the proposal.",
}

func (r *request) board() error {
	return r.showBoard(http.StatusOK, boardPage{State: policy.CaseState(r.QueryParam("state"))})
}

func (r *request) showBoard(status int, body boardPage) error {
	cases, err := r.console.Cases.OpenCases(r.ctx())
	if err != nil {
		return err
	}
	body.Open = len(cases)
	if body.Nobody, err = r.nobody(); err != nil {
		return err
	}
	after := policy.CaseID(r.QueryParam("after"))
	for _, state := range policy.CaseStates() {
		if state == policy.CaseClosed || body.State != "" && body.State != state {
			continue
		}
		column := newColumn(state, cases, after, body.State == state)
		if err := r.fill(&column); err != nil {
			return err
		}
		body.Columns = append(body.Columns, column)
	}
	if len(body.Columns) == 0 {
		return fmt.Errorf("%w: no case that is open can be %q", api.ErrWrongInput, string(body.State))
	}
	return r.render(status, "board", body)
}

// newColumn returns the column of a state: the first cases, or, alone on a page, those after a case.
func newColumn(state policy.CaseState, cases []policy.CaseHead, after policy.CaseID, alone bool) boardColumn {
	column := boardColumn{State: state, Hint: hints[state]}
	many, passed := casesInState, !alone || after == ""
	if alone {
		many = casesOnPage
	}
	for _, c := range cases {
		if c.State != state {
			continue
		}
		column.Total++
		switch {
		case !passed:
			passed = c.ID == after
		case len(column.shown) < many:
			column.shown = append(column.shown, c.ID)
		case column.More == "":
			column.More = fairUsePath + query("state", string(state))
			if alone {
				column.More = fairUsePath + query("state", string(state), "after", string(column.shown[many-1]))
			}
		}
	}
	return column
}

func (r *request) fill(column *boardColumn) error {
	for _, id := range column.shown {
		c, err := r.console.Cases.Case(r.ctx(), id)
		if err != nil {
			return err
		}
		column.Cases = append(column.Cases, newCard(c))
	}
	return nil
}

func newCard(c policy.Case) boardCard {
	return boardCard{Case: c, Next: c.State.Next(), Over: c.OverMonths(), Last: c.LastMove()}
}

type closedPage struct {
	Cases       []boardCard
	Before      string
	Next, First string
}

func (r *request) closedCases() error {
	body := closedPage{Before: r.QueryParam("before")}
	cases, more, err := r.console.Cases.ClosedCases(r.ctx(), policy.CaseID(body.Before), casesOnPage)
	if err != nil {
		return err
	}
	for _, c := range cases {
		body.Cases = append(body.Cases, newCard(c))
	}
	if body.Before != "" {
		body.First = fairUsePath + "/closed"
	}
	if more {
		body.Next = fairUsePath + "/closed" + query("before", string(cases[len(cases)-1].ID))
	}
	return r.render(http.StatusOK, "closed", body)
}

// openCase opens a case by hand, with the account's months as they are. A refusal is shown on the page that had the form.
func (r *request) openCase() error {
	number, text := policy.CustomerNumber(strings.TrimSpace(r.FormValue("customer"))), strings.TrimSpace(r.FormValue("note"))
	opened, err := r.console.Cases.OpenCase(r.ctx(), number, r.user.Name, text, r.now)
	return r.answerForm(err, casePath(opened.ID)+query("done", "open"), func(status int, problem string) error {
		if r.FormValue("from") == "account" && !errors.Is(err, policy.ErrNoCustomer) {
			return r.showAccount(status, number, accountPage{Note: text, Problem: problem})
		}
		return r.showBoard(status, boardPage{Customer: string(number), Note: text, Problem: problem})
	})
}

// Alternatives returns what can be offered.
func (casePage) Alternatives() []policy.Alternative { return policy.Alternatives() }

// Offers reports whether the refused form offered an alternative.
func (c casePage) Offers(a policy.Alternative) bool {
	return slices.Contains(c.Form.Offered, string(a))
}

func casePath(id policy.CaseID) string { return fairUsePath + "/cases/" + string(id) }

type casePage struct {
	policy.Case
	Next    []policy.CaseState
	Chart   monthsChart
	Holder  policy.Customer // what the directory has of the account
	Story   []happened      // what was offered, by link and by word
	Form    moveForm
	Problem string
}

// moveForm is a move as a form sends it. From is where the person saw the case.
type moveForm struct {
	To, From, Via, Note string
	Offered             []string
	Silent              bool
}

func (r *request) oneCase() error {
	return r.showCase(http.StatusOK, casePage{Form: moveForm{To: r.QueryParam("to")}})
}

func (r *request) showCase(status int, body casePage) (err error) {
	if body.Case, err = r.console.Cases.Case(r.ctx(), policy.CaseID(r.Param("id"))); err != nil {
		return err
	}
	body.Next, body.Chart = body.State.Next(), newMonthsChart(body.Months, "")
	if i := slices.Index(body.Next, policy.CaseState(body.Form.To)); i > 0 { // what the person wants comes first
		body.Next = append([]policy.CaseState{body.Next[i]}, slices.Delete(body.Next, i, i+1)...)
	}
	if holder, err := r.console.Accounts.Customer(r.ctx(), body.Customer); err == nil {
		body.Holder = holder
	}
	p := r.revealedPage(nil, revealedCase(body.ID))
	if body.Story, err = r.offeredIn(p, body.Case); err != nil {
		return err
	}
	p.Body = body
	return r.show(status, "case", p)
}

// offeredIn returns what the account of a case was offered in its months: pages of the company, and alternatives that people spoke or wrote of.
func (r *request) offeredIn(p page, c policy.Case) (all []happened, err error) {
	for _, m := range c.Moves {
		if len(m.Offered) == 0 {
			continue
		}
		alternatives := make([]string, len(m.Offered))
		for i, a := range m.Offered {
			alternatives[i] = string(a)
		}
		one := happened{At: m.At, What: r.console.Policy.ActsAs(m.By) + " offered " + strings.Join(alternatives, ", ")}
		if m.Via != "" {
			one.What += " by " + m.Via
		}
		one.What += "."
		all = append(all, one)
	}
	if c.Customer == "" {
		return all, nil
	}
	offers, err := r.console.Offers.OffersTo(r.ctx(), c.Customer)
	all = append(all, p.offered(slices.DeleteFunc(offers, func(o remedy.Offer) bool { return !inCase(c, o.At) }), "")...)
	slices.SortStableFunc(all, func(a, b happened) int { return a.At.Compare(b.At) })
	return all, err
}

// inCase reports whether a moment is in the months that a case is about: those that it rests on, and from then on until it is closed.
func inCase(c policy.Case, at time.Time) bool {
	since := policy.MonthOf(c.OpenedAt, time.UTC)
	for _, m := range c.Months {
		since = min(since, m.Month)
	}
	return policy.MonthOf(at, time.UTC) >= since && (c.Open() || !at.After(c.LastMove().At))
}

// revealCase shows the telephone numbers in the notes of a case.
func (r *request) revealCase() error {
	c, err := r.console.Cases.Case(r.ctx(), policy.CaseID(r.Param("id")))
	if err != nil {
		return err
	}
	return r.reveal(revealedCase(c.ID), casePath(c.ID), users.AuditEntry{
		Customer: c.Customer, Subject: string(c.ID), Detail: "the telephone numbers in the notes of a case",
	})
}

// revealedCase returns the name under which a session remembers a revealed case. No SID looks like it.
func revealedCase(id policy.CaseID) string { return "case " + string(id) }

// Numbers reports whether a note has a number that is masked for who may not see it.
func (c casePage) Numbers() bool {
	return slices.ContainsFunc(c.Moves, func(m policy.Move) bool { return policy.MaskedText(m.Note) != m.Note })
}

// MustPhone reports whether the last move is a restriction that told nobody.
func (c casePage) MustPhone() bool { return c.Customer != "" && c.LastMove().MustPhone() }

// moveCase takes a case one step on. If somebody else moved it first, the page shows the case as it is now, and that move.
func (r *request) moveCase() error {
	form := moveForm{To: r.FormValue("to"), From: r.FormValue("from"), Via: r.FormValue("via"), Note: strings.TrimSpace(r.FormValue("note"))}
	form.Offered, form.Silent = r.Request().Form["offered"], r.FormValue("silent") != ""
	move := policy.Move{
		At: r.now, By: r.user.Name, From: policy.CaseState(form.From), To: policy.CaseState(form.To), Via: form.Via, Note: form.Note, Silent: form.Silent,
	}
	for _, offered := range form.Offered {
		move.Offered = append(move.Offered, policy.Alternative(offered))
	}
	id, done := policy.CaseID(r.Param("id")), "move"
	_, mail, err := r.console.Cases.MoveCase(r.ctx(), id, move)
	switch {
	case len(mail) > 0:
		done = "mailed"
	case form.Via == policy.ViaEmail:
		done = "unmailed"
	}
	return r.answerForm(err, casePath(id)+query("done", done), func(status int, problem string) error {
		return r.showCase(status, casePage{Form: form, Problem: problem})
	})
}

var consequences = map[policy.CaseState]string{
	policy.CaseContacted:  "The account holder was told that the load affects others.",
	policy.CaseDiscussed:  "Alternatives were discussed.",
	policy.CaseWatching:   "A change was agreed; the next months show whether it works.",
	policy.CaseRestricted: "Only critical calls of this account connect, and those that the configuration lets through.",
	policy.CaseCharged:    "A person charges; the software does not. This lifts a restriction.",
	policy.CaseClosed:     "This is final, and lifts a restriction. Later load opens a new case.",
}

func (casePage) Consequence(to policy.CaseState) string { return consequences[to] }
