package twilio_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/twilio/twilio-go/client"
	"github.com/twilio/twilio-go/twiml"

	"github.com/officernd/supportline/twilio"
)

// typicalParams are the parameters of a request after a Gather, as real traffic has them.
func typicalParams() url.Values {
	params := url.Values{
		"CallSid": {callerLeg}, "AccountSid": {"AC0123456789abcdef0123456789abcdef"}, "ApiVersion": {"2010-04-01"},
		"CallStatus": {"in-progress"}, "Direction": {"inbound"}, "Digits": {"204518"}, "FinishedOnKey": {"#"}, "msg": {"Gather End"},
		"CallToken": {`{"parentCallInfoToken":"eyJhbGciOiJFUzI1NiJ9.eyJjYWxsU2lkIjoiQ0EifQ.MEUCIQ"}`},
	}
	for _, party := range []string{"From", "Caller"} {
		params.Set(party, "+14155550100")
	}
	for _, party := range []string{"To", "Called"} {
		params.Set(party, "+18883071053")
	}
	for _, party := range []string{"From", "Caller", "To", "Called"} {
		params.Set(party+"City", "SAN FRANCISCO")
		params.Set(party+"State", "CA")
		params.Set(party+"Zip", "")
		params.Set(party+"Country", "US")
	}
	return params
}

// BenchmarkVerify compares Verify with the provider's own validator, each from a request to parameters that a handler can use.
func BenchmarkVerify(b *testing.B) {
	const publicURL, target = "https://phone.example.com", "/voice/menu/3"
	body := []byte(typicalParams().Encode())
	signature := twilio.Sign("current", publicURL+target, typicalParams())
	request := post(target, "", signature)
	request.ContentLength = int64(len(body))
	v := mustVerifier(b, publicURL, "", "current")
	rotating := mustVerifier(b, publicURL, "", "next", "current")
	theirs := client.NewRequestValidator("current")

	bench := func(name string, verify func(*http.Request) bool) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				request.Body = io.NopCloser(bytes.NewReader(body))
				if !verify(request) {
					b.Fatal("refused")
				}
			}
		})
	}
	bench("ours", func(r *http.Request) bool { _, err := v.Verify(r); return err == nil })
	bench("ours-two-tokens", func(r *http.Request) bool { _, err := rotating.Verify(r); return err == nil })
	bench("twilio-go", func(r *http.Request) bool {
		raw, err := io.ReadAll(r.Body)
		if err != nil || !theirs.ValidateBody(publicURL+r.RequestURI, raw, r.Header.Get(twilio.SignatureHeader)) {
			return false
		}
		_, err = url.ParseQuery(string(raw)) // its middleware leaves this to the handler
		return err == nil
	})
}

func BenchmarkParseWebhook(b *testing.B) {
	params := typicalParams()
	b.ReportAllocs()
	for b.Loop() {
		_ = twilio.ParseWebhook(params)
	}
}

// BenchmarkRender compares Render with the provider's own builder.
func BenchmarkRender(b *testing.B) {
	const text = "For a critical issue, press 1. For an issue that restricts you, press 2. For the status of a ticket, press 3."
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			mustRender(b, twilio.Response{Verbs: []twilio.Verb{
				twilio.Gather{
					Input: "dtmf speech", Action: "/voice/menu/3", NumDigits: 1, FinishOnKey: new(""),
					Prompts: []twilio.Verb{twilio.Say{Voice: "Polly.Amy-Neural", Language: "en-GB", Text: text}},
				},
				twilio.Redirect{URL: "/voice/menu/3"},
			}})
		}
	})
	b.Run("twilio-go", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := twiml.Voice([]twiml.Element{
				&twiml.VoiceGather{
					Input: "dtmf speech", Action: "/voice/menu/3", NumDigits: "1",
					InnerElements: []twiml.Element{&twiml.VoiceSay{Voice: "Polly.Amy-Neural", Language: "en-GB", Message: text}},
				},
				&twiml.VoiceRedirect{Url: "/voice/menu/3"},
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
