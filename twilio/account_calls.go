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

// ListedCall is a call of the provider's list, a leg included.
type ListedCall struct {
	SID, ParentSID string // ParentSID is that of the caller's leg, on a specialist's
	From, To       string
	Direction      string // inbound outbound-dial outbound-api
	Status         string
	Seconds        *int // nil where the provider has none: ongoing calls, those that nobody answered, those that ended just now
	StartedAt      time.Time
	EndedAt        time.Time // zero while the call goes on
}

// Calls are the calls and legs that started in [from, to), as the provider lists them: newest first. Pages are read as they are needed. An
// error ends the sequence. What is listed may lag behind what happened.
func (a *Account) Calls(ctx context.Context, from, to time.Time) iter.Seq2[ListedCall, error] {
	q := a.ask(ctx, "calls list")
	after, before := days(from, to)
	first := func() (*api.ListCallResponse, error) {
		params := (&api.ListCallParams{}).SetStartTimeAfter(after).SetStartTimeBefore(before).SetPageSize(pageSize)
		return q.api().PageCall(params, "", "")
	}
	next := func(p *api.ListCallResponse) *string { return p.NextPageUri }
	return items(pages(q, first, next), func(p *api.ListCallResponse) []api.ApiV2010Call { return p.Calls }, func(c api.ApiV2010Call) (ListedCall, bool) {
		l := listedCall(c)
		return l, !l.StartedAt.Before(from) && l.StartedAt.Before(to)
	})
}

// Call reads one call or leg. One that the provider does not know is an *Err with status 404.
func (a *Account) Call(ctx context.Context, sid string) (ListedCall, error) {
	q := a.ask(ctx, "call")
	c, err := q.api().FetchCall(sid, nil)
	if err != nil {
		return ListedCall{}, q.wrong(err)
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

// days are the UTC days that hold [from, to). The provider documents its filters as days, and it is not known to keep to less.
func days(from, to time.Time) (after, before time.Time) {
	const day = 24 * time.Hour
	after = from.UTC().Truncate(day)
	before = to.UTC().Truncate(day)
	if before.Before(to) {
		before = before.Add(day)
	}
	return after, before
}

// listedTime reads the provider's RFC 2822 times; what is empty or anything else is no time.
func listedTime(text *string) time.Time {
	at, err := time.Parse(time.RFC1123Z, value(text))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

func wholeSeconds(text *string) *int {
	n, err := strconv.Atoi(value(text))
	if err != nil || n < 0 {
		return nil
	}
	return &n
}

// pages follows a list from page to page, as far as its consumer likes.
func pages[P any](q *question, first func() (*P, error), next func(*P) *string) iter.Seq2[*P, error] {
	return func(yield func(*P, error) bool) {
		page, err := first()
		for {
			if err != nil {
				yield(nil, q.wrong(err))
				return
			}
			address := value(next(page))
			if !yield(page, nil) || address == "" {
				return
			}
			page, err = fetch[P](q, providerURL+address)
		}
	}
}

// fetch asks for one JSON document.
func fetch[P any](q *question, address string) (*P, error) {
	answer, err := q.handler().Get(address, nil, nil, "")
	if err != nil {
		return nil, err
	}
	page := new(P)
	if err := json.NewDecoder(answer.Body).Decode(page); err != nil {
		return nil, fmt.Errorf("the answer is not what the API promises: %w", err)
	}
	return page, nil
}

// items are what the pages hold, but for what keep leaves out.
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
