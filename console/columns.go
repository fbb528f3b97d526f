package console

import (
	"slices"
	"strings"
)

// column is one of the columns of the calls page.
type column struct {
	Name, Title string
	Figure      bool
	Usual       bool // shown unless the person chose others
	On          bool
}

// allColumns are those there are, in their order. The start is always shown: it leads to the call.
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
		{Name: "total", Title: "In all", Figure: true},
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
