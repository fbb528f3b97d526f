package demo

import (
	"net/http"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/twilio/fake"
)

// NewAccount returns an account at the provider with numbers that were bought and not set up yet.
func NewAccount(conf config.Config, now func() time.Time) *fake.Account {
	at := fake.NewAccount(conf.Twilio.AccountSID, conf.Twilio.AuthToken, now)
	for _, line := range conf.Settings.Lines {
		at.AddNumber(line.Number.Full())
	}
	at.Change(func(s *fake.State) {
		s.UnlistedMedia = true // a phone in another terminal records too
		s.Secondary = conf.Twilio.NextAuthToken
		s.CallsPerSecond = conf.Settings.CallsPerSecond
	})
	return at
}

// maxAsked bounds the body of a request to the account. The program's own are a few hundred bytes.
const maxAsked = 64 << 10

// WithAccount returns a handler that answers for the provider's REST API, and passes all else on to there.
func WithAccount(there http.Handler, at *fake.Account) http.Handler {
	routes := http.NewServeMux()
	routes.Handle("/", there)
	routes.Handle(config.DemoAccount+"/", http.MaxBytesHandler(http.StripPrefix(config.DemoAccount, at), maxAsked))
	return routes
}
