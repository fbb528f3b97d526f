// Package notices delivers the notices of the outbox: it renders their words and sends them on their channels.
//
// A channel is a value (Channel) that knows how it addresses an event and how it sends; one whose receivers are kept up to date, such as a chat, shows the
// state of an alarm (Live). One that the configuration can have also registers what it asks for there and how that is checked (Kind). A new channel is
// a file in this room and a line in Kinds, for a block of notices, or in NamedKinds, for channels under names of their own; the rest of the program does
// not know how many there are. What a service limits (429) holds up its own channel until the service's time is over.
//
// Each due notice is delivered at least once. A crash between a delivery and its record delivers it again, with the same Message-ID and the same
// Idempotency-Key, both made of the notice's key, so that the receiver can recognize it. Each channel has a goroutine, a share of the outbox and pauses
// of its own: a server that is down, slow or asks to come later delays the notices of its own channel only. By e-mail and webhook they are tried
// again after 1 minute, 5 minutes, 30 minutes, 2 hours, 6 hours and then every 12, for about three days. What a server refuses permanently (a 5xx to
// the message itself, a 4xx of the webhook) is not tried again. Both stay in the outbox with their reason until a person retries them.
//
// The words are templates, one text and one HTML for each kind of notice, which a company can replace by files of the same names. Their values are
// the notice's facts, company and link_policy, link_training and link_screen_sharing where they are configured, customer (the customer number) and at
// (the time in UTC). The samples in templates.go name them all. The function span turns
// seconds into "20 min 1 s".
//
// What causes a notice is decided in policy, and the outbox is in the store. Nothing here logs an address, a secret, or what a server said; the
// reason that is stored in the outbox may quote the server.
package notices
