package notices

import (
	"time"

	"github.com/officernd/supportline/policy"
)

// Row is a notice as JSON and CSV. What is not known is null.
type Row struct {
	Key      string                 `json:"key"`
	Kind     policy.NoticeKind      `json:"kind"`
	State    string                 `json:"state"` // sent, waiting, failed or withdrawn
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
		Key: n.Key, Kind: n.Kind, State: state(n), At: policy.TimeOrNil(n.At), Customer: orNil(n.Customer), Channel: n.Channel, To: orNil(n.To),
		Attempts: n.Attempts, NextAt: policy.TimeOrNil(n.NextAt), SentAt: policy.TimeOrNil(n.SentAt), FailedAt: policy.TimeOrNil(n.FailedAt), Error: orNil(n.Error),
	}
}

func orNil[T ~string](v T) *T {
	if v == "" {
		return nil
	}
	return &v
}

func state(n policy.Notice) string {
	switch {
	case !n.FailedAt.IsZero(): // also what was sent, and turned out not to have arrived
		return "failed"
	case !n.SentAt.IsZero():
		return "sent"
	case !n.WithdrawnAt.IsZero():
		return "withdrawn"
	}
	return "waiting"
}
