package policy

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// Expires reports whether the record of the call is past its time (rule 13): it began before then, and no case rests on it. cases are
// the account's, closed ones included.
func (c Call) Expires(before time.Time, cases []Case) bool {
	rests := slices.ContainsFunc(cases, func(k Case) bool { return c.Customer != "" && k.restsOn(c.Customer, c.Month) })
	return c.StartedAt.Before(before) && !rests
}

// RetentionResult counts what retention removed (rule 13).
type RetentionResult struct {
	Calls   int `json:"calls"`
	Kept    int `json:"kept"`    // calls as old as those, of months that a case rests on
	Notices int `json:"notices"` // sent, or given up
	// Recordings of those calls: noted for removal, in the same step.
	Recordings int `json:"recordings"`
}

// Removal is a recording that has to be removed, of a call that no longer has it. It is written in one step with the change of the call, and
// stays until the sound is gone everywhere.
type Removal struct {
	SID string    `json:"sid"` // of the recording
	Why string    `json:"why"`
	At  time.Time `json:"at"` // when the call lost it
	// Bucket is where a copy was stored according to the log; empty where there was none. A copy that was being made has the same file name.
	Bucket string `json:"place,omitempty"`

	Tries  int       `json:"tries,omitempty"`
	NextAt time.Time `json:"next_at,omitzero"`
	Error  string    `json:"error,omitempty"`
}

// The reasons why a recording is removed. They decide where.
const (
	RemovalErased  = "erased"  // the customer was erased: here and at the provider
	RemovalExpired = "expired" // past its time: here, and at the provider where recordings are deleted there
)

// Removals returns what has to be removed when a call loses its recordings.
func (c Call) Removals(why string, at time.Time) []Removal {
	var all []Removal
	for _, r := range c.Recorded() {
		if !StorableSID(r.SID) {
			continue
		}
		gone := Removal{SID: r.SID, Why: why, At: at}
		if r.Copy != nil {
			gone.Bucket = r.Copy.Bucket
		}
		all = append(all, gone)
	}
	return all
}

// ErrCallInProgress refuses to erase a customer who is on the phone.
var ErrCallInProgress = errors.New("a call of this customer is in progress")

// EraseResult counts what erasing a customer did.
type EraseResult struct {
	Calls   int `json:"calls"`   // of the account, anonymised
	Cases   int `json:"cases"`   // anonymised, and closed
	Notices int `json:"notices"` // removed
	// Recordings of the calls: noted for removal, here and at the provider, in the same step.
	Recordings int `json:"recordings"`
}

// erased stands in a trace for words that named a customer.
const erased = "(erased)"

// Anonymised returns the call with everything gone that leads to a person or an account: the caller, the customer, the ticket, what was
// heard and replied, recordings, wrong numbers, and the words of the trace that repeat them. What stays are times and durations, the line, the
// intent, the specialists' legs, and how the call ended (rule 13).
func (c Call) Anonymised() Call {
	c = c.Clone()
	names := c.identifying()
	c.From, c.Customer, c.Account, c.OnFile, c.Ticket = "", "", "", "", ""
	c.State.Offered, c.State.OnFileName = "", ""
	c.WrongNumbers, c.Known, c.Erased = nil, false, true
	for i, exchange := range c.Exchanges {
		c.Exchanges[i] = Exchange{Key: exchange.Key, At: exchange.At, Reply: json.RawMessage("null")}
	}
	for i, d := range c.Trace {
		c.Trace[i] = d.anonymised(names)
	}
	for i, l := range c.Legs {
		if c.isCallerLeg(l.SID) {
			c.Legs[i].To, c.Legs[i].Person, c.Legs[i].Name = "", "", ""
		}
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

// WithoutOnFile returns the call without the account that the caller's number was on file of, and without the words of its history that name the
// account: one that is erased leaves nothing in the calls of others (rule 13). names are what the account was called. The rest of the call stays,
// the caller's number included: it was never the account's call.
func (c Call) WithoutOnFile(names []string) Call {
	c = c.Clone()
	names = append([]string{c.State.OnFileName}, names...)
	words := append([]string{string(c.OnFile)}, names...)
	for _, name := range names { // as a stored reply has it
		quoted, _ := json.Marshal(name) // a text can always be written
		words = append(words, strings.Trim(string(quoted), `"`))
	}
	named := func(text string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return len(w) > 1 && strings.Contains(text, w) })
	}
	if c.State.Offered == c.OnFile {
		c.State.Offered = ""
	}
	c.State.OnFileName, c.State.Presumed = "", ""
	for i, exchange := range c.Exchanges {
		if named(exchange.Heard) {
			c.Exchanges[i].Heard = erased
		}
		if named(string(exchange.Reply)) {
			c.Exchanges[i].Reply = json.RawMessage("null")
		}
	}
	for i, d := range c.Trace {
		c.Trace[i] = d.without(named)
	}
	for i, a := range c.Acts {
		c.Acts[i] = a.without(c.OnFile)
	}
	c.OnFile = ""
	return c
}

// without returns the decision with the texts that name somebody erased.
func (d Decision) without(named func(string) bool) Decision {
	if named(d.Result) {
		d.Result = erased
	}
	d.Inputs = slices.Clone(d.Inputs)
	for i, f := range d.Inputs {
		if named(f.Value) {
			d.Inputs[i].Value = erased
		}
	}
	return d
}

// without returns the act without the account, where the call was attached to it and is no more.
func (a Act) without(customer CustomerNumber) Act {
	if a.Kind != ActAttach {
		return a
	}
	if a.Value == string(customer) {
		a.Value = ""
	}
	if a.Before == string(customer) {
		a.Before, a.BeforeAccount = "", ""
	}
	return a
}

// Anonymised returns the case with the account and everybody's words gone. What stays are the figures, the states and their times.
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

func (c Call) identifying() []string {
	words := []string{
		c.From.Full(), c.From.String(), string(c.Customer), c.Account, string(c.OnFile), string(c.Ticket), string(c.State.Offered), c.State.OnFileName,
	}
	for _, exchange := range c.Exchanges {
		words = append(words, exchange.Heard)
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

// personal are the inputs of a decision that are always about a person.
var personal = []string{"from", "caller", "customer", "number", "account", "ticket", "heard", "digits", "speech", "offered", "on file"}
