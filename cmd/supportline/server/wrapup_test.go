package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/figures"
	"github.com/officernd/supportline/store/postgres/postgrestest"
	"github.com/officernd/supportline/twilio/fake"
)

const (
	mobile     = "+447400123456"
	cleosPhone = "+15550100003" // which the general team rings
	pageOfAds  = "https://example.com/book-session"
)

// talk is an App with a customer whose question Cleo answers: they talk for 24 minutes, and Cleo's phone has the link of each message that it got.
type talk struct {
	*called
	others []*App // processes beside the first, of the same database
	keys   []string
	began  time.Time
	// past is called once, when the talk has passed the limit.
	past func()
	sid  policy.CallSID
}

func mustTalk(t *testing.T, changes ...func(*config.Config)) *talk {
	t.Helper()
	usual := func(c *config.Config) {
		c.Settings.People = []policy.Person{{ID: "cleo", Name: "Cleo Lind", Phone: cleosPhone, SMS: cleosPhone, Slack: "U01CLEO"}}
		c.Settings.Texts, c.Settings.Mail = true, true
		c.Settings.Links = policy.Links{ScreenSharing: pageOfAds, Training: "https://example.com/book-training"}
		c.Settings.WrapUp, c.Settings.MadeUp, c.Settings.Countries = policy.ChannelSMS, true, []string{"US", "GB"}
	}
	p := &talk{called: mustCalled(t, append([]func(*config.Config){usual}, changes...)...)}
	p.provider.People, p.provider.Settle = p, func() {
		for _, a := range p.processes() {
			a.Ringer.Wait()
		}
	}
	customer := policy.Customer{Number: northwind, Name: "Northwind Flex Offices", Package: "Ultimate", Line: ukLine, Email: "dana@example.com", AccountHolder: "Dana Wells"}
	if _, err := p.Store.ImportCustomers(t.Context(), []policy.Customer{customer}, "anna"); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *talk) processes() []*App { return append([]*App{p.App}, p.others...) }

// Caller types the customer number and the reason, and talks for 24 minutes.
func (p *talk) Caller(m fake.Moment) fake.Act {
	switch {
	case m.Kind == fake.Asked && m.Keys && len(p.keys) > 0:
		press := p.keys[0]
		p.keys = p.keys[1:]
		return fake.Press(press)
	case m.Kind != fake.Talking:
		return fake.Listen()
	case p.began.IsZero():
		p.began = m.At
	case m.At.Sub(p.began) >= 24*time.Minute:
		return fake.HangUp()
	case m.At.Sub(p.began) > 20*time.Minute+30*time.Second && p.past != nil:
		past := p.past
		p.past = nil
		past()
	}
	return fake.Wait(30 * time.Second)
}

func (p *talk) Specialist(to string) fake.Specialist {
	return fake.Specialist{PicksUp: 3 * time.Second, Presses: []string{"1"}, Thinks: time.Second}
}

func (p *talk) Note(e fake.Event) { p.people.Note(e) }

// calls runs the call from the first ring to its end.
func (p *talk) calls(t *testing.T, past func()) {
	t.Helper()
	p.keys, p.began, p.past = []string{"204518", "5"}, time.Time{}, past
	base := p.Conf.PublicURL
	r, err := p.provider.Call(t.Context(), fake.Incoming{
		From: mobile, To: ukLine.Full(), Number: fake.Number{Voice: base + "/voice", Fallback: base + "/fallback", Status: base + "/status"},
	})
	if err != nil || len(r.Troubles)+len(r.Warnings) > 0 {
		t.Fatalf("%v: %q %q", err, r.Troubles, r.Warnings)
	}
	p.sid = policy.CallSID(r.SID)
}

// works has each process do by itself what is due: look for talks beyond the limit, and deliver.
func (p *talk) works(t *testing.T) {
	t.Helper()
	for range 2 {
		for _, a := range p.processes() {
			jobs := &Jobs{Store: a.Store, Settings: a.Conf.Settings, Notices: a.channels(a.Conf.Notices), Log: zap.NewNop(), Wake: func() {}}
			if err := jobs.LiveLimits(t.Context(), p.clock.Now()); err != nil {
				t.Error(err)
			}
			a.sender(a.channels(a.Conf.Notices)).Once(t.Context())
		}
		for _, text := range p.account.TakeTexts() {
			p.provider.Deliver(t.Context(), text)
		}
	}
}

// textsTo returns the texts that a number was sent, and the path of the link in the last of them.
func (p *talk) textsTo(to string) (bodies []string, path string) {
	for _, text := range p.texts() {
		if text.To == to {
			says, link, _ := strings.Cut(text.Body, p.Conf.PublicURL)
			bodies, path = append(bodies, strings.TrimSpace(says)), link
		}
	}
	return bodies, path
}

// taps returns how a form of a link's page is answered.
func (p *talk) taps(t *testing.T, path string, form url.Values) (status int, text, location string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	all := p.processes()
	all[len(all)-1].Webhooks.ServeHTTP(w, r)
	return w.Code, w.Body.String(), w.Header().Get("Location")
}

func (p *talk) mustTap(t *testing.T, path string, form url.Values, want string) {
	t.Helper()
	if status, text, _ := p.taps(t, path, form); status != http.StatusOK || !strings.Contains(text, want) {
		t.Fatalf("%v: %d, want %q in:\n%s", form, status, want, text)
	}
}

// sendsSession is what Cleo does with the link of the message at the limit, while the talk goes on.
func (p *talk) sendsSession(t *testing.T) func() {
	return func() {
		p.works(t)
		says, path := p.textsTo(cleosPhone)
		if want := []string{"20 min with Northwind Flex Offices: offer screen sharing, or say why it is necessary."}; !slices.Equal(says, want) {
			t.Fatalf("at the limit Cleo's phone got %q", says)
		}
		if status, text := p.visit(t, http.MethodGet, path, ""); status != http.StatusOK || !strings.Contains(text, "Northwind Flex Offices") || strings.Contains(text, mobile[3:]) {
			t.Errorf("%d: %s", status, text)
		}
		p.mustTap(t, path, url.Values{"do": {"offer-screen-sharing"}, "seen": {"0"}}, "Sent to the caller by text.")
		p.works(t)
	}
}

// goesOn is what the caller does with the text: what is fetched counts nothing, and the button counts and leads to the company's page.
func (p *talk) goesOn(t *testing.T) {
	t.Helper()
	says, path := p.textsTo(mobile)
	if want := []string{"Book a screen-sharing session with OfficeRnD support"}; !slices.Equal(says, want) {
		t.Fatalf("the caller's phone got %q", says)
	}
	p.visit(t, http.MethodGet, path, "")
	p.visit(t, http.MethodHead, path, "")
	if o := must(p.Store.Offer(t.Context(), "1")); o.Opened != 0 {
		t.Errorf("what is fetched counts: %+v", o)
	}
	if status, _, location := p.taps(t, path, nil); status != http.StatusSeeOther || location != pageOfAds {
		t.Errorf("%d to %q", status, location)
	}
}

// saysNecessary is what Cleo does once the talk is over.
func (p *talk) saysNecessary(t *testing.T) {
	t.Helper()
	says, path := p.textsTo(cleosPhone)
	if len(says) != 2 || !strings.HasPrefix(says[1], "Your call with Northwind Flex Offices, 24 min") || !strings.HasSuffix(says[1], ", over the limit. What was it?") {
		t.Fatalf("Cleo's phone got %q", says)
	}
	p.mustTap(t, path, url.Values{"do": {"waive"}, "reason": {"their site was down"}, "seen": {"0"}}, "Noted: the call was necessary.")
	p.mustTap(t, path, url.Values{"do": {"waive"}, "reason": {"their site was down"}, "seen": {"0"}}, "Noted: the call was necessary.") // the same tap once more
}

// checkTold compares what the log, the figures and the audit have of it.
func (p *talk) checkTold(t *testing.T) {
	t.Helper()
	c := must(p.Store.Call(t.Context(), p.sid))
	if len(c.Acts) != 1 || c.Acts[0].By != "Cleo Lind" || c.Acts[0].Via != string(followup.ViaLink) || !c.Waived {
		t.Errorf("acts %+v", c.Acts)
	}
	u := must(figures.Accounts{Store: p.Store, FairUse: p.Conf.Settings.FairUse}.Usage(t.Context(), northwind, "2026-11"))
	if u.Calls != 1 || u.OverLong != 0 || u.Waived != 1 || u.TalkSeconds < 24*60 {
		t.Errorf("usage %+v", u)
	}
	var audit []string
	for e, err := range p.Store.Audit(t.Context()) {
		if err == nil && e.Act != "import" {
			audit = append(audit, fmt.Sprintf("%s %s %s %s %s", e.By, e.Act, e.Subject, e.Detail, e.Reason))
		}
	}
	want := []string{
		"Cleo Lind offer " + string(p.sid) + " a screen-sharing session by text, via link ",
		"Cleo Lind waive " + string(p.sid) + " via link their site was down",
	}
	if !slices.Equal(audit, want) {
		t.Errorf("audit %q", audit)
	}
	o := must(p.Store.OffersOf(t.Context(), p.sid))
	if len(o) != 1 || o[0].By != "Cleo Lind" || o[0].Opened != 1 || o[0].SentAt.IsZero() {
		t.Errorf("offers %+v", o)
	}
}

// TestASpecialistSaysWhatTheCallWas, from the limit to the audit, in both ways of ringing, whatever comes twice: each message is sent once.
func TestASpecialistSaysWhatTheCallWas(t *testing.T) {
	for name, faults := range map[string]fake.Faults{
		"once": {}, "each webhook twice": {Retry: true, Callbacks: fake.Twice}, "callbacks late": {Callbacks: fake.Late}, "no callbacks": {Callbacks: fake.Lost},
	} {
		for way, announce := range map[string]bool{"dialled": false, "in a conference": true} {
			t.Run(name+", "+way, func(t *testing.T) {
				p := mustTalk(t, func(c *config.Config) { c.Settings.Announce = announce })
				p.provider.Faults = faults
				p.calls(t, p.sendsSession(t))
				p.works(t)
				p.goesOn(t)
				p.saysNecessary(t)
				p.clock.Sleep(time.Minute)
				p.works(t)
				p.checkTold(t)
				if n := len(p.texts()); n != 3 {
					t.Errorf("%d texts", n)
				}
				if heard := strings.Join(p.people.heard, "\n"); strings.Count(heard, "Only you hear this.") != map[bool]int{true: 1}[announce] {
					t.Errorf("heard:\n%s", heard)
				}
			})
		}
	}
}

// TestASpecialistIsAskedOnceByTwoProcesses, which share a database and the webhooks of one call, and each of which looks for what is due.
func TestASpecialistIsAskedOnceByTwoProcesses(t *testing.T) {
	p := mustTalk(t, func(c *config.Config) { c.Store = config.Store{URL: postgrestest.Database(t)} })
	other := must(OpenOver(p.called, p.Conf, p.clock.Now, zap.NewNop(), 0))
	t.Cleanup(func() { _ = other.Close() })
	p.others = []*App{other}
	n := 0
	p.provider.Transport = fake.Straight(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		p.processes()[n%2].Webhooks.ServeHTTP(w, r)
	}))
	p.provider.Faults = fake.Faults{Retry: true, Callbacks: fake.Twice}
	p.calls(t, p.sendsSession(t))
	p.works(t)
	p.goesOn(t)
	p.saysNecessary(t)
	p.works(t)
	p.checkTold(t)
	if n := len(p.texts()); n != 3 {
		t.Errorf("%d texts", n)
	}
}

// TestAProcessThatDiesAsksNobodyTwice: one that dies between the provider's answer and its record, once for each message.
func TestAProcessThatDiesAsksNobodyTwice(t *testing.T) {
	p := mustTalk(t)
	dies := func() {
		t.Helper()
		due := must(p.Store.DueNotices(t.Context(), policy.ChannelSMS, p.clock.Now(), 10))
		if len(due) != 1 {
			t.Fatalf("due: %+v", due)
		}
		now := p.clock.Now()
		if claimed := must(p.Store.ClaimNotice(t.Context(), due[0].Key, "a process that dies", now, now.Add(time.Second))); !claimed {
			t.Fatal("not claimed")
		}
		if err := p.channels(p.Conf.Notices).Deliver(t.Context(), due[0], now); err != nil {
			t.Fatal(err)
		}
		p.clock.Sleep(2 * time.Second)
	}
	p.calls(t, func() {
		jobs := &Jobs{Store: p.Store, Settings: p.Conf.Settings, Notices: p.channels(p.Conf.Notices), Log: zap.NewNop(), Wake: func() {}}
		if err := jobs.LiveLimits(t.Context(), p.clock.Now()); err != nil {
			t.Fatal(err)
		}
		dies()
		p.works(t)
		_, path := p.textsTo(cleosPhone)
		p.mustTap(t, path, url.Values{"do": {"offer-screen-sharing"}, "seen": {"0"}}, "Sent to the caller by text.")
		dies()
		p.works(t)
	})
	dies()
	p.works(t)
	p.goesOn(t)
	p.saysNecessary(t)
	p.checkTold(t)
	if n := len(p.texts()); n != 3 {
		t.Errorf("%d texts", n)
	}
}

// chat is a Slack that keeps what it was sent.
type chat struct {
	sync.Mutex
	posted []struct{ Channel, Text string }
}

func (c *chat) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.Lock()
	defer c.Unlock()
	if strings.HasSuffix(r.URL.Path, "chat.postMessage") {
		var m struct{ Channel, Text string }
		_ = json.NewDecoder(r.Body).Decode(&m)
		c.posted = append(c.posted, m)
	}
	fmt.Fprint(w, `{"ok":true,"channel":"D1","ts":"1.1"}`)
}

// TestASpecialistIsAskedInSlack, by a direct message; and by text where somebody has no member ID.
func TestASpecialistIsAskedInSlack(t *testing.T) {
	for name, test := range map[string]struct {
		member string
		posts  int
	}{"a member": {"U01CLEO", 2}, "nobody there": {"", 0}} {
		t.Run(name, func(t *testing.T) {
			c := &chat{}
			api := httptest.NewServer(c)
			t.Cleanup(api.Close)
			p := mustTalk(t, func(conf *config.Config) {
				conf.Settings.WrapUp, conf.Settings.People[0].Slack = policy.ChannelSlack, test.member
				conf.Notices.Named = append(conf.Notices.Named, notices.Slack{Called: "ops-slack", Channel: "#support-line", Token: "xoxb-0123456789", API: api.URL})
			})
			p.calls(t, func() { p.works(t) })
			p.works(t)
			says, _ := p.textsTo(cleosPhone)
			if len(c.posted) != test.posts || len(says) != 2-test.posts {
				t.Fatalf("posted %+v, texted %q", c.posted, says)
			}
			for _, m := range c.posted {
				if m.Channel != "U01CLEO" || !strings.Contains(m.Text, "|Say what the call was>") || !strings.Contains(m.Text, "Northwind Flex Offices") || strings.Contains(m.Text, "I take it") {
					t.Errorf("%+v", m)
				}
			}
		})
	}
}

// TestACallerWhomTextsDontReach: the provider refuses the text, or says later that it did not arrive. The page says so and why, an e-mail goes instead, and
// the next page goes by e-mail at once.
func TestACallerWhomTextsDontReach(t *testing.T) {
	for name, lose := range map[string]func(*fake.State){
		"refused at once":   func(s *fake.State) { s.RefusedTexts[mobile] = 21614 },
		"undelivered later": func(s *fake.State) { s.LostTexts[mobile] = 30006 },
	} {
		t.Run(name, func(t *testing.T) {
			p := mustTalk(t, func(c *config.Config) {
				c.Notices.Channels = append(c.Notices.Channels, notices.Email{From: "support@example.com", Server: "127.0.0.1:9", TLS: notices.TLSNone})
			})
			p.account.Change(lose)
			var path string
			p.calls(t, func() {
				p.works(t)
				_, path = p.textsTo(cleosPhone)
				p.mustTap(t, path, url.Values{"do": {"offer-screen-sharing"}, "seen": {"0"}}, "Sent to the caller by text.")
				p.works(t)
			})
			failed := must(p.Store.Offer(t.Context(), "1"))
			if failed.FailedAt.IsZero() || !strings.HasPrefix(failed.State(), "not delivered: texts don't reach this number: ") {
				t.Fatalf("%+v", failed)
			}
			status, text := p.visit(t, http.MethodGet, path, "")
			if status != http.StatusOK || !strings.Contains(text, "not delivered: texts don&#39;t reach this number") || strings.Contains(text, `value="sms"`) {
				t.Errorf("%d: %s", status, text)
			}
			p.mustTap(t, path, url.Values{"do": {"offer-screen-sharing"}, "seen": {"0"}}, "Sent to the account holder by e-mail.")
			p.mustTap(t, path, url.Values{"do": {"offer-training"}, "seen": {"0"}}, "Sent to the account holder by e-mail.")
			for _, id := range []remedy.ID{"2", "3"} {
				if o := must(p.Store.Offer(t.Context(), id)); o.Channel != policy.ChannelEmail || o.To != "dana@example.com" {
					t.Errorf("%+v", o)
				}
			}
			if status, text, _ := p.taps(t, path, url.Values{"do": {"offer-screen-sharing"}, "by": {"sms"}, "seen": {"0"}}); status == http.StatusOK {
				t.Errorf("a text is sent all the same: %s", text)
			}
		})
	}
}

// TestALetterOffersTraining: to an account with two training calls in a month, at the limit of its tickets and with a move of its case, once each. The link
// is an offer's, which says whether the letter went out and whether somebody went on; taking it back leaves the letter.
func TestALetterOffersTraining(t *testing.T) {
	mails := notices.Email{From: "support@example.com", Server: "127.0.0.1:9", TLS: notices.TLSNone}
	p := mustTalk(t, func(c *config.Config) {
		c.Notices.Channels = append(c.Notices.Channels, mails)
		c.Settings.FairUse.TellHolder, c.Settings.FairUse.TicketsPerMonth = true, 2
	})
	jobs := &Jobs{Store: p.Store, Settings: p.Conf.Settings, Notices: p.Conf.Notices, Log: zap.NewNop(), Wake: func() {}}
	for _, sid := range []policy.CallSID{"CA1", "CA2"} {
		served(t, p.Store, p.Conf.Settings, sid, northwind, p.clock.Now().Add(-time.Hour))
		act := policy.Act{At: p.clock.Now(), By: "Cleo Lind", Kind: policy.ActTraining}
		must(p.Store.Act(t.Context(), sid, act, 0, p.Conf.Settings.LineZone))
	}
	for range 2 {
		if err := jobs.Review(t.Context(), northwind, "2026-11", p.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	casework := figures.Casework{Store: p.Store, Settings: p.Conf.Settings, Addressed: p.Conf.Notices.Addressed}
	opened := must(casework.OpenCase(t.Context(), northwind, "mila", "many calls", p.clock.Now()))
	if _, _, err := casework.MoveCase(t.Context(), opened.ID, policy.Move{At: p.clock.Now(), By: "mila", To: policy.CaseContacted, Via: policy.ViaEmail, Note: "wrote"}); err != nil {
		t.Fatal(err)
	}
	made := must(p.Store.OffersTo(t.Context(), northwind))
	if len(made) != 2 || !strings.HasPrefix(made[0].Notice, "holder-tickets/") || !strings.HasPrefix(made[1].Notice, "case-moved/") {
		t.Fatalf("offered: %+v", made)
	}
	for _, o := range made {
		if o.Page != remedy.Training || o.By != "" || o.Call != "" || o.To != "dana@example.com" || o.Words() != "A letter offered a training session by e-mail; on its way" {
			t.Errorf("%+v", o)
		}
		letters := must(p.Store.NoticesUnder(t.Context(), []string{o.Notice}, 9))
		if len(letters) != 1 || letters[0].Offer != string(o.ID) || letters[0].Facts[policy.FactTraining] != "2" {
			t.Fatalf("letters %+v", letters)
		}
		w, err := notices.DefaultTemplates().Render(letters[0])
		_, path, has := strings.Cut(letters[0].Facts["link_training"], p.Conf.PublicURL)
		if err != nil || !has || !strings.Contains(w.Text, "A training session for your team: "+p.Conf.PublicURL+path) && !strings.Contains(w.Text, "Book a training session: "+p.Conf.PublicURL+path) ||
			!strings.Contains(w.Text, "about how to do things") {
			t.Errorf("%v, %q:\n%s", err, path, w.Text)
		}
		if status, _, location := p.taps(t, path, nil); status != http.StatusSeeOther || location != "https://example.com/book-training" {
			t.Errorf("%d to %q", status, location)
		}
		if err := p.Store.NoticeSent(t.Context(), o.Notice, p.clock.Now()); err != nil {
			t.Error(err)
		}
		if o = must(p.Store.Offer(t.Context(), o.ID)); o.State() != "opened" || o.SentAt.IsZero() {
			t.Errorf("%+v", o)
		}
	}
}

// TestALetterWhoseOfferIsTakenBack goes out all the same, and its link leads nowhere.
func TestALetterWhoseOfferIsTakenBack(t *testing.T) {
	p := mustTalk(t)
	link := "https://support.example.com/w/1"
	p.Store.OfferBy(func() store.Offering {
		return store.Offering{Settings: p.Conf.Settings, Link: func(remedy.ID, time.Time) string { return link }}
	})
	opened := must(p.Store.OpenCase(t.Context(), northwind, "mila", "many calls", nil, p.clock.Now()))
	letter := policy.Notice{
		Key: "case-moved/1/2/email/1", Kind: policy.NoticeMove, At: p.clock.Now(), Customer: northwind, Channel: policy.ChannelEmail, To: "dana@example.com",
		Facts: map[string]string{policy.FactTraining: "2", "link_training": "https://example.com/book-training"},
	}
	move := policy.Move{At: p.clock.Now(), By: "mila", To: policy.CaseContacted, Via: policy.ViaEmail, Note: "wrote"}
	if _, err := p.Store.MoveCase(t.Context(), opened.ID, move, []policy.Notice{letter}); err != nil {
		t.Fatal(err)
	}
	must(p.Store.TakeBackOffer(t.Context(), "1", followup.Act{At: p.clock.Now(), By: "mila"}))
	due := must(p.Store.DueNotices(t.Context(), policy.ChannelEmail, p.clock.Now(), 9))
	if len(due) != 1 || due[0].Offer != "1" || due[0].Facts["link_training"] != link {
		t.Errorf("due: %+v", due)
	}
	if _, err := p.Store.OpenOffer(t.Context(), "1", p.clock.Now()); !errors.Is(err, remedy.ErrTakenBack) {
		t.Errorf("opened: %v", err)
	}
}

// TestASpecialistIsAskedAboutACallBack as about any other talk.
func TestASpecialistIsAskedAboutACallBack(t *testing.T) {
	p := &calledBack{called: mustCalled(t, func(c *config.Config) {
		c.Settings.Countries, c.Settings.MadeUp, c.Settings.WrapUp = []string{"US", "GB"}, true, policy.ChannelSMS
	})}
	p.add(t, missedCall("CAmissed", policy.Restricted, p.clock.Now()))
	p.id = must(p.Store.FollowUpOf(t.Context(), "CAmissed")).ID
	p.people.does[adasPhone], p.people.does[missedFrom.Full()] = adaCalls, callerTalk
	if err := p.ask(t); err != nil {
		t.Fatal(err)
	}
	p.run(t)
	p.deliver(t)
	texts := p.texts()
	if len(texts) != 1 || texts[0].To != adasPhone || !strings.HasPrefix(texts[0].Body, "Your call with Northwind Flex Offices, 1 min 35 s. What was it? "+p.Conf.PublicURL+"/w/") {
		t.Errorf("texted: %+v", texts)
	}
}
