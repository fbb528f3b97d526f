package console

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

const fairUsePath = "/fair-use"

const (
	// casesInState is how many cases the board shows of each state, and casesOnPage how many a page of one state, or of the closed ones, does.
	casesInState = 12
	casesOnPage  = 40
)

// fairUseRoutes are the routes of the review board.
var fairUseRoutes = []route{
	{http.MethodGet, fairUsePath, (*request).board, ""},
	{http.MethodGet, fairUsePath + "/closed", (*request).closedCases, ""},
	{http.MethodPost, fairUsePath + "/cases", (*request).openCase, users.DoActs},
}

// boardPage is the data of the page.
type boardPage struct {
	State          policy.CaseState // the one that is shown alone; "" for all
	Columns        []boardColumn
	Open           int
	Customer, Note string // as sent, if the case could not be opened
	Problem, Done  string
}

// boardColumn holds the cases of one state.
type boardColumn struct {
	State policy.CaseState
	Cases []boardCard
	shown []policy.CaseID // those of Cases
	Total int
	More  string // where the others are
	Hint  string // what is to be done with a case of the state
}

// boardCard is a case on the board.
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
	return r.showBoard(http.StatusOK, boardPage{State: policy.CaseState(r.QueryParam("state")), Done: casesDone[r.QueryParam("done")]})
}

func (r *request) showBoard(status int, body boardPage) error {
	cases, err := r.console.Cases.OpenCases(r.ctx())
	if err != nil {
		return err
	}
	body.Open = len(cases)
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

// fill reads the cases that a column shows.
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

// closedPage is the data of the page of closed cases.
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
