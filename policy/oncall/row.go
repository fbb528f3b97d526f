package oncall

import (
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// Row is a shift as people and programs are shown it, with the names of the JSON and CSV exports. Times are UTC, and an unknown value is nil.
type Row struct {
	Rota     string    `json:"rota"`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
	People   string    `json:"people"`   // by the names that the configuration has for them, with a space between: "ada ben"; "" in a gap
	Names    string    `json:"names"`    // "Ada Moreau, Ben Okafor"
	Rule     *string   `json:"rule"`     // that decided: turn, layer, override or calendar
	Override *int      `json:"override"` // the number by which it can be taken back
	Planned  string    `json:"planned"`  // who it would be without the override
	Note     *string   `json:"note"`
}

// Rows returns the shifts of a rota from one time to another (see Shifts) as rows.
func (r *Roster) Rows(name string, from, until time.Time) (rows []Row) {
	for _, s := range r.Shifts(name, from, until) {
		row := Row{
			Rota: name, From: s.From.UTC(), Until: s.Until.UTC(), People: joinedBy(" ", s.People, func(id policy.PersonID) string { return string(id) }),
			Names: r.Names(s.People), Planned: joinedBy(" ", s.Planned, func(id policy.PersonID) string { return string(id) }),
		}
		if s.Why != "" {
			row.Rule = &s.Why
		}
		if s.Override > 0 {
			row.Override = &s.Override
		}
		if s.Note != "" {
			row.Note = &s.Note
		}
		rows = append(rows, row)
	}
	return rows
}

// Names returns what people are called: "Ada Moreau, Ben Okafor". Of one who left the configuration it has the ID.
func (r *Roster) Names(people []policy.PersonID) string { return joinedBy(", ", people, r.name) }

func joinedBy(separator string, people []policy.PersonID, text func(policy.PersonID) string) string {
	var all []string
	for _, id := range people {
		all = append(all, text(id))
	}
	return strings.Join(all, separator)
}
