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
//   - Of several specialists who are rung at once either the first to pick up wins or the first to accept in the screening (Race).
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
// The package leaves out what no support line uses: conferences of more than two, queues and messages. A recording is a tone. It is kinder than
// the provider in two points: outbound legs are placed at once rather than one a second, and a Redirect in the document of a dialled leg is
// followed, which the provider does not document.
package fake
