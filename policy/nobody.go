package policy

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// ServedToNobody reports whether a specialist took the call and it belongs to no account: it is in nobody's usage until a person attaches it
// (rule 12). Calls to try a line are left out, and so are those of an account that was erased.
func (c Call) ServedToNobody() bool {
	_, accepted := c.Accepted()
	return accepted && c.Customer == "" && !c.Erased && !c.Test()
}

// NobodyCount counts the calls of a line in a month that were served to nobody. They belong to no account and so to no account's month: theirs
// is the month of their start in the zone of the line.
type NobodyCount struct {
	Line   Phone
	Calls  int
	OnFile int // those from a number that is on file of one account
}

// CountNobody adds up the calls that were served to nobody on all lines.
func CountNobody(lines []NobodyCount) (all NobodyCount) {
	for _, l := range lines {
		all.Calls, all.OnFile = all.Calls+l.Calls, all.OnFile+l.OnFile
	}
	return all
}

// WithoutOnFile returns the call without the account that the caller's number was on file of, and without the words of its history that name the
// account: one that is erased leaves nothing in the calls of others (rule 13). names are what the account was called. The rest of the call stays,
// the caller's number included: it was never the account's call.
func (c Call) WithoutOnFile(names []string) Call {
	c = c.Clone()
	words := append([]string{string(c.OnFile)}, names...)
	named := func(text string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return len(w) > 1 && strings.Contains(text, w) })
	}
	if c.State.Offered == c.OnFile {
		c.State.Offered = ""
	}
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

// ErrNotOnFile refuses to attach a call to the account on file where there is none.
var ErrNotOnFile = errors.New("the caller's number is on file of no account, or was of one that was erased")

// AttachOnFile returns the act by which a person attaches a call without an account to the one that the caller's number is on file of. Errors:
// ErrAlready, ErrNotOnFile.
func (c Call) AttachOnFile(by string, at time.Time) (Act, error) {
	switch {
	case c.Customer != "":
		return Act{}, c.already(ActAttach, "the call belongs to customer "+string(c.Customer))
	case c.OnFile == "":
		return Act{}, ErrNotOnFile
	}
	return Act{At: at, By: by, Kind: ActAttach, Value: string(c.OnFile)}, nil
}

// Detached reports whether a person took the attaching of the call back: whoever attaches many should look at it first.
func (c Call) Detached() bool {
	return slices.ContainsFunc(c.Acts, func(a Act) bool { return a.Kind == ActAttach && a.Undo })
}
