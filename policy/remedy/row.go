package remedy

import (
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// Row is an offer as lists and the API show it. What is not known is nil.
type Row struct {
	ID          ID                     `json:"id"`
	Page        Page                   `json:"page"`
	Call        *policy.CallSID        `json:"call"`
	Customer    *policy.CustomerNumber `json:"customer"`
	Account     *string                `json:"account"`
	Channel     policy.Channel         `json:"channel"`
	To          *string                `json:"to"` // nil for an e-mail address where addresses are not shown
	At          time.Time              `json:"at"`
	By          *string                `json:"by"` // nil for a letter, and for the caller's own key
	Via         *followup.Via          `json:"via"`
	State       State                  `json:"state"`
	Error       *string                `json:"error"`
	SentAt      *time.Time             `json:"sent_at"`
	FailedAt    *time.Time             `json:"failed_at"`
	OpenedAt    *time.Time             `json:"opened_at"`
	Opened      int                    `json:"opened"`
	TakenBackAt *time.Time             `json:"taken_back_at"`
	TakenBackBy *string                `json:"taken_back_by"`
}

// Row returns the offer as lists show it.
func (o Offer) Row() Row {
	return Row{
		ID: o.ID, Page: o.Page, Call: orNil(o.Call), Customer: orNil(o.Customer), Account: orNil(o.Account), Channel: o.Channel, To: orNil(o.To),
		At: o.At.UTC().Truncate(time.Second), By: orNil(o.By), Via: orNil(o.Via), State: o.Is(), Error: orNil(o.Error), SentAt: policy.TimeOrNil(o.SentAt),
		FailedAt: policy.TimeOrNil(o.FailedAt), OpenedAt: policy.TimeOrNil(o.OpenedAt), Opened: o.Opened, TakenBackAt: policy.TimeOrNil(o.TakenBackAt),
		TakenBackBy: orNil(o.TakenBackBy),
	}
}

// Rows returns offers as lists show them.
func Rows(offers []Offer) []Row {
	rows := make([]Row, len(offers))
	for i, o := range offers {
		rows[i] = o.Row()
	}
	return rows
}

// Masked returns the row for those who may not see telephone numbers and e-mail addresses.
func (r Row) Masked() Row {
	switch {
	case r.To == nil:
	case r.Channel == policy.ChannelSMS:
		r.To = orNil(policy.Phone(*r.To).String())
	default:
		r.To = nil
	}
	if r.Error != nil {
		r.Error = orNil(policy.MaskedText(*r.Error))
	}
	return r
}

func orNil[T ~string](v T) *T {
	if v == "" {
		return nil
	}
	return &v
}

// Decisions returns what was offered on a call among the decisions of its history, in the order of time.
func Decisions(history []policy.Decision, offers []Offer) []policy.Decision {
	for _, o := range offers {
		d := policy.Decision{At: o.At, Rule: "call.offered", Result: o.Words(), Inputs: []policy.Fact{{Name: "offer", Value: string(o.ID)}}}
		later := slices.IndexFunc(history, func(h policy.Decision) bool { return h.At.After(o.At) })
		if later < 0 {
			later = len(history)
		}
		history = slices.Insert(slices.Clip(history), later, d)
	}
	return history
}
