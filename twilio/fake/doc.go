// Package fake is the telephone provider, played on this machine. It speaks the provider's protocol: it signs and sends the webhooks of
// a call, follows the TwiML that it is answered, rings specialists, records messages, calls back with times and durations, and falls
// back as the real one does when a document can't be had. A house under test can't tell the difference, and is not replaced in any
// part.
//
// A Provider carries a call in one goroutine and on one Clock, so the same people and the same house make the same call, to the byte.
// Who is on the phone are People: an interface that a script, a test or a person at a terminal implements.
//
// What it follows is the provider's documentation. Where that is silent it does what is hardest on a house:
//
//   - Keys that are pressed after an input has ended go to the next question, if that comes next; anywhere else they are lost.
//   - A finishing key ends an input only when a digit precedes it; alone it is swallowed and the timeout decides.
//   - Of several specialists who are rung at once either the first to pick up wins or the first whose screening ends well (Race).
//   - When the caller hangs up in a Dial its action may be requested once more, or not (Faults.NoActionAfterHangUp).
//   - Callbacks may be lost, doubled, late or out of order (Faults.Callbacks), and any webhook may be sent twice (Faults.Retry).
//
// An Account is the provider's REST API over one account. A Provider that has one takes the numbers' settings from it and lists its calls there.
//
// With an Account a house can also ring legs beside a call, bring parties to other documents and announce something to one party of a
// conference: such an order belongs to the call whose SID its address names, and is active out on that call's clock.
//
// It leaves out what no support line uses: conferences of more than two, queues, messages, speech. Recordings sound like a tone.
package fake
