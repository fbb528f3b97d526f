package policy

import "time"

// Row is a call as people and programs are shown it: the names of the JSON and CSV exports. Times are UTC, durations whole seconds, and
// what is not known is nil, never 0.
type Row struct {
	SID          CallSID         `json:"sid"`
	Line         string          `json:"line"`
	From         string          `json:"from"`
	Customer     *CustomerNumber `json:"customer"`
	Account      *string         `json:"account"`
	Intent       *Intent         `json:"intent"`
	Ticket       *Ticket         `json:"ticket"`
	Outcome      *Outcome        `json:"outcome"`
	StartedAt    *time.Time      `json:"started_at"`
	AnsweredAt   *time.Time      `json:"answered_at"` // the specialist's acceptance
	EndedAt      *time.Time      `json:"ended_at"`
	TalkSeconds  *int            `json:"talk_seconds"`
	WaitSeconds  *int            `json:"wait_seconds"`
	TotalSeconds *int            `json:"total_seconds"`
	Specialist   *string         `json:"specialist"`
	OverLong     bool            `json:"over_long"`
	Waived       bool            `json:"waived"`
	Training     bool            `json:"training"`
	Counted      bool            `json:"counted"` // this very call adds a phone ticket to Month
	Month        *Month          `json:"month"`
}

// Row shows the call. counted is what Tickets says of it.
func (c Call) Row(fair FairUse, counted bool) Row {
	row := Row{
		SID: c.SID, Line: c.Line.Full(), From: c.From.Full(),
		Customer: orNil(c.Customer), Account: orNil(c.Account), Intent: orNil(c.Intent), Ticket: orNil(c.Ticket),
		Outcome: orNil(c.Outcome()), StartedAt: utc(c.StartedAt), EndedAt: utc(c.End()), Month: orNil(c.Month),
		OverLong: c.OverLong(fair), Waived: c.Waived, Training: c.Training, Counted: counted,
	}
	if leg, ok := c.Accepted(); ok {
		row.AnsweredAt, row.Specialist = utc(leg.AcceptedAt), orNil(leg.To.Full())
	}
	if s, _, ok := c.Talk(); ok {
		row.TalkSeconds = &s
	}
	if s, ok := c.Wait(); ok {
		row.WaitSeconds = &s
	}
	if s, ok := c.Total(); ok {
		row.TotalSeconds = &s
	}
	return row
}

func orNil[T ~string](v T) *T {
	if v == "" {
		return nil
	}
	return &v
}

func utc(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}
