package api

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/users"
)

// FollowUps are the calls that wait for a person. Errors are followup's (ErrNone, and a Conflict), policy.ErrNoNote, or internal.
type FollowUps interface {
	FollowUp(ctx context.Context, id followup.ID) (followup.FollowUp, error)
	// FollowUps returns a page: those that are not done in the order in which they are to be called, all others newest first. Its work is bounded.
	FollowUps(ctx context.Context, filter followup.Filter, page followup.Page) (followup.Found, error)
	// TakeFollowUp, FinishFollowUp and ReopenFollowUp are acts of people, which the audit notes. An act again changes nothing.
	TakeFollowUp(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error)
	FinishFollowUp(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error)
	ReopenFollowUp(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error)
}

// followUpParams are the names by which follow-ups are selected.
var followUpParams = []string{"state", "severity", "reason", "line", "customer", "owner", "late"}

func followUpOperations() []operation {
	return []operation{
		{http.MethodGet, "/followups", "", append(slices.Clip(followUpParams), "after", "limit"), (*request).listFollowUps},
		{http.MethodGet, followUpExportPath, users.TakeExports, append(slices.Clip(followUpParams), "format"), (*request).exportFollowUps},
		{http.MethodGet, "/followups/:id", "", nil, (*request).getFollowUp},
		{http.MethodPost, "/followups/:id/take", users.DoActs, nil, (*request).takeFollowUp},
		{http.MethodPost, "/followups/:id/done", users.DoActs, nil, (*request).finishFollowUp},
		{http.MethodPost, "/followups/:id/reopen", users.DoActs, nil, (*request).reopenFollowUp},
	}
}

const followUpExportPath = "/followups" + ExportEnd

// followUpStates are the values of the parameter state: two for several states, and the states.
var followUpStates = []string{"waiting", "all", string(followup.Open), string(followup.Taken), string(followup.Done)}

// FollowUpQuery is what selects follow-ups in an address. Zero fields select all but those that are done.
type FollowUpQuery struct{ State, Severity, Reason, Line, Customer, Owner, Late string }

// ReadFollowUpQuery returns what the query of an address selects.
func ReadFollowUpQuery(values url.Values) (q FollowUpQuery) {
	for i, field := range q.fields() {
		*field = strings.TrimSpace(values.Get(followUpParams[i]))
	}
	return q
}

// Values returns the query of an address that selects the same.
func (q FollowUpQuery) Values() url.Values {
	values := url.Values{}
	for i, field := range q.fields() {
		if *field != "" {
			values.Set(followUpParams[i], *field)
		}
	}
	return values
}

// fields returns the fields in the order of followUpParams.
func (q *FollowUpQuery) fields() []*string {
	return []*string{&q.State, &q.Severity, &q.Reason, &q.Line, &q.Customer, &q.Owner, &q.Late}
}

// Filter returns the filter of the store. Errors: ErrWrongInput, ErrNoLine.
func (q FollowUpQuery) Filter(s policy.Settings, now time.Time) (followup.Filter, error) {
	f := followup.Filter{
		Severity: followup.Severity(q.Severity), Reason: followup.Reason(q.Reason), Line: policy.Phone(q.Line),
		Customer: policy.CustomerNumber(q.Customer), Owner: q.Owner,
	}
	for _, one := range []struct {
		name, text string
		known      []string
	}{
		{"state", q.State, followUpStates},
		{"severity", q.Severity, []string{string(followup.Critical), string(followup.Restricted), string(followup.Default)}},
		{"reason", q.Reason, []string{string(followup.Unanswered), string(followup.Abandoned), string(followup.Voicemail), string(followup.Promised)}},
		{"late", q.Late, []string{"yes", "no"}},
	} {
		if one.text != "" && !slices.Contains(one.known, one.text) {
			return f, fmt.Errorf("%w: %s is %q; write %s", ErrWrongInput, one.name, one.text, strings.Join(one.known, ", "))
		}
	}
	switch cmp.Or(q.State, "waiting") {
	case "waiting":
		f.Waiting = true
	case "all":
	default:
		f.State = followup.State(q.State)
	}
	if q.Late == "yes" {
		f.LateAt = now
	}
	if _, ok := s.Line(f.Line); f.Line != "" && !ok {
		return f, ErrNoLine
	}
	return f, nil
}

// followUpFilter returns what the query selects.
func (r *request) followUpFilter() (followup.Filter, error) {
	return ReadFollowUpQuery(r.QueryParams()).Filter(r.api.Lines.InForce(), r.now)
}

func (r *request) listFollowUps() error {
	many, err := r.number("limit", usualLimit, maxLimit)
	if err != nil {
		return err
	}
	filter, err := r.followUpFilter()
	if err != nil {
		return err
	}
	found, err := r.api.FollowUps.FollowUps(r.ctx(), filter, followup.Page{After: followup.ID(r.QueryParam("after")), Limit: many})
	if err != nil {
		return err
	}
	rows := []followup.Row{}
	for _, f := range found.List {
		rows = append(rows, r.shownFollowUp(f))
	}
	return r.sendList("followups", rows, string(found.Next))
}

// shownFollowUp returns a follow-up as the API shows it.
func (r *request) shownFollowUp(f followup.FollowUp) followup.Row {
	return masked(f.Row(), r.may(users.SeeNumbers))
}

func (r *request) sendFollowUp(f followup.FollowUp, err error) error {
	if err != nil {
		return err
	}
	return r.JSON(http.StatusOK, r.shownFollowUp(f))
}

func (r *request) getFollowUp() error {
	return r.sendFollowUp(r.api.FollowUps.FollowUp(r.ctx(), followup.ID(r.part("id"))))
}

// followUpAct returns the act of the token's user: under the specialist's name, where the user is one.
func (r *request) followUpAct(note string) followup.Act {
	return followup.Act{At: r.now, By: r.api.Policy.ActsAs(r.user.Name), Via: followup.ViaAPI, Note: note}
}

func (r *request) takeFollowUp() error {
	var sent struct{}
	if err := r.body(&sent); err != nil {
		return err
	}
	return r.sendFollowUp(r.api.FollowUps.TakeFollowUp(r.ctx(), followup.ID(r.part("id")), r.followUpAct("")))
}

func (r *request) finishFollowUp() error {
	var sent struct {
		Note string `json:"note"`
	}
	if err := r.body(&sent); err != nil {
		return err
	}
	return r.sendFollowUp(r.api.FollowUps.FinishFollowUp(r.ctx(), followup.ID(r.part("id")), r.followUpAct(sent.Note)))
}

func (r *request) reopenFollowUp() error {
	var sent struct{}
	if err := r.body(&sent); err != nil {
		return err
	}
	return r.sendFollowUp(r.api.FollowUps.ReopenFollowUp(r.ctx(), followup.ID(r.part("id")), r.followUpAct("")))
}

// exportFollowUps streams all follow-ups that the query selects as a file.
func (r *request) exportFollowUps() error {
	filter, err := r.followUpFilter()
	if err != nil {
		return err
	}
	return r.api.Exports.SendFollowUps(r.Context, r.api.FollowUps, Export{
		By: r.user.Name, Token: r.token.Name, Numbers: r.may(users.SeeNumbers), Format: r.QueryParam("format"), At: r.now, Zone: r.zone,
	}, filter)
}

// SendFollowUps streams every follow-up that a filter selects, as Send does calls, with the columns of "supportline followups".
func (e *Exports) SendFollowUps(c echo.Context, list FollowUps, x Export, filter followup.Filter) error {
	if err := x.known(); err != nil {
		return err
	}
	entry := users.AuditEntry{At: x.At, By: x.By, Act: users.ActExport, Customer: filter.Customer, Subject: "followups", Detail: x.detail("follow-ups")}
	return e.begin(c, x, "followups", entry, func() { send(e, c, x, e.followUps(c.Request().Context(), list, filter, x.Numbers)) })
}

// followUps returns the rows of an export, a page at a time.
func (e *Exports) followUps(ctx context.Context, list FollowUps, filter followup.Filter, numbers bool) iter.Seq2[followup.Row, error] {
	return func(yield func(followup.Row, error) bool) {
		for page := (followup.Page{Limit: maxLimit}); ; {
			done := e.Slot(ctx)
			found, err := list.FollowUps(ctx, filter, page)
			done()
			if err != nil {
				yield(followup.Row{}, err)
				return
			}
			for _, f := range found.List {
				if !yield(masked(f.Row(), numbers), nil) {
					return
				}
			}
			if page.After = found.Next; page.After == "" {
				return
			}
		}
	}
}
