package server

import (
	"net/http"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/twilio"
)

// Account returns a client of the company's account at the provider, as the configuration names it. Without an API key it is asked with
// whichever of the tokens is in force; nil tokens mean the configuration's auth_token. observe may be nil.
func Account(conf config.Config, tokens *twilio.Tokens, observe func(what, how string, took time.Duration)) (*twilio.Account, error) {
	return AccountOver(nil, conf, tokens, observe)
}

// AccountOver is Account over a transport other than the network, unless that is nil.
func AccountOver(
	transport http.RoundTripper, conf config.Config, tokens *twilio.Tokens, observe func(what, how string, took time.Duration),
) (*twilio.Account, error) {
	t := conf.Twilio
	return twilio.NewAccount(twilio.AccountConfig{
		AccountSID: t.AccountSID, AuthToken: t.AuthToken, APIKey: t.APIKey, APISecret: t.APISecret, URL: t.APIURL, Edge: t.Edge, Region: t.Region,
		Transport: transport, Tokens: tokens, Observe: observe,
	})
}

// AccountOf returns Account for a caller that may not need it.
func AccountOf(conf config.Config, tokens *twilio.Tokens) func() (*twilio.Account, error) {
	return func() (*twilio.Account, error) { return Account(conf, tokens, nil) }
}
