package main

import (
	"slices"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/phone"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/twilio/fake"
)

// testPhones are the console's telephones: they call the test lines in this process, signed as the provider signs. The people who play the
// specialists are at the console, so specialists are dialled: an outbound leg would ring their real telephones.
func (h *house) testPhones(answering ivr.Deps) *phone.Simulator {
	answering.Ringer = nil
	return &phone.Simulator{
		Account: telephoneAccount(h.conf), Transport: fake.Straight(ivr.NewWebhooks(answering)), Now: h.now, Numbers: h.conf.Console.TestLines,
	}
}

// demoPhones are those of a demo: callers choose their number, and everything is as with the demo's account.
func (h *house) demoPhones(account *fake.Account) {
	h.phones.Demo, h.phones.Provider, h.phones.Transport = true, account, fake.Straight(h.webhooks)
}

// everybodyCalls lets every operator of a demo call every line.
func everybodyCalls(conf *config.Config) {
	conf.Console.TestLines = nil
	for _, line := range conf.Settings.Lines {
		conf.Console.TestLines = append(conf.Console.TestLines, line.Number)
	}
	permitted := users.Permissions{}
	for role, permissions := range conf.Console.Permissions {
		permitted[role] = slices.Clone(permissions)
	}
	permitted[users.Operator] = append(permitted[users.Operator], users.UsePhone)
	conf.Console.Permissions = permitted
}

func telephoneAccount(conf config.Config) phone.Account {
	return phone.Account{PublicURL: conf.PublicURL, SID: conf.Twilio.AccountSID, Token: conf.Twilio.AuthToken}
}
