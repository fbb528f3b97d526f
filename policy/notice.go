package policy

import (
	"errors"
	"time"
)

// The errors about notices.
var (
	ErrNoNotice = errors.New("no such notice")
	// ErrSent refuses to retry a notice that was delivered.
	ErrSent = errors.New("the notice was sent")
)

// Notice is a message to people. It is stored in the same commit as what caused it, and then delivered, with repeated attempts.
type Notice struct {
	Key      string         `json:"key"` // names the event and its receiver, so that nothing is told twice: "call-limit/CA..."
	Kind     NoticeKind     `json:"kind"`
	At       time.Time      `json:"at"`
	Customer CustomerNumber `json:"customer,omitempty"`
	// Facts are the values that the templates of the words can use: account, specialist, month, tickets, ...
	Facts map[string]string `json:"facts,omitempty"`

	Channel  Channel   `json:"channel"`      // how it goes out; a notice on two channels is two notices
	To       string    `json:"to,omitempty"` // e-mail address, or leg; for a webhook the configured one
	Attempts int       `json:"attempts,omitempty"`
	NextAt   time.Time `json:"next_at,omitzero"` // when it is tried next; zero: at once
	SentAt   time.Time `json:"sent_at,omitzero"`
	FailedAt time.Time `json:"failed_at,omitzero"` // given up, until a person retries it
	Error    string    `json:"error,omitempty"`    // of the last attempt that failed
}

// NoticeKind is the kind of event that a notice is about.
type NoticeKind string

// The kinds of events.
const (
	NoticeCallLimit NoticeKind = "call-limit" // a talk passed the call limit and goes on
	NoticeTickets   NoticeKind = "tickets"    // an account is near its monthly limit, or at it
	NoticeCase      NoticeKind = "case"       // sustained load opened a case
	NoticeMove      NoticeKind = "case-moved" // to the account holder, on a person's word
	NoticeSummary   NoticeKind = "summary"    // the month that ended
)

// Channel is the name of a way of delivering notices.
type Channel string

// The channels that the program has.
const (
	ChannelEmail        Channel = "email"
	ChannelWebhook      Channel = "webhook"
	ChannelAnnouncement Channel = "whisper" // announced to a specialist in a conference; To is the SID of the leg
)
