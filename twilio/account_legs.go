package twilio

import (
	"context"
	"errors"
	"fmt"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// Ringing is a leg to be rung beside a call, rather than by a Dial on it.
type Ringing struct {
	From, To     string // E.164, or To a SIP address
	URL          string // of the document that the leg follows once somebody picked up
	StatusURL    string // where its progress goes
	StatusEvents []string
	Seconds      int // to ring for
}

// Ring rings somebody and gives the leg's SID as soon as the provider has taken the order. It is asked once: an order whose answer was lost
// may have been carried out, and a second one would ring twice. An order that the provider is too busy for was not taken, and is
// repeated.
func (a *Account) Ring(ctx context.Context, r Ringing) (sid string, err error) {
	q := a.ask(ctx, "call create")
	q.once = true
	params := (&api.CreateCallParams{}).SetFrom(r.From).SetTo(r.To).SetUrl(r.URL).SetTimeout(r.Seconds)
	if r.StatusURL != "" {
		params.SetStatusCallback(r.StatusURL).SetStatusCallbackEvent(r.StatusEvents)
	}
	made, err := q.api().CreateCall(params)
	if err != nil {
		return "", q.wrong(err)
	}
	return value(made.Sid), nil
}

// Fetch makes a call or leg go on with another document at once, whatever it is at.
func (a *Account) Fetch(ctx context.Context, sid, url string) error {
	q := a.ask(ctx, "call redirect")
	_, err := q.api().UpdateCall(sid, (&api.UpdateCallParams{}).SetUrl(url))
	return q.maybeWrong(err)
}

// HangUp ends a call or leg, ringing or answered. One that is over already is no error.
func (a *Account) HangUp(ctx context.Context, sid string) error {
	q := a.ask(ctx, "call end")
	_, err := q.api().UpdateCall(sid, (&api.UpdateCallParams{}).SetStatus("completed"))
	var refused *Err
	if errors.As(err, &refused) && refused.Code == callIsOver {
		return nil
	}
	return q.maybeWrong(err)
}

// callIsOver is the provider's error for a change of a call that has ended.
const callIsOver = 21220

// Announce lets one party of a conference that is under way hear a document; the others hear nothing of it. room is the conference's name.
// Where there is no such conference any more, or the party has left it, the error is an *Err with status 404.
func (a *Account) Announce(ctx context.Context, room, party, url string) error {
	q := a.ask(ctx, "conferences list")
	found, err := q.api().PageConference((&api.ListConferenceParams{}).SetFriendlyName(room).SetStatus("in-progress").SetPageSize(1), "", "")
	if err != nil {
		return q.wrong(err)
	}
	if len(found.Conferences) == 0 {
		return fmt.Errorf("twilio: announcement: %w", &Err{Status: 404, Message: "the conference is over"})
	}
	q = a.ask(ctx, "announcement")
	_, err = q.api().UpdateParticipant(value(found.Conferences[0].Sid), party, (&api.UpdateParticipantParams{}).SetAnnounceUrl(url))
	return q.maybeWrong(err)
}

func (q *question) maybeWrong(err error) error {
	if err != nil {
		return q.wrong(err)
	}
	return nil
}
