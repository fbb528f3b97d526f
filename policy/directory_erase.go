package policy

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// ErrCallInProgress refuses to erase a customer who is on the phone.
var ErrCallInProgress = errors.New("a call of this customer is in progress")

// Erased says what erasing a customer did.
type Erased struct {
	Calls   int `json:"calls"`   // of the account, anonymised
	Cases   int `json:"cases"`   // anonymised, and closed
	Notices int `json:"notices"` // removed
	// Recordings of the calls: noted for removal, here and at the provider, in the same step.
	Recordings int `json:"recordings"`
}

// Exported is everything that is kept of one customer.
type Exported struct {
	Customer Customer
	Calls    []Call   // of the account, oldest first
	Cases    []Case   // in the order of their opening
	Notices  []Notice // about the account
}

// AuditEntry says that a person did something, or retention did, or a review that opened a case.
type AuditEntry struct {
	At time.Time `json:"at"`
	By string    `json:"by"`
	// Act is what was done: "import", "export", "erase", "expire"; "reveal" of a recording; "case-open", "case-move"; "retry" of a notice; an act on a call by its
	// kind, such as "waive", with "undo " in front where it was taken back; "sign-in" and the other acts of and on users (see ActSignIn);
	// ActLineDates.
	Act string `json:"act"`
	// Customer is whom it was about; empty where that is nobody, and for anything that was about a customer who was erased since.
	Customer CustomerNumber `json:"customer,omitempty"`
	Subject  string         `json:"subject,omitempty"` // the SID of the call, the ID of the case, the user's name, or the line's number
	Detail   string         `json:"detail"`            // in words, without names and numbers of customers
	Reason   string         `json:"reason,omitempty"`  // in the person's own words
}

// erased stands in a trace for words that named a customer.
const erased = "(erased)"

// Anonymised is the call with everything gone that leads to a person or an account: the caller, the customer, the ticket, what was
// heard and replied, recordings, wrong numbers, and whatever of the trace repeats them. What stays are times and durations, the line, the
// intent, the specialists' legs, and how the call ended (rule 13).
func (c Call) Anonymised() Call {
	c = c.Clone()
	names := c.identifying()
	c.From, c.Customer, c.Account, c.Ticket, c.State.Offered = "", "", "", "", ""
	c.WrongNumbers, c.Known, c.Erased = nil, false, true
	for i, turn := range c.Exchanges {
		c.Exchanges[i] = Exchange{Key: turn.Key, At: turn.At, Reply: json.RawMessage("null")}
	}
	for i, d := range c.Trace {
		c.Trace[i] = d.anonymised(names)
	}
	for i, a := range c.Acts {
		c.Acts[i] = Act{At: a.At, By: a.By, Kind: a.Kind, Undo: a.Undo, Limit: a.Limit, BeforeMonth: a.BeforeMonth}
	}
	if c.Message != nil {
		c.Message = &Recording{Seconds: c.Message.Seconds, At: c.Message.At}
	}
	for i, r := range c.Recordings {
		c.Recordings[i] = Recording{Seconds: r.Seconds, At: r.At}
	}
	return c
}

// Anonymised is the case with the account and everybody's words gone. What stays are the figures, the states and their times.
func (c Case) Anonymised() Case {
	c.Customer, c.Account = "", ""
	c.Months, c.Moves = slices.Clone(c.Months), slices.Clone(c.Moves)
	for i := range c.Months {
		c.Months[i].Customer, c.Months[i].Account = "", ""
	}
	for i, m := range c.Moves {
		if m.Note != "" {
			c.Moves[i].Note = erased
		}
	}
	return c
}

// identifying are the words that must not stay.
func (c Call) identifying() []string {
	words := []string{c.From.Full(), c.From.String(), string(c.Customer), c.Account, string(c.Ticket), string(c.State.Offered)}
	for _, turn := range c.Exchanges {
		words = append(words, turn.Heard)
	}
	for _, a := range c.Acts {
		words = append(words, a.Value, a.Before, a.BeforeAccount, a.Reason)
	}
	// One key of the menu names nobody, and would be found in every time of day.
	return slices.DeleteFunc(words, func(w string) bool { return len(strings.TrimSpace(w)) < 2 })
}

func (d Decision) anonymised(names []string) Decision {
	named := func(text string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.Contains(text, n) })
	}
	if named(d.Result) {
		d.Result = erased
	}
	d.Inputs = slices.Clone(d.Inputs)
	for i, f := range d.Inputs {
		if named(f.Value) || slices.Contains(personal, f.Name) {
			d.Inputs[i].Value = erased
		}
	}
	return d
}

// personal are the inputs of a decision that are about a person whatever they hold.
var personal = []string{"from", "caller", "customer", "number", "account", "ticket", "heard", "digits", "speech", "offered"}
