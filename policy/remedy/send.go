package remedy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// Ask is what a person asks for on a call: that a page be sent.
type Ask struct {
	Page Page
	// By is how: a text to the caller, or an e-mail to the account holder; "" is a text where the caller's number may be a mobile, else an e-mail.
	By  policy.Channel
	Act followup.Act // who, when, by what way
}

// Of returns the offer of a page on a call. holder is the account of the call, nil for none; earlier are the offers of the call, and those that its
// caller's number was texted. The offer has no number yet. Errors: ErrNoPage, ErrNoReceiver, ErrOffered, policy.ErrInput.
func Of(ask Ask, c policy.Call, holder *policy.Customer, earlier []Offer, s policy.Settings) (Offer, error) {
	by, err := policy.WrittenLine("the name of who does it", ask.Act.By)
	if err != nil {
		return Offer{}, err
	}
	if by == "" {
		return Offer{}, policy.ErrNoName
	}
	o := Offer{
		Page: ask.Page, Address: ask.Page.Address(s.Links), Call: c.SID, Customer: c.Customer, Account: c.Account, Line: c.Line,
		At: ask.Act.At.UTC(), By: by, Via: ask.Act.Via,
	}
	if o.Address == "" {
		return o, fmt.Errorf("%w: write links.%s into the configuration", ErrNoPage, key(o.Page))
	}
	if i := slices.IndexFunc(earlier, func(e Offer) bool { return e.Call == c.SID && e.Page == o.Page && e.Stands() }); i >= 0 {
		return o, fmt.Errorf("%w: %s", ErrOffered, earlier[i].Words())
	}
	o.Channel, o.To, err = receiver(ask, c, holder, earlier, s)
	if o.Channel == policy.ChannelEmail {
		o.Holder = holder.AccountHolder
	}
	return o, err
}

// OfLetter returns the offer of a training session that a letter carries. offers is false where the company has no page for that, and where the account is
// gone. The offer has no number yet.
func OfLetter(letter policy.Notice, holder *policy.Customer, s policy.Settings) (o Offer, offers bool) {
	if s.Links.Training == "" || holder == nil {
		return Offer{}, false
	}
	return Offer{
		Page: Training, Address: s.Links.Training, Customer: holder.Number, Account: holder.Name, Line: holder.Line, Notice: letter.Key,
		Channel: letter.Channel, To: letter.To, Holder: holder.AccountHolder, At: letter.At.UTC(),
	}, true
}

// key returns the key of links in the configuration that has the page's address.
func key(p Page) string {
	switch p {
	case ScreenSharing:
		return "screen_sharing"
	case Training:
		return "training"
	}
	return "customer_number"
}

// receiver returns how and to whom something of a call is sent.
func receiver(ask Ask, c policy.Call, holder *policy.Customer, earlier []Offer, s policy.Settings) (policy.Channel, string, error) {
	by, byText, byMail := ask.By, MayText(c, earlier, ask.Act.At, s), mayMail(c, holder, s)
	switch {
	case by == policy.ChannelEmail && byMail != nil:
		return "", "", byMail
	case by == policy.ChannelSMS && byText != nil:
		return "", "", byText
	case by != policy.ChannelEmail && byText == nil:
		return policy.ChannelSMS, c.From.Number().Full(), nil
	case byMail == nil:
		return policy.ChannelEmail, holder.Email, nil
	}
	return "", "", fmt.Errorf("%w; %w", byText, byMail)
}

// MayText returns nil where the caller of a call may be sent a text: the number may be a mobile, and the last of the earlier offers that was texted there
// did not fail because of the number. The error is ErrNoReceiver.
func MayText(c policy.Call, earlier []Offer, at time.Time, s policy.Settings) error {
	switch err := cmp.Or(erased(c), followup.MayText(c.From, s), reached(c.From, earlier, at), sends(s.Texts, "no number sends texts (twilio.sms_from)")); {
	case err != nil:
		return fmt.Errorf("%w to the caller: %w", ErrNoReceiver, err)
	case c.Test():
		return fmt.Errorf("%w: it is a call to try the line", ErrNoReceiver)
	}
	return nil
}

// forgottenAfter is how long a number is remembered as one that takes no texts: its owner may have it on another telephone by then, or take texts again.
const forgottenAfter = 90 * 24 * time.Hour

// reached returns why texts don't reach a number, by the last offer that went there; nil where they may.
func reached(number policy.Phone, earlier []Offer, at time.Time) (why error) {
	var last time.Time
	for _, o := range earlier {
		if o.Channel != policy.ChannelSMS || !policy.Phone(o.To).SameCaller(number) || o.At.Before(last) || o.SentAt.IsZero() && o.FailedAt.IsZero() {
			continue
		}
		last, why = o.At, nil
		if !o.FailedAt.IsZero() && strings.HasPrefix(o.Error, policy.TextsDontReach) && at.Sub(o.FailedAt) < forgottenAfter {
			why = errors.New(o.Error)
		}
	}
	return why
}

// sends returns nil where the installation has what sends messages of a kind.
func sends(has bool, lacks string) error {
	if has {
		return nil
	}
	return errors.New(lacks)
}

func mayMail(c policy.Call, holder *policy.Customer, s policy.Settings) error {
	switch {
	case c.Erased:
		return fmt.Errorf("%w: %w", ErrNoReceiver, errErased)
	case holder == nil && c.Customer != "":
		return fmt.Errorf("%w by e-mail: the account %s is no longer in the directory", ErrNoReceiver, c.Customer)
	case holder == nil:
		return fmt.Errorf("%w by e-mail: the call has no account", ErrNoReceiver)
	case holder.Email == "":
		return fmt.Errorf("%w by e-mail: the account %s has no e-mail address on file", ErrNoReceiver, holder.Number)
	case !s.Mail:
		return fmt.Errorf("%w by e-mail: there is no mail server (notices.smtp)", ErrNoReceiver)
	}
	return nil
}

var errErased = errors.New("the customer was erased")

func erased(c policy.Call) error {
	if c.Erased {
		return errErased
	}
	return nil
}

// Message returns the notice by which an offer goes out, once it has its number. link is the address of our own page, which leads on.
func (o Offer) Message(link string, s policy.Settings) policy.Notice {
	n := policy.Notice{
		Key: o.Notice, Kind: o.Page.Notice(), At: o.At, Customer: o.Customer, Channel: o.Channel, To: o.To, Offer: string(o.ID), Until: o.At.Add(worthIt),
		Facts: map[string]string{"account": o.Account, "sid": string(o.Call), "by": o.By, "company": s.Company, "account_holder": o.Holder, "take_link": link},
	}
	return n
}

// worthIt is for how long it is tried to send an offer: past it the caller wonders what it is about.
const worthIt = 24 * time.Hour
