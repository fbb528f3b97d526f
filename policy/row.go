package policy

import (
	"time"
)

// Row is a call as people and programs are shown it, with the names of the JSON and CSV exports. Times are UTC, durations are whole seconds,
// and an unknown value is nil, never 0.
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

// Row returns the call as a row. counted is whether fair use counts it as a ticket.
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
	if s, ok := c.total(); ok {
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

// FullRow is a call with what a row leaves out: the message, the recordings, and what people did to it.
type FullRow struct {
	Row
	Message    *Recording  `json:"message"`
	Recordings []Recording `json:"recordings"`
	Acts       []Act       `json:"acts"`
}

// FullRow returns the call as a full row. counted is whether fair use counts it as a ticket.
func (c Call) FullRow(fair FairUse, counted bool) FullRow {
	return FullRow{
		Row: c.Row(fair, counted), Message: c.Message, Recordings: append([]Recording{}, c.Recordings...), Acts: append([]Act{}, c.Acts...),
	}
}

// Masked returns the row for those who may not see telephone numbers: those in people's own words are masked too.
func (r FullRow) Masked() FullRow {
	r.Row = r.Row.Masked()
	acts := make([]Act, len(r.Acts))
	for i, a := range r.Acts {
		a.Value, a.Reason, a.Before = MaskedText(a.Value), MaskedText(a.Reason), MaskedText(a.Before)
		acts[i] = a
	}
	r.Acts = acts
	return r
}

// WithoutAudio returns the row for those who may not play recordings: the recordings are counted, and not located.
func (r FullRow) WithoutAudio() FullRow {
	if r.Message != nil {
		m := r.Message.unheard()
		r.Message = &m
	}
	recordings := make([]Recording, len(r.Recordings))
	for i, m := range r.Recordings {
		recordings[i] = m.unheard()
	}
	r.Recordings = recordings
	return r
}

func (m Recording) unheard() Recording { return Recording{SID: m.SID, Seconds: m.Seconds, At: m.At} }

// Masked returns the row for those who may not see telephone numbers: the caller's and the specialist's are masked. The line's is public.
func (r Row) Masked() Row {
	r.From = Phone(r.From).String()
	if r.Specialist != nil {
		masked := Phone(*r.Specialist).String()
		r.Specialist = &masked
	}
	return r
}
