package notices

import (
	"time"

	"github.com/officernd/supportline/policy"
)

// Row is a notice as JSON and CSV. What is not known is null.
type Row struct {
	Key      string                 `json:"key"`
	Kind     policy.NoticeKind      `json:"kind"`
	State    string                 `json:"state"` // sent, waiting or failed
	At       *time.Time             `json:"at"`
	Customer *policy.CustomerNumber `json:"customer"`
	Channel  policy.Channel         `json:"channel"`
	To       *string                `json:"to"`
	Attempts int                    `json:"attempts"`
	NextAt   *time.Time             `json:"next_at"`
	SentAt   *time.Time             `json:"sent_at"`
	FailedAt *time.Time             `json:"failed_at"`
	Error    *string                `json:"error"`
}

// RowOf returns a notice as a row.
func RowOf(n policy.Notice) Row {
	return Row{
		Key: n.Key, Kind: n.Kind, State: state(n), At: known(n.At), Customer: orNull(n.Customer), Channel: n.Channel, To: orNull(n.To),
		Attempts: n.Attempts, NextAt: known(n.NextAt), SentAt: known(n.SentAt), FailedAt: known(n.FailedAt), Error: orNull(n.Error),
	}
}

func state(n policy.Notice) string {
	switch {
	case !n.SentAt.IsZero():
		return "sent"
	case !n.FailedAt.IsZero():
		return "failed"
	}
	return "waiting"
}

// known and orNull return nil for a value that is not known.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC().Truncate(time.Second))
}

func orNull[T ~string](v T) *T {
	if v == "" {
		return nil
	}
	return &v
}
