package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

func caseOperations() []operation {
	return []operation{
		{http.MethodGet, "/cases", "", []string{"state", "customer", "after", "limit"}, (*request).listCases},
		{http.MethodPost, "/cases", users.DoActs, nil, (*request).openCase},
		{http.MethodGet, "/cases/:id", "", nil, (*request).getCase},
		{http.MethodPost, "/cases/:id/moves", users.DoActs, nil, (*request).moveCase},
	}
}

// shownCase returns a case as the API shows it.
func (r *request) shownCase(c policy.Case) policy.Case {
	return masked(c.Whole(), r.may(users.SeeNumbers))
}

func (r *request) listCases() error {
	many, err := r.number("limit", usualLimit, maxLimit)
	if err != nil {
		return err
	}
	state, customer, after := policy.CaseState(r.QueryParam("state")), policy.CustomerNumber(r.QueryParam("customer")), policy.CaseID(r.QueryParam("after"))
	if state != "" && !slices.Contains(policy.CaseStates(), state) {
		return fmt.Errorf("%w: no case stands at %q", ErrWrongInput, state)
	}
	if after != "" {
		if _, err := r.api.Cases.Case(r.ctx(), after); err != nil {
			return err
		}
	}
	cases, passed := []policy.Case{}, after == ""
	for c, err := range r.api.Cases.Cases(r.ctx()) {
		switch {
		case err != nil:
			return err
		case !passed:
			passed = c.ID == after
		case state != "" && c.State != state, customer != "" && c.Customer != customer:
		case len(cases) == many:
			return r.sendList("cases", cases, string(cases[many-1].ID))
		default:
			cases = append(cases, r.shownCase(c))
		}
	}
	return r.sendList("cases", cases, "")
}

func (r *request) getCase() error {
	c, err := r.api.Cases.Case(r.ctx(), policy.CaseID(r.part("id")))
	if err != nil {
		return err
	}
	return r.JSON(http.StatusOK, r.shownCase(c))
}

func (r *request) openCase() error {
	var sent struct {
		Customer policy.CustomerNumber `json:"customer"`
		Note     string                `json:"note"`
	}
	if err := r.body(&sent); err != nil {
		return err
	}
	sent.Note = strings.TrimSpace(sent.Note)
	switch {
	case sent.Customer == "":
		return fmt.Errorf("%w: customer is missing; write the customer number", ErrWrongInput)
	case sent.Note == "":
		return fmt.Errorf("%w: note is missing; write why the case is opened", ErrWrongInput)
	}
	opened, err := r.api.Cases.OpenCase(r.ctx(), sent.Customer, r.user.Name, sent.Note, r.now)
	if err != nil {
		return err
	}
	r.Response().Header().Set("Location", Path+"/cases/"+string(opened.ID))
	return r.JSON(http.StatusCreated, r.shownCase(opened))
}

// moveCase takes a case one step on. From, if it is given, is the state in which the program knows the case.
func (r *request) moveCase() error {
	var sent struct {
		From    policy.CaseState     `json:"from"`
		To      policy.CaseState     `json:"to"`
		Via     string               `json:"via"`
		Offered []policy.Alternative `json:"offered"`
		Note    string               `json:"note"`
		Silent  bool                 `json:"silent"`
	}
	if err := r.body(&sent); err != nil {
		return err
	}
	if !slices.Contains(policy.CaseStates(), sent.To) {
		return fmt.Errorf("%w: to is %q, which is no state of a case", ErrWrongInput, sent.To)
	}
	move := policy.Move{
		At: r.now, By: r.user.Name, From: sent.From, To: sent.To, Via: sent.Via, Offered: sent.Offered, Note: strings.TrimSpace(sent.Note), Silent: sent.Silent,
	}
	after, mail, err := r.api.Cases.MoveCase(r.ctx(), policy.CaseID(r.part("id")), move)
	if err != nil {
		return err
	}
	return r.JSON(http.StatusOK, struct {
		Case  policy.Case `json:"case"`
		Mails int         `json:"emails"` // to the account holder, in the outbox
	}{r.shownCase(after), len(mail)})
}
