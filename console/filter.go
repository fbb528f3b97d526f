package console

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
)

// place is a place in a list by time, as an address has it: a policy.Cursor each, or "".
type place struct{ Older, Newer string }

func (r *request) place() place { return place{r.QueryParam("older"), r.QueryParam("newer")} }

// page returns the page at the place. The error is policy.ErrCursor.
func (p place) page() (page policy.Page, err error) {
	if page.Older, err = policy.ParseCursor(p.Older); err == nil {
		page.Newer, err = policy.ParseCursor(p.Newer)
	}
	return page, err
}

// pageLinks are the addresses of other parts of a list, or "".
type pageLinks struct{ Older, Newer, First string }

// links returns the links of a page that goes on at some cursors. at returns the address of a place.
func (p place) links(older, newer policy.Cursor, at func(place) string) (links pageLinks) {
	if !older.IsZero() {
		links.Older = at(place{Older: older.String()})
	}
	if !newer.IsZero() {
		links.Newer = at(place{Newer: newer.String()})
	}
	if p != (place{}) {
		links.First = at(place{})
	}
	return links
}

// callFilter is the filter in the address of the calls page, with the order and the place in the list.
type callFilter struct {
	api.CallFilter
	Order string // longestFirst, or "" for newest first
	place
}

func (r *request) callFilter() callFilter {
	return callFilter{api.ReadCallFilter(r.QueryParams()), r.QueryParam("order"), r.place()}
}

// address returns the address of the calls that the filter selects, shown with some columns; none: the usual ones.
func (f callFilter) address(columns []string) string {
	values := f.Values()
	for name, value := range map[string]string{"order": f.Order, "older": f.Older, "newer": f.Newer} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if len(columns) > 0 {
		values["column"] = columns
	}
	return callsPath + search(values)
}

// exportAs returns the address of an export of everything that the filter selects.
func (f callFilter) exportAs(format string) string {
	values := f.Values()
	values.Set("format", format)
	return callsPath + api.ExportEnd + "?" + values.Encode()
}

// at returns the filter at another place in its list.
func (f callFilter) at(p place) callFilter {
	f.place = p
	return f
}

// Narrow reports whether the filter leaves anything out.
func (f callFilter) Narrow() bool { return f.CallFilter != api.CallFilter{} }

func (f callFilter) ordered(order string) callFilter {
	f.place, f.Order = place{}, order
	return f
}

// on returns the filter on some days, or on all if they are empty.
func (f callFilter) on(since, until string) callFilter {
	f.place, f.Since, f.Until = place{}, since, until
	return f
}

// parse returns the log's filter, and which page of it is wanted. The error is api.ErrWrongInput.
func (f callFilter) parse(s policy.Settings, secret []byte, zone *time.Location, numbers bool) (filter policy.Filter, page policy.Page, err error) {
	if filter, err = f.Parse(s, secret, zone, numbers); err != nil {
		return filter, page, err
	}
	if f.Order != "" && f.Order != longestFirst {
		return filter, page, fmt.Errorf("%w: calls have no order %q", api.ErrWrongInput, f.Order)
	}
	if page, err = f.page(); err != nil {
		err = fmt.Errorf("%w: there is no place %q in the list; begin at its first page", api.ErrWrongInput, cmp.Or(f.Older, f.Newer))
	}
	page.Length = callsOnPage
	return filter, page, err
}

// query returns names and values in turn as the end of an address, without those that are empty.
func query(pairs ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	return search(values)
}

// search returns values as the end of an address, or "" for none.
func search(values url.Values) string {
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

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
		{Name: "on_file", Title: "On file"},
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

// chosen returns the names of the columns that are on, unless they are the usual ones.
func chosen(all []column) (names []string) {
	if !slices.ContainsFunc(all, func(c column) bool { return c.On != c.Usual }) {
		return nil
	}
	for _, c := range all {
		if c.On {
			names = append(names, c.Name)
		}
	}
	return names
}
