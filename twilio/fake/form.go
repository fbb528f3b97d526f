package fake

import (
	"net/url"
	"strings"
)

// form returns the standard parameters of a voice webhook, those that real traffic has besides, and params, which take precedence.
func (c *call) form(p *party, params map[string]string) url.Values {
	v := url.Values{"AccountSid": {c.AccountSID}, "ApiVersion": {"2010-04-01"}}
	if p.sid != "" {
		v.Set("CallSid", p.sid)
	}
	if p.direction != "" {
		v.Set("Direction", p.direction)
		v.Set("CallStatus", p.status)
		for role, address := range map[string]string{"From": p.from, "Caller": p.from, "To": p.to, "Called": p.to} {
			v.Set(role, address)
			place(v, role, address)
		}
	}
	if p.parent != "" {
		v.Set("ParentCallSid", p.parent)
	} else if c.in.Verstat != "" && p.direction != "" {
		v.Set("StirVerstat", c.in.Verstat)
	}
	if p.direction == "inbound" && c.in.ForwardedFrom != "" {
		v.Set("ForwardedFrom", c.in.ForwardedFrom)
	}
	for name, value := range params {
		v.Set(name, value)
	}
	return v
}

// place adds the location of a number as the provider does, which for many numbers is the country alone.
func place(v url.Values, role, number string) {
	country := ""
	switch {
	case strings.HasPrefix(number, "+1"):
		country = "US"
	case strings.HasPrefix(number, "+44"):
		country = "GB"
	case !strings.HasPrefix(number, "+"):
		return
	}
	v.Set(role+"Country", country)
	for _, part := range []string{"City", "State", "Zip"} {
		v.Set(role+part, "")
	}
	if strings.HasPrefix(number, "+1212") {
		v.Set(role+"City", "NEW YORK")
		v.Set(role+"State", "NY")
	}
}
