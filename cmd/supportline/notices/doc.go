// Package notices tells people what happened: it puts the notices of the outbox into words and delivers them, by e-mail and to a webhook.
//
// What it promises. Each due notice is delivered at least once. A crash between a delivery and its record delivers it again, with the same
// Message-ID and the same Idempotency-Key, both made of the notice's key, so that the receiver can tell. A server that is down, slow or
// says "later" delays the notices of its own channel and no other; they are tried again after 1 minute, 5 minutes, 30 minutes, 2 hours,
// 6 hours and then every 12, for about three days. What a server refuses for good (a 5xx to the message itself, a 4xx of the webhook) is
// not tried again. Both stay in the outbox with their reason until a person retries them.
//
// The words are templates, one text and one HTML for each kind of notice, which a company may replace by files of the same names. Their
// values are the notice's facts, and two more: customer, its customer number, and at, its time in UTC. The samples in templates.go name them
// all. The function span turns seconds into "20 min 1 s".
//
// What is left out: who opens a case or passes a limit is the business of policy, and the outbox that of the store. Nothing here logs
// an address, a secret, or what a server said; the reason that is kept in the outbox may quote the server.
package notices
