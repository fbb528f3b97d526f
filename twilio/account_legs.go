package twilio

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// OutboundLeg is a leg to be placed as a call of its own, rather than by a Dial on the caller's call.
type OutboundLeg struct {
	From, To     string // E.164, or To a SIP address
	URL          string // of the document that the leg follows once it is answered
	StatusURL    string // for its progress
	StatusEvents []string
	Seconds      int // of ringing
}

// PlacedLeg is a leg that the provider has accepted.
type PlacedLeg struct {
	SID   string
	Queue time.Duration // until it begins to ring: the provider starts only so many of an account's calls a second
}

// maxQueue bounds the time in a queue. The provider gives up a call that waits longer than a day.
const maxQueue = 24 * time.Hour

// Ring places a leg and returns as soon as the provider has accepted the request. A request whose answer was lost is not repeated,
// since the provider may have placed the leg and a second request would ring twice. One that exceeds the provider's rate limit is.
func (a *Account) Ring(ctx context.Context, r OutboundLeg) (PlacedLeg, error) {
	op := a.operation(ctx, "call create")
	op.once = true
	params := (&api.CreateCallParams{}).SetFrom(r.From).SetTo(r.To).SetUrl(r.URL).SetTimeout(r.Seconds)
	if r.StatusURL != "" {
		params.SetStatusCallback(r.StatusURL).SetStatusCallbackEvent(r.StatusEvents)
	}
	made, err := op.api().CreateCall(params)
	if err != nil {
		return PlacedLeg{}, op.wrap(err)
	}
	return PlacedLeg{SID: value(made.Sid), Queue: queueTime(made.QueueTime)}, nil
}

// queueTime parses the milliseconds of a queue. It returns 0 for anything else.
func queueTime(text *string) time.Duration {
	n, err := strconv.ParseInt(value(text), 10, 64)
	if err != nil || n < 0 || n > int64(maxQueue/time.Millisecond) {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

// Redirect makes a call or leg go on with another document at once, whatever it is at.
func (a *Account) Redirect(ctx context.Context, sid, url string) error {
	op := a.operation(ctx, "call redirect")
	_, err := op.api().UpdateCall(sid, (&api.UpdateCallParams{}).SetUrl(url))
	return op.wrap(err)
}

// HangUp ends a call or leg, ringing or answered. It is no error if that is over already.
func (a *Account) HangUp(ctx context.Context, sid string) error {
	op := a.operation(ctx, "call end")
	_, err := op.api().UpdateCall(sid, (&api.UpdateCallParams{}).SetStatus("completed"))
	if refused, ok := errors.AsType[*Err](err); ok && refused.Code == callIsOver {
		return nil
	}
	return op.wrap(err)
}

// callIsOver is the provider's error code for a change of a call that has ended.
const callIsOver = 21220

// Announce plays a document to one party of the conference with the name room; the others do not hear it. If the conference is over or the
// party has left it, the error is an *Err with status 404.
func (a *Account) Announce(ctx context.Context, room, party, url string) error {
	op := a.operation(ctx, "conferences list")
	found, err := op.api().PageConference((&api.ListConferenceParams{}).SetFriendlyName(room).SetStatus("in-progress").SetPageSize(1), "", "")
	if err != nil {
		return op.wrap(err)
	}
	if len(found.Conferences) == 0 {
		return fmt.Errorf("twilio: announcement: %w", &Err{Status: 404, Message: "the conference is over"})
	}
	op = a.operation(ctx, "announcement")
	_, err = op.api().UpdateParticipant(value(found.Conferences[0].Sid), party, (&api.UpdateParticipantParams{}).SetAnnounceUrl(url))
	return op.wrap(err)
}
