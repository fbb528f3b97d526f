// Package phone is the caller's side of a support line: a language in which a call is written down and checked (Parse, Play), a telephone in the
// terminal (Terminal), and telephones in browsers (Simulator). All use the fake provider of twilio/fake, so that the server gets the same signed
// webhooks as from the real one.
//
// # The language
//
// One statement a line; a # at its start, or between spaces, begins a comment; texts are in double quotes; durations are written 5s, 3m,
// 1m30s.
//
//	# A critical call in opening hours is connected (rule 10)
//	clock 2026-11-24T10:00 Europe/London
//	specialist +15550100001 accepts after 5s
//	dial +448000668187 from +442079460018
//	hear "customer number"
//	press 204518
//	hear "platform down"
//	press 1
//	talk 3m
//	hang up
//	log outcome served
//	log talk_seconds 180
//
// Help lists every statement. In addition:
//
//   - Statements before the first dial set the scene; those between a dial and the end of its call are what the caller does and hears;
//     log, trace and rung look at the finished call. A script can dial more than once, with the same server and log.
//   - hear lets the line finish speaking. It looks at everything heard since the caller last did something, without regard to
//     upper and lower case.
//   - press without a hear before it presses ahead of the prompt, as impatient callers do.
//   - When the script has nothing more for the caller to do, the caller stays silent until the line ends the call.
//   - Specialists who are not named don't answer.
//   - A line that makes the provider speak its own error sentence has always failed (rule 11).
package phone
