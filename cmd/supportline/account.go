package main

import (
	"net/http"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/twilio"
)

// restAccount is the company's account at the provider, as the configuration names it. Without an API key it is asked with whichever of the
// tokens is in force; nil: the configuration's auth_token. observe may be nil.
func restAccount(conf config.Config, tokens *twilio.Tokens, observe func(what, how string, took time.Duration)) (*twilio.Account, error) {
	return restAccountOver(nil, conf, tokens, observe)
}

// restAccountOver is restAccount by another way than the network, where way is one.
func restAccountOver(
	way http.RoundTripper, conf config.Config, tokens *twilio.Tokens, observe func(what, how string, took time.Duration),
) (*twilio.Account, error) {
	t := conf.Twilio
	return twilio.NewAccount(twilio.AccountConfig{
		AccountSID: t.AccountSID, AuthToken: t.AuthToken, APIKey: t.APIKey, APISecret: t.APISecret, URL: t.APIURL, Edge: t.Edge, Region: t.Region,
		Transport: way, Tokens: tokens, Observe: observe,
	})
}

// accountOf is restAccount for those who may not need it.
func accountOf(conf config.Config, tokens *twilio.Tokens) func() (*twilio.Account, error) {
	return func() (*twilio.Account, error) { return restAccount(conf, tokens, nil) }
}
