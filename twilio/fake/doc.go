// Package fake simulates the telephone provider. It speaks the provider's protocol: it signs and sends the webhooks of a call, follows the
// TwiML of the answers, rings specialists, records messages, sends callbacks with times and durations, and requests the fallback when a
// document cannot be fetched. The server under test runs unchanged, since it cannot tell the difference.
//
// A Provider runs a call in one goroutine and on one Clock, so the same people and the same server make the same call, to the byte. People are
// the parties on the phone: an interface that a script, a test or a person at a terminal implements.
//
// It follows the provider's documentation. Where that is silent it does what is hardest on a server:
//
//   - Keys pressed after an input has ended go to the next question, if that follows at once; otherwise they are lost.
//   - A finishing key ends an input only when a digit precedes it; alone it is dropped and the timeout decides.
//   - Of several specialists whom a Dial rings at once the first to pick up stops the others at that moment, before the screening. A voicemail
//     does too.
//   - The document of a dialled leg holds Say, Play, Pause, Gather and Hangup. Any other verb there is a trouble and is skipped. When the document
//     runs out, also after a Gather without an answer, the leg is bridged with the caller, whoever picked up.
//   - A Gather that wants an empty result requests its action without Digits.
//   - Calls created over REST start one a second, or as many as the account has (State.CallsPerSecond). The others wait.
//   - When the caller hangs up in a Dial its action may still be requested, or not (Faults.NoActionAfterHangUp).
//   - The document for a party alone in a conference is fetched once; after its end, or if it fails, there is silence.
//   - Callbacks may be lost, doubled, late or out of order (Faults.Callbacks), and any webhook may be sent twice (Faults.Retry).
//
// An Account is the provider's REST API over one account. A Provider with an Account takes the numbers' settings from it and lists its calls
// there.
//
// With an Account a server can also place outbound legs, redirect calls and legs, and announce something to one party of a conference. Such a
// REST action belongs to the call whose SID its address contains, and runs on that call's clock.
//
// A call that belongs to no call under way, by which somebody is rung who has not called, is run by Place, and a text message is delivered or lost by
// Deliver: by a test one after the other, or by Serve as they come. What was sent stays in State.Texts.
//
// The package leaves out what no support line uses: conferences of more than two, queues, and messages that come in. A recording is a tone.
package fake
