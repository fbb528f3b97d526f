package console

import (
	"net/http"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// The bounds of a page of a list.
const (
	apiUsual = 50
	apiMost  = 200
)

func apiCalls() []operation {
	return []operation{
		{http.MethodGet, "/calls", "", append([]string{"zone", "before", "limit"}, callParams()...), (*request).apiCallList},
		{http.MethodGet, "/calls" + exportEnd, users.TakeExports, exportParams(), (*request).apiExport},
		{http.MethodGet, "/calls/:sid", "", nil, (*request).apiCall},
		{http.MethodGet, "/calls/:sid/explanation", "", nil, (*request).apiExplanation},
	}
}

// apiRow is a call as the API and exports show it.
func (r *request) apiRow(counting *tickets, c policy.Call, numbers bool) (policy.Row, error) {
	counted, err := counting.counted(r.ctx(), c)
	if err != nil {
		return policy.Row{}, err
	}
	row := c.Row(r.site.Policy.FairUse, counted)
	if !numbers {
		row = row.Masked()
	}
	return row, nil
}

// apiCallList is a page of the log. It may have fewer calls than were asked for, and still lead on.
func (r *request) apiCallList() error {
	page, err := r.apiPage()
	if err != nil {
		return err
	}
	filter, words, err := r.selected()
	if err != nil {
		return err
	}
	found, err := r.site.Calls.Search(r.ctx(), filter, page)
	if err != nil {
		return err
	}
	numbers, err := r.full("a list of calls: "+words, filter.Customer, "calls", len(found.List))
	if err != nil {
		return err
	}
	list := struct {
		Calls []policy.Row `json:"calls"`
		Next  *string      `json:"next"`
	}{make([]policy.Row, len(found.List)), next(found.Older.String())}
	counting := newTickets(r.site.Calls)
	for i, c := range found.List {
		if list.Calls[i], err = r.apiRow(counting, c, numbers); err != nil {
			return err
		}
	}
	return r.JSON(http.StatusOK, list)
}

func (r *request) apiExport() error {
	if err := r.inZone(); err != nil {
		return err
	}
	return r.exportCalls()
}

// theCall is the call that the path names, and whether it counts.
func (r *request) theCall() (call policy.Call, counted bool, err error) {
	if call, err = r.site.Calls.Call(r.ctx(), policy.CallSID(r.part("sid"))); err == nil {
		counted, err = newTickets(r.site.Calls).counted(r.ctx(), call)
	}
	return call, counted, err
}

func (r *request) apiCall() error {
	call, counted, err := r.theCall()
	if err != nil {
		return err
	}
	return r.sendCall(call, counted)
}

// sendCall answers with a call, and what people did to it.
func (r *request) sendCall(call policy.Call, counted bool) error {
	numbers, err := r.full("a call", call.Customer, string(call.SID), 1)
	if err != nil {
		return err
	}
	row := call.FullRow(r.site.Policy.FairUse, counted)
	if !numbers {
		row = row.Masked()
	}
	if !r.may(users.HearRecordings) {
		row = row.Unheard()
	}
	return r.JSON(http.StatusOK, row)
}

func (r *request) apiExplanation() error {
	call, counted, err := r.theCall()
	if err != nil {
		return err
	}
	numbers, err := r.full("a call's explanation", call.Customer, string(call.SID), 1)
	if err != nil {
		return err
	}
	steps := policy.Steps(call.Explain(r.site.Policy.FairUse, counted, r.now))
	if !numbers {
		for i := range steps {
			steps[i] = steps[i].Masked()
		}
	}
	return r.JSON(http.StatusOK, struct {
		SID   policy.CallSID `json:"sid"`
		Steps []policy.Step  `json:"steps"`
	}{call.SID, steps})
}
