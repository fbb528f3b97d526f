package config_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/users"
)

// thisMachine are the proxies where the file names none.
var thisMachine = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

var networks = cmpopts.EquateComparable(netip.Prefix{})

func TestExampleIsThePublishedPolicy(t *testing.T) {
	got, problems := parse(string(config.Example()), nothing, config.Options{Offline: true})
	if diff := cmp.Diff([]string{}, problems); diff != "" {
		t.Fatal(diff)
	}
	got.Settings.Version = ""
	want := config.Config{
		PublicURL: "https://support.example.com",
		Listen:    config.Listen{Webhooks: "127.0.0.1:8080", Console: "127.0.0.1:8081"},
		Console:   console.Settings{Settings: signin.Settings{Proxies: thisMachine, Idle: 30 * time.Minute, Session: 12 * time.Hour}, Permissions: users.UsualPermissions()},
		Store:     config.Store{File: "data/supportline.db"},
		Twilio:    config.Twilio{APIURL: "https://api.twilio.com"},
		Settings:  published(t),
		FollowUps: followup.Clock{
			Default: 8 * time.Hour, ByIntent: map[policy.Intent]time.Duration{policy.Critical: 15 * time.Minute, policy.Restricted: 2 * time.Hour},
		},
	}
	zones := cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })
	words := cmp.Comparer(func(a, b ivr.Words) bool { return true })
	if diff := cmp.Diff(want, got, zones, words, networks); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func published(t testing.TB) policy.Settings {
	week := func(span policy.Span) (w [7][]policy.Span) {
		for d := time.Monday; d <= time.Friday; d++ {
			w[d] = []policy.Span{span}
		}
		return w
	}
	return policy.Settings{
		Lines: []policy.Line{{
			Number: "+18883071053", Name: "USA and Canada", Zone: zone(t, "America/New_York"),
			Hours:    policy.Hours{Week: week(policy.Span{From: 480, To: 1200})},
			Language: "en-US", Voice: "Polly.Joanna-Neural", Routes: map[policy.Intent]string{},
		}, {
			Number: "+448000668187", Name: "United Kingdom", Zone: zone(t, "Europe/London"),
			Hours:    policy.Hours{Week: week(policy.Span{From: 480, To: 1140})},
			Language: "en-GB", Voice: "Polly.Amy-Neural", Routes: map[policy.Intent]string{},
		}},
		Company:        "OfficeRnD",
		CallsPerSecond: 1,
		Countries:      []string{"US", "CA", "GB"},
		Identification: policy.Identification{
			Digits: 6, Tries: 3, Unidentified: policy.Unidentified{Default: policy.UnidentifiedConnect}, CallerID: policy.CallerIDAttested,
			WrongNumbersPerHour: 10, WrongNumbersInAll: 200,
		},
		Packages: []string{"Ultimate"},
		Menu: []policy.MenuKey{
			{Key: "1", Intent: policy.Critical},
			{Key: "2", Intent: policy.Restricted},
			{Key: "3", Intent: policy.TicketStatus},
			{Key: "4", Intent: policy.RaiseSeverity},
			{Key: "5", Intent: policy.Question},
		},
		Teams: map[string]policy.Team{
			"critical": {Name: "critical", Rounds: 2, Steps: []policy.RingStep{
				{To: []policy.Target{"+15550100001"}, For: 20 * time.Second},
				{To: []policy.Target{"sip:oncall@example.com", "+15550100002"}, For: 25 * time.Second},
			}},
			"general": {Name: "general", Rounds: 1, Steps: []policy.RingStep{{To: []policy.Target{"+15550100003"}, For: 25 * time.Second}}},
		},
		Routes: map[policy.Intent]string{
			policy.Critical: "critical", policy.Restricted: "critical", policy.TicketStatus: "general",
			policy.RaiseSeverity: "critical", policy.Question: "general",
		},
		NoAnswer:   policy.Voicemail,
		AfterHours: policy.AfterHours{Default: policy.Voicemail, ByIntent: map[policy.Intent]policy.AfterHoursAction{}},
		FairUse: policy.FairUse{
			CallLimit: 20 * time.Minute, TicketsPerMonth: 16, OverLongCallsPerMonth: 4,
			SustainedMonths: 3, SustainedWithin: 6, TrainingCallsPerMonth: 2, Currency: "USD",
			WarnAt: []int{80, 100}, LetThrough: []policy.Intent{policy.Critical},
		},
		Retention: 400 * 24 * time.Hour,
	}
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// The optional keys of the example have their defaults as values.
func TestDefaultsAreThoseOfTheExample(t *testing.T) {
	short := `
company: OfficeRnD
public_url: https://support.example.com
twilio: { account_sid: "${TWILIO_ACCOUNT_SID}", auth_token: "${TWILIO_AUTH_TOKEN}" }
packages: [Ultimate]
lines:
  - { number: "+18883071053", name: USA and Canada, time_zone: America/New_York, hours: { mon-fri: "08:00-20:00" } }
  - { number: "+448000668187", name: United Kingdom, time_zone: Europe/London, hours: { mon-fri: "08:00-19:00" }, language: en-GB }
teams:
  critical:
    ring: [{ to: ["+15550100001"], for: 20s }, { to: ["sip:oncall@example.com", "+15550100002"] }]
    repeat: 2
  general: { ring: [{ to: ["+15550100003"] }] }
routes: { critical: critical, restricted: critical, ticket-status: general, raise-severity: critical, question: general }
`
	got, problems := parse(short, env(), config.Options{})
	want, _ := parse(string(config.Example()), env(), config.Options{})
	got.Settings.Version, want.Settings.Version = "", ""
	if diff := cmp.Diff([]string{}, problems); diff != "" {
		t.Fatal(diff)
	}
	zones := cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })
	words := cmp.Comparer(func(a, b ivr.Words) bool { return true })
	if diff := cmp.Diff(want, got, zones, words, networks); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestDemoIsRightWithoutAnyEnvironment(t *testing.T) {
	demo := config.Demo("127.0.0.1:18080", "127.0.0.1:18081")
	c, problems := config.Parse("demo/supportline.yaml", demo, nothing, config.Options{})
	if diff := cmp.Diff([]string{}, problemLines(problems)); diff != "" {
		t.Fatal(diff)
	}
	again, _ := config.Parse("demo/supportline.yaml", config.Demo("127.0.0.1:18080", "127.0.0.1:18081"), nothing, config.Options{})
	got := []any{
		c.PublicURL, c.Listen, c.Store.String(), c.Settings.AfterHours.For(policy.Critical), c.Settings.AfterHours.For(policy.Question),
		again.Twilio.AccountSID != c.Twilio.AccountSID, again.Twilio.AuthToken != c.Twilio.AuthToken,
	}
	want := []any{
		"http://127.0.0.1:18080",
		config.Listen{Webhooks: "127.0.0.1:18080", Console: "127.0.0.1:18081"},
		"bolt:demo/supportline.db",
		policy.Connect, policy.Voicemail, true, true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTenMistakesAreTenProblems(t *testing.T) {
	_, problems := config.Load(filepath.Join("testdata", "ten-mistakes.yaml"), nothing, config.Options{})
	var got bytes.Buffer
	if err := config.WriteProblems(&got, problems); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("testdata", "ten-mistakes.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big.yaml")
	if err := os.WriteFile(big, bytes.Repeat([]byte("#\n"), 1<<19+1), 0o600); err != nil {
		t.Fatal(err)
	}
	const start = "; name it with --config, or start from supportline.example.yaml"
	for _, row := range []struct{ name, file, want string }{
		{"missing", filepath.Join(dir, "none.yaml"), "there is no such file" + start},
		{"a folder", dir, "it is a folder; name a file in it, such as " + filepath.Join(dir, "supportline.yaml")},
		{"below a file", filepath.Join(big, "supportline.yaml"), "not a directory" + start},
		{"a device", os.DevNull, "it is not a regular file" + start},
		{"too big", big, "it has 1048578 bytes, more than the 1048576 that are allowed" + start},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, problems := config.Load(row.file, nothing, config.Options{})
			want := []string{row.file + ":1:1: the configuration cannot be read: " + row.want}
			if diff := cmp.Diff(want, problemLines(problems)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestAFileOfAnotherUser is said to be one, with what to do. Root may read every file, so that the reason is given by hand there.
func TestAFileOfAnotherUser(t *testing.T) {
	why, instead := config.Unread("/etc/supportline.yaml", &fs.PathError{Op: "open", Path: "/etc/supportline.yaml", Err: syscall.EACCES})
	if why != "this user may not read it" || instead != "let the user that runs this command read it, the folders above it included" {
		t.Errorf("%s; %s", why, instead)
	}
}

func TestWordsAreAFileBesideTheConfiguration(t *testing.T) {
	for _, row := range []struct {
		name, words, text, goodbye string
		want                       []string
	}{
		{"none", "", "", "Goodbye.", nil},
		{"a sentence of one's own", "words: own.yaml", "en-GB: { goodbye: \"Cheerio.\" }\n", "Cheerio.", nil},
		{"a mistake in it", "words: own.yaml", "en-GB:\n  godbye: Cheerio.\n", "", []string{`DIR/own.yaml:2:3: there is no text "godbye"; write goodbye`}},
		{"a file that is missing", "words: none.yaml", "", "", []string{
			`DIR/supportline.yaml:21:8: words names the file DIR/none.yaml, which cannot be read: there is no such file; ` +
				"write the name of a file of words, relative to the folder of this file",
		}},
		{"no name", `words: ""`, "", "", []string{"DIR/supportline.yaml:21:8: words is empty; write the name of a file, or remove the key"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "own.yaml"), []byte(row.text), 0o600); err != nil {
				t.Fatal(err)
			}
			text := changed(t, "# words: words.yaml  ", row.words+" ")
			c, problems := config.Parse(filepath.Join(dir, name), []byte(text), env(), config.Options{})
			got := strings.ReplaceAll(strings.Join(problemLines(problems), "\n"), dir, "DIR")
			if diff := cmp.Diff(strings.Join(row.want, "\n"), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if len(row.want) == 0 {
				said := c.Words.Speak(c.Settings.Lines[1], ivr.Phrase{ID: "goodbye"})
				if diff := cmp.Diff(row.goodbye, said); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			}
		})
	}
}

func TestVersionFollowsWhateverChangesTheMeaning(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "own.yaml")
	seen := map[string]string{}
	for _, row := range []struct {
		name, text, words string
		overlays          []config.Overlay
	}{
		{"the example", string(config.Example()), "", nil},
		{"another limit", changed(t, "tickets_per_month: 16", "tickets_per_month: 17"), "", nil},
		{"words", changed(t, "# words: words.yaml", "words: own.yaml"), "en-GB: { goodbye: Cheerio. }", nil},
		{"other words", changed(t, "# words: words.yaml", "words: own.yaml"), "en-GB: { goodbye: Farewell. }", nil},
		{"an overlay", string(config.Example()), "", []config.Overlay{{Path: "recording", Text: "on"}}},
	} {
		if err := os.WriteFile(own, []byte(row.words), 0o600); err != nil {
			t.Fatal(err)
		}
		c, _ := config.Parse(filepath.Join(dir, name), []byte(row.text), env(), config.Options{Overlays: row.overlays})
		version := c.Settings.Version
		if other, twice := seen[version]; twice || len(version) != 12 {
			t.Errorf("%s has version %q, as has %q", row.name, version, other)
		}
		seen[version] = row.name
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	c, _ := parse(string(config.Example())+"\nrotas: { night: { ical: \"https://calendar.example.com/hush-hush.ics\" } }\n", env("TWILIO_AUTH_TOKEN", "hush-hush"), config.Options{})
	for _, printed := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c.Twilio), fmt.Sprintf("%#v", c.Rotas)} {
		if strings.Contains(printed, "hush-hush") {
			t.Errorf("the token is in %s", printed)
		}
	}
	if c.Twilio.AuthToken != "hush-hush" || !strings.Contains(c.Rotas[0].Feed, "hush-hush") {
		t.Error("a secret is lost")
	}
}
