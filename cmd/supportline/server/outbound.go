package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/twilio"
)

// providersOwn is the address of the provider's REST API. Behind any other somebody plays the provider, and made-up numbers are as good as real ones.
const providersOwn = "https://api.twilio.com"

// outbound calls and texts specialists over the provider's REST API.
type outbound struct {
	account   *twilio.Account
	queue     *ivr.Queue
	alarm     func(context.Context, alarm.ID) (alarm.Alarm, error)
	settings  func() policy.Settings
	publicURL string
	smsFrom   string // "": no texts are sent
	madeUp    bool   // made-up numbers may be texted
}

// outbound returns what calls and texts specialists for the App.
func (a *App) outbound() outbound {
	t := a.Conf.Twilio
	return outbound{
		account: a.account, queue: a.queue, alarm: a.Store.Alarm, settings: a.Settings, publicURL: a.Conf.PublicURL, smsFrom: t.SMSFrom,
		madeUp: a.Conf.Settings.MadeUp || cmp.Or(t.APIURL, providersOwn) != providersOwn,
	}
}

// addedTo returns the settings with the channels of calls and texts.
func (o outbound) addedTo(s notices.Settings) notices.Settings {
	s.Named = append(slices.Clip(s.Named), notices.Call(o.call))
	if o.smsFrom != "" {
		s.Named = append(s.Named, notices.SMS(o.text))
	}
	return s
}

// call places the call of a notice, unless an earlier attempt did, or the alarm was taken while the call waited for its turn.
func (o outbound) call(ctx context.Context, n policy.Notice) error {
	call := ivr.AlarmCall{Alarm: alarm.ID(n.Alarm), Kind: n.Kind, Person: n.Person, To: policy.Phone(n.To), From: o.line(n)}
	leg := call.OutboundLeg(o.publicURL)
	if !n.TriedAt.IsZero() {
		if _, found, err := o.account.FindPlaced(ctx, leg.To, leg.From, n.TriedAt); found || err != nil {
			return unsent(err)
		}
	}
	_, err := o.queue.Place(ctx, ivr.ForAlarm, leg, func(ctx context.Context) (bool, error) { return o.wanted(ctx, n) })
	return unsent(err)
}

// text sends the text of a notice, unless an earlier attempt did, or the alarm is taken.
func (o outbound) text(ctx context.Context, n policy.Notice, body string) error {
	if err := followup.MayReach(policy.Phone(n.To), o.settings(), o.madeUp); err != nil {
		return &notices.Unsent{Class: "not allowed", Reason: err.Error(), ForGood: true}
	}
	m := twilio.Message{From: o.smsFrom, To: n.To, Body: body, StatusURL: ivr.MessageStatusURL(o.publicURL, n.Key)}
	if !n.TriedAt.IsZero() {
		if _, found, err := o.account.FindSent(ctx, m, n.TriedAt); found || err != nil {
			return unsent(err)
		}
	}
	is, err := o.wanted(ctx, n)
	switch {
	case err != nil:
		return unsent(err)
	case !is:
		return unsent(ivr.ErrUnwanted)
	}
	_, err = o.account.SendMessage(ctx, m)
	if why, _ := twilio.WhyNot(err); err != nil && why.Number && why.ForGood {
		return &notices.Unsent{Class: "number", Reason: policy.TextsDontReach + why.Words, ForGood: true}
	}
	return unsent(err)
}

// line returns the number that calls about a notice show: that of the call's line, or the first.
func (o outbound) line(n policy.Notice) policy.Phone {
	lines := o.settings().Lines
	for _, l := range lines {
		if l.Number.Full() == n.Facts["line"] {
			return l.Number
		}
	}
	return lines[0].Number
}

// wanted reports whether people are still to be told of a notice: nobody has taken its alarm. One without an alarm is always wanted.
func (o outbound) wanted(ctx context.Context, n policy.Notice) (bool, error) {
	if n.Alarm == "" {
		return true, nil
	}
	a, err := o.alarm(ctx, alarm.ID(n.Alarm))
	if errors.Is(err, alarm.ErrNone) {
		return false, nil
	}
	return err != nil || a.State == policy.AlarmOpen, err
}

// unsent returns the error of a channel that an error of the provider is.
func unsent(err error) error {
	_, refused := errors.AsType[*twilio.Err](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ivr.ErrUnwanted):
		return &notices.Unsent{Class: notices.Unwanted, Reason: "somebody took it before it was sent", ForGood: true}
	case errors.Is(err, context.DeadlineExceeded) && !refused:
		return &notices.Unsent{Class: "timeout", Reason: "the provider did not answer in time, or too many calls wait"}
	}
	why, _ := twilio.WhyNot(err)
	class := "provider"
	switch {
	case why.Number:
		class = "number"
	case why.ForGood:
		class = "refused"
	}
	return &notices.Unsent{Class: class, Reason: reason(why), ForGood: why.ForGood, Down: !refused}
}

func reason(why twilio.Meaning) string {
	return fmt.Sprintf("the provider can't place it: %s", why.Words)
}

// lostTexts tells the store of texts that will never arrive.
type lostTexts struct {
	lose func(ctx context.Context, key string, at time.Time, cause error) error
}

// TextLost implements ivr.Texts.
func (l lostTexts) TextLost(ctx context.Context, notice string, code int, at time.Time) error {
	why := twilio.MeaningOf(code)
	cause := errors.New("the text was not delivered: " + why.Words)
	switch {
	case code == 0:
		cause = errors.New("the text was not delivered, and the provider gives no reason")
	case why.Number && why.ForGood:
		cause = errors.New(policy.TextsDontReach + why.Words)
	}
	if err := l.lose(ctx, notice, at, cause); err != nil && !errors.Is(err, policy.ErrNoNotice) {
		return err
	}
	return nil
}
