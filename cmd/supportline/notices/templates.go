package notices

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	html "html/template"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	text "text/template"
	"time"

	"github.com/officernd/supportline/policy"
)

//go:embed templates
var shipped embed.FS

// maxWords bounds the output of a template, far above any notice: a loop by mistake must not fill the memory.
const maxWords = 256 << 10

// month holds the facts of an account's month, as policy gives them.
var month = map[string]string{
	"month": "2026-11", "account": "Example Workspaces", "line": "+18883071053", "tickets": "19", "ticket_limit": "16", "calls": "23",
	"talk_seconds": "9130", "over_long": "1", "over_by": "19 tickets of 16",
}

// ended holds the facts of a call that ended without a person, as policy gives them.
var ended = map[string]string{
	"sid": "CA00112233445566778899aabbccddeeff", "account": "Example Workspaces", "on_file": "100001", "on_file_account": "Example Workspaces",
	"intent": "critical", "ticket": "4711", "line": "+18883071053", "line_name": "US and Canada", "outcome": "unanswered",
	"started_at": "2026-11-23T14:00:00Z", "ended_at": "2026-11-23T14:03:10Z", "wait_seconds": "130",
	"link": "https://console.example.com/calls/CA00112233445566778899aabbccddeeff",
}

// talk holds the facts of a call that a specialist is asked about.
var talk = map[string]string{
	"sid": "CA00112233445566778899aabbccddeeff", "account": "Example Workspaces", "intent": "question", "ticket": "4711", "talk_seconds": "1488",
	"limit_seconds": "1200", "over": "yes",
}

// offered holds the facts of a page of the company that somebody is sent. take_link leads there.
var offered = map[string]string{"sid": "CA00112233445566778899aabbccddeeff", "account": "Example Workspaces", "by": "Ada Moreau", "account_holder": "Dana Example"}

// everywhere holds the facts that every notice can have: policy.Settings.LetterFacts.
var everywhere = map[string]string{
	"company": "Example Support", "link_policy": "https://help.example.com/phone-support", "link_training": "https://example.com/book-training",
	"link_screen_sharing": "https://example.com/book-session",
	// of a notice of an alarm: count is of how many events, "" of one; person is whom it goes to
	"alarm": "12", "count": "", "person": "Ada Moreau", "take_link": "https://support.example.com/w/TOKEN", "taken_by": "", "done_by": "",
}

// samples holds the facts of each kind, as policy gives them. A template can name these, those of everywhere, and customer, at and subject. A fact without a value,
// such as the account of an unidentified caller, is empty.
var samples = map[policy.NoticeKind]map[string]string{
	policy.NoticeCallLimit: {
		"sid": "CA00112233445566778899aabbccddeeff", "account": "Example Workspaces", "specialist": "+15550100003", "specialist_name": "Ada Moreau", "intent": "question",
		"ticket": "4711", "line": "+18883071053", "accepted_at": "2026-11-23T14:00:00Z", "elapsed_seconds": "1201", "limit_seconds": "1200",
	},
	policy.NoticeVoicemail:       also(ended, "message_seconds", "42", "closed", "yes", "outcome", "voicemail", "account", ""),
	policy.NoticeCriticalMissed:  also(ended, "on_file", "", "on_file_account", "", "message_seconds", "", "closed", ""),
	policy.NoticeMissed:          also(ended, "on_file", "", "on_file_account", "", "intent", "question"),
	policy.NoticeCriticalRinging: also(ended, "on_file", "", "on_file_account", "", "outcome", "", "ended_at", "", "wait_seconds", ""),
	policy.NoticeTickets:         also(month, "percent", "100", "tickets_left", "0", "must_phone", "Dana Example"),
	policy.NoticeHolder: also(month, "percent", "100", "tickets_left", "0", "account_holder", "Dana Example", "per_ticket", "5.00 USD",
		"per_minute_over_tickets", "1.50 USD", "training_calls", "2"),
	policy.NoticeCase: also(month, "over_months", "2026-08, 2026-10, 2026-11", "note", "over in 3 of 6 months, and 3 are sustained load"),
	policy.NoticeMove: {
		"case": "7", "account": "Example Workspaces", "account_holder": "Dana Example", "state": "contacted", "from_state": "flagged",
		"note": "told what the policy says", "by": "sam", "via": "email", "over_months": "2026-08, 2026-10, 2026-11",
		"figures":        "2026-08: 19 of 16 phone tickets\n2026-10: 12 of 16 phone tickets, 5 calls over the call limit",
		"training_calls": "2",
	},
	policy.NoticeBackup:          {"newest": "2026-11-20T03:30:00Z", "hours": "80", "cause": "/var/backups: the disk is full: make room"},
	policy.NoticeStoreTrouble:    {"cause": "the database does not answer", "failures": "14", "process": "a1b2c3"},
	policy.NoticeProviderTrouble: {"cause": "requests to the provider fail one after the other", "failures": "3", "process": "a1b2c3"},
	policy.NoticeRotaGap: {
		"rota": "night", "from": "2026-11-24T22:00:00Z", "until": "2026-11-25T06:00:00Z", "written": "Bne", "receivers": "", "event": "",
	},
	policy.NoticeFeedFailed: {
		"rota": "night", "since": "2026-11-23T08:00:00Z", "fetched_at": "2026-11-23T07:45:00Z", "cause": "the server answered with a page, not a calendar",
	},
	policy.NoticeTest:      {"receiver": "sms:ada"},
	policy.NoticeWrapUp:    talk,
	policy.NoticeTalkLimit: also(talk, "talk_seconds", "1201"),
	"offer-screen-sharing": offered, "offer-training": offered, "offer-customer-number": offered,
	policy.NoticeSummary: {
		"month": "2026-11", "accounts": "42", "calls": "310", "tickets": "266", "talk_seconds": "91300", "over_long": "7", "waived": "2",
		"training": "3", "over": "2", "sustained": "1", "over_accounts": "Example Workspaces (100001)\nAnother Example (100002)",
		"sustained_accounts": "Example Workspaces (100001)", "training_accounts": "Another Example (100002): 3",
	},
}

func also(facts map[string]string, pairs ...string) map[string]string {
	all := maps.Clone(facts)
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = pairs[i+1]
	}
	return all
}

// functions are the functions that templates can call in addition to those of the language.
var functions = map[string]any{"span": span}

// span formats a number of seconds as "20 min 1 s". It returns the text itself where it is no number.
func span(seconds string) string {
	n, err := strconv.Atoi(seconds)
	switch {
	case err != nil:
		return seconds
	case n < 60:
		return fmt.Sprintf("%d s", n)
	case n%60 == 0:
		return fmt.Sprintf("%d min", n/60)
	}
	return fmt.Sprintf("%d min %d s", n/60, n%60)
}

// Words is the text of one notice.
type Words struct{ Subject, Text, HTML string }

// Templates holds the templates of every kind of notice. It is safe for concurrent use.
type Templates struct {
	texts map[policy.NoticeKind]*text.Template
	pages map[policy.NoticeKind]*html.Template
}

// kinds returns the kinds that have templates, in a fixed order.
func kinds() []policy.NoticeKind { return slices.Sorted(maps.Keys(samples)) }

// names returns the names of the template files: frame.html is around every page, the others are named after their kind.
func names() []string {
	all := []string{"frame.html"}
	for _, k := range kinds() {
		all = append(all, string(k)+".txt", string(k)+".html")
	}
	return all
}

// DefaultTemplates returns the shipped templates, which are parsed once.
var DefaultTemplates = sync.OnceValue(func() *Templates {
	t, problems := parse(nil)
	if len(problems) > 0 {
		panic(fmt.Sprintf("notices: a shipped template: %v", problems)) // a test renders them all
	}
	return t
})

// parse parses the shipped templates, with a company's own files in the place of those of the same name, and tries each with sample facts.
func parse(own map[string]string) (*Templates, []Problem) {
	var problems []Problem
	checked := func(name string, err error) {
		if err == nil {
			return
		}
		if p := problemOf(name, err); !slices.Contains(problems, p) { // a mistake in the frame comes back with every page
			problems = append(problems, p)
		}
	}
	read := func(name string) string {
		if s, ok := own[name]; ok {
			return s
		}
		s, _ := shipped.ReadFile("templates/" + name) // embedded
		return string(s)
	}
	t := &Templates{texts: map[policy.NoticeKind]*text.Template{}, pages: map[policy.NoticeKind]*html.Template{}}
	frame, err := html.New("frame.html").Funcs(functions).Parse(read("frame.html"))
	checked("frame.html", err)
	if err != nil { // so that the others are looked at as well
		frame = html.Must(html.New("frame.html").Funcs(functions).Parse(`{{template "body" .}}`))
	}
	for _, kind := range kinds() {
		name := string(kind) + ".txt"
		if t.texts[kind], err = text.New(name).Funcs(functions).Parse(read(name)); err == nil {
			err = t.tryText(kind)
		}
		checked(name, err)
		name = string(kind) + ".html"
		if t.pages[kind], err = page(frame, name, read(name)); err == nil {
			err = t.tryPage(kind)
		}
		checked(name, err)
	}
	return t, problems
}

// page returns the frame with one file as its body. The file keeps its name, under which its mistakes are reported.
func page(frame *html.Template, name, source string) (*html.Template, error) {
	t, err := frame.Clone()
	if err != nil {
		return nil, err
	}
	if _, err := t.New(name).Parse(source); err != nil {
		return nil, err
	}
	_, err = t.New("body").Parse(fmt.Sprintf("{{template %q .}}", name))
	return t, err
}

func sample(kind policy.NoticeKind) policy.Notice {
	facts := maps.Clone(everywhere)
	maps.Copy(facts, samples[kind])
	return policy.Notice{Kind: kind, Customer: "100001", At: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Facts: facts}
}

// tryText executes a text with sample facts. A fact that does not exist is a mistake. In a real notice it is left empty, since
// the notice must go out.
func (t *Templates) tryText(kind policy.NoticeKind) error {
	said, err := bounded(t.texts[kind].Option("missingkey=error"), values(sample(kind)))
	if err == nil {
		_, _, err = subject(said)
	}
	t.texts[kind].Option("missingkey=zero")
	return err
}

func (t *Templates) tryPage(kind policy.NoticeKind) error {
	facts := values(sample(kind))
	facts["subject"] = "subject"
	_, err := bounded(t.pages[kind].Option("missingkey=error"), facts)
	t.pages[kind].Option("missingkey=zero")
	return err
}

// Render returns the words of a notice. The error names the template that failed.
func (t *Templates) Render(n policy.Notice) (Words, error) {
	if t.texts[n.Kind] == nil {
		return Words{}, fmt.Errorf("there are no words for a notice of the kind %q", n.Kind)
	}
	facts := values(n)
	said, err := bounded(t.texts[n.Kind], facts)
	if err != nil {
		return Words{}, err
	}
	var w Words
	if w.Subject, w.Text, err = subject(said); err != nil {
		return Words{}, err
	}
	facts["subject"] = w.Subject
	w.HTML, err = bounded(t.pages[n.Kind], facts)
	return w, err
}

func values(n policy.Notice) map[string]string {
	v := map[string]string{"customer": string(n.Customer), "at": n.At.UTC().Format("2 January 2006, 15:04 UTC")}
	maps.Copy(v, n.Facts)
	return v
}

// subject splits the first line off a text. A line end in a fact cannot begin another header.
func subject(said string) (subject, rest string, err error) {
	first, rest, _ := strings.Cut(said, "\n")
	subject, ok := strings.CutPrefix(first, "Subject: ")
	if subject = strings.Join(strings.Fields(subject), " "); !ok || subject == "" {
		return "", "", errors.New("the first line is not a subject; begin with a line such as Subject: A long call")
	}
	if rest = strings.TrimSpace(rest); rest == "" {
		return "", "", errors.New("there is nothing below the subject; write the text of the notice")
	}
	return subject, rest + "\n", nil
}

type executor interface {
	Execute(w io.Writer, data any) error
}

func bounded(t executor, facts map[string]string) (string, error) {
	var b bytes.Buffer
	if err := t.Execute(&limited{&b}, facts); err != nil {
		return "", err
	}
	return b.String(), nil
}

type limited struct{ *bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxWords {
		return 0, fmt.Errorf("more than %d bytes come out", maxWords)
	}
	return l.Buffer.Write(p)
}
