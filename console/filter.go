package console

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
)

// callFilter is the filter in the address of the calls page, with the order and the place in the list.
type callFilter struct {
	api.CallFilter
	Order        string // longestFirst, or "" for newest first
	Older, Newer string // a place in the list (policy.Cursor)
}

func (r *request) callFilter() callFilter {
	return callFilter{api.ReadCallFilter(r.QueryParams()), r.QueryParam("order"), r.QueryParam("older"), r.QueryParam("newer")}
}

// query returns the filter as the end of an address.
func (f callFilter) query() string {
	values := f.Values()
	for name, value := range map[string]string{"order": f.Order, "older": f.Older, "newer": f.Newer} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

// exportAs returns the address of an export of everything that the filter selects.
func (f callFilter) exportAs(format string) string {
	values := f.Values()
	values.Set("format", format)
	return callsPath + api.ExportEnd + "?" + values.Encode()
}

// at returns the filter at another place in its list.
func (f callFilter) at(older, newer policy.Cursor) callFilter {
	f.Older, f.Newer = older.String(), newer.String()
	return f
}

// whole returns the filter at the start of its list.
func (f callFilter) whole() callFilter { return f.at(policy.Cursor{}, policy.Cursor{}) }

// Narrow reports whether the filter leaves anything out.
func (f callFilter) Narrow() bool { return f.CallFilter != api.CallFilter{} }

// ordered returns the filter in another order.
func (f callFilter) ordered(order string) callFilter {
	f = f.whole()
	f.Order = order
	return f
}

// on returns the filter on some days, or on all if they are empty.
func (f callFilter) on(since, until string) callFilter {
	f = f.whole()
	f.Since, f.Until = since, until
	return f
}

// parse returns the log's filter, and which page of it is wanted. The error is api.ErrWrongInput.
func (f callFilter) parse(s policy.Settings, zone *time.Location, numbers bool) (filter policy.Filter, page policy.Page, err error) {
	if filter, err = f.Parse(s, zone, numbers); err != nil {
		return filter, page, err
	}
	if f.Order != "" && f.Order != longestFirst {
		return filter, page, fmt.Errorf("%w: calls have no order %q", api.ErrWrongInput, f.Order)
	}
	page.Length = callsOnPage
	if page.Older, err = place(f.Older); err == nil {
		page.Newer, err = place(f.Newer)
	}
	return filter, page, err
}

func place(text string) (policy.Cursor, error) {
	m, err := policy.ParseCursor(text)
	if err != nil {
		err = fmt.Errorf("%w: there is no place %q in the list; begin at its first page", api.ErrWrongInput, text)
	}
	return m, err
}

// query returns names and values in turn as the end of an address, without those that are empty.
func query(pairs ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

// column is one of the columns of the calls page.
type column struct {
	Name, Title string
	Figure      bool
	Usual       bool // shown unless the person chose others
	On          bool
}

// allColumns returns all columns in their order. The start is always shown, because it links to the call.
func allColumns() []column {
	return []column{
		{Name: "account", Title: "Account", Usual: true},
		{Name: "from", Title: "From", Usual: true},
		{Name: "line", Title: "Line", Usual: true},
		{Name: "intent", Title: "Reason", Usual: true},
		{Name: "ticket", Title: "Ticket", Usual: true},
		{Name: "outcome", Title: "Outcome", Usual: true},
		{Name: "wait", Title: "Wait", Figure: true, Usual: true},
		{Name: "talk", Title: "Talk", Figure: true, Usual: true},
		{Name: "total", Title: "Total", Figure: true},
		{Name: "specialist", Title: "Specialist", Usual: true},
		{Name: "marks", Title: "Marks", Usual: true},
		{Name: "month", Title: "Month"},
		{Name: "sid", Title: "SID"},
	}
}

// columns are the columns with those on that an address asks for: column=account&column=talk. One that asks for none gets the usual ones.
func (r *request) columns() []column {
	asked, all := r.QueryParams()["column"], allColumns()
	for i := range all {
		all[i].On = slices.Contains(asked, all[i].Name)
	}
	if !slices.ContainsFunc(all, func(c column) bool { return c.On }) {
		for i := range all {
			all[i].On = all[i].Usual
		}
	}
	return all
}

// columnQuery is the choice of columns as a part of an address; "" for the usual ones.
func columnQuery(all []column) string {
	if !slices.ContainsFunc(all, func(c column) bool { return c.On != c.Usual }) {
		return ""
	}
	var parts []string
	for _, c := range all {
		if c.On {
			parts = append(parts, "column="+c.Name)
		}
	}
	return strings.Join(parts, "&")
}
