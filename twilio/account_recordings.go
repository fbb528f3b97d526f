package twilio

import (
	"context"
	"iter"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// ListedRecording is a recording of the provider's list.
type ListedRecording struct {
	SID, CallSID string // CallSID is the caller's leg
	Status       string // processing completed absent deleted
	Source       string // RecordVerb DialVerb Conference ...
	URL          string // as in a recording's callback, without a suffix
	Seconds      *int
	StartedAt    time.Time
}

// Recordings are the recordings made in [from, to), newest first. An error ends the sequence.
func (a *Account) Recordings(ctx context.Context, from, to time.Time) iter.Seq2[ListedRecording, error] {
	q := a.ask(ctx, "recordings list")
	after, before := days(from, to)
	first := func() (*api.ListRecordingResponse, error) {
		params := (&api.ListRecordingParams{}).SetDateCreatedAfter(after).SetDateCreatedBefore(before).SetPageSize(pageSize)
		return q.api().PageRecording(params, "", "")
	}
	next := func(p *api.ListRecordingResponse) *string { return p.NextPageUri }
	of := func(p *api.ListRecordingResponse) []api.ApiV2010Recording { return p.Recordings }
	return items(pages(q, first, next), of, func(r api.ApiV2010Recording) (ListedRecording, bool) {
		l := a.listedRecording(r)
		return l, !l.StartedAt.Before(from) && l.StartedAt.Before(to)
	})
}

func (a *Account) listedRecording(r api.ApiV2010Recording) ListedRecording {
	l := ListedRecording{
		SID: value(r.Sid), CallSID: value(r.CallSid), Status: value(r.Status), Source: value(r.Source), Seconds: wholeSeconds(r.Duration),
		StartedAt: listedTime(r.StartTime),
	}
	if l.StartedAt.IsZero() {
		l.StartedAt = listedTime(r.DateCreated)
	}
	l.URL = providerURL + "/2010-04-01/Accounts/" + a.config.AccountSID + "/Recordings/" + l.SID
	return l
}
