package twilio

import "context"

// DialingAllowed says whether the account may call ordinary numbers of a country ("GB"), by its geographic permissions.
func (a *Account) DialingAllowed(ctx context.Context, country string) (bool, error) {
	q := a.ask(ctx, "dialing permissions")
	found, err := fetch[struct {
		LowRisk bool `json:"low_risk_numbers_enabled"`
	}](q, "https://voice.twilio.com/v1/DialingPermissions/Countries/"+country)
	if err != nil {
		return false, q.wrong(err)
	}
	return found.LowRisk, nil
}
