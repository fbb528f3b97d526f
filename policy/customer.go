package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// The errors about customers and their directory.
var (
	ErrNoCustomer = errors.New("no such customer")
	// ErrDirectoryChanged refuses an import that would do something else than its plan said.
	ErrDirectoryChanged = errors.New("the directory changed meanwhile")
)

// Customer is an account in the directory: who pays for support, and how they call.
type Customer struct {
	Number        CustomerNumber `json:"number"`
	Name          string         `json:"name"`
	Package       string         `json:"package"`
	Line          Phone          `json:"line"` // the home line: its zone decides the account's months (rule 4)
	AccountHolder string         `json:"account_holder,omitempty"`
	Email         string         `json:"email,omitempty"`
	Phone         Phone          `json:"phone,omitempty"`
	CallerNumbers []Phone        `json:"caller_numbers,omitempty"` // numbers that the account calls from; they never identify by themselves
	// Restricted is set by the directory: the account's open case stands at restricted (rule 9). It is no part of the profile.
	Restricted bool `json:"-"`
}

// Masked is the customer for those who may not see telephone numbers: neither these nor the other ways to reach somebody are told.
func (c Customer) Masked() Customer {
	callers := make([]Phone, len(c.CallerNumbers))
	for i, n := range c.CallerNumbers {
		callers[i] = Phone(n.String())
	}
	c.Phone, c.CallerNumbers, c.Email = Phone(c.Phone.String()), callers, ""
	return c
}

// Phones are all phone numbers of the profile: the account holder's, and those that the account calls from.
func (c Customer) Phones() []Phone {
	if c.Phone == "" {
		return c.CallerNumbers
	}
	return append([]Phone{c.Phone}, c.CallerNumbers...)
}

// ImportResult counts what an import did to the directory. Customers that the file does not name stay as they are.
type ImportResult struct {
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
}

// Equal says whether two profiles hold the same. No caller numbers and an empty list of them are the same.
func (c Customer) Equal(o Customer) bool {
	callers := slices.Equal(c.CallerNumbers, o.CallerNumbers)
	return callers && c.Number == o.Number && c.Name == o.Name && c.Package == o.Package && c.Line == o.Line &&
		c.AccountHolder == o.AccountHolder && c.Email == o.Email && c.Phone == o.Phone
}

// columns are those of a customers file, in the order in which it is written.
var columns = []string{"number", "name", "package", "line", "account_holder", "email", "phone", "caller_numbers"}

// ImportPlan is what an import would do to the directory.
type ImportPlan struct {
	ImportResult
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

// NewImportPlan returns the plan of an import: what it does to each customer of the file, in the order of their numbers.
func NewImportPlan(changes []DirectoryChange) ImportPlan {
	var plan ImportPlan
	seal := sha256.New()
	for _, c := range changes {
		line, _ := json.Marshal([][]string{c.Before.cells(), c.After.cells()}) // texts always can be
		seal.Write(line)
		switch {
		case c.New():
			plan.Added++
		case c.Before.Equal(c.After):
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

// CustomerExport is everything that is kept of one customer.
type CustomerExport struct {
	Customer Customer
	Calls    []Call   // of the account, oldest first
	Cases    []Case   // in the order of their opening
	Notices  []Notice // about the account
}
