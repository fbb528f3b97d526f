package notices

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/officernd/supportline/policy"
)

// Settings are where notices go and how. The zero Settings tell nobody anything.
type Settings struct {
	From      string   // an address with or without a name: "Support <support@example.com>"
	Ops       []string // addresses without names
	SMTP      SMTP
	Webhook   Webhook
	Templates *Templates // nil: the shipped ones
	Summary   bool       // the month that ended is summed up for Ops
}

// SMTP is the server that takes e-mail; without Server there is none.
type SMTP struct {
	Server   string // host:port
	User     string // "": no login
	Password string `json:"-"`
	TLS      TLS
}

// String keeps the login out of logs.
func (s SMTP) String() string { return s.Server }

// GoString keeps it out of %#v as well.
func (s SMTP) GoString() string { return s.String() }

// TLS is how the way to the mail server is protected.
type TLS string

// The ways.
const (
	TLSStart    TLS = "starttls" // begins in clear and is upgraded before anything is said; a server that does not offer it gets nothing
	TLSRequired TLS = "required" // from the first byte, as on port 465
	TLSNone     TLS = "none"
)

// Webhook is where notices are posted; without URL there is none.
type Webhook struct {
	URL    string `json:"-"` // often secret itself
	Secret string `json:"-"` // signs what is posted
}

// String keeps the secrets out of logs.
func (w Webhook) String() string {
	if w.URL == "" {
		return "no webhook"
	}
	return "a webhook"
}

// GoString keeps them out of %#v as well.
func (w Webhook) GoString() string { return w.String() }

// Addressed gives the notices by which one event is told: one for each address of ops and one for the webhook, or, where n has an address
// already, one for that alone. Each has the key of the event and of its receiver, which shows no address and stays the same as long as
// the receiver does. Without a receiver there are none.
func (s Settings) Addressed(n policy.Notice) []policy.Notice {
	to := s.Ops
	if n.To != "" {
		to = []string{n.To}
	}
	var all []policy.Notice
	for _, address := range to {
		if s.SMTP.Server == "" {
			break
		}
		sum := sha256.Sum256([]byte(address))
		mail := n
		mail.Key, mail.Channel, mail.To = fmt.Sprintf("%s/email/%s", n.Key, hex.EncodeToString(sum[:4])), policy.ChannelEmail, address
		all = append(all, mail)
	}
	if s.Webhook.URL != "" && n.To == "" {
		post := n
		post.Key, post.Channel = n.Key+"/webhook", policy.ChannelWebhook
		all = append(all, post)
	}
	return all
}
