package remedy

import (
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// OfCaller returns the way to the customer number, to be sent by text to a caller who has just asked for it by a key. asked is false where that is not
// news, and where nothing can be sent.
func OfCaller(before, after policy.Call, s policy.Settings, at time.Time) (o Offer, asked bool) {
	address := CustomerNumber.Address(s.Links)
	if before.State.Texted || !after.State.Texted || address == "" || MayText(after, nil, at, s) != nil {
		return Offer{}, false
	}
	return Offer{
		Page: CustomerNumber, Address: address, Call: after.SID, Line: after.Line, Channel: policy.ChannelSMS, To: after.From.Number().Full(),
		At: at.UTC(), Via: followup.ViaPhone,
	}, true
}

// TextsUntil returns the time on whose day, and before, a caller from the number of a text is not told that a key sends one: when it was sent, and for a
// number that texts did not reach for as long as that is remembered. It is zero for an offer that stops nobody.
func (o Offer) TextsUntil() time.Time {
	switch {
	case o.Channel != policy.ChannelSMS:
		return time.Time{}
	case o.Stands():
		return o.At
	case strings.HasPrefix(o.Error, policy.TextsDontReach):
		return o.FailedAt.Add(forgottenAfter)
	}
	return time.Time{}
}
