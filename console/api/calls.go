package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/policy/users"
)

const exportPath = "/calls" + ExportEnd

func callOperations() []operation {
	return []operation{
		{http.MethodGet, "/calls", "", filterParams("zone", "before", "limit"), (*request).listCalls},
		{http.MethodGet, exportPath, users.TakeExports, filterParams("format", "zone"), (*request).exportCalls},
		{http.MethodGet, "/calls/:sid", "", nil, (*request).getCall},
		{http.MethodGet, "/calls/:sid/explanation", "", nil, (*request).explainCall},
		{http.MethodPost, "/calls/:sid/acts", users.DoActs, nil, (*request).act},
	}
}

// listCalls answers with a page of the log. It may have fewer calls than were asked for, and still lead on.
func (r *request) listCalls() error {
	page, err := r.page()
	if err != nil {
		return err
	}
	selected := ReadCallFilter(r.QueryParams())
	filter, err := selected.Parse(r.api.Policy, r.api.Secret, r.zone, r.may(users.SeeNumbers))
	if err != nil {
		return err
	}
	found, err := r.api.Calls.Search(r.ctx(), filter, page)
	if err != nil {
		return err
	}
	numbers, err := r.full("a list of calls: "+selected.Words(), filter.Customer, "calls", len(found.List))
	if err != nil {
		return err
	}
	rows, row := make([]policy.Row, len(found.List)), rowMaker(r.ctx(), r.api.Calls, r.api.Policy, numbers)
	for i, c := range found.List {
		if rows[i], err = row(c); err != nil {
			return err
		}
	}
	return r.sendList("calls", rows, found.Older.String())
}

// rowMaker returns a function that makes the row of a call, as lists and exports show it. It is for one goroutine.
func rowMaker(ctx context.Context, calls Calls, settings policy.Settings, numbers bool) func(policy.Call) (policy.Row, error) {
	counts := calls.TicketCounter(ctx)
	return func(c policy.Call) (policy.Row, error) {
		counted, err := counts(c)
		if err != nil {
			return policy.Row{}, err
		}
		return masked(settings.Row(c, counted), numbers), nil
	}
}

func (r *request) exportCalls() error {
	if err := r.inZone(); err != nil {
		return err
	}
	return r.api.Exports.Send(r.Context, Export{
		By: r.user.Name, Token: r.token.Name, Numbers: r.may(users.SeeNumbers), Filter: ReadCallFilter(r.QueryParams()), Format: r.QueryParam("format"),
		At: r.now, Zone: r.zone,
	})
}

func (r *request) getCall() error {
	call, err := r.api.Calls.Call(r.ctx(), policy.CallSID(r.part("sid")))
	if err != nil {
		return err
	}
	return r.sendCall(call)
}

// sendCall answers with a call and what people did to it.
func (r *request) sendCall(call policy.Call) error {
	counted, err := r.api.Calls.TicketCounter(r.ctx())(call)
	if err != nil {
		return err
	}
	numbers, err := r.full("a call", call.Customer, string(call.SID), 1)
	if err != nil {
		return err
	}
	row := masked(r.api.Policy.FullRow(call, counted), numbers)
	if !r.may(users.HearRecordings) {
		row = row.WithoutAudio()
	}
	offers, err := r.api.Offers.OffersOf(r.ctx(), call.SID)
	if err != nil {
		return err
	}
	return r.JSON(http.StatusOK, struct {
		policy.FullRow
		Offers []remedy.Row `json:"offers"`
	}{row, shownOffers(offers, numbers)})
}

func (r *request) explainCall() error {
	call, err := r.api.Calls.Call(r.ctx(), policy.CallSID(r.part("sid")))
	if err != nil {
		return err
	}
	counted, err := r.api.Calls.TicketCounter(r.ctx())(call)
	if err != nil {
		return err
	}
	numbers, err := r.full("a call's explanation", call.Customer, string(call.SID), 1)
	if err != nil {
		return err
	}
	offers, err := r.api.Offers.OffersOf(r.ctx(), call.SID)
	if err != nil {
		return err
	}
	steps := policy.Steps(remedy.Decisions(r.api.Policy.Explain(call, counted, r.now), offers))
	for i, step := range steps {
		steps[i] = masked(step, numbers)
	}
	return r.JSON(http.StatusOK, struct {
		SID   policy.CallSID `json:"sid"`
		Steps []policy.Step  `json:"steps"`
	}{call.SID, steps})
}

// act does what a program sends to a call, and answers with the call as it is then.
func (r *request) act() error {
	var sent struct {
		Kind   policy.ActKind `json:"kind"`
		Value  string         `json:"value"`
		Reason string         `json:"reason"`
		Undo   bool           `json:"undo"`
		Seen   *int           `json:"seen"` // how many acts the program knows of; null: any number
	}
	if err := r.body(&sent); err != nil {
		return err
	}
	act := policy.Act{At: r.now, By: r.api.Policy.ActsAs(r.user.Name), Kind: sent.Kind, Value: strings.TrimSpace(sent.Value), Reason: strings.TrimSpace(sent.Reason), Undo: sent.Undo}
	if act.Undo && act.Value+act.Reason != "" {
		return fmt.Errorf("%w: an undo needs kind and undo alone", ErrWrongInput)
	}
	if act.Kind == policy.ActWaive {
		act.Limit = r.api.Policy.FairUse.CallLimit
	}
	seen := -1
	if sent.Seen != nil {
		if seen = *sent.Seen; seen < 0 {
			return fmt.Errorf("%w: seen is %d; write how many acts the call had, or leave it out", ErrWrongInput, seen)
		}
	}
	after, err := r.api.Calls.Act(r.ctx(), policy.CallSID(r.part("sid")), act, seen, r.api.Policy.LineZone)
	if err != nil {
		return err
	}
	return r.sendCall(after)
}
