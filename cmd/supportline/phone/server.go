package phone

import (
	"context"
	"net/http"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio/fake"
)

// Account is the account whose webhooks are sent, and where they are sent.
type Account struct {
	PublicURL string // without a trailing slash; the webhook paths are below it
	SID       string
	Token     string
}

// Server is the real server with its log, on the clock of the script that calls it.
type Server interface {
	Account() Account
	// Provider returns the account that the server uses over the REST API.
	Provider() *fake.Account
	// Settle returns when the server has nothing under way beside the webhooks.
	Settle()
	// Handler answers the webhooks, as the public listener does.
	Handler() http.Handler
	// Work does what is due by itself: alarms go on, and people are called and texted.
	Work(context.Context)
	// FollowUp returns the follow-up of a call, as plain data with the names of its JSON, and the result of its last call-back as "result". A call
	// without one is an error, here and below.
	FollowUp(context.Context, policy.CallSID) (any, error)
	// Take takes the follow-up of a call for a person.
	Take(ctx context.Context, call policy.CallSID, by string) error
	// CallBack asks to call the caller of a call back. by is a specialist, or the number that rings first.
	CallBack(ctx context.Context, call policy.CallSID, by string) error
	// Explain returns the whole trace of a logged call, with what follows from it; policy.ErrNoCall where nothing was logged.
	Explain(context.Context, policy.CallSID) ([]policy.Decision, error)
	// Row returns the call as the exports show it.
	Row(context.Context, policy.CallSID) (policy.Row, error)
	// Break makes the store refuse everything, until it is called with false.
	Break(bool)
	Close() error
}

// Setup holds what a script asks for in its server.
type Setup struct {
	Overrides []Override // in the order of the script
	Customers string     // a customers file, as the script names it: relative to its folder; "": the shipped sample
	// Restricted holds the accounts whose case is at restricted.
	Restricted []policy.CustomerNumber
	Now        func() time.Time // the server's only clock
}

// Override replaces one key of the configuration.
type Override struct {
	Path string // "identification.caller_id"
	YAML string // the value: "off", "{ default: message }"
}

// Opener opens a server for one script. On an error, which says what is wrong with the setup, the script is not played.
type Opener func(Setup) (Server, error)
