// Package remedy is what can be done about a call besides talking on: pages of the company that a caller or an account holder is offered, such as where a
// screen-sharing session is booked, and the specialist's own word on what the call was. It is pure: time is passed in, and the store keeps what it returns.
package remedy

import (
	"errors"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// The errors about offers, besides policy.ErrInput. What wraps them says why, and what to do instead.
var (
	// ErrNone reports that there is no such offer.
	ErrNone = errors.New("no such offer")
	// ErrNoPage refuses to offer a page that the configuration does not have.
	ErrNoPage = errors.New("the company has no such page")
	// ErrNoReceiver refuses to offer something to somebody whom nothing can be sent.
	ErrNoReceiver = errors.New("nothing can be sent")
	// ErrSentToday refuses a second text to a number on one day.
	ErrSentToday = errors.New("the number was sent a text today already")
	// ErrOffered refuses to offer the same page a second time on one call, unless the first was taken back or did not arrive.
	ErrOffered = errors.New("it was sent already")
	// ErrTakenBack refuses an offer that a person took back.
	ErrTakenBack = errors.New("the offer was taken back")
)

// ID is the number of an offer: "1", "2", ...
type ID string

// Page is which page of the company is offered.
type Page string

// The pages, of policy.Links.
const (
	ScreenSharing  Page = "screen-sharing"
	Training       Page = "training"
	CustomerNumber Page = "customer-number"
)

// Pages returns the pages that can be offered, in the order in which they are shown.
func Pages() []Page { return []Page{ScreenSharing, Training, CustomerNumber} }

// Words returns what the page is for: "a screen-sharing session".
func (p Page) Words() string {
	switch p {
	case ScreenSharing:
		return "a screen-sharing session"
	case Training:
		return "a training session"
	}
	return "how to find the customer number"
}

// Title returns what is sent, as buttons and lists name it: "screen-sharing link".
func (p Page) Title() string {
	switch p {
	case ScreenSharing:
		return "screen-sharing link"
	case Training:
		return "training link"
	}
	return "way to the customer number"
}

// Notice returns the kind of notice by which the page is offered.
func (p Page) Notice() policy.NoticeKind { return policy.NoticeKind("offer-" + string(p)) }

// Address returns where the page is, "" where the company has none.
func (p Page) Address(l policy.Links) string {
	switch p {
	case ScreenSharing:
		return l.ScreenSharing
	case Training:
		return l.Training
	case CustomerNumber:
		return l.CustomerNumber
	}
	return ""
}

// Offer is a page of the company that somebody was sent, and what became of it. What it was sent to is personal: it goes with the account when that is erased.
type Offer struct {
	ID       ID                    `json:"id"`
	Page     Page                  `json:"page"`
	Address  string                `json:"address"` // of the page when it was offered
	Call     policy.CallSID        `json:"call,omitempty"`
	Customer policy.CustomerNumber `json:"customer,omitempty"`
	Account  string                `json:"account,omitempty"`
	Line     policy.Phone          `json:"line,omitempty"`
	Notice   string                `json:"notice"`  // the key of the notice that it goes out with
	Channel  policy.Channel        `json:"channel"` // sms or email
	To       string                `json:"to"`
	Holder   string                `json:"holder,omitempty"` // the name of the account holder who gets an e-mail

	At     time.Time       `json:"at"`
	By     string          `json:"by,omitempty"` // who offered it; "" for the program itself: a letter, or the caller's own key
	Person policy.PersonID `json:"person,omitempty"`
	Via    followup.Via    `json:"via,omitempty"`

	SentAt   time.Time `json:"sent_at,omitzero"`
	FailedAt time.Time `json:"failed_at,omitzero"` // given up, or refused by the provider afterwards
	Error    string    `json:"error,omitempty"`
	OpenedAt time.Time `json:"opened_at,omitzero"` // when somebody first went on to the page
	Opened   int       `json:"opened,omitempty"`

	TakenBackAt time.Time `json:"taken_back_at,omitzero"`
	TakenBackBy string    `json:"taken_back_by,omitempty"`
	// UnderWayUntil is up to when it may have gone out although it was taken back: it was being sent at that moment.
	UnderWayUntil time.Time `json:"under_way_until,omitzero"`
}

// Stands reports whether the offer is one that was not taken back and did not fail.
func (o Offer) Stands() bool { return o.TakenBackAt.IsZero() && o.FailedAt.IsZero() }

// Texted returns when the offer's number was sent it as a text, which counts for that day: the zero time while it may still go out, on whatever day. counts
// is false for an e-mail, and for what did not arrive, or was taken back in time.
func (o Offer) Texted() (at time.Time, counts bool) {
	switch {
	case o.Channel != policy.ChannelSMS, !o.FailedAt.IsZero():
		return time.Time{}, false
	case !o.SentAt.IsZero():
		return o.SentAt, true
	case !o.TakenBackAt.IsZero():
		return o.UnderWayUntil, !o.UnderWayUntil.IsZero()
	}
	return time.Time{}, true
}

// Opens returns the offer as it is when somebody goes on to its page. The error is ErrTakenBack.
func (o Offer) Opens(at time.Time) (Offer, error) {
	if !o.TakenBackAt.IsZero() {
		return o, ErrTakenBack
	}
	if o.Opened++; o.OpenedAt.IsZero() {
		o.OpenedAt = at.UTC()
	}
	return o, nil
}

// TakenBack returns the offer as it is when a person takes it back: its link leads no further, and what was not sent is not sent. Taking it back again
// changes nothing. The error is policy.ErrNoName.
func (o Offer) TakenBack(by string, at time.Time) (Offer, error) {
	by, err := policy.WrittenLine("the name of who does it", by)
	switch {
	case err != nil:
		return o, err
	case by == "":
		return o, policy.ErrNoName
	case o.TakenBackAt.IsZero():
		o.TakenBackAt, o.TakenBackBy = at.UTC(), by
	}
	return o, nil
}

// Words returns the offer in a sentence without its time and receiver: "Ada Moreau offered a screen-sharing session by text; it was opened".
func (o Offer) Words() string {
	way := "by text"
	if o.Channel == policy.ChannelEmail {
		way = "by e-mail"
	}
	what := o.Page.Words() + " " + way + "; " + o.State()
	switch {
	case o.By != "":
		return o.By + " offered " + what
	case o.Via == followup.ViaPhone:
		return "The caller asked for " + what
	}
	return "A letter offered " + what
}

// State is how far an offer is.
type State string

// The states.
const (
	Waiting   State = "waiting"
	Sent      State = "sent"
	Opened    State = "opened"
	Failed    State = "failed"
	TakenBack State = "taken-back"
)

// Is returns how far the offer is.
func (o Offer) Is() State {
	switch {
	case !o.TakenBackAt.IsZero():
		return TakenBack
	case !o.OpenedAt.IsZero():
		return Opened
	case !o.FailedAt.IsZero():
		return Failed
	case o.SentAt.IsZero():
		return Waiting
	}
	return Sent
}

// State returns how far the offer is, in words.
func (o Offer) State() string {
	switch o.Is() {
	case TakenBack:
		return "taken back by " + o.TakenBackBy
	case Opened:
		return "opened"
	case Failed:
		return "not delivered: " + o.Error
	case Waiting:
		return "on its way"
	}
	return "sent, not opened yet"
}
