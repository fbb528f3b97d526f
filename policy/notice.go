package policy

import "time"

// Notice is something that people shall learn: it is written down in the same commit as what caused it, and delivered until it has been.
type Notice struct {
	Key      string         `json:"key"` // names the event, so that it is never told twice: "call-limit/CA..."
	Kind     NoticeKind     `json:"kind"`
	At       time.Time      `json:"at"`
	Customer CustomerNumber `json:"customer,omitempty"`
	// Facts are what the words are made of: account, specialist, elapsed, month, tickets, ...
	Facts map[string]string `json:"facts,omitempty"`

	Channel  Channel   `json:"channel"`      // how it goes out; a notice on two channels is two notices
	To       string    `json:"to,omitempty"` // e-mail address, or leg; for a webhook the configured one
	Attempts int       `json:"attempts,omitempty"`
	NextAt   time.Time `json:"next_at,omitzero"` // when it is tried next; zero: at once
	SentAt   time.Time `json:"sent_at,omitzero"`
	FailedAt time.Time `json:"failed_at,omitzero"` // given up, until a person retries it
	Error    string    `json:"error,omitempty"`    // the last one
}

// NoticeKind is what a notice tells.
type NoticeKind string

// Everything that is told.
const (
	NoticeCallLimit NoticeKind = "call-limit" // a talk passed the call limit and goes on
	NoticeTickets   NoticeKind = "tickets"    // an account is near its monthly limit, or at it
	NoticeCase      NoticeKind = "case"       // sustained load opened a case
	NoticeMove      NoticeKind = "case-moved" // to the account holder, on a person's word
	NoticeSummary   NoticeKind = "summary"    // the month that ended
)

// Channel is how a notice goes out.
type Channel string

// The channels.
const (
	ChannelEmail        Channel = "email"
	ChannelWebhook      Channel = "webhook"
	ChannelAnnouncement Channel = "whisper" // announced to a specialist in a conference; To is the SID of the leg
)
