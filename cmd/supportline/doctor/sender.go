package doctor

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/twilio"
)

// TextAccount is what the account knows of text messages. A twilio.Account is one.
type TextAccount interface {
	Sender(ctx context.Context, from string) (twilio.Sender, error)
	TextingAllowed(ctx context.Context, country string) (bool, error)
}

// pace names the rate at which calls are started where we start any. The provider's API does not tell what the account may start.
func (d *Doctor) pace(context.Context) []Finding {
	s := d.Conf.Settings
	if !s.Announce && len(s.People) == 0 && s.CallsPerSecond <= 1 {
		return nil
	}
	if s.CallsPerSecond <= 1 {
		return []Finding{ok("calls a second", "1, as every account may start")}
	}
	return []Finding{ok("calls a second", "%d, as twilio.calls_per_second has it; if the console's Voice, Settings, General shows less for the account, "+
		"calls ring later than they should", s.CallsPerSecond)}
}

// sender examines whether the number or messaging service of texts can send them.
func (d *Doctor) sender(ctx context.Context) []Finding {
	from := d.Conf.Twilio.SMSFrom
	if from == "" || d.unasked(ctx) {
		return nil
	}
	s, err := d.Account.Sender(ctx, from)
	switch {
	case statusFrom(err) == http.StatusNotFound && strings.HasPrefix(from, "MG"):
		return []Finding{wrong("sender", "copy the SID of a messaging service of this account into twilio.sms_from", "%s is not in the account", from)}
	case err != nil:
		return []Finding{unasked("sender", err)}
	case len(s.Numbers) == 0 && s.Service:
		return []Finding{wrong("sender", "add a number to it in the console under Messaging, Services, Sender pool", "the messaging service %s has no number: no text can be sent", from)}
	case len(s.Numbers) == 0:
		return []Finding{wrong("sender", "write a number of the account that sends texts into twilio.sms_from, or a messaging service", "%s is not in the account: no text can be sent", from)}
	}
	var found []Finding
	for _, n := range s.Numbers {
		found = append(found, d.sendsTexts(n, s))
	}
	return found
}

// sendsTexts returns whether one number of a sender can send texts.
func (d *Doctor) sendsTexts(n twilio.SenderNumber, s twilio.Sender) Finding {
	switch {
	case !n.SMS:
		return wrong("sender", "write a number of the account whose capabilities have SMS into twilio.sms_from", "%s can't send texts", n.Number)
	case twilio.NeedsVerification(n.Number):
		return verified(n)
	case phonenumbers.GetRegionCodeForCountryCode(codeOf(n.Number)) == "US" && d.textsTo("US"):
		return registered(n, s)
	}
	return ok("sender", "%s can send texts", n.Number)
}

// verified returns whether a toll-free number may send texts.
func verified(n twilio.SenderNumber) Finding {
	const where = "in the console under Phone Numbers, the number, Regulatory information"
	switch n.Verification {
	case "TWILIO_APPROVED":
		return ok("sender", "%s can send texts: it is verified", n.Number)
	case "PENDING_REVIEW", "IN_REVIEW":
		return warning("sender", "wait for it; it takes some days", "the verification of the toll-free number %s is under way: until then its texts are refused (30032)", n.Number)
	case "TWILIO_REJECTED":
		return wrong("sender", "correct what was refused "+where, "the verification of the toll-free number %s was refused, and so are its texts (30032)", n.Number)
	}
	return wrong("sender", "ask for its verification "+where, "the toll-free number %s is not verified: its texts are refused (30032)", n.Number)
}

// registered returns whether a long code may send texts to the USA.
func registered(n twilio.SenderNumber, s twilio.Sender) Finding {
	const where = "in the console under Messaging, Regulatory Compliance"
	switch {
	case s.Campaign == "VERIFIED":
		return ok("sender", "%s can send texts: its campaign is registered", n.Number)
	case s.Campaign == "FAILED":
		return wrong("sender", "correct what was refused "+where, "the registration of the campaign of %s was refused, and so are its texts to the USA (30034)", n.Number)
	case s.Campaign != "":
		return warning("sender", "wait for it; it takes some days", "the registration of the campaign of %s is %s: until it is done, its texts to the USA are refused (30034)", n.Number, s.Campaign)
	case s.Service:
		return wrong("sender", "register a brand and a campaign "+where, "the messaging service of %s has no registered campaign: its texts to the USA are refused (30034)", n.Number)
	}
	return warning("sender", "register a campaign "+where+", and write its messaging service into twilio.sms_from",
		"%s is a number of North America by itself: whether its campaign is registered can't be seen; without it, its texts to the USA are refused (30034)", n.Number)
}

// texts examines whether specialists may be sent texts: by the configuration's countries, and by the account's permissions.
func (d *Doctor) texts(ctx context.Context) (found []Finding) {
	if d.Conf.Twilio.SMSFrom == "" || d.unasked(ctx) {
		return nil
	}
	countries := map[string][]string{}
	for _, p := range d.Conf.Settings.People {
		switch err := followup.MayReach(p.SMS, d.Conf.Settings, ofDemo(d.Conf)); {
		case p.SMS == "":
		case err != nil:
			found = append(found, wrong("texts", "correct the sms of the specialist, or twilio.countries", "%s gets no texts: %v", p.Name, err))
		default:
			countries[countryOf(p.SMS.Full())] = append(countries[countryOf(p.SMS.Full())], p.Name)
		}
	}
	for _, country := range slices.Sorted(maps.Keys(countries)) {
		names := strings.Join(countries[country], ", ")
		switch allowed, err := d.Account.TextingAllowed(ctx, country); {
		case err != nil: // it would be the same for the others
			return append(found, unasked("texts", err))
		case !allowed:
			found = append(found, wrong("texts", "allow "+country+" in the console under Messaging, Settings, Geo permissions",
				"the account may not send texts to %s (%s)", country, names))
		default:
			found = append(found, ok("texts", "the account may send texts to %s (%s)", country, names))
		}
	}
	return found
}

// textsTo reports whether a specialist gets texts in a country.
func (d *Doctor) textsTo(country string) bool {
	return slices.ContainsFunc(d.Conf.Settings.People, func(p policy.Person) bool { return p.SMS != "" && countryOf(p.SMS.Full()) == country })
}

// countryOf returns the country of a number, for one that no operator has that of its code.
func countryOf(number string) string {
	parsed, err := phonenumbers.Parse(number, "ZZ")
	if err != nil {
		return ""
	}
	if country := phonenumbers.GetRegionCodeForNumber(parsed); country != "" {
		return country
	}
	return phonenumbers.GetRegionCodeForCountryCode(int(parsed.GetCountryCode()))
}

func codeOf(number string) int {
	parsed, err := phonenumbers.Parse(number, "ZZ")
	if err != nil {
		return 0
	}
	return int(parsed.GetCountryCode())
}
