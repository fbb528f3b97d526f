package main

import (
	"context"
	"net/http"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/twilio/fake"
)

// demoAccount is an account at the provider as it is after its numbers were bought: nobody has told them yet where calls go.
func demoAccount(conf config.Config, now func() time.Time) *fake.Account {
	at := fake.NewAccount(conf.Twilio.AccountSID, conf.Twilio.AuthToken, now)
	for _, line := range conf.Settings.Lines {
		at.AddNumber(line.Number.Full())
	}
	at.Change(func(s *fake.State) { s.Strangers = true }) // a phone in another terminal records too
	return at
}

// remindOfTokens gives the account the tokens that it had when the demo ended in the middle of a rotation: the provider would still have them.
func (h *house) remindOfTokens(ctx context.Context, at *fake.Account) error {
	record, err := h.store.Rotation(ctx)
	if err != nil {
		return err
	}
	r, err := readRotation(record)
	if err != nil {
		return err
	}
	before, after, opened := r.open(h.conf.Twilio.AuthToken, h.conf.Twilio.NextAuthToken)
	if !opened {
		return nil
	}
	at.Change(func(s *fake.State) {
		s.Token, s.Secondary = before, after
		if r.Stage == rotationPromoted {
			s.Token, s.Secondary = after, ""
		}
	})
	return nil
}

// withAccount answers for the provider's REST API beside what is there already, on this machine alone.
func withAccount(there http.Handler, at *fake.Account) http.Handler {
	routes := http.NewServeMux()
	routes.Handle("/", there)
	routes.Handle(config.DemoAccount+"/", http.StripPrefix(config.DemoAccount, at))
	return routes
}
