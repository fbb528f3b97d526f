package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"strings"
)

// ImportPlan is what an import would do to the directory.
type ImportPlan struct {
	Imported
	Changes []DirectoryChange // the customers that are new or would change, by number
	// Seal names the customers of the file and what the directory holds of them: it is another one as soon as the import would do something else.
	Seal string
}

// DirectoryChange is what an import does to one customer.
type DirectoryChange struct {
	Before Customer // without a number where the customer is new
	After  Customer
}

// FieldChange is one field that an import changes, named by its column.
type FieldChange struct{ Name, Before, After string }

// New says that the directory has no customer of the number yet.
func (d DirectoryChange) New() bool { return d.Before.Number == "" }

// Fields are those that change, in the order of the columns. Telephone numbers stand in full.
func (d DirectoryChange) Fields() []FieldChange {
	var changed []FieldChange
	before, after := d.Before.cells(), d.After.cells()
	for i, name := range columns {
		if before[i] != after[i] {
			changed = append(changed, FieldChange{name, before[i], after[i]})
		}
	}
	return changed
}

// cells are the customer's fields in the order of the columns.
func (c Customer) cells() []string {
	callers := make([]string, len(c.CallerNumbers))
	for i, n := range c.CallerNumbers {
		callers[i] = n.Full()
	}
	return []string{
		string(c.Number), c.Name, c.Package, c.Line.Full(), c.AccountHolder, c.Email, c.Phone.Full(), strings.Join(callers, ";"),
	}
}

// Planner makes a plan of what a store finds, customer by customer, in the order of their numbers.
type Planner struct {
	plan ImportPlan
	seal hash.Hash
}

// NewPlanner makes one without customers.
func NewPlanner() *Planner { return &Planner{seal: sha256.New()} }

// Add adds a customer of the file. before is what the directory has under the number, the zero value where that is nothing.
func (p *Planner) Add(before, after Customer) {
	line, _ := json.Marshal([][]string{before.cells(), after.cells()}) // texts always can be
	p.seal.Write(line)
	switch {
	case before.Number == "":
		p.plan.Added++
	case before.Equal(after):
		p.plan.Unchanged++
		return
	default:
		p.plan.Changed++
	}
	p.plan.Changes = append(p.plan.Changes, DirectoryChange{before, after})
}

// Plan is the plan with everything that was added.
func (p *Planner) Plan() ImportPlan {
	p.plan.Seal = hex.EncodeToString(p.seal.Sum(nil))
	return p.plan
}
