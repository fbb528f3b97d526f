package twilio

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/url"
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
	calls := func(p *page) []api.ApiV2010Call { return p.Calls }
	op := a.operation(ctx, "calls list")
	return list(op, "Calls", days("StartTime", from, to), calls, func(c api.ApiV2010Call) (ListedCall, bool) {
		l := listedCall(c)
		return l, !l.StartedAt.Before(from) && l.StartedAt.Before(to)
	})
}

// placedWithin is the difference that the provider's clock may have from ours, and the fraction that its whole seconds lose.
const placedWithin = 2 * time.Second

// FindPlaced returns a call that was placed over the REST API to somebody since a time: the oldest, if there are several. It is for a call whose
// create was not answered, so that nobody is rung twice. found is false if the provider has none, or has not listed it yet, which takes seconds.
func (a *Account) FindPlaced(ctx context.Context, to, from string, since time.Time) (call ListedCall, found bool, err error) {
	calls := func(p *page) []api.ApiV2010Call { return p.Calls }
	keep := func(c api.ApiV2010Call) (ListedCall, bool) { return listedCall(c), true }
	// A call that still waits has no start to filter by, so the list is read by its order instead: newest first.
	for l, err := range list(a.operation(ctx, "calls find"), "Calls", url.Values{"To": {to}, "From": {from}}, calls, keep) {
		switch {
		case err != nil:
			return ListedCall{}, false, err
		case l.StartedAt.Before(since.Add(-24 * time.Hour)):
			return call, found, nil
		case l.Direction == "outbound-api" && !l.StartedAt.Before(since.Add(-placedWithin)):
			call, found = l, true
		}
	}
	return call, found, nil
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

// days returns the filters of a list by the UTC days that contain [from, to). The provider documents them as days, and may ignore
// anything finer.
func days(name string, from, to time.Time) url.Values {
	const day = 24 * time.Hour
	after, before := from.UTC().Truncate(day), to.UTC().Truncate(day)
	if before.Before(to) {
		before = before.Add(day)
	}
	return url.Values{name + ">": {after.Format(time.RFC3339)}, name + "<": {before.Format(time.RFC3339)}}
}

// listedTime parses one of the provider's RFC 2822 times. It returns the zero time for anything else.
func listedTime(text *string) time.Time {
	at, _ := time.Parse(time.RFC1123Z, value(text)) // zero on an error
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

// page is a page of a list. It has the items of that list alone.
type page struct {
	Calls      []api.ApiV2010Call                `json:"calls"`
	Recordings []api.ApiV2010Recording           `json:"recordings"`
	Messages   []api.ApiV2010Message             `json:"messages"`
	Numbers    []api.ApiV2010IncomingPhoneNumber `json:"incoming_phone_numbers"`
	Next       string                            `json:"next_page_uri"`
}

// pageSize is the largest that the provider allows.
const pageSize = 1000

// list returns the items of a list that keep converts. Its pages are fetched one by one.
func list[I, T any](
	op *operation, name string, filter url.Values, items func(*page) []I, keep func(I) (T, bool),
) iter.Seq2[T, error] {
	filter.Set("PageSize", strconv.Itoa(pageSize))
	return func(yield func(T, error) bool) {
		for next := op.account.path(name+".json") + "?" + filter.Encode(); next != ""; {
			p, err := fetch[page](op, providerURL+next)
			if err != nil {
				var none T
				yield(none, op.wrap(err))
				return
			}
			for _, item := range items(p) {
				if kept, ok := keep(item); ok && !yield(kept, nil) {
					return
				}
			}
			next = p.Next
		}
	}
}

// path returns the path of a resource of the account.
func (a *Account) path(resource string) string {
	return "/2010-04-01/Accounts/" + a.config.AccountSID + "/" + resource
}

// fetch gets one JSON document.
func fetch[T any](op *operation, address string) (*T, error) {
	answer, err := op.handler().Get(address, nil, nil, "")
	if err != nil {
		return nil, err
	}
	document := new(T)
	if err := json.NewDecoder(answer.Body).Decode(document); err != nil {
		return nil, fmt.Errorf("the answer is not what the API promises: %w", err)
	}
	return document, nil
}
