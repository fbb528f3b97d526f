// Package twilio speaks the provider's protocol: it writes and reads TwiML, tells the provider's requests from everybody else's, and
// gives their parameters types.
//
// A webhook goes through it in three steps. A Verifier returns the signed parameters of a request or the reason to refuse it,
// ParseWebhook types them, and a Response, built as a value, is rendered once at the end and sent with ContentType:
//
//	params, err := verifier.Verify(r)
//	if err != nil {
//		http.Error(w, "Forbidden", http.StatusForbidden)
//		return
//	}
//	response := answer(twilio.ParseWebhook(params))
//	doc, err := response.Render()
//
// A Response is compared as a value in tests; Parse gives it back from a document, and Sign makes the requests that a Verifier takes.
// The fake provider in twilio/fake is built on these two.
//
// What it leaves out: the verbs, attributes and SSML that a support line does not need, messages, conferences and queues, JSON
// webhooks, and freshness. A captured request verifies for ever, so whoever acts on one must recognise a repeated event.
//
// The facts are those of the provider's documents on TwiML, voice requests and webhook security. Where these are unclear (the port in
// a signed URL, repeated parameters, what 64 kB means), the package is right either way, and says so at that place.
package twilio
