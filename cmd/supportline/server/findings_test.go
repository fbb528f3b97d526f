package server

import (
	"strings"
	"testing"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
)

// The health page warns wherever nobody learns of what people are to learn, with what to configure.
func TestHealthWarnsWhereNobodyIsTold(t *testing.T) {
	webhook := notices.Webhook{URL: "https://ops.example.com/supportline", Secret: "0123456789abcdef"}
	mail, mailToOps := notices.Email{Server: "smtp.example.com:587"}, notices.Email{Server: "smtp.example.com:587", Ops: []string{"ops@example.com", "more@example.com"}}
	holders, messages := policy.Settings{FairUse: policy.FairUse{TellHolder: true}}, policy.Settings{NoAnswer: policy.Voicemail}
	for name, row := range map[string]struct {
		channels []notices.Channel
		settings policy.Settings
		want     []string // state, then what is found and advised, of each finding
	}{
		"no notices":                     {nil, policy.Settings{}, []string{"warning: the configuration has no notices. Add notices"}},
		"a message that nobody hears of": {nil, messages, []string{"warning: Nobody is told of a message that a caller left"}},
		"mail without ops":               {[]notices.Channel{mail}, messages, []string{"warning: notices.ops is empty, and there is no webhook. Write the addresses"}},
		"mail to ops":                    {[]notices.Channel{mailToOps}, holders, []string{"ok: by email."}},
		"a webhook":                      {[]notices.Channel{webhook}, policy.Settings{}, []string{"ok: by webhook."}},
		"both":                           {[]notices.Channel{mailToOps, webhook}, holders, []string{"ok: by email and webhook."}},
		"mail for holders, a webhook":    {[]notices.Channel{mail, webhook}, holders, []string{"ok: by webhook."}},
		"holders without mail":           {[]notices.Channel{webhook}, holders, []string{"warning: No account holder is told before it costs"}},
		"nothing at all":                 {nil, holders, []string{"warning: Nobody is told", "warning: there is no mail server. Add notices.smtp"}},
	} {
		t.Run(name, func(t *testing.T) {
			found := ReceiverFindings(notices.Settings{Channels: row.channels}, row.settings)
			if len(found) != len(row.want) {
				t.Fatalf("%d findings, want %d: %v", len(found), len(row.want), found)
			}
			for i, f := range found {
				state, text, _ := strings.Cut(row.want[i], ": ")
				if f.State != state || !strings.Contains(f.Found+" "+f.Advice, text) || (state == "ok") != (f.Advice == "") {
					t.Errorf("%v, want %q", f, row.want[i])
				}
			}
		})
	}
}

// A demo is configured without notices, and its health page does not call that ok.
func TestHealthOfADemoWarnsOfReceivers(t *testing.T) {
	for _, f := range mustApp(t).findings(t.Context()) {
		if f.Part == "receivers" && f.State == "warning" {
			return
		}
	}
	t.Error("no warning about receivers")
}
