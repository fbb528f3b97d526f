package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

const (
	callsPath       = "/calls"
	specialistsPath = "/specialists"
)

const callsOnPage = 50

var callsRoutes = []route{
	{http.MethodGet, callsPath, (*request).calls, ""},
	{http.MethodGet, callsPath + api.ExportEnd, (*request).exportCalls, users.TakeExports},
	{http.MethodGet, specialistsPath, (*request).specialists, ""},
	{http.MethodPost, callsPath + attachEnd, (*request).attachCalls, users.DoActs},
}

type callsPage struct {
	Filter     callFilter
	Problem    string
	Calls      []callRow
	SearchedTo time.Time // how far back the search came, if it ended before the page was full
	pageLinks
	Lines       []policy.Line
	Intents     []policy.Intent
	Outcomes    []policy.Outcome
	Specialists []api.Specialist
	Specialist  string // the sign of the one who is chosen
	Columns     []column
	Chosen      []string // the names of the columns, if they are not the usual ones
	Days        []choice
	ByTalk      string // the address of the same calls by talk time; Newest is that by start
	Newest      string
	Cut         bool   // only a part of the matching calls is ordered
	CSV, JSON   string // addresses of all that the filter selects, as files
	attaching          // of calls that were served to nobody
}

type choice struct {
	Title, Path string
	Here        bool
}

const (
	// longestFirst is the order by talk time.
	longestFirst = "longest"
	// mostOrdered is how many calls are put into that order.
	mostOrdered = 500
)

type callRow struct {
	policy.Row
	Call        policy.Call
	OutcomeText string // the outcome, or why there is none
	LineName    string
	LineZone    *time.Location
	OnFileName  string // of the account that the caller's number is on file of; "" for one that is no longer in the directory
}

func (r *request) calls() error { return r.showCalls(http.StatusOK, "") }

// showCalls answers with the calls that the address selects, and with what was not done of a form on the page.
func (r *request) showCalls(status int, problem string) error {
	f := r.callFilter()
	body := callsPage{
		Filter: f, Lines: r.console.Policy.Lines, Intents: policy.Intents(), Outcomes: append(policy.Outcomes(), policy.InProgress),
		Specialists: api.Specialists(r.console.Policy, r.console.Secret), Columns: r.columns(), Problem: problem,
	}
	if who, ok := api.Chosen(body.Specialists, f.Specialist); ok {
		body.Specialist = who.Sign
	}
	body.Chosen = chosen(body.Columns)
	filter, page, err := f.parse(r.console.Policy, r.console.Secret, r.zone, r.may(users.SeeNumbers))
	if errors.Is(err, api.ErrWrongInput) {
		body.Problem = api.Sentence(err)
		return r.render(http.StatusUnprocessableEntity, "calls", body)
	}
	if r.Request().Method == http.MethodGet {
		if led, err := r.atItsAddress(body.address(f)); led {
			return err
		}
	}
	found, err := r.search(filter, page, &body)
	if err != nil {
		return err
	}
	if body.Calls, err = r.rows(found.List); err != nil {
		return err
	}
	if filter.Person != "" && body.Specialist == "" { // somebody who left the configuration
		who := api.Specialist{Sign: string(filter.Person), Name: string(filter.Person)}
		for _, c := range found.List[:min(1, len(found.List))] {
			leg, _ := c.Accepted()
			who.Name = r.console.Policy.LegName(leg)
		}
		body.Specialist, body.Specialists = who.Sign, append(body.Specialists, who)
	}
	if err := r.fillOnFile(&body); err != nil {
		return err
	}
	body.Days, body.ByTalk, body.Newest = r.days(body), body.address(f.ordered(longestFirst)), body.address(f.ordered(""))
	body.SearchedTo, body.CSV, body.JSON = found.SearchedTo, f.exportAs("csv"), f.exportAs("json")
	body.pageLinks = f.links(found.Older, found.Newer, func(p place) string { return body.address(f.at(p)) })
	return r.render(status, "calls", body)
}

// exportCalls sends every call that the address selects as a file.
func (r *request) exportCalls() error {
	return r.console.exports.Send(r.Context, api.Export{
		By: r.user.Name, Numbers: r.may(users.SeeNumbers), Filter: api.ReadCallFilter(r.QueryParams()), Format: r.QueryParam("format"), At: r.now, Zone: r.zone,
	})
}

// atItsAddress redirects a browser to the shortest address of what it asks for, because a form sends empty fields too. A script gets the address in a
// header instead. led reports whether it redirected. What was done stays in the address.
func (r *request) atItsAddress(address string) (led bool, err error) {
	if done := r.QueryParam("done"); done != "" {
		address = withDone(address, done)
	}
	switch {
	case r.Request().URL.RequestURI() == address:
		return false, nil
	case r.Request().Header.Get("HX-Request") == "true":
		r.Response().Header().Set("HX-Push-Url", address)
		return false, nil
	}
	return true, r.seeOther(address)
}

// search returns the page of the filter, in its order.
func (r *request) search(filter policy.Filter, page policy.Page, body *callsPage) (policy.Found[policy.Call], error) {
	if body.Filter.Order != longestFirst {
		return r.console.Calls.Search(r.ctx(), filter, page)
	}
	found, err := r.console.Calls.Search(r.ctx(), filter, policy.Page{Length: mostOrdered})
	body.Cut = !found.Older.IsZero()
	slices.SortStableFunc(found.List, func(a, b policy.Call) int {
		long, _, _ := a.Talk()
		other, _, _ := b.Talk()
		return other - long
	})
	found.List = found.List[:min(len(found.List), callsOnPage)]
	found.Older, found.SearchedTo = policy.Cursor{}, time.Time{}
	return found, err
}

// days returns links to the calls of the same filter on some usual days.
func (r *request) days(body callsPage) (all []choice) {
	today := r.now.In(r.zone)
	date := func(n int) string { return today.AddDate(0, 0, -n).Format(time.DateOnly) }
	for _, d := range []struct{ title, since, until string }{
		{"Today", date(0), date(0)}, {"Yesterday", date(1), date(1)}, {"7 days", date(6), date(0)}, {"30 days", date(29), date(0)}, {"All", "", ""},
	} {
		f := body.Filter.on(d.since, d.until)
		all = append(all, choice{d.title, body.address(f), f == body.Filter.at(place{})})
	}
	return all
}

// withDone returns an address with the word for what was done.
func withDone(address, done string) string {
	if strings.Contains(address, "?") {
		return address + "&" + strings.TrimPrefix(query("done", done), "?")
	}
	return address + query("done", done)
}

// InputType returns the type of the field for a bound of time: a date, or a moment that another page led to.
func (callsPage) InputType(bound string) string {
	if strings.Contains(bound, "T") {
		return "text"
	}
	return "date"
}

// address returns the address of a filter, with the chosen columns.
func (b callsPage) address(f callFilter) string { return f.address(b.Chosen) }

// Shows reports whether a column is shown. Calls that were served to nobody have no account.
func (b callsPage) Shows(name string) bool {
	return !(b.Unidentified && name == "account") && slices.ContainsFunc(b.Columns, func(c column) bool { return c.Name == name && c.On })
}

func (r *request) rows(calls []policy.Call) ([]callRow, error) {
	counts := r.console.Calls.TicketCounter(r.ctx())
	rows := make([]callRow, 0, len(calls))
	for _, c := range calls {
		counted, err := counts(c)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r.row(c, counted))
	}
	return rows, nil
}

func (r *request) row(c policy.Call, counted bool) callRow {
	row := callRow{Row: r.console.Policy.Row(c, counted), Call: c, LineName: c.Line.Full(), LineZone: time.UTC, OutcomeText: "in progress"}
	if line, ok := r.console.Policy.Line(c.Line); ok {
		row.LineName, row.LineZone = line.Name, line.Zone
	}
	switch {
	case c.Outcome() != "":
		row.OutcomeText = string(c.Outcome())
	case c.Lost(r.now):
		row.OutcomeText = "no end reported"
	}
	return row
}

// Taken returns the leg of the specialist who took the call, or the zero Leg.
func (c callRow) Taken() policy.Leg {
	leg, _ := c.Call.Accepted()
	return leg
}

// specialistsPage is what each specialist did in a month.
type specialistsPage struct {
	api.MonthFigures
	Current, Earlier, Later policy.Month
	Zone                    *time.Location
	Rows                    []specialistRow
}

type specialistRow struct {
	policy.Figures
	Who  string
	Left bool   // was a specialist, and is not in the configuration any more
	Path string // of the calls, "" where no filter finds them
}

func (r *request) specialists() error {
	f, err := api.FiguresOf(r.ctx(), r.console.Calls, r.console.Policy, r.QueryParam("month"), r.now)
	if err != nil {
		return err
	}
	body := specialistsPage{MonthFigures: f, Current: r.console.Policy.ThisMonth(r.now), Earlier: f.Month.Plus(-1), Zone: r.console.Policy.HomeZone()}
	if f.Month < body.Current {
		body.Later = f.Month.Plus(1)
	}
	known := api.Specialists(r.console.Policy, r.console.Secret)
	for _, row := range f.Specialists {
		body.Rows = append(body.Rows, newSpecialistRow(row, f, known))
	}
	return r.render(http.StatusOK, "specialists", body)
}

func newSpecialistRow(row policy.FiguresRow, f api.MonthFigures, known []api.Specialist) specialistRow {
	found := specialistRow{Figures: row.Figures}
	sign := ""
	switch i := slices.IndexFunc(known, func(s api.Specialist) bool { return isRow(s, row) }); {
	case i >= 0:
		sign = known[i].Sign
	case row.Specialist != nil:
		sign, found.Left = string(*row.Specialist), true
	}
	row = row.Masked()
	for _, who := range []*string{row.Number, row.Name} {
		if who != nil {
			found.Who = *who
		}
	}
	if sign != "" {
		found.Path = callsPath + query("specialist", sign, "since", f.From.Format(time.RFC3339), "until", f.Until.Format(time.RFC3339))
	}
	return found
}

// isRow reports whether a row is of somebody whom the filter of calls names.
func isRow(s api.Specialist, row policy.FiguresRow) bool {
	if row.Number != nil {
		return s.Person == "" && s.To.Full() == *row.Number
	}
	return row.Specialist != nil && s.Person == *row.Specialist
}
