package twilio

import (
	"context"
	"net/url"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// OwnedNumber is a number of the account, with the settings of its calls. Statuses are the provider's words.
type OwnedNumber struct {
	SID, Number, Name string // Number in E.164
	VoiceSettings
	ReceiveMode      string // voice or fax
	Voice, SMS, Fax  bool   // capabilities
	ApplicationSID   string // takes precedence over VoiceURL
	TrunkSID         string // takes precedence over VoiceURL
	Status           string // in-use, or why not; "": unknown
	AddressNeeded    string // none any local foreign
	AddressSID       string
	BundleSID        string
	EmergencyStatus  string // Active Inactive
	EmergencyAddress string // the emergency address' own state: registered, unregistered, registration-failure, ...
}

// VoiceSettings are the settings of a number that concern calls. Methods are POST or GET.
type VoiceSettings struct {
	VoiceURL, VoiceMethod       string
	FallbackURL, FallbackMethod string
	StatusURL, StatusMethod     string
}

// NumberChange is a change of a number; a nil field is left as it is.
type NumberChange struct {
	VoiceURL, VoiceMethod, FallbackURL, FallbackMethod, StatusURL, StatusMethod *string
	ApplicationSID, TrunkSID                                                    *string // a pointer to "" clears it
	ReceiveMode                                                                 *string
}

// Numbers returns all the numbers of the account.
func (a *Account) Numbers(ctx context.Context) (all []OwnedNumber, err error) {
	numbers := func(p *page) []api.ApiV2010IncomingPhoneNumber { return p.Numbers }
	keep := func(n api.ApiV2010IncomingPhoneNumber) (OwnedNumber, bool) { return ownedNumber(n), true }
	for n, err := range list(a.operation(ctx, "numbers list"), "IncomingPhoneNumbers", url.Values{}, numbers, keep) {
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

// Number returns one number.
func (a *Account) Number(ctx context.Context, sid string) (OwnedNumber, error) {
	op := a.operation(ctx, "number")
	n, err := op.api().FetchIncomingPhoneNumber(sid, nil)
	if err != nil {
		return OwnedNumber{}, op.wrap(err)
	}
	return ownedNumber(*n), nil
}

// ChangeNumber changes a number's settings and returns the result. It never sends settings of messages.
func (a *Account) ChangeNumber(ctx context.Context, sid string, c NumberChange) (OwnedNumber, error) {
	op := a.operation(ctx, "number update")
	n, err := op.api().UpdateIncomingPhoneNumber(sid, &api.UpdateIncomingPhoneNumberParams{
		VoiceUrl: c.VoiceURL, VoiceMethod: c.VoiceMethod, VoiceFallbackUrl: c.FallbackURL, VoiceFallbackMethod: c.FallbackMethod,
		StatusCallback: c.StatusURL, StatusCallbackMethod: c.StatusMethod, VoiceApplicationSid: c.ApplicationSID, TrunkSid: c.TrunkSID,
		VoiceReceiveMode: c.ReceiveMode,
	})
	if err != nil {
		return OwnedNumber{}, op.wrap(err)
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

// DialingAllowed reports whether the geographic permissions of the account allow calls to ordinary numbers of a country ("GB").
func (a *Account) DialingAllowed(ctx context.Context, country string) (bool, error) {
	op := a.operation(ctx, "dialing permissions")
	found, err := fetch[struct {
		LowRisk bool `json:"low_risk_numbers_enabled"`
	}](op, "https://voice.twilio.com/v1/DialingPermissions/Countries/"+country)
	if err != nil {
		return false, op.wrap(err)
	}
	return found.LowRisk, nil
}
