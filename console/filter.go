package console

import (
	"fmt"
	"net/url"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
)

// callFilter is what the address of the calls page selects, and which page of it in which order.
type callFilter struct {
	api.CallFilter
	Order        string // longestFirst, or "" for newest first
	Older, Newer string // a place in the list (policy.Mark)
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
func (f callFilter) at(older, newer policy.Mark) callFilter {
	f.Older, f.Newer = older.String(), newer.String()
	return f
}

// whole returns the filter at the start of its list.
func (f callFilter) whole() callFilter { return f.at(policy.Mark{}, policy.Mark{}) }

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

func place(text string) (policy.Mark, error) {
	m, err := policy.ParseMark(text)
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
