package server

import (
	"net/http"
	"slices"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/twilio"
)

// A watcher is told of each request to the account: what was asked, how it ended, and how long it took.
type watcher = func(what, how string, took time.Duration)

// Account returns a client of the company's account at the provider, as the configuration names it. observe may be nil.
func Account(conf config.Config, observe watcher) (*twilio.Account, error) {
	return AccountOver(nil, conf, observe)
}

// AccountOver is Account over a transport other than the network, unless that is nil.
func AccountOver(transport http.RoundTripper, conf config.Config, observe watcher) (*twilio.Account, error) {
	t := conf.Twilio
	return twilio.NewAccount(twilio.AccountConfig{
		AccountSID: t.AccountSID, AuthToken: t.AuthToken, NextAuthToken: t.NextAuthToken, APIKey: t.APIKey, APISecret: t.APISecret,
		URL: t.APIURL, Edge: t.Edge, Region: t.Region, Transport: transport, Observe: observe,
	})
}

// AccountWith returns a client of the account that is asked with one auth token alone.
func AccountWith(conf config.Config, token string) (*twilio.Account, error) {
	conf.Twilio.AuthToken, conf.Twilio.NextAuthToken, conf.Twilio.APIKey, conf.Twilio.APISecret = token, "", "", ""
	return Account(conf, nil)
}

// AcceptedTokens returns the tokens of which a request may be signed with any.
func AcceptedTokens(conf config.Config) []string {
	return slices.DeleteFunc([]string{conf.Twilio.AuthToken, conf.Twilio.NextAuthToken}, func(token string) bool { return token == "" })
}
