// Package twilio implements the provider's protocol: TwiML, signed webhooks with typed parameters, and the REST API.
//
// A webhook is handled in three steps. A Verifier returns the signed parameters of a request or the reason to refuse it, ParseWebhook
// converts them, and a Response, built as a value, is rendered once at the end and sent with ContentType:
//
//	params, err := verifier.Verify(r)
//	if err != nil {
//		http.Error(w, "Forbidden", http.StatusForbidden)
//		return
//	}
//	response := answer(twilio.ParseWebhook(params))
//	doc, err := response.Render()
//
// Tests compare a Response as a value; Parse returns it from a document, and Sign makes the requests that a Verifier accepts. The fake
// provider in twilio/fake is built on these two.
//
// An Account is the company's account over the REST API: its numbers, calls and recordings, outbound legs, and its auth tokens.
//
// The package leaves out the verbs, attributes and SSML that a support line does not need, messages, queues and JSON webhooks. It does
// not check freshness: a captured request verifies at any time, so the receiver must recognise a repeated event.
//
// The facts are those of the provider's documents on TwiML, voice requests and webhook security. Where these are unclear (the port in
// a signed URL, repeated parameters, what 64 kB means), the package is right either way, as noted at that place.
package twilio
