package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio/fake"
)

// withWebhook tells a webhook, and gives the console an address.
func withWebhook(c *config.Config) {
	c.Notices = notices.Settings{Channels: []notices.Channel{notices.Webhook{URL: "https://ops.example.com"}}, Console: "https://console.example.com"}
}

// told returns the kinds of the notices in the outbox, by their keys.
func (l *telephony) told() (kinds []string, all []policy.Notice) {
	l.t.Helper()
	for n, err := range l.app.Store.Notices(l.t.Context()) {
		if err != nil {
			l.t.Fatal(err)
		}
		kinds, all = append(kinds, string(n.Kind)), append(all, n)
	}
	return kinds, all
}

// TestAMissedCriticalCallIsTold from the tone to the outbox, once, whichever callbacks come: what is lost is told when the log is compared with the
// provider's list. A message that becomes known after the end is told as well.
func TestAMissedCriticalCallIsTold(t *testing.T) {
	for name, test := range map[string]struct {
		faults fake.Faults
		want   string
	}{
		"all callbacks": {fake.Faults{}, "critical-missed"},
		"doubled":       {fake.Faults{Callbacks: fake.Twice}, "critical-missed"},
		"reordered":     {fake.Faults{Callbacks: fake.Reordered}, "critical-missed"},
		"retried":       {fake.Faults{Retry: true}, "critical-missed"},
		"none":          {fake.Faults{Callbacks: fake.Lost, NoActionAfterHangUp: true}, "critical-missed voicemail"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTelephony(t, withWebhook)
			l.provider.Faults = test.faults
			l.provision(true)
			l.provider.People = &speaker{people: people{keys: []string{"204518", "1"}}}
			record, err := l.provider.Call(t.Context(), fake.Incoming{From: "+442079460018", To: ukLine})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // what is known already is not told again
				if _, err := l.reconcile(); err != nil {
					t.Fatal(err)
				}
			}
			kinds, all := l.told()
			if diff := cmp.Diff(test.want, strings.Join(kinds, " ")); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			link := "https://console.example.com/calls/" + record.SID
			for _, n := range all {
				if n.Customer != "204518" || n.Facts["link"] != link || n.Facts["line_name"] != "United Kingdom" || n.Facts["wait_seconds"] == "" {
					t.Errorf("the notice is %+v", n)
				}
			}
		})
	}
}

// TestServedAndEarlyCallsTellNobody: nobody is told of a critical call that was served, nor of a question that nobody answered.
func TestServedAndEarlyCallsTellNobody(t *testing.T) {
	l := newTelephony(t, withWebhook)
	l.provision(true)
	l.call(ukLine, "204518", "1")
	l.provider.People = &speaker{people: people{keys: []string{"204518", "5"}}, said: true}
	if _, err := l.provider.Call(t.Context(), fake.Incoming{From: "+442079460018", To: ukLine}); err != nil {
		t.Fatal(err)
	}
	if _, all := l.told(); len(all) > 0 {
		t.Errorf("told: %+v", all)
	}
}
