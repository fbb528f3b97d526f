package followup

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/officernd/supportline/policy"
)

// ErrUnreachable is the error of a number that nobody may be called back or sent texts at. What wraps it says why.
var ErrUnreachable = errors.New("the number may not be called or sent texts")

// costly are the kinds of numbers that cost whoever calls them, and why.
var costly = map[phonenumbers.PhoneNumberType]string{
	phonenumbers.PREMIUM_RATE:    "it is a premium-rate number",
	phonenumbers.SHARED_COST:     "it is a number with a surcharge",
	phonenumbers.PERSONAL_NUMBER: "it is a personal number (such as +44 70), which costs as much as a premium-rate one",
	phonenumbers.PAGER:           "it is a pager",
}

// MayReach returns nil where a number may be called back and sent texts: an ordinary number of one of the countries of the settings, by its own
// country, which +1 alone does not tell (+1 876 is Jamaica), and none of our own lines. Where it may not, the error wraps ErrUnreachable and says why.
// With madeUp, as in a demo, the numbers that exist nowhere and are set aside for examples may be reached as well.
func MayReach(number policy.Phone, s policy.Settings, madeUp bool) error {
	refused := func(why string, args ...any) error {
		return fmt.Errorf("%w: "+why, append([]any{ErrUnreachable}, args...)...)
	}
	to := number.Number()
	switch {
	case number.Withheld():
		return refused("it is withheld")
	case !to.IsNumber():
		return refused("it is no telephone number with its country, such as a short number or a SIP address")
	case slices.ContainsFunc(s.Lines, func(l policy.Line) bool { return l.Number.SameCaller(to) }):
		return refused("it is one of our own lines")
	}
	parsed, err := phonenumbers.Parse(to.Full(), "ZZ")
	if err != nil {
		return refused("it is no telephone number")
	}
	country := phonenumbers.GetRegionCodeForNumber(parsed)
	why, costs := costly[phonenumbers.GetNumberType(parsed)]
	switch {
	case phonenumbers.IsValidNumber(parsed):
	case madeUp && isMadeUp(to):
		country = phonenumbers.GetRegionCodeForCountryCode(int(parsed.GetCountryCode()))
	default:
		return refused("no such number exists")
	}
	switch {
	case costs:
		return refused(why)
	case !slices.Contains(s.Countries, country):
		return refused("it is of the country %s, and twilio.countries has %s", country, strings.Join(s.Countries, ", "))
	}
	return nil
}

// textless are the kinds of numbers that take no texts. In the United States and Canada a number alone does not tell a landline from a mobile.
var textless = map[phonenumbers.PhoneNumberType]string{
	phonenumbers.FIXED_LINE: "it is a landline, which takes no texts",
	phonenumbers.TOLL_FREE:  "it is a toll-free number, which takes no texts",
	phonenumbers.UAN:        "it is a number of a company, which takes no texts",
	phonenumbers.VOICEMAIL:  "it is a voicemail, which takes no texts",
}

// MayText returns nil where a number may be sent texts: one that MayReach allows and that may be a mobile. Where it may not, the error wraps
// ErrUnreachable and says why.
func MayText(number policy.Phone, s policy.Settings) error {
	if err := MayReach(number, s, s.MadeUp); err != nil {
		return err
	}
	parsed, err := phonenumbers.Parse(number.Number().Full(), "ZZ")
	if err != nil {
		return fmt.Errorf("%w: it is no telephone number", ErrUnreachable)
	}
	if why, takesNone := textless[phonenumbers.GetNumberType(parsed)]; takesNone {
		return fmt.Errorf("%w: %s", ErrUnreachable, why)
	}
	return nil
}

// madeUpNumbers begin the numbers that are set aside for examples and films in the countries of a demo, and those of its own specialists.
var madeUpNumbers = []string{"+1555", "+44770090", "+442079460", "+441632960"}

func isMadeUp(number policy.Phone) bool {
	fiction := len(number) == len("+12125550100") && strings.HasPrefix(string(number), "+1") && string(number[5:10]) == "55501"
	return fiction || slices.ContainsFunc(madeUpNumbers, func(begin string) bool { return strings.HasPrefix(string(number), begin) })
}
