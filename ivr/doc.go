// Package ivr carries one call from the first ring to its end.
//
// Its heart is a pure machine: Machine.Next takes the call as it is logged, what the provider just asked, and the time, and returns the call
// as it is now and a Reply, which is a value. The machine does no input or output, so it may run again, and tests walk through all of its
// states. Around it are
//
//   - the words (Words): what each phrase of a reply sounds like in the language of the line,
//   - the rendering of a reply to the provider's TwiML,
//   - the webhook routes (NewWebhooks): verify, read, look up, advance the log, and only after its commit render the answer,
//   - the stateless fallback: what a caller gets when the log cannot be written, or something has failed.
//
// A call goes through the files in this order: webhooks.go, voice.go, input.go, machine.go, arrive.go, identify.go, menu.go, hunt.go, screen.go,
// reply.go, render.go.
//
// Specialists are rung in one of two ways (ringing.go): dialled, by a Dial on the caller's call, or by outbound legs, which are calls that we
// place (outbound.go). What is to be done over the provider's REST API follows from a step of the call (actions.go) and is done after it, beside
// the webhooks (ringer.go). A ring attempt (attempt.go) does not depend on the call, so that whatever else has to reach people can place legs.
//
// The package knows no store: it declares the Log and the Directory that it needs.
package ivr
