package config

import (
	"regexp"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// account checks the shape of the credentials. Its problems do not show them. Offline, those from the environment may be empty.
func (c *checker) account(a account) Twilio {
	c.credential(a.AccountSID, accountSID, !c.offline, "AC and 32 hexadecimal digits, as the provider's console shows it")
	c.credential(a.AuthToken, secret, !c.offline, "the account's auth token, without spaces")
	c.credential(a.NextAuthToken, secret, false, `the token that comes next, without spaces, or ""`)
	c.credential(a.APIKey, apiKey, false, `SK and 32 letters and digits, or ""`)
	c.credential(a.APISecret, secret, false, `the secret of the API key, without spaces, or ""`)
	c.usualToken(a.AuthToken)
	c.usualToken(a.NextAuthToken)
	if (a.APIKey.Value == "") != (a.APISecret.Value == "") && !c.offline {
		missing, there := a.APISecret, a.APIKey
		if a.APIKey.Value == "" {
			missing, there = a.APIKey, a.APISecret
		}
		c.add(either(missing, there), "twilio has only one of api_key and api_secret", "write both, or neither")
	}
	return Twilio{
		AccountSID: a.AccountSID.Value, AuthToken: a.AuthToken.Value, NextAuthToken: a.NextAuthToken.Value,
		APIKey: a.APIKey.Value, APISecret: a.APISecret.Value, APIURL: c.url(a.APIURL),
		Edge: c.place(a.Edge, "an edge of the provider: dublin, frankfurt, singapore"), Region: c.place(a.Region, "a region of the provider: ie1, au1"),
	}
}

// usualToken notes an auth token of another shape than the provider's. It is no mistake: a test account of one's own may have any.
func (c *checker) usualToken(t text) {
	if t.Value != "" && !usualToken.MatchString(t.Value) {
		c.note(t.At, t.origin()+" is not 32 hexadecimal digits, as the provider's tokens are", "copy it from the provider's console again: Account Info, Auth Token")
	}
}

var messagingService = regexp.MustCompile(`^MG[0-9a-f]{32}$`)

// sender returns whom texts come from: a number of the account, or a messaging service.
func (c *checker) sender(t text) string {
	switch {
	case t.silent() || t.Value == "" || messagingService.MatchString(t.Value):
		return t.Value
	case !strings.HasPrefix(t.Value, "+"):
		c.wrong(t, "is "+quoted(t.Value)+", which is neither a number nor a messaging service", "write a number of the account, such as +15550100099, or MG and 32 hexadecimal digits")
		return ""
	}
	return c.number(t).Full()
}

// countries returns the codes of the countries where callers may be called back and texts may go.
func (c *checker) countries(l list[text], lines list[line]) []string {
	if l.At == (place{}) {
		return countriesOf(lines)
	}
	if l.Given && len(l.Items) == 0 {
		c.add(l.At, "countries names none, so that nobody can be called back, or sent a text", "write countries: ["+strings.Join(countriesOf(lines), ", ")+"]")
	}
	known := phonenumbers.GetSupportedRegions()
	return distinct(c, l, func(t text) (code, shown string, ok bool) {
		upper := strings.ToUpper(t.Value)
		switch {
		case t.silent():
			return "", "", false
		case known[t.Value]:
			return t.Value, t.Value, true
		case upper == "UK":
			c.wrong(t, "is "+quoted(t.Value)+", which is not the code of a country", "write GB")
		case known[upper]:
			c.wrong(t, "is "+quoted(t.Value)+", which is not how the code of a country is written", "write "+upper)
		default:
			c.wrong(t, "is "+quoted(t.Value)+", which is not the code of a country", "write the two letters of ISO 3166, such as US or GB")
		}
		return "", "", false
	})
}

// countriesOf returns the countries of the lines' numbers. A toll-free number of +1 is reached from the USA and from Canada alike.
func countriesOf(lines list[line]) (codes []string) {
	add := func(code string) {
		if code != "" && code != "ZZ" && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	for _, l := range lines.Items {
		number, err := phonenumbers.Parse(l.Number.Value, "ZZ")
		if err != nil {
			continue
		}
		code := phonenumbers.GetRegionCodeForNumber(number)
		if code == "" { // a made-up number
			code = phonenumbers.GetRegionCodeForCountryCode(int(number.GetCountryCode()))
		}
		add(code)
		if number.GetCountryCode() == 1 && phonenumbers.GetNumberType(number) == phonenumbers.TOLL_FREE {
			add("CA")
		}
	}
	return codes
}
