package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/cmd/supportline/doctor"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// telephony is a server, the provider's account and the provider, on one clock without a network.
type telephony struct {
	t        *testing.T
	conf     config.Config
	clock    *fake.Virtual
	app      *server.App
	at       *fake.Account
	client   *twilio.Account
	provider *fake.Provider
}

var tuesday = time.Date(2026, time.November, 24, 15, 0, 0, 0, time.UTC) // both lines are open

func newTelephony(t *testing.T, changes ...func(*config.Config)) *telephony {
	t.Helper()
	l := &telephony{t: t, conf: mustConfig(t), clock: fake.NewVirtual(tuesday)}
	for _, change := range changes {
		change(&l.conf)
	}
	l.at = demo.NewAccount(l.conf, l.clock.Now)
	h, err := server.OpenOver(fake.Straight(l.at), l.conf, l.clock.Now, zap.NewNop(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	if err := bringIn(h); err != nil {
		t.Fatal(err)
	}
	l.app = h
	l.client, err = twilio.NewAccount(twilio.AccountConfig{
		AccountSID: l.conf.Twilio.AccountSID, AuthToken: l.conf.Twilio.AuthToken, Transport: fake.Straight(l.at),
	})
	if err != nil {
		t.Fatal(err)
	}
	l.provider = &fake.Provider{
		AccountSID: l.conf.Twilio.AccountSID, Transport: fake.Straight(h.Webhooks), Clock: l.clock, Account: l.at, Seed: t.Name(),
		Settle: h.Ringer.Wait,
	}
	return l
}

// provision runs the command and gives what it printed and its exit status.
func (l *telephony) provision(apply bool) (string, int) {
	var out bytes.Buffer
	err := provision{account: l.client, wanted: doctor.WantedNumbers(l.conf), out: &out}.run(l.t.Context(), apply)
	return out.String(), control.ExitStatus(err)
}

// doctor examines the telephony, whose webhooks answer for every address.
func (l *telephony) doctor() *doctor.Doctor {
	return &doctor.Doctor{Conf: l.conf, Account: l.client, Now: l.clock.Now, HTTP: &http.Client{Transport: fake.Straight(l.app.Webhooks)}}
}

// wrong returns what an examination finds wrong.
func (l *telephony) wrong(examination string) (all []string) {
	for f := range l.doctor().Findings(l.t.Context(), examination) {
		if f.State == doctor.Wrong {
			all = append(all, f.Found)
		}
	}
	return all
}

// people press keys one after the other; whoever is rung accepts, talks for a while and hangs up.
type people struct {
	keys  []string
	heard []string
}

func (p *people) Caller(m fake.Moment) fake.Act {
	switch {
	case m.Kind == fake.Talking:
		return fake.Listen()
	case m.Kind == fake.Asked && len(p.keys) > 0:
		key := p.keys[0]
		p.keys = p.keys[1:]
		return fake.Press(key)
	}
	return fake.Listen()
}

func (p *people) Specialist(string) fake.Specialist {
	return fake.Specialist{PicksUp: 4 * time.Second, Thinks: time.Second, Presses: []string{"1"}}
}

func (p *people) Note(e fake.Event) {
	if e.Who == fake.TheCaller && e.Did == fake.Hears {
		p.heard = append(p.heard, e.Text)
	}
}

// call dials a line, and gives what the provider knows of the call and what the caller heard.
func (l *telephony) call(to string, keys ...string) (fake.Record, []string) {
	l.t.Helper()
	all := &talkers{people: people{keys: keys}, talks: 90 * time.Second}
	l.provider.People = all
	record, err := l.provider.Call(l.t.Context(), fake.Incoming{From: "+442079460018", To: to})
	if err != nil {
		l.t.Fatal(err)
	}
	return record, all.heard
}

// talkers talk for a time, and then the caller hangs up.
type talkers struct {
	people
	talks  time.Duration
	talked bool
}

func (p *talkers) Caller(m fake.Moment) fake.Act {
	switch {
	case m.Kind == fake.Talking && p.talked:
		return fake.HangUp()
	case m.Kind == fake.Talking:
		p.talked = true
		return fake.Wait(p.talks)
	}
	return p.people.Caller(m)
}

const ukLine = "+448000668187"

// TestUntouchedAccountBecomesAWorkingLine by provision --apply alone.
func TestUntouchedAccountBecomesAWorkingLine(t *testing.T) {
	l := newTelephony(t)
	if out, status := l.provision(false); status != control.RefusedExit || !strings.Contains(out, "- https://demo.twilio.com/welcome/voice/\n") {
		t.Errorf("the plan ends with %d:\n%s", status, out)
	}
	l.at.Change(func(s *fake.State) {
		if slices.ContainsFunc(s.Requests, func(r string) bool { return !strings.HasPrefix(r, "GET") }) {
			t.Errorf("a plan alone wrote: %v", s.Requests)
		}
	})
	if out, status := l.provision(true); status != control.Done || strings.Count(out, "written and read back") != 2 {
		t.Errorf("--apply ends with %d:\n%s", status, out)
	}
	if out, status := l.provision(false); status != control.Done || strings.Contains(out, "+ ") {
		t.Errorf("the second plan is not empty (%d):\n%s", status, out)
	}
	record, heard := l.call(ukLine, "204518", "1")
	call, err := l.app.Store.Call(t.Context(), policy.CallSID(record.SID))
	if err != nil || call.Outcome() != policy.Served || len(record.Troubles) > 0 {
		t.Errorf("the call was %s, %v; troubles %v; heard %q", call.Outcome(), err, record.Troubles, heard)
	}
}

// TestEachSettingIsFoundAndMended, one broken by hand at a time: the plan and the doctor find it, --apply mends it. Settings of messages stay as
// they are.
func TestEachSettingIsFoundAndMended(t *testing.T) {
	for name, spoil := range map[string]func(*twilio.OwnedNumber){
		"voice URL":       func(n *twilio.OwnedNumber) { n.VoiceURL = "https://elsewhere.example.com/" },
		"voice method":    func(n *twilio.OwnedNumber) { n.VoiceMethod = "GET" },
		"fallback URL":    func(n *twilio.OwnedNumber) { n.FallbackURL = "" },
		"fallback method": func(n *twilio.OwnedNumber) { n.FallbackMethod = "GET" },
		"status callback": func(n *twilio.OwnedNumber) { n.StatusURL = "" },
		"status method":   func(n *twilio.OwnedNumber) { n.StatusMethod = "GET" },
		"receive mode":    func(n *twilio.OwnedNumber) { n.ReceiveMode = "fax" },
		"application":     func(n *twilio.OwnedNumber) { n.ApplicationSID = "AP00000000000000000000000000000001" },
		"trunk":           func(n *twilio.OwnedNumber) { n.TrunkSID = "TK00000000000000000000000000000001" },
	} {
		t.Run(name, func(t *testing.T) {
			l := newTelephony(t)
			l.provision(true)
			l.at.Change(func(s *fake.State) { spoil(&s.Numbers[1]) })
			out, status := l.provision(false)
			if status != control.RefusedExit || strings.Count(out, "    "+name) != 1 || strings.Count(out, "\n    ") != 2 {
				t.Errorf("the plan ends with %d:\n%s", status, out)
			}
			found := l.wrong("numbers")
			if len(found) != 1 || !strings.HasPrefix(found[0], ukLine+" United Kingdom: "+name+" is ") {
				t.Errorf("the doctor found %q", found)
			}
			if out, status := l.provision(true); status != control.Done {
				t.Errorf("--apply ends with %d:\n%s", status, out)
			}
			if found := l.wrong("numbers"); len(found) > 0 {
				t.Errorf("after provision the doctor finds %q", found)
			}
			l.at.Change(func(s *fake.State) {
				for sid, u := range s.SMSURLs {
					if u != "https://demo.twilio.com/welcome/sms/reply" {
						t.Errorf("the messages of %s go to %s", sid, u)
					}
				}
			})
		})
	}
}

// TestWhatNoWriteMends is said, with what to do, and keeps the exit status at no.
func TestWhatNoWriteMends(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*fake.State)
		want   string
	}{
		"not owned":       {func(s *fake.State) { s.Numbers = s.Numbers[:1] }, "not in the account: buy it"},
		"no calls":        {func(s *fake.State) { s.Numbers[1].Voice = false }, "no voice capability"},
		"held":            {func(s *fake.State) { s.Numbers[1].Status = "pending" }, `the provider holds it as "pending"`},
		"address missing": {func(s *fake.State) { s.Numbers[1].AddressNeeded = "local" }, "it needs an address (requirement \"local\")"},
		"emergency":       {func(s *fake.State) { s.Numbers[1].EmergencyAddress = "registration-failure" }, "its emergency address was refused"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTelephony(t)
			l.at.Change(row.change)
			if out, status := l.provision(true); status != control.RefusedExit || !strings.Contains(out, row.want) {
				t.Errorf("--apply ends with %d:\n%s", status, out)
			}
		})
	}
}

// TestTwoHundredNumbersAreOneList and one write each.
func TestTwoHundredNumbersAreOneList(t *testing.T) {
	l := newTelephony(t)
	line := l.conf.Settings.Lines[1]
	l.conf.Settings.Lines = nil
	for i := range 200 {
		line.Number = policy.Phone(fmt.Sprintf("+4480008%05d", i))
		l.conf.Settings.Lines = append(l.conf.Settings.Lines, line)
		l.at.AddNumber(string(line.Number))
	}
	if _, status := l.provision(true); status != control.Done {
		t.Fatal(status)
	}
	count := map[string]int{}
	l.at.Change(func(s *fake.State) {
		for _, r := range s.Requests {
			method, path, _ := strings.Cut(r, " ")
			count[method+map[bool]string{true: " list", false: " one"}[strings.HasSuffix(path, "Numbers.json")]]++
		}
	})
	if count["GET list"] != 1 || count["POST one"] != 200 || count["GET one"] != 200 {
		t.Errorf("asked %v", count)
	}
}

// TestProviderThatDoesNotTakeAWrite is an error that names the setting.
func TestProviderThatDoesNotTakeAWrite(t *testing.T) {
	l := newTelephony(t)
	deaf := deafAccount{l.client}
	var out bytes.Buffer
	err := provision{account: deaf, wanted: doctor.WantedNumbers(l.conf), out: &out}.run(t.Context(), true)
	if err == nil || !strings.Contains(err.Error(), "did not take its voice URL") {
		t.Errorf("%v", err)
	}
}

// deafAccount says yes and changes nothing.
type deafAccount struct{ *twilio.Account }

func (a deafAccount) ChangeNumber(ctx context.Context, sid string, _ twilio.NumberChange) (twilio.OwnedNumber, error) {
	return a.Number(ctx, sid)
}

// TestCaddyLetsTheProviderIn wherever provision points it to, and to the documents that stand in while an answer fails.
func TestCaddyLetsTheProviderIn(t *testing.T) {
	text, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "@webhooks path ")
	open, _, _ := strings.Cut(rest, "\n")
	conf := mustConfig(t)
	wanted := []string{conf.FallbackBase() + "/448000668187/voice.xml"}
	for _, w := range doctor.WantedNumbers(conf) {
		wanted = append(wanted, w.VoiceURL, w.FallbackURL, w.StatusURL)
	}
	for _, address := range wanted {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(strings.Fields(open), func(pattern string) bool {
			folder, all := strings.CutSuffix(pattern, "*")
			return pattern == u.Path || (all && strings.HasPrefix(u.Path, folder))
		}) {
			t.Errorf("%s is not among %s", u.Path, open)
		}
	}
}

// TestProvisionAsWhoever: an API key or the token, of a main account or a subaccount, at an edge and in a region. What is asked names the account
// of the configuration, whoever asks.
func TestProvisionAsWhoever(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*twilio.AccountConfig)
		owner  string
		as     string
	}{
		"the token":            {func(*twilio.AccountConfig) {}, "", "the account's auth token of the account"},
		"an API key":           {func(c *twilio.AccountConfig) { c.APIKey, c.APISecret, c.AuthToken = "SK1", "secret", "" }, "", "an API key of the account"},
		"a subaccount's token": {func(*twilio.AccountConfig) {}, "ACmain", "the account's auth token of the subaccount"},
		"a subaccount's key":   {func(c *twilio.AccountConfig) { c.APIKey, c.APISecret = "SK1", "secret" }, "ACmain", "an API key of the subaccount"},
		"in a region": {func(c *twilio.AccountConfig) {
			c.APIKey, c.APISecret, c.Edge, c.Region = "SK1", "secret", "dublin", "ie1"
		}, "", "an API key of the account"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTelephony(t)
			l.at.Change(func(s *fake.State) {
				s.Keys["SK1"] = "secret"
				if row.owner != "" {
					s.Owner = row.owner
				}
			})
			c := twilio.AccountConfig{AccountSID: l.conf.Twilio.AccountSID, AuthToken: l.conf.Twilio.AuthToken, Transport: fake.Straight(l.at)}
			row.change(&c)
			client, err := twilio.NewAccount(c)
			if err != nil {
				t.Fatal(err)
			}
			l.client = client
			if out, status := l.provision(true); status != control.Done {
				t.Errorf("--apply ends with %d:\n%s", status, out)
			}
			if out, status := l.provision(false); status != control.Done {
				t.Errorf("the second plan is not empty (%d):\n%s", status, out)
			}
			if found := slices.Collect(l.doctor().Findings(t.Context(), "account")); !strings.Contains(found[0].Found, row.as) {
				t.Errorf("the doctor finds %q, want %q", found[0].Found, row.as)
			}
		})
	}
}
