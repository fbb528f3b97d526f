package twilio_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/twilio/twilio-go/client"
	"pgregory.net/rapid"

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

// signText is the provider's formula in its shortest form, independent of the code under test.
func signText(token, text string) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func mustVerifier(tb testing.TB, publicURL, account string, tokens ...string) *twilio.Verifier {
	tb.Helper()
	v, err := twilio.NewVerifier(publicURL, account, tokens...)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// post returns a signed form request to target.
func post(target, body, signature string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	r.Header.Set(twilio.SignatureHeader, signature)
	return r
}

func TestSignIsTheProvidersOfficialVector(t *testing.T) {
	if got := twilio.Sign(officialToken, officialURL, officialParams()); got != officialSignature {
		t.Errorf("signature %s, want %s", got, officialSignature)
	}
}

func TestVerifyTakesTheProvidersOfficialVector(t *testing.T) {
	v := mustVerifier(t, "https://example.com", "", officialToken)
	if _, err := v.Verify(post("/myapp.php?foo=1&bar=2", officialParams().Encode(), officialSignature)); err != nil {
		t.Error(err)
	}
}

func TestSignCountsEachValueOfARepeatedNameOnceInOrder(t *testing.T) {
	params := url.Values{"b": {"2", "1", "2"}, "a": {""}, "B": {"0"}}
	if got, want := twilio.Sign("t", "https://x/", params), signText("t", "https://x/"+"B0"+"a"+"b1"+"b2"); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

func TestNewVerifierRefusesWhatCannotVerify(t *testing.T) {
	rows := map[string]struct {
		publicURL string
		tokens    []string
		want      string
	}{
		"no token":         {"https://x", nil, "no auth token"},
		"empty tokens":     {"https://x", []string{"", ""}, "no auth token"},
		"no address":       {"", []string{"t"}, "must be like https://"},
		"no scheme":        {"phone.example.com", []string{"t"}, "must be like https://"},
		"another scheme":   {"ftp://phone.example.com", []string{"t"}, "must be like https://"},
		"no host":          {"https:///voice", []string{"t"}, "must be like https://"},
		"only a port":      {"https://:443", []string{"t"}, "must be like https://"},
		"a broken address": {"https://x:y:z", []string{"t"}, "must be like https://"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			if _, err := twilio.NewVerifier(row.publicURL, "", row.tokens...); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want %q in it", err, row.want)
			}
		})
	}
}

// The provider's own validator is right if no name is repeated; Verify must agree with it there.
func TestVerifyAgreesWithTheProvidersValidator(t *testing.T) {
	origins := []string{
		"https://phone.example.com", "https://phone.example.com:443", "https://phone.example.com:8443",
		"http://phone.example.com", "http://phone.example.com:80", "http://phone.example.com:8080", "http://127.0.0.1:9000",
	}
	rapid.Check(t, func(t *rapid.T) {
		target := rapid.StringMatching(`/[a-z%20-]{0,3}(/[a-zA-Z0-9._~-]{1,8}){0,3}(\?[a-z]=[a-z0-9%20+&=]{0,12})?`).
			Filter(func(s string) bool { _, err := url.ParseRequestURI(s); return err == nil }).Draw(t, "target")
		params := url.Values{}
		for key, value := range rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "params") {
			params.Set(key, value)
		}
		token := rapid.SampledFrom([]string{"right", "wrong"}).Draw(t, "token")
		publicURL := rapid.SampledFrom(origins).Draw(t, "public URL")
		signature := twilio.Sign(token, rapid.SampledFrom(origins).Draw(t, "signed origin")+target, params)
		body := params.Encode() + rapid.SampledFrom([]string{"", "", "&Digits=1"}).Draw(t, "added")

		theirs := client.NewRequestValidator("right")
		want := theirs.ValidateBody(publicURL+target, []byte(body), signature)
		v, err := twilio.NewVerifier(publicURL, "", "right")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(post(target, body, signature)); (err == nil) != want {
			t.Fatalf("error %v, the provider's validator says %t", err, want)
		}
	})
}
