package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
)

const noticesBlock = `
notices:
  from: Support <support@example.com>
  ops: [ops@example.com, lead@example.com]
  smtp: { server: "smtp.example.com:587", user: supportline, password: hush-hush, tls: starttls }
  webhook: { url: "https://ops.example.com/in?key=hush", secret: 0123456789abcdef }
  summary: off
`

// told returns the example with a notices block, in which the first text of each pair was replaced by the second.
func told(pairs ...string) string {
	return string(config.Example()) + strings.NewReplacer(pairs...).Replace(noticesBlock)
}

func TestNoticesAsTheFileSays(t *testing.T) {
	got, problems := parse(told(), env(), config.Options{})
	if diff := cmp.Diff([]string{}, problems); diff != "" {
		t.Fatal(diff)
	}
	want := notices.Settings{Channels: []notices.Channel{
		notices.Email{
			From: "Support <support@example.com>", Ops: []string{"ops@example.com", "lead@example.com"},
			Server: "smtp.example.com:587", Hello: "support.example.com", User: "supportline", Password: "hush-hush", TLS: notices.TLSStart,
		},
		notices.Webhook{URL: "https://ops.example.com/in?key=hush", Secret: "0123456789abcdef"},
	}, Facts: map[string]string{"company": "OfficeRnD"}}
	if diff := cmp.Diff(want, got.Notices); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Every notice can name the company and its pages. Account holders who are to be told, and cannot be, are noted.
func TestLettersNameTheCompanyAndItsPages(t *testing.T) {
	pages := strings.Replace(told(), "\nlinks: {}", "\nlinks: { policy: https://help.example.com/policy, training: https://example.com/train, screen_sharing: https://example.com/share }", 1)
	pages = strings.Replace(pages, "tell_holder: false", "tell_holder: true", 1)
	got, problems := parse(pages, env(), config.Options{})
	if diff := cmp.Diff([]string{}, problems); diff != "" {
		t.Fatal(diff)
	}
	want := map[string]string{
		"company": "OfficeRnD", "link_policy": "https://help.example.com/policy", "link_training": "https://example.com/train",
		"link_screen_sharing": "https://example.com/share",
	}
	if diff := cmp.Diff(want, got.Notices.Facts); diff != "" || len(got.Notes) > 0 {
		t.Errorf("%v, %s", got.Notes, diff)
	}
	mail := got.Notices.Addressed(policy.Notice{Key: "k", Facts: map[string]string{"company": "the notice's own"}})[0]
	if mail.Facts["company"] != "the notice's own" || mail.Facts["link_policy"] != want["link_policy"] {
		t.Errorf("a notice has the facts %v", mail.Facts)
	}
	for name, text := range map[string]string{
		"no notices": string(config.Example()),
		"no mail server": told("  ops: [ops@example.com, lead@example.com]\n", "",
			`  smtp: { server: "smtp.example.com:587", user: supportline, password: hush-hush, tls: starttls }`, ""),
	} {
		got, problems := parse(strings.Replace(text, "tell_holder: false", "tell_holder: true", 1), env(), config.Options{})
		if len(problems) > 0 || len(got.Notes) != 1 || !strings.Contains(got.Notes[0].String(), "no account holder is told") {
			t.Errorf("%s: %v, noted %v", name, problems, got.Notes)
		}
	}
}

// The commented block of the example, without its comment signs, is right.
func TestNoticesOfTheExample(t *testing.T) {
	_, block, found := strings.Cut(string(config.Example()), "# notices:")
	if !found {
		t.Fatal("the example shows no notices")
	}
	block, _, _ = strings.Cut(block, "\n\n")
	block += "\n"
	block = strings.Replace("notices:"+strings.ReplaceAll(block, "\n# ", "\n"), "  templates: notices", "  # templates: notices", 1)
	got, problems := parse(string(config.Example())+block, env("SMTP_PASSWORD", "x", "NOTICES_SECRET", "0123456789abcdef"), config.Options{})
	if diff := cmp.Diff([]string{}, problems); diff != "" {
		t.Fatal(diff)
	}
	if mail, ok := got.Notices.Channels[0].(notices.Email); !got.Notices.Summary || !ok || mail.TLS != notices.TLSStart {
		t.Errorf("the usual values are not there: %+v", got.Notices)
	}
	_, problems = parse(string(config.Example())+block, nothing, config.Options{Offline: true})
	if diff := cmp.Diff([]string{}, problems); diff != "" {
		t.Errorf("offline: %s", diff)
	}
}

func TestNoticesAreChecked(t *testing.T) {
	for _, row := range []struct {
		name, old, changed string
		want               []string
	}{
		{"a sender that is none", "from: Support <support@example.com>", "from: ^support", []string{
			`from is "support", which is not an e-mail address; write support@example.com, or Support <support@example.com>`,
		}},
		{"no sender", "from: Support <support@example.com>\n  ops", "^ops", []string{
			"notices has a mail server and no sender; add from: support@example.com",
		}},
		{"a name among ops", "lead@example.com", "^Lead <lead@example.com>", []string{
			`ops holds "Lead <lead@example.com>", which is not an e-mail address; write an address alone, such as ops@example.com`,
		}},
		{"ops twice", "lead@example.com", "^OPS@example.com", []string{`ops names "OPS@example.com" twice; keep one of the two`}},
		{"a mail server without port", `"smtp.example.com:587"`, "^smtp.example.com", []string{
			`server is "smtp.example.com", which is not the address of a mail server; write host:port, such as smtp.example.com:587`,
		}},
		{"no mail server", `smtp: { server: "smtp.example.com:587", `, "smtp: ^{ ", []string{"the key server is missing; write server: smtp.example.com:587"}},
		{"a user without password", "user: supportline, password: hush-hush", "user: ^supportline", []string{"smtp has only one of user and password; write both, or neither"}},
		{"an unknown protection", "tls: starttls", "tls: ^ssl", []string{`tls is "ssl"; write starttls, required or none`}},
		{"a password in clear", "tls: starttls", "tls: ^none", []string{
			"tls is none, which would send the password in clear; write starttls or required, or leave out user and password",
		}},
		{"a webhook in clear", `"https://ops.example.com/in?key=hush"`, "^http://ops.example.com/in", []string{
			"url does not begin with https:// (http:// is for this machine only); write it like https://ops.example.com/supportline",
		}},
		{"a webhook on this machine", "https://ops.example.com", "http://127.0.0.1:9000", []string{}},
		{"a webhook nowhere", `"https://ops.example.com/in?key=hush"`, "^hush", []string{
			"url is not an address that a webhook can have; write it like https://ops.example.com/supportline",
		}},
		{"a short secret", "secret: 0123456789abcdef", "secret: ^hush", []string{
			"secret is too easy to guess, or has spaces in it; write at least 16 random characters, for example from openssl rand -hex 16",
		}},
		{"a summary in other words", "summary: off", "summary: ^never", []string{`summary is "never"; write off or on`}},
		{"templates that are not there", "summary: off", "templates: ^nowhere", []string{
			"templates names the folder nowhere, which cannot be read: no such file or directory; write the name of a folder, relative to the folder of this file",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			text, places := marked(told(row.old, row.changed))
			if len(places) != len(row.want) {
				t.Fatalf("%d carets for %d problems", len(places), len(row.want))
			}
			for i := range row.want {
				row.want[i] = places[i] + row.want[i]
			}
			_, got := parse(text, env(), config.Options{})
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestNoticesThatGoNowhere(t *testing.T) {
	for _, row := range []struct{ name, block, want string }{
		{
			"neither mail nor webhook", "notices:\n  ^summary: on\n",
			"notices has neither a mail server nor a webhook, so nothing goes out; add smtp: { server: smtp.example.com:587 }, or remove notices",
		},
		{
			"ops without a mail server", "notices:\n  webhook: { url: https://ops.example.com, secret: 0123456789abcdef }\n  ops: ^[ops@example.com]\n",
			"ops has addresses, and notices has no mail server; add smtp: { server: smtp.example.com:587 }",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			text, places := marked(string(config.Example()) + row.block)
			_, got := parse(text, env(), config.Options{})
			if diff := cmp.Diff([]string{places[0] + row.want}, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestTemplatesOfTheCompany(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "tickets.txt"), []byte("Subject: {{.acount}}\n\nHello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, got := parse(told("summary: off", "templates: "+folder), env(), config.Options{})
	want := []string{folder + `/tickets.txt:1:12: executing "tickets.txt" at <.acount>: map has no entry for key "acount"`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSecretsOfNoticesAreNotPrinted(t *testing.T) {
	c, _ := parse(told(), env(), config.Options{})
	for _, printed := range []string{fmt.Sprint(c.Notices), fmt.Sprintf("%+v", c.Notices), fmt.Sprintf("%#v", c.Notices)} {
		if strings.Contains(printed, "hush") || strings.Contains(printed, "0123456789abcdef") {
			t.Errorf("a secret is in %s", printed)
		}
	}
}

// Rule 10: a restricted account's critical calls always connect.
func TestCriticalIsAlwaysLetThrough(t *testing.T) {
	c, problems := parse(changed(t, "let_through: [critical]", "let_through: [question]"), env(), config.Options{})
	if diff := cmp.Diff([]string{}, problems); diff != "" {
		t.Fatal(diff)
	}
	if diff := cmp.Diff([]policy.Intent{policy.Critical, policy.Question}, c.Settings.FairUse.LetThrough); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestTheNameInEHLOIsOneThatServersTake: a host name with its domain, or an address in brackets; by default the host of public_url.
func TestTheNameInEHLOIsOneThatServersTake(t *testing.T) {
	const server = `server: "smtp.example.com:587"`
	for hello, taken := range map[string]bool{
		"": true, "mail.example.com": true, "[192.0.2.1]": true, "[IPv6:2001:db8::1]": true, "mail-1.example.co.uk": true,
		"mail": false, "mail_1.example.com": false, "192.0.2.1": false, "[2001:db8::1]": false, "[IPv6:192.0.2.1]": false, "mail.example.com.": false,
		"-mail.example.com": false, "mail example.com": false, "mail.example.com\\r\\nRSET": false, "https://mail.example.com": false, "[mail.example.com]": false,
		strings.Repeat("a.", 125) + "com": true, strings.Repeat("a.", 126) + "com": false,
	} {
		text := told(server, server+`, hello: "`+hello+`"`)
		c, got := parse(text, env(), config.Options{})
		if !taken {
			if len(got) != 1 || !strings.Contains(got[0], ", which is no name by which a mail server is greeted; write a host name with its domain") {
				t.Errorf("%q: %q", hello, got)
			}
			continue
		}
		if len(got) > 0 {
			t.Fatal(got)
		}
		want := hello
		if hello == "" {
			want = "support.example.com"
		}
		if email := c.Notices.Channels[0].(notices.Email); email.Hello != want {
			t.Errorf("%q: greeted by %q", hello, email.Hello)
		}
	}
	for address, want := range map[string]string{"https://203.0.113.7:8443": "[203.0.113.7]", "https://[2001:db8::1]": "[IPv6:2001:db8::1]"} {
		c, got := parse(strings.Replace(told(), "public_url: https://support.example.com", "public_url: \""+address+"\"", 1), env(), config.Options{})
		if len(got) > 0 {
			t.Fatal(got)
		}
		if email := c.Notices.Channels[0].(notices.Email); email.Hello != want {
			t.Errorf("%s: greeted by %q, want %q", address, email.Hello, want)
		}
	}
}
