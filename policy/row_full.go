package policy

// FullRow is a call with what a row leaves out: the message, the recordings, and what people did to it.
type FullRow struct {
	Row
	Message    *Recording  `json:"message"`
	Recordings []Recording `json:"recordings"`
	Acts       []Act       `json:"acts"`
}

// FullRow shows the call. counted is what Tickets says of it.
func (c Call) FullRow(fair FairUse, counted bool) FullRow {
	return FullRow{
		Row: c.Row(fair, counted), Message: c.Message, Recordings: append([]Recording{}, c.Recordings...), Acts: append([]Act{}, c.Acts...),
	}
}

// Masked is the row for those who may not see telephone numbers: those in people's own words are masked too.
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

// Unheard is the row for those who may not play recordings: it says that there are some, and not where.
func (r FullRow) Unheard() FullRow {
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
