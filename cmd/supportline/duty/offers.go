package duty

import (
	"context"
	"fmt"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/remedy"
)

// Offer is "calls offer": a page of the company is sent to the caller, or to the account holder.
type Offer struct {
	SID  string `arg:"" name:"SID" help:"The call's SID, as the log shows it."`
	Page string `arg:"" name:"PAGE" enum:"screen-sharing,training,customer-number" help:"screen-sharing, training or customer-number: an address of links in the configuration."`
	Via  string `enum:",sms,email" default:"" placeholder:"WAY" help:"sms to the caller, or email to the account holder (default: a text where the number may be a mobile, else an e-mail)."`
	By   string `placeholder:"NAME" help:"Who does it: a specialist's short name or name, or anybody (default: the operating system's user)."`
}

// Help returns what the command does.
func (Offer) Help() string {
	return flags.Examples(`Sends the link of a page, once on a call; a number gets one text a day. "calls explain" shows whether it arrived and was opened.`,
		"supportline calls offer CA00000000000000000000000000000001 screen-sharing",
		"supportline calls offer CA00000000000000000000000000000001 training --via email --by ada")
}

// Run offers the page.
func (o Offer) Run(ctx context.Context, s *control.Session) error {
	ask := remedy.Ask{Page: remedy.Page(o.Page), By: policy.Channel(o.Via), Act: followUpAct(s, o.By, "")}
	made, err := s.Offers.OfferOn(ctx, policy.CallSID(o.SID), ask)
	if err != nil {
		return flags.Absent(o.SID, err)
	}
	to := "the account holder by e-mail"
	if made.Channel == policy.ChannelSMS {
		to = "the caller by text"
	}
	fmt.Fprintf(s.Err, "Offer %s: the %s goes to %s. \"supportline calls take-back %s\" takes it back.\n", made.ID, made.Page.Title(), to, made.ID)
	return nil
}

// TakeBack is "calls take-back": the link of an offer leads nowhere any more.
type TakeBack struct {
	ID string `arg:"" name:"OFFER" help:"The offer's number, as \"calls explain\" shows it."`
	By string `placeholder:"NAME" help:"Who does it: a specialist's short name or name, or anybody (default: the operating system's user)."`
}

// Help returns what the command does.
func (TakeBack) Help() string {
	return flags.Examples("The link leads nowhere then, and what was not sent yet is not sent.", "supportline calls take-back 7")
}

// Run takes the offer back.
func (t TakeBack) Run(ctx context.Context, s *control.Session) error {
	act := followup.Act{At: s.Now(), By: who(s, t.By, s.User), Via: followup.ViaCommand}
	o, err := s.Offers.TakeBackOffer(ctx, remedy.ID(t.ID), act)
	if err != nil {
		return flags.Absent(t.ID, err)
	}
	fmt.Fprintf(s.Err, "Offer %s, the %s, was taken back by %s.\n", o.ID, o.Page.Title(), control.Plain(o.TakenBackBy))
	return nil
}
