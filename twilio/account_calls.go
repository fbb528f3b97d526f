package twilio

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// ListedCall is a call or a leg in the provider's list.
type ListedCall struct {
	SID, ParentSID string // ParentSID is the caller's call, on a dialled leg
	From, To       string
	Direction      string // inbound outbound-dial outbound-api
	Status         string
	Seconds        *int // nil if the provider has none: ongoing and unanswered calls, and those that ended just now
	StartedAt      time.Time
	EndedAt        time.Time // zero while the call goes on
}

// Calls returns the calls and legs that started in [from, to), newest first. Pages are fetched as they are needed. An error ends the sequence.
// The list may lag behind what happened.
func (a *Account) Calls(ctx context.Context, from, to time.Time) iter.Seq2[ListedCall, error] {
	op := a.operation(ctx, "calls list")
	after, before := days(from, to)
	first := func() (*api.ListCallResponse, error) {
		params := (&api.ListCallParams{}).SetStartTimeAfter(after).SetStartTimeBefore(before).SetPageSize(pageSize)
		return op.api().PageCall(params, "", "")
	}
	next := func(p *api.ListCallResponse) *string { return p.NextPageUri }
	return items(pages(op, first, next), func(p *api.ListCallResponse) []api.ApiV2010Call { return p.Calls }, func(c api.ApiV2010Call) (ListedCall, bool) {
		l := listedCall(c)
		return l, !l.StartedAt.Before(from) && l.StartedAt.Before(to)
	})
}

// Call returns one call or leg. If the provider does not know it, the error is an *Err with status 404.
func (a *Account) Call(ctx context.Context, sid string) (ListedCall, error) {
	op := a.operation(ctx, "call")
	c, err := op.api().FetchCall(sid, nil)
	if err != nil {
		return ListedCall{}, op.wrap(err)
	}
	return listedCall(*c), nil
}

func listedCall(c api.ApiV2010Call) ListedCall {
	l := ListedCall{
		SID: value(c.Sid), ParentSID: value(c.ParentCallSid), From: value(c.From), To: value(c.To), Direction: value(c.Direction),
		Status: value(c.Status), Seconds: wholeSeconds(c.Duration), StartedAt: listedTime(c.StartTime), EndedAt: listedTime(c.EndTime),
	}
	if l.StartedAt.IsZero() { // not dialled yet
		l.StartedAt = listedTime(c.DateCreated)
	}
	return l
}

// days returns the UTC days that contain [from, to). The provider documents its filters as days, and may ignore anything finer.
func days(from, to time.Time) (after, before time.Time) {
	const day = 24 * time.Hour
	after = from.UTC().Truncate(day)
	before = to.UTC().Truncate(day)
	if before.Before(to) {
		before = before.Add(day)
	}
	return after, before
}

// listedTime parses one of the provider's RFC 2822 times. It returns the zero time for anything else.
func listedTime(text *string) time.Time {
	at, err := time.Parse(time.RFC1123Z, value(text))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// wholeSeconds parses a duration in seconds. It returns nil for anything else.
func wholeSeconds(text *string) *int {
	n, err := strconv.Atoi(value(text))
	if err != nil || n < 0 {
		return nil
	}
	return &n
}

// pages returns the pages of a list, fetched one by one.
func pages[P any](op *operation, first func() (*P, error), next func(*P) *string) iter.Seq2[*P, error] {
	return func(yield func(*P, error) bool) {
		page, err := first()
		for {
			if err != nil {
				yield(nil, op.wrap(err))
				return
			}
			address := value(next(page))
			if !yield(page, nil) || address == "" {
				return
			}
			page, err = fetch[P](op, providerURL+address)
		}
	}
}

// fetch gets one JSON document.
func fetch[P any](op *operation, address string) (*P, error) {
	answer, err := op.handler().Get(address, nil, nil, "")
	if err != nil {
		return nil, err
	}
	page := new(P)
	if err := json.NewDecoder(answer.Body).Decode(page); err != nil {
		return nil, fmt.Errorf("the answer is not what the API promises: %w", err)
	}
	return page, nil
}

// items returns the items of the pages that keep converts.
func items[P, I, T any](pages iter.Seq2[*P, error], of func(*P) []I, keep func(I) (T, bool)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for page, err := range pages {
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range of(page) {
				if kept, ok := keep(item); ok && !yield(kept, nil) {
					return
				}
			}
		}
	}
}
