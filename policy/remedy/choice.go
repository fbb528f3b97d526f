package remedy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// Choice is a page of the company as somebody sees it who may send it on a call.
type Choice struct {
	Page Page
	// Offer is the one that stands, or else the last one; nil for none.
	Offer *Offer
	// NoText is why the caller cannot be sent a text now, and NoMail why the account holder cannot be sent an e-mail; nil where that can be.
	NoText, NoMail error
}

// Choices returns the pages that can be sent on a call, and those that were. holder is the account of the call, nil for none; made are the offers of the
// call, and texted those that its caller's number was texted.
func Choices(c policy.Call, holder *policy.Customer, made, texted []Offer, at time.Time, s policy.Settings) (all []Choice) {
	noText, noMail := MayText(c, texted, at, s), mayMail(c, holder, s)
	if noText == nil {
		noText = textedToday(texted, at, s.LineZone(c.Line))
	}
	for _, page := range Pages() {
		one := Choice{Page: page, NoText: noText, NoMail: noMail}
		for _, o := range made {
			if o.Page == page && (one.Offer == nil || o.Stands() || !one.Offer.Stands()) {
				one.Offer = &o
			}
		}
		if one.Offer != nil || page.Address(s.Links) != "" && (page != CustomerNumber || c.Customer == "") {
			all = append(all, one)
		}
	}
	return all
}

// textedToday returns ErrSentToday where one of the offers was texted on the day of a time, or may still be: a number gets one text a day.
func textedToday(texted []Offer, now time.Time, zone *time.Location) error {
	y, m, d := now.In(zone).Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, zone)
	today := slices.IndexFunc(texted, func(o Offer) bool {
		at, counts := o.Texted()
		return counts && (at.IsZero() || !at.Before(midnight))
	})
	if today < 0 {
		return nil
	}
	return sentToday(texted[today], zone)
}

func sentToday(o Offer, zone *time.Location) error {
	return fmt.Errorf("%w: %s, at %s", ErrSentToday, o.Page.Words(), o.At.In(zone).Format("15:04 MST"))
}

// Stands reports whether the page was sent on the call, and does not have to be sent again.
func (c Choice) Stands() bool { return c.Offer != nil && c.Offer.Stands() }

// Sendable reports whether the page can be sent now in one way or the other.
func (c Choice) Sendable() bool { return !c.Stands() && (c.NoText == nil || c.NoMail == nil) }

// NoTextWords returns why the caller is not sent a text, in a sentence; "" where that can be.
func (c Choice) NoTextWords() string { return words("No text", c.NoText) }

// NoMailWords returns why the account holder is not sent an e-mail, in a sentence; "" where that can be.
func (c Choice) NoMailWords() string { return words("No e-mail", c.NoMail) }

// words returns what cannot be sent and why, without what the ways have in common, and without telephone numbers, which a provider's word may have: "No
// text to the number: it is a landline, which takes no texts."
func words(what string, err error) string {
	if err == nil {
		return ""
	}
	why := err.Error()
	if errors.Is(err, followup.ErrUnreachable) {
		what += " to the number"
	}
	for _, kind := range []error{ErrNoReceiver, followup.ErrUnreachable} {
		if errors.Is(err, kind) {
			_, why, _ = strings.Cut(why, kind.Error())
			why = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(why, " to the caller"), " by e-mail"), ": ")
		}
	}
	return what + ": " + policy.MaskedText(strings.TrimSuffix(why, ".")) + "."
}
