package twilio

import (
	"context"
	"net/url"
	"slices"
	"strings"
)

// Sender is what the provider knows of the sender of our text messages.
type Sender struct {
	Numbers []SenderNumber // of a messaging service those of its pool, else the one number; none: it is not ours, or its pool is empty
	Service bool           // it is a messaging service
	// Campaign is the state of a messaging service's registration for texts to the USA (A2P 10DLC), in the provider's words: VERIFIED, IN_PROGRESS,
	// FAILED, ...; "": it has none, or the sender is a number by itself.
	Campaign string
}

// SenderNumber is a number from which text messages are sent.
type SenderNumber struct {
	SID, Number string
	SMS         bool // it can send texts
	// Verification is the state of a toll-free number of the USA and Canada, in the provider's words: TWILIO_APPROVED, PENDING_REVIEW, IN_REVIEW,
	// TWILIO_REJECTED; "": none was asked for, or the number needs none.
	Verification string
}

// Sender returns what the provider knows of a sender: a number in E.164, or a messaging service.
func (a *Account) Sender(ctx context.Context, from string) (Sender, error) {
	if strings.HasPrefix(from, serviceSID) {
		return a.service(ctx, from)
	}
	owned, err := a.Numbers(ctx)
	if err != nil {
		return Sender{}, err
	}
	i := slices.IndexFunc(owned, func(n OwnedNumber) bool { return n.Number == from })
	if i < 0 {
		return Sender{}, nil
	}
	n := SenderNumber{SID: owned[i].SID, Number: owned[i].Number, SMS: owned[i].SMS}
	n.Verification, err = a.verification(ctx, n)
	return Sender{Numbers: []SenderNumber{n}}, err
}

// service returns a messaging service with its pool.
func (a *Account) service(ctx context.Context, sid string) (Sender, error) {
	base := "https://messaging.twilio.com/v1/Services/" + url.PathEscape(sid)
	op := a.operation(ctx, "messaging service")
	pool, err := fetch[struct {
		Numbers []struct {
			SID          string   `json:"sid"`
			Number       string   `json:"phone_number"`
			Capabilities []string `json:"capabilities"`
		} `json:"phone_numbers"`
	}](op, base+"/PhoneNumbers?PageSize=1000")
	if err != nil {
		return Sender{}, op.wrap(err)
	}
	found := Sender{Service: true}
	for _, l := range pool.Numbers {
		n := SenderNumber{SID: l.SID, Number: l.Number, SMS: slices.Contains(l.Capabilities, "SMS")}
		if n.Verification, err = a.verification(ctx, n); err != nil {
			return Sender{}, err
		}
		found.Numbers = append(found.Numbers, n)
	}
	op = a.operation(ctx, "texts registration")
	campaigns, err := fetch[struct {
		Compliance []struct {
			Status string `json:"campaign_status"`
		} `json:"compliance"`
	}](op, base+"/Compliance/Usa2p")
	if err != nil {
		return Sender{}, op.wrap(err)
	}
	for _, c := range campaigns.Compliance {
		found.Campaign = c.Status
	}
	return found, nil
}

// tollFree are the toll-free codes of the numbers that begin with +1.
var tollFree = []string{"800", "833", "844", "855", "866", "877", "888"}

// NeedsVerification reports whether a number is toll-free in the USA and Canada, so that it sends no texts before it is verified.
func NeedsVerification(number string) bool {
	return len(number) == len("+18005550100") && strings.HasPrefix(number, "+1") && slices.Contains(tollFree, number[2:5])
}

// verification returns the state of a number's toll-free verification, "" for none.
func (a *Account) verification(ctx context.Context, n SenderNumber) (string, error) {
	if !NeedsVerification(n.Number) {
		return "", nil
	}
	op := a.operation(ctx, "toll-free verification")
	found, err := fetch[struct {
		Verifications []struct {
			Status string `json:"status"`
		} `json:"verifications"`
	}](op, "https://messaging.twilio.com/v1/Tollfree/Verifications?TollfreePhoneNumberSid="+url.QueryEscape(n.SID))
	if err != nil || len(found.Verifications) == 0 {
		return "", op.wrap(err)
	}
	return found.Verifications[0].Status, nil
}

// TextingAllowed reports whether the messaging geographic permissions of the account allow texts to a country ("GB").
func (a *Account) TextingAllowed(ctx context.Context, country string) (bool, error) {
	op := a.operation(ctx, "texting permissions")
	found, err := fetch[struct {
		Permissions []struct {
			Country string `json:"country_code"`
			Enabled bool   `json:"enabled"`
		} `json:"permissions"`
	}](op, "https://accounts.twilio.com/v1/Messaging/GeoPermissions?CountryCode="+url.QueryEscape(country))
	if err != nil {
		return false, op.wrap(err)
	}
	for _, p := range found.Permissions {
		if p.Country == country {
			return p.Enabled, nil
		}
	}
	return false, nil
}
