package followup_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// TestWhomWeMayReach by the number's own country, and never where it costs, reaches nobody, or reaches ourselves.
func TestWhomWeMayReach(t *testing.T) {
	lines := []policy.Line{{Number: "+18883071053"}, {Number: "+448000668187"}}
	for name, row := range map[string]struct {
		number    policy.Phone
		countries string
		why       string // "": it may be reached
	}{
		"New York":              {"+12125552368", "US", ""},
		"as a carrier spells":   {"0012125552368", "US", ""},
		"Toronto":               {"+14165552368", "US", "of the country CA"},
		"Toronto, allowed":      {"+14165552368", "US CA", ""},
		"London":                {"+442079460018", "GB", ""},
		"a British mobile":      {"+447400123456", "GB", ""},
		"Jamaica":               {"+18765552368", "US", "of the country JM, and twilio.countries has US"},
		"Puerto Rico":           {"+17875552368", "US", "of the country PR"},
		"Guernsey":              {"+447781123456", "GB", "of the country GG"},
		"a personal number":     {"+447012345678", "GB", "personal number"},
		"British premium":       {"+449098790000", "GB", "premium"},
		"American premium":      {"+19002345678", "US", "premium"},
		"a company of Britain":  {"+443451234567", "GB", ""},
		"a surcharge":           {"+491801234567", "DE", "surcharge"},
		"an emergency":          {"911", "US", "short number"},
		"a short code":          {"+188", "US", "no such number"},
		"our line":              {"+18883071053", "US", "our own lines"},
		"our line, spelt so":    {"18883071053", "US", "our own lines"},
		"anonymous":             {"anonymous", "US", "withheld"},
		"withheld by a number":  {"+266696687", "US", "withheld"},
		"nothing":               {"", "US", "withheld"},
		"SIP":                   {"sip:cleo@example.com", "US", "SIP address"},
		"no such area":          {"+15550100001", "US", "no such number"},
		"too long":              {"+1212555236899", "US", "no such number"},
		"no country is allowed": {"+12125552368", "", "of the country US"},
	} {
		t.Run(name, func(t *testing.T) {
			err := followup.MayReach(row.number, policy.Settings{Lines: lines, Countries: strings.Fields(row.countries)}, false)
			if row.why == "" && err != nil || row.why != "" && (!errors.Is(err, followup.ErrUnreachable) || !strings.Contains(err.Error(), row.why)) {
				t.Errorf("%v", err)
			}
			if err != nil && len(row.number) > 6 && strings.Contains(err.Error(), string(row.number)) {
				t.Errorf("the error names the number: %v", err)
			}
		})
	}
}

// TestADemoReachesItsMadeUpNumbers in its countries, and no others.
func TestADemoReachesItsMadeUpNumbers(t *testing.T) {
	s := policy.Settings{Countries: []string{"US"}}
	for number, may := range map[policy.Phone]bool{
		"+15550100001": true, "+12125550123": true, "+447700900123": false, "+18765552368": false, "+19002345678": false, "+12125552368": true, "+1999": false,
	} {
		if err := followup.MayReach(number, s, true); (err == nil) != may {
			t.Errorf("%s: %v", number.Full(), err)
		}
	}
}
