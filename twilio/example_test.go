package twilio_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/officernd/supportline/twilio"
)

// A caller presses a key, the provider sends a webhook, and the answer has the next instructions.
func Example() {
	verifier, err := twilio.NewVerifier("https://phone.example.com", "AC1", "the auth token")
	if err != nil {
		fmt.Println(err)
		return
	}
	menu := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		params, err := verifier.Verify(r)
		if err != nil {
			http.Error(w, "Forbidden", http.StatusForbidden)
			return
		}
		key := twilio.ParseWebhook(params).Digits
		doc, err := twilio.Response{Verbs: []twilio.Verb{
			twilio.Say{Voice: "Polly.Amy-Neural", Language: "en-GB", Text: "You pressed " + key + "."},
			twilio.Redirect{URL: "/voice/menu/2"},
		}}.Render()
		if err != nil {
			http.Error(w, "Internal Server Error", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", twilio.ContentType)
		_, _ = w.Write(doc)
	})

	params := url.Values{"AccountSid": {"AC1"}, "CallSid": {"CA1"}, "Digits": {"1"}}
	request := httptest.NewRequest(http.MethodPost, "/voice/menu/1", strings.NewReader(params.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set(twilio.SignatureHeader, twilio.Sign("the auth token", "https://phone.example.com/voice/menu/1", params))
	answer := httptest.NewRecorder()
	menu.ServeHTTP(answer, request)
	fmt.Print(answer.Body)
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?>
	// <Response>
	//   <Say voice="Polly.Amy-Neural" language="en-GB">You pressed 1.</Say>
	//   <Redirect>/voice/menu/2</Redirect>
	// </Response>
}

func ExampleParse() {
	response, err := twilio.Parse([]byte(`<Response><Gather action="/menu" numDigits="1"><Say>Press one.</Say></Gather></Response>`))
	if err != nil {
		fmt.Println(err)
		return
	}
	gather := response.Verbs[0].(twilio.Gather)
	fmt.Println(gather.Action, gather.NumDigits, gather.Prompts[0].(twilio.Say).Text)

	_, err = twilio.Parse([]byte(`<Response><Gather action="/menu"><Hangup/></Gather></Response>`))
	fmt.Println(err)
	// Output:
	// /menu 1 Press one.
	// twiml: verb 1: Gather: child 1 is a twilio.Hangup: only Say, Play and Pause can be nested
}
