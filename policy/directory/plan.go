package directory

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/officernd/supportline/policy"
)

// ErrChanged refuses an import that would do something else than its plan said.
var ErrChanged = errors.New("the directory changed meanwhile")

// Result counts what an import did to the directory. Customers that the file does not name stay as they are.
type Result struct {
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
}

// columns are the columns of a customers file, in the order in which it is written.
var columns = []string{"number", "name", "package", "line", "account_holder", "email", "phone", "caller_numbers"}

// Plan is the effect that an import would have on the directory.
type Plan struct {
	Result
	Changes []Change // the customers that are new or would change, by number
	// Seal names the customers of the file and what the directory holds of them: it is another one as soon as the import would do something else.
	Seal string
}

// Change is the effect of an import on one customer.
type Change struct {
	Before policy.Customer // without a number where the customer is new
	After  policy.Customer
}

// FieldChange is one field that an import changes, named by its column.
type FieldChange struct{ Name, Before, After string }

// Contact reports whether the field is a telephone number or an e-mail address, which not everybody may see.
func (f FieldChange) Contact() bool {
	return f.Name == "email" || f.Name == "phone" || f.Name == "caller_numbers"
}

// New reports whether the directory has no customer of that number yet.
func (d Change) New() bool { return d.Before.Number == "" }

// Same reports whether the change leaves the customer as it was. No caller numbers and an empty list of them are the same.
func (d Change) Same() bool { return slices.Equal(cells(d.Before), cells(d.After)) }

// Fields returns the fields that change, in the order of the columns. Telephone numbers stand in full.
func (d Change) Fields() []FieldChange {
	var changed []FieldChange
	before, after := cells(d.Before), cells(d.After)
	for i, name := range columns {
		if before[i] != after[i] {
			changed = append(changed, FieldChange{name, before[i], after[i]})
		}
	}
	return changed
}

// cells returns the customer's fields in the order of the columns.
func cells(c policy.Customer) []string {
	return []string{
		string(c.Number), c.Name, c.Package, c.Line.Full(), c.AccountHolder, c.Email, c.Phone.Full(),
		strings.Join(policy.FullNumbers(c.CallerNumbers), ";"),
	}
}

// NewPlan returns the plan of an import: what it does to each customer of the file, in the order of their numbers.
func NewPlan(changes []Change) Plan {
	var plan Plan
	seal := sha256.New()
	for _, c := range changes {
		line, _ := json.Marshal([][]string{cells(c.Before), cells(c.After)}) // texts always can be
		seal.Write(line)
		switch {
		case c.New():
			plan.Added++
		case c.Same():
			plan.Unchanged++
			continue
		default:
			plan.Changed++
		}
		plan.Changes = append(plan.Changes, c)
	}
	plan.Seal = hex.EncodeToString(seal.Sum(nil))
	return plan
}
