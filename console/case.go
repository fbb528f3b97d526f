package console

import (
	"net/http"
	"slices"
	"strings"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// caseRoutes are the routes of one case.
var caseRoutes = []route{
	{http.MethodGet, fairUsePath + "/cases/:id", (*request).oneCase, ""},
	{http.MethodPost, fairUsePath + "/cases/:id/moves", (*request).moveCase, users.DoActs},
}

func casePath(id policy.CaseID) string { return fairUsePath + "/cases/" + string(id) }

// casesDone are the sentences about what was done, by the word in the address.
var casesDone = map[string]string{
	"open": "The case is open.", "move": "The case was moved.",
	"mailed":   "The case was moved, and an e-mail is being sent to the account holder.",
	"unmailed": "The case was moved. No mail server is configured, so no e-mail was sent: write to the account holder yourself.",
}

// casePage is the data of the page.
type casePage struct {
	policy.Case
	Next          []policy.CaseState
	Chart         monthsChart
	Email         bool // the account has an address to write to
	Form          moveForm
	Problem, Done string
}

// moveForm is a move as a form sends it. From is where the person saw the case.
type moveForm struct {
	To, From, Via, Note string
	Offered             []string
}

func (r *request) oneCase() error {
	return r.showCase(http.StatusOK, casePage{Done: casesDone[r.QueryParam("done")], Form: moveForm{To: r.QueryParam("to")}})
}

// showCase completes and renders a case's page.
func (r *request) showCase(status int, body casePage) (err error) {
	if body.Case, err = r.console.Cases.Case(r.ctx(), policy.CaseID(r.Param("id"))); err != nil {
		return err
	}
	body.Next, body.Chart = body.State.Next(), newMonthsChart(body.Months, "")
	if i := slices.Index(body.Next, policy.CaseState(body.Form.To)); i > 0 { // what the person wants comes first
		body.Next = append([]policy.CaseState{body.Next[i]}, slices.Delete(body.Next, i, i+1)...)
	}
	if holder, err := r.console.Accounts.Customer(r.ctx(), body.Customer); err == nil {
		body.Email = holder.Email != ""
	}
	return r.render(status, "case", body)
}

// moveCase takes a case one step on. If somebody else moved it first, the page shows the case as it is now, and that move.
func (r *request) moveCase() error {
	form := moveForm{To: r.FormValue("to"), From: r.FormValue("from"), Via: r.FormValue("via"), Note: strings.TrimSpace(r.FormValue("note"))}
	form.Offered = r.Request().Form["offered"]
	done, err := r.moved(policy.CaseID(r.Param("id")), form)
	return r.answerForm(err, casePath(policy.CaseID(r.Param("id")))+query("done", done), func(status int, problem string) error {
		return r.showCase(status, casePage{Form: form, Problem: problem})
	})
}

// moved makes the move of a form, with an e-mail to the account holder if it asks for one. It returns what was done, a key of casesDone.
func (r *request) moved(id policy.CaseID, form moveForm) (done string, err error) {
	move := policy.Move{At: r.now, By: r.user.Name, From: policy.CaseState(form.From), To: policy.CaseState(form.To), Via: form.Via, Note: form.Note}
	for _, offered := range form.Offered {
		move.Offered = append(move.Offered, policy.Alternative(offered))
	}
	_, mail, err := r.console.Cases.MoveCase(r.ctx(), id, move)
	if err != nil {
		return "", err
	}
	switch {
	case len(mail) > 0:
		return "mailed", nil
	case form.Via == policy.ViaEmail:
		return "unmailed", nil
	}
	return "move", nil
}

// consequences say what a move to a state means.
var consequences = map[policy.CaseState]string{
	policy.CaseContacted:  "The account holder was told that the load affects others.",
	policy.CaseDiscussed:  "Alternatives were discussed.",
	policy.CaseWatching:   "A change was agreed; the next months show whether it works.",
	policy.CaseRestricted: "Only critical calls of this account connect, and those that the configuration lets through.",
	policy.CaseCharged:    "A person charges; the software does not. This lifts a restriction.",
	policy.CaseClosed:     "This is final, and lifts a restriction. Later load opens a new case.",
}

// Consequence returns what a move to a state means.
func (casePage) Consequence(to policy.CaseState) string { return consequences[to] }
