package phone

import (
	"context"
	"net/http"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio/fake"
)

// Account is where and as whose webhooks are sent.
type Account struct {
	PublicURL string // without a trailing slash; the webhook paths are below it
	SID       string
	Token     string
}

// Server is a support line that a script calls: the real machine with its log, on the script's clock.
type Server interface {
	Account() Account
	// Provider is the account that the house asks over the REST API.
	Provider() *fake.Account
	// Settle returns when the house has nothing under way beside the webhooks.
	Settle()
	// Handler answers the webhooks, as the public listener does.
	Handler() http.Handler
	// Explain gives the whole story of a logged call, what follows from it included; policy.ErrNoCall where nothing was logged.
	Explain(context.Context, policy.CallSID) ([]policy.Decision, error)
	// Row gives the call as the exports show it.
	Row(context.Context, policy.CallSID) (policy.Row, error)
	// Break makes the store refuse everything, until it is called with false.
	Break(bool)
	Close() error
}

// Setup is what a script asks of its house.
type Setup struct {
	Overrides []Override // in the order of the script
	Customers string     // a customers file, as the script names it: relative to its folder; "": the shipped sample
	// Restricted are the accounts whose case stands at restricted.
	Restricted []policy.CustomerNumber
	Now        func() time.Time // the house's only clock
}

// Override replaces one key of the configuration.
type Override struct {
	Path string // "identification.caller_id"
	YAML string // the value: "off", "{ default: message }"
}

// Opener opens a house for one script. An error says what is wrong with the set-up, and the script is not played.
type Opener func(Setup) (Server, error)
