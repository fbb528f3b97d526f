package notices_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
)

func TestWordsOfALongCall(t *testing.T) {
	n := policy.Notice{Kind: policy.NoticeCallLimit, At: start, Customer: "100001", Facts: map[string]string{
		"sid": "CA1", "account": "Example <b>Works</b>\nBcc: x", "specialist": "+15550100003", "elapsed_seconds": "1201", "limit_seconds": "1200",
	}}
	w, err := notices.DefaultTemplates().Render(n)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("A call with Example <b>Works</b>", w.Subject); diff != "" {
		t.Error(diff)
	}
	for _, said := range []string{"+15550100003", "20 min 1 s", "Mark it as necessary, or offer a scheduled screen-sharing session.", "supportline calls waive CA1 --reason"} {
		if !strings.Contains(w.Text, said) || !strings.Contains(w.HTML, strings.ReplaceAll(said, "+", "&#43;")) {
			t.Errorf("%q is missing in\n%s\n%s", said, w.Text, w.HTML)
		}
	}
	if strings.Contains(w.HTML, "<b>Works") {
		t.Errorf("a name became HTML:\n%s", w.HTML)
	}
}

// TestWordsOfAMissedCriticalCall: what a support lead acts on is there, the account on file is marked so, and what is not known leaves no gap.
func TestWordsOfAMissedCriticalCall(t *testing.T) {
	n := policy.Notice{Kind: policy.NoticeCriticalMissed, At: start, Facts: map[string]string{
		"sid": "CA1", "on_file": "204518", "on_file_account": "Northwind & Co", "line": "+18883071053", "line_name": "US and Canada", "intent": "critical",
		"outcome": "abandoned", "wait_seconds": "130", "link": "https://console.example.com/calls/CA1",
	}}
	w, err := notices.DefaultTemplates().Render(n)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("Critical call missed: an unidentified caller, number on file of Northwind & Co, waited 2 min 10 s", w.Subject); diff != "" {
		t.Error(diff)
	}
	for _, said := range []string{"on file of Northwind & Co (204518); the caller did not identify", "US and Canada +18883071053", "2 min 10 s", "the caller hung up", "https://console.example.com/calls/CA1"} {
		if !strings.Contains(w.Text, said) || !strings.Contains(w.HTML, strings.NewReplacer("&", "&amp;", "+", "&#43;").Replace(said)) {
			t.Errorf("%q is missing in\n%s\n%s", said, w.Text, w.HTML)
		}
	}
	n.Kind, n.Customer = policy.NoticeVoicemail, "204518"
	n.Facts = map[string]string{"sid": "CA1", "account": "Northwind", "line": "+18883071053", "closed": "yes", "message_seconds": "42"}
	if w, err = notices.DefaultTemplates().Render(n); err != nil {
		t.Fatal(err)
	}
	want := `Account:  Northwind (204518)
Line:     +18883071053, which was closed
Reason:   not given
Message:  42 s
`
	if !strings.HasPrefix(w.Text, want) || w.Subject != "A message from Northwind, 42 s" || strings.Contains(w.Text+w.HTML, "Open the call") || strings.Contains(w.Text, "\n\n\n") {
		t.Errorf("a message on a closed line: %s\n%s", w.Subject, w.Text)
	}
}

// TestWordsToSpecialistsFitIntoAText: what was asked, in the alphabet of text messages, and the link whole, however long the account's name is.
func TestWordsToSpecialistsFitIntoAText(t *testing.T) {
	link := "https://support.example.com/w/" + strings.Repeat("a", 90)
	for account, most := range map[string]int{"Northwind Flex Offices": 306, strings.Repeat("Northwind Flex Offices ", 8): 306, strings.Repeat("Łódź Biurowiec ", 8): 201, "": 306} {
		for kind, says := range map[policy.NoticeKind]string{
			policy.NoticeWrapUp: ", 24 min 48 s, over the limit. What was it? https://", policy.NoticeTalkLimit: ": offer screen sharing, or say why it is necessary. https://",
			"offer-screen-sharing": "Book a screen-sharing session with OfficeRnD support https://", "offer-training": "Book a training session with OfficeRnD https://",
			"offer-customer-number": "Your customer number for OfficeRnD phone support: how to find it https://",
		} {
			n := policy.Notice{Kind: kind, At: start, Facts: map[string]string{
				"account": account, "company": "OfficeRnD", "talk_seconds": "1488", "limit_seconds": "1200", "over": "yes", "take_link": link,
			}}
			w, err := notices.DefaultTemplates().Render(n)
			if err != nil {
				t.Fatal(err)
			}
			body := texted(t, w.Subject, account, link)
			if n := len([]rune(body)); n > most || !strings.Contains(body, says) || !strings.HasSuffix(body, " "+link) {
				t.Errorf("%s: %d of %d: %s", kind, n, most, body)
			}
		}
	}
}

// TestWordsOfAnOfferByEMail: to the account holder, who may not have been the caller, with who sent it; a fact that is not known leaves no gap.
func TestWordsOfAnOfferByEMail(t *testing.T) {
	n := policy.Notice{Kind: "offer-screen-sharing", At: start, Facts: map[string]string{
		"account": "Northwind & Co", "account_holder": "Dana Wells", "by": "Ada Moreau", "company": "OfficeRnD", "take_link": "https://support.example.com/w/abc",
	}}
	w, err := notices.DefaultTemplates().Render(n)
	want := `Hello Dana Wells,

Somebody from Northwind & Co called us. What the call was about is quicker to show than to say: choose a time that suits you, and a specialist looks at it with you on the screen.

Book a session:
https://support.example.com/w/abc

The link works for 30 days.

Ada Moreau, OfficeRnD support
`
	if diff := cmp.Diff(want, w.Text); diff != "" || err != nil {
		t.Errorf("%v: %s", err, diff)
	}
	for _, said := range []string{"Hello Dana Wells,", "Somebody from Northwind &amp; Co called us.", `<a href="https://support.example.com/w/abc">Book a session</a>`, "Ada Moreau, OfficeRnD support"} {
		if !strings.Contains(w.HTML, said) {
			t.Errorf("%q is missing in\n%s", said, w.HTML)
		}
	}
	n.Facts = map[string]string{"take_link": "https://support.example.com/w/abc"}
	if w, err = notices.DefaultTemplates().Render(n); err != nil || !strings.HasPrefix(w.Text, "Hello,\n\nYou called us. ") || w.Subject != "Book a screen-sharing session with support" || strings.Contains(w.Text, "\n\n\n") {
		t.Errorf("%v, %q: %s", err, w.Subject, w.Text)
	}
}

// A fact that is absent is left empty.
func TestEveryKindHasWordsWithoutFacts(t *testing.T) {
	for _, kind := range []policy.NoticeKind{policy.NoticeCallLimit, policy.NoticeVoicemail, policy.NoticeCriticalMissed, policy.NoticeTickets, policy.NoticeHolder, policy.NoticeCase, policy.NoticeMove, policy.NoticeSummary, policy.NoticeWrapUp, policy.NoticeTalkLimit, "offer-training", "offer-customer-number"} {
		w, err := notices.DefaultTemplates().Render(policy.Notice{Kind: kind, At: start})
		if err != nil || w.Subject == "" || strings.Contains(w.Text+w.HTML, "no value") {
			t.Errorf("%s: %v\n%+v", kind, err, w)
		}
	}
	if _, err := notices.DefaultTemplates().Render(policy.Notice{Kind: "other", At: time.Time{}}); err == nil {
		t.Error("an unknown kind has words")
	}
}

// TestLettersHelp: letters carry the figures, the company's name and its pages, and have no empty places without them.
func TestLettersHelp(t *testing.T) {
	pages := map[string]string{"company": "Example Support", "link_policy": "https://a.example/policy", "link_training": "https://a.example/train", "link_screen_sharing": "https://a.example/share"}
	facts := map[string]string{
		"account": "Northwind", "figures": "2026-11: 19 of 16 phone tickets", "tickets": "13", "ticket_limit": "16", "tickets_left": "3", "month": "2026-11",
		"elapsed_seconds": "1201", "limit_seconds": "1200", "specialist": "+15550100003",
	}
	for name, row := range map[string]struct {
		kind  policy.NoticeKind
		state string
		want  []string
	}{
		"the holder":    {policy.NoticeHolder, "", []string{"13 of the 16", "Example Support", "https://a.example/policy", "https://a.example/train", "https://a.example/share"}},
		"contacted":     {policy.NoticeMove, "contacted", []string{"2026-11: 19 of 16", "Example Support", "https://a.example/policy", "https://a.example/train", "https://a.example/share"}},
		"restricted":    {policy.NoticeMove, "restricted", []string{"is restricted for now", "2026-11: 19 of 16", "Example Support", "https://a.example/policy", "https://a.example/share"}},
		"charged":       {policy.NoticeMove, "charged", []string{"2026-11: 19 of 16", "Example Support", "https://a.example/policy", "https://a.example/train"}},
		"closed":        {policy.NoticeMove, "closed", []string{"Example Support", "https://a.example/policy"}},
		"the long call": {policy.NoticeCallLimit, "", []string{"+15550100003", "https://a.example/share"}},
	} {
		t.Run(name, func(t *testing.T) {
			all := map[string]string{"state": row.state}
			maps.Copy(all, facts)
			bare, err := notices.DefaultTemplates().Render(policy.Notice{Kind: row.kind, At: start, Facts: all})
			if err != nil {
				t.Fatal(err)
			}
			maps.Copy(all, pages)
			w, err := notices.DefaultTemplates().Render(policy.Notice{Kind: row.kind, At: start, Facts: all})
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range row.want {
				if !strings.Contains(w.Text, want) || !strings.Contains(w.HTML, strings.ReplaceAll(want, "+", "&#43;")) {
					t.Errorf("%q is missing in\n%s\n%s", want, w.Text, w.HTML)
				}
			}
			for _, empty := range []string{": \n", "\n\n\n", "Instead of a call", "What may help instead", "href=\"\"", "policy:"} {
				if strings.Contains(bare.Text, empty) || empty != "\n\n\n" && strings.Contains(bare.HTML, empty) {
					t.Errorf("without pages %q is left in\n%s\n%s", empty, bare.Text, bare.HTML)
				}
			}
			if strings.Contains(w.Text, "\n\n\n") {
				t.Errorf("a hole in\n%s", w.Text)
			}
		})
	}
}

func TestOwnTemplates(t *testing.T) {
	for _, row := range []struct{ name, file, text, want string }{
		{"other words", "tickets.txt", "Subject: Near\n\n{{.account}} at {{.percent}} %\n", ""},
		{"an unknown fact", "tickets.txt", "Subject: Near\n\n{{.acount}}\n", `tickets.txt:3:3: executing "tickets.txt" at <.acount>: map has no entry for key "acount"`},
		{"no end", "tickets.html", "<p>\n{{if .account}}", "tickets.html:2:1: unexpected EOF"},
		{"no subject", "case.txt", "Hello\n", "case.txt:1:1: the first line is not a subject"},
		{"no text", "case.txt", "Subject: Hello\n", "case.txt:1:1: there is nothing below the subject"},
		{"a frame without words", "frame.html", "{{.nothing}}", `frame.html:1:3: executing "frame.html" at <.nothing>: map has no entry for key "nothing"`},
		{"a name that is none", "ticket.txt", "x", "ticket.txt:1:1: no notice has this name"},
		{"more than fits", "summary.txt", "Subject: x\n\n{{range 1000000}}xxxxxxxx{{end}}", "summary.txt:1:1: more than 262144 bytes come out"},
	} {
		t.Run(row.name, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, row.file), []byte(row.text), 0o600); err != nil {
				t.Fatal(err)
			}
			own, problems, err := notices.ReadTemplates(folder)
			if err != nil {
				t.Fatal(err)
			}
			if row.want != "" {
				want := []notices.Problem{}
				if len(problems) != 1 || !strings.HasPrefix(line(folder, problems[0]), row.want) {
					t.Errorf("not %q but %+v", row.want, append(want, problems...))
				}
				return
			}
			w, err := own.Render(mail("a"))
			if diff := cmp.Diff("Near/Example Workspaces at 80 %\n", w.Subject+"/"+w.Text); diff != "" || err != nil || len(problems) > 0 {
				t.Errorf("%v, %v, %s", err, problems, diff)
			}
		})
	}
}

func line(folder string, p notices.Problem) string {
	name, _ := filepath.Rel(folder, p.File)
	return fmt.Sprintf("%s:%d:%d: %s", name, p.Line, p.Column, p.What)
}
