// Package ivr carries one call from the first ring to its end.
//
// Its heart is a pure machine: Machine.Next takes the call as it is logged, what the provider just asked, and the time, and gives the
// call as it is now and a Reply, which is a value. There is no input or output in it, so it may run again, and it can be walked
// exhaustively in tests. Around it are
//
//   - the words (Words): what each phrase of a reply sounds like in the language of the line,
//   - the rendering of a reply to the provider's TwiML,
//   - the webhook routes (NewWebhooks): verify, read, look up, advance the log, and only after its commit render the answer,
//   - the plain path: what a caller gets when the log cannot be written, or something has failed. It needs no state.
//
// A call goes through the files in this order: webhooks.go, input.go, machine.go, arrive.go, identify.go, menu.go, hunt.go, screen.go,
// voicemail.go, reply.go, render.go.
//
// The package knows no store: it declares the Log and the Directory that it needs.
package ivr
