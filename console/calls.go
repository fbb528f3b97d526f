package console

import (
	"errors"
	"net/http"
	"time"

	"github.com/officernd/supportline/policy"
)

const callsPath = "/calls"

// callsOnPage is how many calls a page of the list shows.
const callsOnPage = 50

// callsNoun is the log.
func (s *site) callsNoun() noun {
	return noun{title: "Calls", path: callsPath, route: func(r routes) { r.get(callsPath, (*request).calls) }}
}

// callsPage is what the page shows.
type callsPage struct {
	Filter   callFilter
	Problem  string
	Calls    []callRow
	Next     string // the address of the next page; "" on the last
	First    string // of the first page; "" on it
	Lines    []policy.Line
	Intents  []policy.Intent
	Outcomes []policy.Outcome
}

// callRow is a call in a list.
type callRow struct {
	policy.Row
	Call     policy.Call
	Ending   string // the outcome, or that there is none
	LineName string
	LineZone *time.Location
}

func (r *request) calls() error {
	f := r.callFilter()
	body := callsPage{Filter: f, Lines: r.site.Policy.Lines, Intents: policy.Intents(), Outcomes: policy.Outcomes()}
	filter, after, err := f.parse(r.zone)
	if errors.Is(err, errWrongInput) {
		body.Problem = wrong(err)
		return r.render(http.StatusUnprocessableEntity, "calls", body)
	}
	calls, more, err := r.site.pageOfCalls(r, filter, after)
	if err != nil {
		return err
	}
	if body.Calls, err = r.rows(calls); err != nil {
		return err
	}
	if f.Before != "" {
		first := f
		first.Before = ""
		body.First = callsPath + first.query()
	}
	if more {
		f.Before = placeOf(calls[len(calls)-1]).String()
		body.Next = callsPath + f.query()
	}
	return r.render(http.StatusOK, "calls", body)
}

// pageOfCalls are the calls of a filter that come after a place in the list, and whether there are more behind them.
func (s *site) pageOfCalls(r *request, filter policy.Filter, after place) (calls []policy.Call, more bool, err error) {
	if after.sid != "" { // calls that began at the same moment stand before or behind it
		if end := after.at.Add(1); filter.Until.IsZero() || end.Before(filter.Until) {
			filter.Until = end
		}
	}
	for c, err := range s.Calls.Calls(r.ctx(), filter) {
		switch {
		case err != nil:
			return nil, false, err
		case after.reached(c):
		case len(calls) == callsOnPage:
			return calls, true, nil
		default:
			calls = append(calls, c)
		}
	}
	return calls, false, nil
}

// rows are calls as a list shows them.
func (r *request) rows(calls []policy.Call) ([]callRow, error) {
	counting := newTickets(r.site.Calls)
	rows := make([]callRow, 0, len(calls))
	for _, c := range calls {
		counted, err := counting.counted(r.ctx(), c)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r.row(c, counted))
	}
	return rows, nil
}

func (r *request) row(c policy.Call, counted bool) callRow {
	row := callRow{Row: c.Row(r.site.Policy.FairUse, counted), Call: c, LineName: c.Line.Full(), LineZone: time.UTC, Ending: "in progress"}
	if line, ok := r.site.Policy.Line(c.Line); ok {
		row.LineName, row.LineZone = line.Name, line.Zone
	}
	switch {
	case c.Outcome() != "":
		row.Ending = string(c.Outcome())
	case c.Lost(r.now):
		row.Ending = "no end reported"
	}
	return row
}

// Specialist is who took the call.
func (c callRow) Specialist() policy.Phone {
	leg, _ := c.Call.Accepted()
	return leg.To
}
