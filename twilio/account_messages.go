package twilio

import (
	"context"
	"net/url"
	"strings"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// Message is a text message to be sent.
type Message struct {
	From      string // a number of the account in E.164, or a messaging service: MG...
	To        string // E.164
	Body      string
	StatusURL string // for its progress; "": none
}

// SentMessage is a text message as the provider has it.
type SentMessage struct {
	SID    string
	Status string // queued accepted sending sent delivered undelivered failed canceled ...
	Code   int    // why it was not delivered (Meaning); 0: no reason, or none yet
}

// Lost reports whether the message will never arrive.
func (m SentMessage) Lost() bool {
	return m.Status == "undelivered" || m.Status == "failed" || m.Status == "canceled"
}

// serviceSID begins the SID of a messaging service.
const serviceSID = "MG"

// SendMessage sends a text message and returns its SID as soon as the provider has accepted it; whether it arrives is reported to its StatusURL.
// A request whose answer was lost is not repeated, since the provider may have sent the message. One that exceeds the provider's rate limit is.
func (a *Account) SendMessage(ctx context.Context, m Message) (sid string, err error) {
	op := a.operation(ctx, "message create")
	op.once = true
	params := (&api.CreateMessageParams{}).SetTo(m.To).SetBody(m.Body)
	if strings.HasPrefix(m.From, serviceSID) {
		params.SetMessagingServiceSid(m.From)
	} else {
		params.SetFrom(m.From)
	}
	if m.StatusURL != "" {
		params.SetStatusCallback(m.StatusURL)
	}
	made, err := op.api().CreateMessage(params)
	if err != nil {
		return "", op.wrap(err)
	}
	return value(made.Sid), nil
}

// Message returns a text message as it is now. If the provider does not know it, the error is an *Err with status 404.
func (a *Account) Message(ctx context.Context, sid string) (SentMessage, error) {
	op := a.operation(ctx, "message")
	m, err := op.api().FetchMessage(sid, nil)
	if err != nil {
		return SentMessage{}, op.wrap(err)
	}
	return sentMessage(*m), nil
}

// FindSent returns a text message that was sent with the same receiver and body since a time. It is for a message whose create was not answered, so
// that nobody gets it twice. The provider puts a sentence of its own before the texts of trial accounts. found is false if the provider has none.
func (a *Account) FindSent(ctx context.Context, m Message, since time.Time) (sent SentMessage, found bool, err error) {
	messages := func(p *page) []api.ApiV2010Message { return p.Messages }
	keep := func(l api.ApiV2010Message) (api.ApiV2010Message, bool) { return l, true }
	for l, err := range list(a.operation(ctx, "messages find"), "Messages", url.Values{"To": {m.To}}, messages, keep) {
		made := listedTime(l.DateCreated)
		switch {
		case err != nil:
			return SentMessage{}, false, err
		case made.Before(since.Add(-24 * time.Hour)):
			return sent, found, nil
		case strings.HasSuffix(value(l.Body), m.Body) && !made.Before(since.Add(-placedWithin)):
			sent, found = sentMessage(l), true
		}
	}
	return sent, found, nil
}

func sentMessage(m api.ApiV2010Message) SentMessage {
	return SentMessage{SID: value(m.Sid), Status: value(m.Status), Code: value(m.ErrorCode)}
}
