package server

import (
	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/phone"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/twilio/fake"
)

// testPhones returns the console's telephones: they call the test lines in this process, signed as the provider signs. The people who play the
// specialists are at the console, so specialists are dialled: an outbound leg would ring their real telephones.
func (a *App) testPhones(answering ivr.Deps) *phone.Simulator {
	answering.Ringer = nil
	return &phone.Simulator{
		Account: PhoneAccount(a.Conf), Transport: fake.Straight(ivr.NewWebhooks(answering)), Now: a.Now, Numbers: a.Conf.Console.TestLines,
	}
}

// UseDemoPhones makes the telephones those of a demo: callers choose their number, and everything is as with the demo's account.
func (a *App) UseDemoPhones(account *fake.Account) {
	a.Phones.Demo, a.Phones.Provider, a.Phones.Transport = true, account, fake.Straight(a.Webhooks)
}

// PhoneAccount returns what a phone must know of the account to sign as the provider does.
func PhoneAccount(conf config.Config) phone.Account {
	return phone.Account{PublicURL: conf.PublicURL, SID: conf.Twilio.AccountSID, Token: conf.Twilio.AuthToken}
}
