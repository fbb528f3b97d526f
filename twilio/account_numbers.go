package twilio

import (
	"context"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// OwnedNumber is a number of the account and where its calls go. Words are the provider's own.
type OwnedNumber struct {
	SID, Number, Name string // Number in E.164
	VoiceSettings
	ReceiveMode      string // voice or fax
	Voice, SMS, Fax  bool   // capabilities
	ApplicationSID   string // wins over VoiceURL
	TrunkSID         string // wins over VoiceURL
	Status           string // in-use, or why not; "": the provider did not say
	AddressNeeded    string // none any local foreign
	AddressSID       string
	BundleSID        string
	EmergencyStatus  string // Active Inactive
	EmergencyAddress string // the emergency address' own state: registered, unregistered, registration-failure, ...
}

// VoiceSettings are the settings of a number that we care for. Methods are POST or GET.
type VoiceSettings struct {
	VoiceURL, VoiceMethod       string
	FallbackURL, FallbackMethod string
	StatusURL, StatusMethod     string
}

// NumberChange is what to write; a nil field stays as it is at the provider.
type NumberChange struct {
	VoiceURL, VoiceMethod, FallbackURL, FallbackMethod, StatusURL, StatusMethod *string
	ApplicationSID, TrunkSID                                                    *string // pointing to "": cleared
	ReceiveMode                                                                 *string
}

// pageSize is the provider's largest.
const pageSize = 1000

// Numbers are all the numbers of the account, in one listing of large pages.
func (a *Account) Numbers(ctx context.Context) ([]OwnedNumber, error) {
	var all []OwnedNumber
	q := a.ask(ctx, "numbers list")
	first := func() (*api.ListIncomingPhoneNumberResponse, error) {
		return q.api().PageIncomingPhoneNumber((&api.ListIncomingPhoneNumberParams{}).SetPageSize(pageSize), "", "")
	}
	for page, err := range pages(q, first, func(p *api.ListIncomingPhoneNumberResponse) *string { return p.NextPageUri }) {
		if err != nil {
			return nil, err
		}
		for _, n := range page.IncomingPhoneNumbers {
			all = append(all, ownedNumber(n))
		}
	}
	return all, nil
}

// Number reads one number.
func (a *Account) Number(ctx context.Context, sid string) (OwnedNumber, error) {
	q := a.ask(ctx, "number")
	n, err := q.api().FetchIncomingPhoneNumber(sid, nil)
	if err != nil {
		return OwnedNumber{}, q.wrong(err)
	}
	return ownedNumber(*n), nil
}

// ChangeNumber writes a number's settings and gives it as the provider has it then. Settings of messages are never sent.
func (a *Account) ChangeNumber(ctx context.Context, sid string, c NumberChange) (OwnedNumber, error) {
	q := a.ask(ctx, "number update")
	n, err := q.api().UpdateIncomingPhoneNumber(sid, &api.UpdateIncomingPhoneNumberParams{
		VoiceUrl: c.VoiceURL, VoiceMethod: c.VoiceMethod, VoiceFallbackUrl: c.FallbackURL, VoiceFallbackMethod: c.FallbackMethod,
		StatusCallback: c.StatusURL, StatusCallbackMethod: c.StatusMethod, VoiceApplicationSid: c.ApplicationSID, TrunkSid: c.TrunkSID,
		VoiceReceiveMode: c.ReceiveMode,
	})
	if err != nil {
		return OwnedNumber{}, q.wrong(err)
	}
	return ownedNumber(*n), nil
}

func ownedNumber(n api.ApiV2010IncomingPhoneNumber) OwnedNumber {
	can := value(n.Capabilities)
	return OwnedNumber{
		SID: value(n.Sid), Number: value(n.PhoneNumber), Name: value(n.FriendlyName),
		VoiceSettings: VoiceSettings{
			VoiceURL: value(n.VoiceUrl), VoiceMethod: value(n.VoiceMethod), FallbackURL: value(n.VoiceFallbackUrl),
			FallbackMethod: value(n.VoiceFallbackMethod), StatusURL: value(n.StatusCallback), StatusMethod: value(n.StatusCallbackMethod),
		},
		ReceiveMode: value(n.VoiceReceiveMode), Voice: can.Voice, SMS: can.Sms, Fax: can.Fax, ApplicationSID: value(n.VoiceApplicationSid),
		TrunkSID: value(n.TrunkSid), Status: value(n.Status), AddressNeeded: value(n.AddressRequirements), AddressSID: value(n.AddressSid),
		BundleSID: value(n.BundleSid), EmergencyStatus: value(n.EmergencyStatus), EmergencyAddress: value(n.EmergencyAddressStatus),
	}
}
