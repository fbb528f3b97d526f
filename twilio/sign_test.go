package twilio_test

import (
	"net/url"
	"testing"

	"github.com/officernd/supportline/twilio"
)

// The vector of the provider's security documentation.
const (
	officialToken     = "12345"
	officialURL       = "https://example.com/myapp.php?foo=1&bar=2"
	officialSignature = "L/OH5YylLD5NRKLltdqwSvS0BnU="
)

func officialParams() url.Values {
	return url.Values{
		"CallSid": {"CA1234567890ABCDE"},
		"Caller":  {"+14158675310"},
		"Digits":  {"1234"},
		"From":    {"+14158675310"},
		"To":      {"+18005551212"},
	}
}

func TestSignIsTheProvidersOfficialVector(t *testing.T) {
	if got := twilio.Sign(officialToken, officialURL, officialParams()); got != officialSignature {
		t.Errorf("signature %s, want %s", got, officialSignature)
	}
}
