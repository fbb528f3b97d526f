package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrInput reports that what a person gave is missing or wrong: a name, a reason, a value, a date. The errors that match it have what to write
// instead.
var ErrInput = errors.New("invalid input")

// inputError is one error that matches ErrInput.
type inputError string

// ErrNoName refuses an act of nobody. It matches ErrInput.
var ErrNoName error = errNobody

func (e inputError) Error() string { return string(e) }

// Is reports whether target is ErrInput.
func (inputError) Is(target error) bool { return target == ErrInput }

const (
	errNobody   inputError = "no name: say who does it"
	errNoReason inputError = "no reason"
	errNoValue  inputError = "nothing was given"
)

// The errors about people's acts: a state that refuses.
var (
	ErrCallChanged    = errors.New("the call changed")
	ErrAlready        = errors.New("already in that state")
	ErrNothingToWaive = errors.New("nothing to waive")
	ErrNothingToUndo  = errors.New("nothing to undo")
	ErrManyActs       = errors.New("the call has as many entries as a call can have")
	// ErrNotOnFile refuses to attach a call to the account on file where there is none.
	ErrNotOnFile = errors.New("the caller's number is on file of no account, or was of one that was erased")
)

// maxActs is how many acts are done to a call at most, undone ones included. Each can be undone beyond it, so that twice as many can stand on a call.
const maxActs = 200

// Act is something that a person did to a logged call, or undid. Acts are only ever added, so that the log keeps who did what, when and
// why; what the call is now follows from them in their order.
type Act struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Kind ActKind   `json:"kind"`
	// Value is what was set: the customer number of an attach, the number of a ticket, the text of a note.
	Value  string `json:"value,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Limit is for a waive: the call limit of the day, which decides whether there is something to waive.
	Limit time.Duration `json:"limit,omitempty"`
	// Via is "link" for what was done by the link in a message, "phone" for a key after the call, "" for console and command.
	Via  string `json:"via,omitempty"`
	Undo bool   `json:"undo,omitempty"` // takes the last act of this kind back
	// Before is what Value replaced, for the undoing; for an attach together with the account's name and the month.
	Before        string `json:"before,omitempty"`
	BeforeAccount string `json:"before_account,omitempty"`
	BeforeMonth   Month  `json:"before_month,omitempty"`
}

// ActKind is a kind of act.
type ActKind string

// Everything that people can do.
const (
	ActWaive    ActKind = "waive"    // deem an over-long call necessary (rule 6)
	ActTraining ActKind = "training" // mark a training call (rule 7)
	ActAttach   ActKind = "attach"   // give the call to an account (rule 12)
	ActTicket   ActKind = "ticket"   // set the ticket number
	ActNote     ActKind = "note"
)

// actWords has the words for doing and undoing each kind of act, with VALUE for its value.
var actWords = map[ActKind]struct{ done, undone string }{
	ActWaive:    {"waived the call as necessary", "took the waiver back"},
	ActTraining: {"marked the call as training", "took the training mark back"},
	ActAttach:   {"attached the call to customer VALUE", "took the attaching to customer VALUE back"},
	ActTicket:   {"set the ticket number VALUE", "took the ticket number VALUE back"},
	ActNote:     {"noted VALUE", "took back the note VALUE"},
}

// Words returns the act as a sentence without its time: `mila waived the call as necessary: "the site was down"`. The page of a call shows it.
func (a Act) Words() string {
	text, value := actWords[a.Kind].done, a.Value
	if a.Undo {
		text, value = actWords[a.Kind].undone, a.Before
	}
	if a.Kind == ActNote {
		value = strconv.Quote(value)
	}
	text = a.By + " " + strings.Replace(text, "VALUE", value, 1)
	if a.Before != "" && !a.Undo {
		text += " instead of " + a.Before
	}
	if a.Reason != "" && !a.Undo {
		text += ": " + strconv.Quote(a.Reason)
	}
	return text
}

// LastAct returns the last act of a kind that nobody has undone.
func (c Call) LastAct(kind ActKind) (Act, bool) {
	undone := 0
	for _, a := range slices.Backward(c.Acts) {
		switch {
		case a.Kind != kind:
		case a.Undo:
			undone++
		case undone > 0:
			undone--
		default:
			return a, true
		}
	}
	return Act{}, false
}

// WithAct returns the call with a person's act added to Acts. seen is how many acts the person had seen: one more by somebody else
// refuses this one, -1 takes any. account and zone, that of its home line (UTC where nil), are looked at for an attach only. A call that is returned with
// an error is the call as it was. Errors: ErrInput, ErrCallChanged with what changed, ErrAlready,
// ErrNothingToWaive, ErrNothingToUndo, ErrNoCustomer, ErrManyActs.
func (c Call) WithAct(a Act, seen int, account Customer, zone *time.Location) (Call, error) {
	a, err := a.written()
	if err != nil {
		return c, err
	}
	if err := a.complete(); err != nil {
		return c, err
	}
	if seen >= 0 && seen != len(c.Acts) {
		return c, fmt.Errorf("%w since you looked: %s", ErrCallChanged, inWords(c.Acts[min(seen, len(c.Acts)):]))
	}
	if !a.Undo && c.done() >= maxActs {
		return c, fmt.Errorf("%w (%d): undo one that is wrong, or write it into the ticket", ErrManyActs, maxActs)
	}
	changed, act, err := c.did(a, account, zone)
	if err != nil {
		return c, err
	}
	changed.Acts = append(slices.Clip(c.Acts), act)
	return changed, nil
}

// done returns how many acts were done to the call, those that were undone included.
func (c Call) done() (n int) {
	for _, a := range c.Acts {
		if !a.Undo {
			n++
		}
	}
	return n
}

// written returns the act with its texts as WrittenText and WrittenLine return them, bytes that are no text replaced. The error is ErrInput.
func (a Act) written() (Act, error) {
	var wrong [3]error
	a.By, a.Value, a.Reason = valid(a.By), valid(a.Value), valid(a.Reason)
	a.By, wrong[0] = WrittenLine("the name of who does it", a.By)
	a.Reason, wrong[1] = WrittenText("the reason", a.Reason)
	switch a.Kind {
	case ActNote:
		a.Value, wrong[2] = WrittenText("the note", a.Value)
	case ActTicket:
		a.Value, wrong[2] = WrittenLine("the ticket number", a.Value)
	default:
		a.Value, wrong[2] = WrittenLine("the customer number", a.Value)
	}
	return a, cmp.Or(wrong[:]...)
}

func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// Masked returns the act for those who may not see telephone numbers: those in people's own words are masked. The number of a ticket and of a customer,
// each in a field of its own, stay.
func (a Act) Masked() Act {
	a.Reason = MaskedText(a.Reason)
	if a.Kind == ActNote {
		a.Value, a.Before = MaskedText(a.Value), MaskedText(a.Before)
	}
	return a
}

func inWords(acts []Act) string {
	return strings.Join(mapped(acts, func(a Act) string { return a.Words() + " at " + clock(a.At) }), "; ")
}

func (a Act) complete() error {
	_, known := actWords[a.Kind]
	switch {
	case strings.TrimSpace(a.By) == "":
		return errNobody
	case !known:
		return fmt.Errorf("%w: nobody can %q a call", errNoValue, a.Kind)
	case a.Undo:
		return nil
	case a.Kind == ActWaive && strings.TrimSpace(a.Reason) == "":
		return fmt.Errorf("%w: write why the call was necessary", errNoReason)
	case (a.Kind == ActTicket || a.Kind == ActNote || a.Kind == ActAttach) && strings.TrimSpace(a.Value) == "":
		return fmt.Errorf("%w for %s", errNoValue, a.Kind)
	}
	return nil
}

// did returns the call with the act done, and the act with what it replaced.
func (c Call) did(a Act, account Customer, zone *time.Location) (Call, Act, error) {
	if a.Undo {
		return c.undone(a)
	}
	switch a.Kind {
	case ActWaive:
		if c.Waived {
			return c, a, c.already(a.Kind, "the call is waived")
		}
		if err := c.waivable(a.Limit); err != nil {
			return c, a, err
		}
		c.Waived = true
	case ActTraining:
		if c.Training {
			return c, a, c.already(a.Kind, "the call is marked as training")
		}
		c.Training = true
	case ActTicket:
		if c.Ticket == Ticket(a.Value) {
			return c, a, c.already(a.Kind, "the call is about ticket "+a.Value)
		}
		a.Before, c.Ticket = string(c.Ticket), Ticket(a.Value)
	case ActAttach:
		return c.attached(a, account, zone)
	}
	return c, a, nil
}

// already returns ErrAlready with who did the act before and when, or with state if nobody did.
func (c Call) already(kind ActKind, state string) error {
	if last, ok := c.LastAct(kind); ok {
		state = inWords([]Act{last})
	}
	return fmt.Errorf("%w: %s", ErrAlready, state)
}

// waivable returns ErrNothingToWaive for a call that is over and talked no longer than the limit.
func (c Call) waivable(limit time.Duration) error {
	seconds, _, talked := c.Talk()
	switch {
	case c.End().IsZero() && !talked, time.Duration(seconds)*time.Second > limit:
		return nil
	case !talked:
		return fmt.Errorf("%w: the call reached no specialist", ErrNothingToWaive)
	}
	return fmt.Errorf("%w: the talk of %d s is within the limit of %d s", ErrNothingToWaive, seconds, int(limit/time.Second))
}

func (c Call) attached(a Act, account Customer, zone *time.Location) (Call, Act, error) {
	switch {
	case account.Number != CustomerNumber(a.Value):
		return c, a, fmt.Errorf("%w: %s", ErrNoCustomer, a.Value)
	case c.Customer == account.Number:
		return c, a, c.already(a.Kind, "the call is attached to customer "+a.Value)
	}
	if zone == nil {
		zone = time.UTC
	}
	a.Before, a.BeforeAccount, a.BeforeMonth = string(c.Customer), c.Account, c.Month
	c.Customer, c.Account, c.Month = account.Number, account.Name, MonthOf(c.StartedAt, zone)
	return c, a, nil
}

// undone returns the call without the last act of the kind. The undoing names what it took back, so that it can be read alone.
func (c Call) undone(a Act) (Call, Act, error) {
	last, ok := c.LastAct(a.Kind)
	if !ok {
		return c, a, fmt.Errorf("%w: no %s stands", ErrNothingToUndo, a.Kind)
	}
	a.Value, a.Before, a.Limit = last.Before, last.Value, 0
	switch a.Kind {
	case ActWaive:
		c.Waived = false
	case ActTraining:
		c.Training = false
	case ActTicket:
		c.Ticket = Ticket(last.Before)
	case ActAttach:
		a.BeforeAccount, a.BeforeMonth = c.Account, c.Month
		c.Customer, c.Account, c.Month = CustomerNumber(last.Before), last.BeforeAccount, last.BeforeMonth
	}
	return c, a, nil
}

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
