package policy

import (
	"time"
)

// CountedRow is one call of an account's month, and what fair use made of it, as people and programs are shown it.
type CountedRow struct {
	SID         CallSID    `json:"sid"`
	StartedAt   *time.Time `json:"started_at"`
	Ticket      *Ticket    `json:"ticket"`
	TalkSeconds *int       `json:"talk_seconds"`
	Counted     bool       `json:"counted"`
	OverLong    bool       `json:"over_long"`
	Waived      bool       `json:"waived"`
	Training    bool       `json:"training"`
	Rule        string     `json:"rule"`
	Why         string     `json:"why"`
}

// Row shows the call.
func (c Counted) row() CountedRow {
	row := CountedRow{
		SID: c.SID, StartedAt: utc(c.StartedAt), Ticket: orNil(c.Ticket), Counted: c.Counts, OverLong: c.OverLong, Waived: c.Waived, Training: c.Training,
		Rule: c.Rule, Why: c.Why,
	}
	if c.Talked {
		row.TalkSeconds = &c.TalkSeconds
	}
	return row
}

// CountedRows show a month.
func CountedRows(month []Counted) []CountedRow {
	rows := make([]CountedRow, len(month))
	for i, c := range month {
		rows[i] = c.row()
	}
	return rows
}
