package doctor

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// TestSenderOfTexts: a number that texts nobody is found before the night in which it should.
func TestSenderOfTexts(t *testing.T) {
	const line, tollFree, service = "+12125550142", "+18005550199", "MG00112233445566778899aabbccddeeff"
	own := func(s *fake.State, number string) {
		s.Numbers = append(s.Numbers, twilio.OwnedNumber{SID: "PN" + number[1:], Number: number, SMS: true, Voice: true})
	}
	for name, row := range map[string]struct {
		from   string
		change func(*fake.State)
		want   []string // the states and beginnings of what is found, "ok" left out
	}{
		"no sender":                   {"", func(*fake.State) {}, nil},
		"not ours":                    {"+12125550199", func(*fake.State) {}, []string{"wrong sender: +12125550199 is not in the account"}},
		"no texts":                    {line, func(s *fake.State) { own(s, line); s.Numbers[len(s.Numbers)-1].SMS = false }, []string{"wrong sender: " + line + " can't send texts"}},
		"a long code by itself":       {line, func(s *fake.State) { own(s, line) }, []string{"warning sender: " + line + " is a number of North America by itself"}},
		"toll-free, not verified":     {tollFree, func(s *fake.State) { own(s, tollFree) }, []string{"wrong sender: the toll-free number " + tollFree + " is not verified"}},
		"toll-free, in review":        {tollFree, func(s *fake.State) { own(s, tollFree); s.Verifications[tollFree] = "IN_REVIEW" }, []string{"warning sender: the verification of the toll-free number"}},
		"toll-free, refused":          {tollFree, func(s *fake.State) { own(s, tollFree); s.Verifications[tollFree] = "TWILIO_REJECTED" }, []string{"wrong sender: the verification of the toll-free number"}},
		"toll-free, verified":         {tollFree, func(s *fake.State) { own(s, tollFree); s.Verifications[tollFree] = "TWILIO_APPROVED" }, nil},
		"a service without numbers":   {service, func(s *fake.State) { s.Services[service] = []string{} }, []string{"wrong sender: the messaging service " + service + " has no number"}},
		"a service that is not there": {service, func(*fake.State) {}, []string{"wrong sender: " + service + " is not in the account"}},
		"a service, not registered":   {service, func(s *fake.State) { own(s, line); s.Services[service] = []string{line} }, []string{"wrong sender: the messaging service of " + line}},
		"a campaign in progress": {service, func(s *fake.State) {
			own(s, line)
			s.Services[service], s.Campaigns[service] = []string{line}, "IN_PROGRESS"
		}, []string{"warning sender: the registration of the campaign of " + line + " is IN_PROGRESS"}},
		"a campaign that failed": {service, func(s *fake.State) {
			own(s, line)
			s.Services[service], s.Campaigns[service] = []string{line}, "FAILED"
		}, []string{"wrong sender: the registration of the campaign of " + line + " was refused"}},
		"a registered campaign": {service, func(s *fake.State) {
			own(s, line)
			s.Services[service], s.Campaigns[service] = []string{line}, "VERIFIED"
		}, nil},
		"a country without texts": {tollFree, func(s *fake.State) {
			own(s, tollFree)
			s.Verifications[tollFree] = "TWILIO_APPROVED"
			s.Countries["US"] = false
		}, []string{"wrong texts: the account may not send texts to US (Ada Moreau)"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newInstallation(t)
			l.conf.Twilio.SMSFrom = row.from
			l.conf.Settings.Countries = []string{"US", "GB"}
			l.conf.Settings.People = []policy.Person{{ID: "ada", Name: "Ada Moreau", Phone: "+15550100011", SMS: "+15550100011"}, {ID: "cleo", Name: "Cleo Lind"}}
			l.at.Change(row.change)
			d := l.doctor()
			found := sick(append(d.sender(t.Context()), d.texts(t.Context())...))
			if len(found) != len(row.want) {
				t.Fatalf("found %q, want %q", found, row.want)
			}
			for i := range found {
				if !strings.HasPrefix(found[i], row.want[i]) {
					t.Errorf("found %q, want %q", found[i], row.want[i])
				}
			}
		})
	}
}

// TestSpecialistOfAnotherCountryGetsNoTexts: twilio.countries has the last word.
func TestSpecialistOfAnotherCountryGetsNoTexts(t *testing.T) {
	l := newInstallation(t)
	l.conf.Twilio.SMSFrom, l.conf.Settings.Countries = "+18883071053", []string{"US"}
	l.conf.Settings.People = []policy.Person{{ID: "ada", Name: "Ada Moreau", SMS: "+442079460001"}}
	got := sick(l.doctor().texts(t.Context()))
	want := []string{"warning", "Ada Moreau gets no texts"}
	if len(got) != 1 || !strings.HasPrefix(got[0], "wrong texts: ") || !strings.Contains(got[0], want[1]) || !strings.Contains(got[0], "of the country GB") {
		t.Errorf("found %q", got)
	}
}

func mustRota(t *testing.T, name string, people ...policy.PersonID) oncall.Rota {
	t.Helper()
	zone := must(time.LoadLocation("Europe/London"))
	return oncall.Rota{Name: name, Zone: zone, Layers: []oncall.Layer{{
		Days: 7, Starts: oncall.WallTime{Date: policy.Date{Year: 2026, Month: time.November, Day: 30}, Minute: 9 * 60}, People: people,
	}}}
}

// TestGapsOfRotas: those in force where a log is, and those of the configuration where none is yet.
func TestGapsOfRotas(t *testing.T) {
	l := newInstallation(t)
	l.conf.Settings.People = []policy.Person{{ID: "ada", Name: "Ada Moreau"}}
	l.conf.Rotas = []oncall.Rota{mustRota(t, "primary", "ada"), {Name: "night", Feed: "https://calendar.example.com/night.ics"}}
	d := l.doctor()
	d.Store = func(context.Context) (StoreState, error) { return StoreState{}, ErrNoLog }
	want := []string{"warning rotas: primary: nobody is on call from Tue 2026-11-24 15:00 to Mon 2026-11-30 09:00"}
	if diff := cmp.Diff(want, sick(d.rotas(t.Context()))); diff != "" {
		t.Errorf("without a log (-want +got):\n%s", diff)
	}
	d.Store = func(context.Context) (StoreState, error) {
		gap := Gap{Rota: "night", From: tuesday, Until: tuesday.Add(time.Hour), Note: "Bne"}
		return StoreState{Gaps: []Gap{gap, {Rota: "night", From: tuesday.Add(2 * time.Hour), Until: tuesday.Add(3 * time.Hour)}}}, nil
	}
	want = []string{"warning rotas: night: nobody is on call from Tue 2026-11-24 15:00 to Tue 2026-11-24 16:00 (Bne), and 1 more time within four weeks"}
	if diff := cmp.Diff(want, sick(d.rotas(t.Context()))); diff != "" {
		t.Errorf("with a log (-want +got):\n%s", diff)
	}
}

// TestTextsThatDoNotArrive: a specialist whose phone takes no texts is found, and the number is not shown.
func TestTextsThatDoNotArrive(t *testing.T) {
	l := newInstallation(t)
	l.conf.Settings.People = []policy.Person{{ID: "ada", Name: "Ada Moreau", SMS: "+442079460001"}, {ID: "ben", Name: "Ben Okafor", SMS: "+447946000002"}, {ID: "cleo", Name: "Cleo Lind"}}
	d := l.doctor()
	d.Store = func(context.Context) (StoreState, error) {
		return StoreState{Unreached: map[policy.Phone]string{"+442079460001": "it is a landline", "": "nobody's"}}, nil
	}
	want := []string{"warning texts: Ada Moreau: texts don't reach " + policy.Phone("+442079460001").String() + ": it is a landline"}
	if diff := cmp.Diff(want, sick(d.texted(t.Context()))); diff != "" {
		t.Error(diff)
	}
}

// TestSpecialistsWhomNobodyAsks what a call was are found: those whom neither texts nor Slack reach. Where nobody is asked there is nothing to find.
func TestSpecialistsWhomNobodyAsks(t *testing.T) {
	l := newInstallation(t)
	l.conf.Twilio.SMSFrom = "+448000668187"
	l.conf.Settings.People = []policy.Person{
		{ID: "ada", Name: "Ada Moreau", SMS: "+447946000001"}, {ID: "ben", Name: "Ben Okafor", Slack: "U01BEN"}, {ID: "cleo", Name: "Cleo Lind", Phone: "sip:cleo@example.com"},
	}
	if found := l.doctor().wrapUps(t.Context()); len(found) > 0 {
		t.Errorf("nobody is asked: %+v", found)
	}
	l.conf.Settings.WrapUp = policy.ChannelSMS
	says := func(name string) string {
		return "warning wrap-up: " + name + " is not asked what a call was: neither texts nor Slack reach them"
	}
	if diff := cmp.Diff([]string{says("Ben Okafor"), says("Cleo Lind")}, sick(l.doctor().wrapUps(t.Context()))); diff != "" {
		t.Errorf("without Slack (-want +got):\n%s", diff)
	}
	l.conf.Notices.Named = []notices.Channel{notices.Slack{Called: "ops-slack", Channel: "#support-line"}}
	if diff := cmp.Diff([]string{says("Cleo Lind")}, sick(l.doctor().wrapUps(t.Context()))); diff != "" {
		t.Errorf("with Slack (-want +got):\n%s", diff)
	}
	l.conf.Settings.People = l.conf.Settings.People[:2]
	if found := l.doctor().wrapUps(t.Context()); len(found) != 1 || found[0].State != OK || found[0].Found != "each of the 2 specialists is asked what their calls were, by sms" {
		t.Errorf("all of them: %+v", found)
	}
}

// TestOneRefusalIsToldOnce: an account that answers nothing about one country answers nothing about the next, either.
func TestOneRefusalIsToldOnce(t *testing.T) {
	l := newInstallation(t)
	l.conf.Twilio.SMSFrom, l.conf.Settings.Countries = "+448000668187", []string{"US", "GB"}
	l.conf.Settings.People = []policy.Person{{ID: "ada", Phone: "+15550100011", SMS: "+15550100011"}, {ID: "ben", Phone: "+447946000002", SMS: "+447946000002"}}
	l.at.Change(func(s *fake.State) {
		s.Interfere = func(w http.ResponseWriter, _ *http.Request) bool {
			fake.Refuse(w, http.StatusForbidden, 20403, "Forbidden")
			return true
		}
	})
	d := l.doctor()
	if found := sick(d.texts(t.Context())); len(found) != 1 {
		t.Errorf("of texts: %q", found)
	}
	refused := 0
	for _, f := range d.specialists(t.Context()) {
		if f.State == Wrong {
			refused++
		}
	}
	if refused != 1 {
		t.Errorf("of calls the refusal is told %d times", refused)
	}
}

// TestCalendarsOfRotas are asked, and their addresses are not shown.
func TestCalendarsOfRotas(t *testing.T) {
	const calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//a//b//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261130T090000Z\r\n" +
		"DTEND:20261207T090000Z\r\nSUMMARY:Ada Moreau\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	l := newInstallation(t)
	l.conf.Settings.People = []policy.Person{{ID: "ada", Name: "Ada Moreau"}}
	l.conf.Rotas = []oncall.Rota{{Name: "night", Feed: "https://calendar.example.com/hidden.ics"}}
	for name, row := range map[string]struct {
		status     int
		kind, body string
		want       string
	}{
		"well":       {200, "text/calendar", calendar, ""},
		"in trouble": {503, "text/plain", "", "wrong calendars: night: it answered 503 Service Unavailable"},
		"gone":       {404, "text/plain", "", "wrong calendars: night: "},
		"a sign-in":  {200, "text/html", "<html>", "wrong calendars: night: it answered with a web page"},
		"nobody":     {200, "text/calendar", strings.ReplaceAll(calendar, "Ada", "Adam"), "wrong calendars: night: nobody of the configuration is on call in it"},
	} {
		t.Run(name, func(t *testing.T) {
			d := l.doctor()
			d.HTTP = &http.Client{Transport: fake.Straight(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", row.kind)
				w.WriteHeader(row.status)
				_, _ = w.Write([]byte(row.body))
			}))}
			all := d.feeds(t.Context())
			if waits := strings.HasPrefix(all[0].Fix, "try again later"); waits != (row.status == 503) {
				t.Errorf("the advice is %q", all[0].Fix)
			}
			found := strings.Join(sick(all), "\n")
			if (row.want == "") != (found == "") || !strings.HasPrefix(found, row.want) || strings.Contains(found, "hidden") {
				t.Errorf("found %q, want %q", found, row.want)
			}
		})
	}
}

// tried is a channel that answers as it is told.
type tried struct {
	notices.Webhook
	err error
}

func (c tried) Probe(context.Context) error { return c.err }

func TestChannelsAreTried(t *testing.T) {
	d := newInstallation(t).doctor()
	d.Conf.Notices.Named = []notices.Channel{
		tried{notices.Webhook{Called: "hook"}, nil},
		tried{notices.Webhook{Called: "chat"}, context.DeadlineExceeded},
		notices.PagerDuty{Called: "pager", Key: "short"},
		notices.Email{Called: "ops-mail", Server: "127.0.0.1:1"},
	}
	all := d.channels(t.Context())
	if !strings.HasPrefix(all[1].Fix, "try again later") || !strings.HasPrefix(all[2].Fix, "correct that") {
		t.Errorf("the advice is %q and %q", all[1].Fix, all[2].Fix)
	}
	found := sick(all)
	if len(found) != 2 || !strings.HasPrefix(found[0], "wrong channels: chat (a webhook): ") || !strings.HasPrefix(found[1], "wrong channels: pager (PagerDuty") {
		t.Errorf("found %q", found)
	}
}
