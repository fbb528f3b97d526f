package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/policy/users"
)

// Offers are the pages of the company that callers and account holders were sent. Errors are remedy's, policy.ErrNoCall, policy.ErrInput, or internal.
type Offers interface {
	// OffersOf returns what was offered on a call, OffersTo what an account was offered, the oldest first.
	OffersOf(ctx context.Context, sid policy.CallSID) ([]remedy.Offer, error)
	OffersTo(ctx context.Context, number policy.CustomerNumber) ([]remedy.Offer, error)
	// OfferOn and TakeBackOffer are acts of people, which the audit notes.
	OfferOn(ctx context.Context, sid policy.CallSID, ask remedy.Ask) (remedy.Offer, error)
	TakeBackOffer(ctx context.Context, id remedy.ID, act followup.Act) (remedy.Offer, error)
}

func offerOperations() []operation {
	return []operation{
		{http.MethodPost, "/calls/:sid/offers", users.DoActs, nil, (*request).offer},
		{http.MethodPost, "/offers/:id/take-back", users.DoActs, nil, (*request).takeBackOffer},
		{http.MethodGet, "/customers/:number/offers", "", nil, (*request).listOffers},
	}
}

// offer sends a page of the company as a program asks, and answers with the offer.
func (r *request) offer() error {
	var sent struct {
		Page    remedy.Page    `json:"page"`
		Channel policy.Channel `json:"channel"`
	}
	if err := r.body(&sent); err != nil {
		return err
	}
	if !slices.Contains(remedy.Pages(), sent.Page) {
		return fmt.Errorf("%w: page is %q; write screen-sharing, training or customer-number", ErrWrongInput, sent.Page)
	}
	if sent.Channel != "" && sent.Channel != policy.ChannelSMS && sent.Channel != policy.ChannelEmail {
		return fmt.Errorf("%w: channel is %q; write sms or email, or leave it out", ErrWrongInput, sent.Channel)
	}
	return r.sendOffer(r.api.Offers.OfferOn(r.ctx(), policy.CallSID(r.part("sid")), remedy.Ask{Page: sent.Page, By: sent.Channel, Act: r.followUpAct("")}))
}

func (r *request) takeBackOffer() error {
	var sent struct{}
	if err := r.body(&sent); err != nil {
		return err
	}
	return r.sendOffer(r.api.Offers.TakeBackOffer(r.ctx(), remedy.ID(r.part("id")), r.followUpAct("")))
}

// sendOffer answers with an offer as it is after an act.
func (r *request) sendOffer(o remedy.Offer, err error) error {
	if err != nil {
		return err
	}
	numbers, err := r.full("an offer", o.Customer, string(o.Call), 1)
	if err != nil {
		return err
	}
	return r.JSON(http.StatusOK, masked(o.Row(), numbers))
}

// listOffers answers with all that an account was offered.
func (r *request) listOffers() error {
	c, err := r.api.Accounts.Customer(r.ctx(), policy.CustomerNumber(r.part("number")))
	if err != nil {
		return err
	}
	offers, err := r.api.Offers.OffersTo(r.ctx(), c.Number)
	if err != nil {
		return err
	}
	numbers, err := r.full("what an account was offered", c.Number, "offers", len(offers))
	if err != nil {
		return err
	}
	return r.sendList("offers", shownOffers(offers, numbers), "")
}

func shownOffers(offers []remedy.Offer, numbers bool) []remedy.Row {
	rows := remedy.Rows(offers)
	for i := range rows {
		rows[i] = masked(rows[i], numbers)
	}
	return rows
}
