// Package load drives a running server with made-up calls, and measures how long each webhook waits for its answer.
//
// A call is carried as the provider carries it: every webhook is signed, the TwiML of each answer is followed, specialists are rung with all
// callbacks of their legs, and the end of the call is reported. Callers and specialists are drawn from a Mix: they key numbers, accept,
// decline, don't answer and hang up. The same seed draws the same people.
//
// Calls arrive in one of two ways. With a rate they arrive at random at so many a second, whatever the server does (an open loop), and a webhook
// is measured from the moment at which it should have been sent: a server that stands still for a second has made all callers of that second
// wait, and its percentiles show it. With a concurrency, so many calls go on at any time (a closed loop), and a slow server gets fewer of them.
//
// Made-up calls are recognisable: their SIDs begin with CA10ad10ad (SIDPrefix), and callers whose number is on file of no account call from
// ranges that belong to nobody.
package load
