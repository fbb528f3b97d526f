package remedy

import (
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// OfCaller returns the way to the customer number, to be sent by text to a caller who has just asked for it by a key. asked is false where that is not
// news, and where nothing can be sent.
func OfCaller(before, after policy.Call, s policy.Settings, at time.Time) (o Offer, asked bool) {
	address := CustomerNumber.Address(s.Links)
	if before.State.Texted || !after.State.Texted || address == "" || MayText(after, s) != nil {
		return Offer{}, false
	}
	return Offer{
		Page: CustomerNumber, Address: address, Call: after.SID, Line: after.Line, Channel: policy.ChannelSMS, To: after.From.Number().Full(),
		At: at.UTC(), Via: followup.ViaPhone,
	}, true
}
