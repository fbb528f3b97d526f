package main

import (
	"net/http"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/twilio"
)

// restAccount returns the company's account at the provider, as the configuration names it. observe may be nil.
func restAccount(conf config.Config, observe func(what, how string, took time.Duration)) (*twilio.Account, error) {
	return restAccountOver(nil, conf, observe)
}

// restAccountOver is restAccount over another transport than the network; nil is the network.
func restAccountOver(way http.RoundTripper, conf config.Config, observe func(what, how string, took time.Duration)) (*twilio.Account, error) {
	t := conf.Twilio
	return twilio.NewAccount(twilio.AccountConfig{
		AccountSID: t.AccountSID, AuthToken: t.AuthToken, NextAuthToken: t.NextAuthToken, APIKey: t.APIKey, APISecret: t.APISecret,
		URL: t.APIURL, Edge: t.Edge, Region: t.Region, Transport: way, Observe: observe,
	})
}

// accountWith returns the account, asked with one auth token alone.
func accountWith(conf config.Config, token string) (*twilio.Account, error) {
	conf.Twilio.AuthToken, conf.Twilio.NextAuthToken, conf.Twilio.APIKey, conf.Twilio.APISecret = token, "", "", ""
	return restAccount(conf, nil)
}

// accountOf is restAccount for those who may not need it.
func accountOf(conf config.Config) func() (*twilio.Account, error) {
	return func() (*twilio.Account, error) { return restAccount(conf, nil) }
}
