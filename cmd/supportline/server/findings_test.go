package server

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
)

// The health page warns wherever nobody learns of what people are to learn, with what to configure.
func TestHealthWarnsWhereNobodyIsTold(t *testing.T) {
	webhook := notices.Webhook{URL: "https://ops.example.com/supportline", Secret: "0123456789abcdef"}
	mail, mailToOps := notices.Email{Server: "smtp.example.com:587"}, notices.Email{Server: "smtp.example.com:587", Ops: []string{"ops@example.com", "more@example.com"}}
	holders, messages := policy.Settings{FairUse: policy.FairUse{TellHolder: true}}, policy.Settings{NoAnswer: policy.Voicemail}
	to := []alarm.Receiver{{Channel: "pager"}, {Channel: policy.ChannelCall, Target: "rota:primary"}}
	someThings := alarm.Rules{{On: []policy.NoticeKind{policy.NoticeVoicemail, policy.NoticeCriticalMissed}, To: to}}
	everything := append(someThings, alarm.Rule{On: []policy.NoticeKind{policy.NoticeCallLimit, policy.NoticeTickets, policy.NoticeCase}, To: to})
	for name, row := range map[string]struct {
		channels []notices.Channel
		settings policy.Settings
		alarms   alarm.Rules
		want     []string // state, then what is found and advised, of each finding
	}{
		"no notices":                     {nil, policy.Settings{}, nil, []string{"warning: the configuration has no notices. Add notices"}},
		"a message that nobody hears of": {nil, messages, nil, []string{"warning: Nobody is told of a message that a caller left"}},
		"mail without ops":               {[]notices.Channel{mail}, messages, nil, []string{"warning: notices.ops is empty, and there is no webhook. Write the addresses"}},
		"mail to ops":                    {[]notices.Channel{mailToOps}, holders, nil, []string{"ok: by email."}},
		"a webhook":                      {[]notices.Channel{webhook}, policy.Settings{}, nil, []string{"ok: by webhook."}},
		"both":                           {[]notices.Channel{mailToOps, webhook}, holders, nil, []string{"ok: by email and webhook."}},
		"mail for holders, a webhook":    {[]notices.Channel{mail, webhook}, holders, nil, []string{"ok: by webhook."}},
		"holders without mail":           {[]notices.Channel{webhook}, holders, nil, []string{"warning: No account holder is told before it costs"}},
		"nothing at all":                 {nil, holders, nil, []string{"warning: Nobody is told", "warning: there is no mail server. Add notices.smtp"}},
		"alarms alone":                   {nil, messages, everything, []string{"ok: by pager and call."}},
		"alarms of some events":          {nil, messages, someThings, []string{"warning: Nobody is told of a call past the limit, an account near its limit and a case that opened: the configuration has no notices"}},
		"alarms, and mail for the rest":  {[]notices.Channel{mailToOps}, messages, someThings, []string{"ok: by pager, call and email."}},
	} {
		t.Run(name, func(t *testing.T) {
			found := ReceiverFindings(config.Config{Notices: notices.Settings{Channels: row.channels}, Alarms: row.alarms, Settings: row.settings})
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

// A running server says of its parts what a person has to look at, and from when on.
func TestWhatTheHealthPageFinds(t *testing.T) {
	now := tuesday
	a := must(Open(mustConfig(t), func() time.Time { return now }, zap.NewNop(), 1<<20))
	t.Cleanup(func() { _ = a.Close() })
	failed := 0
	fail := func() error {
		failed++
		n := policy.Notice{Key: fmt.Sprint("summary/", failed), Kind: policy.NoticeSummary, At: now, Channel: policy.ChannelEmail, To: "ops@example.com"}
		return errors.Join(a.Store.PutNotices(t.Context(), []policy.Notice{n}), a.Store.NoticeFailed(t.Context(), n.Key, now, errors.New("no such mailbox"), time.Time{}))
	}
	for _, step := range []struct {
		do   func() error
		part string
		want string // state, then what is found
	}{
		{nil, "webhooks", "warning: No call has come yet."},
		{nil, "provider", "warning: The log was never compared"},
		{nil, "notices", "ok: None waits longer than it should."},
		{func() error {
			served(t, a.Store, a.Conf.Settings, "CA1", "", now.Add(-90*time.Minute))
			return nil
		}, "webhooks", "ok: The last call began 90 minutes ago."},
		{func() error { return a.Store.SetCheckpoint(t.Context(), now.Add(-comparedLate)) }, "provider", "ok: The log is compared with the provider's list of calls up to 60 minutes ago."},
		{func() error { now = now.Add(time.Second); return nil }, "provider", "warning: The log is compared with the provider's list of calls up to 60 minutes ago."},
		{fail, "notices", "warning: 1 notice could not be delivered."},
		{fail, "notices", "warning: 2 notices could not be delivered."},
	} {
		if step.do != nil {
			if err := step.do(); err != nil {
				t.Fatal(err)
			}
		}
		all := a.findings(t.Context())
		i := slices.IndexFunc(all, func(f console.Finding) bool { return f.Part == step.part })
		if i < 0 || !strings.HasPrefix(all[i].State+": "+all[i].Found, step.want) || (all[i].State == "ok") != (all[i].Advice == "") {
			t.Errorf("%s: want %q, got %v", step.part, step.want, all)
		}
	}
}

// A notice is overdue from when it was to be tried next, and not while that is yet to come.
func TestOverdueNotices(t *testing.T) {
	now := tuesday
	a := must(Open(mustConfig(t), func() time.Time { return now }, zap.NewNop(), 1<<20))
	t.Cleanup(func() { _ = a.Close() })
	overdue := func(after, want time.Duration) {
		t.Helper()
		now = tuesday.Add(after)
		if got, err := a.overdue(t.Context()); got != want || err != nil {
			t.Errorf("after %v it is overdue for %v, %v; want %v", after, got, err, want)
		}
	}
	n := policy.Notice{Key: "summary", Kind: policy.NoticeSummary, At: now, Channel: policy.ChannelEmail, To: "ops@example.com"}
	if err := a.Store.PutNotices(t.Context(), []policy.Notice{n}); err != nil {
		t.Fatal(err)
	}
	overdue(3*time.Minute, 3*time.Minute) // nobody has tried it
	if err := a.Store.NoticeFailed(t.Context(), n.Key, now, errors.New("try again later"), tuesday.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	overdue(59*time.Minute, 0)
	overdue(62*time.Minute, 2*time.Minute)
	if err := a.Store.NoticeSent(t.Context(), n.Key, now); err != nil {
		t.Fatal(err)
	}
	overdue(2*time.Hour, 0)
}
