package server

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/twilio/fake"
)

// called is an App whose specialists are called and texted about one alarm, at a provider of the test's own.
type called struct {
	*App
	clock    *fake.Virtual
	account  *fake.Account
	provider *fake.Provider
	people   *phones
	// lost is how many of the next requests that create something are processed without an answer, and failed how many are not processed.
	lost, failed int
	// created, unless nil, is called when the provider has processed a request that creates something, before it is answered.
	created func()
}

// phones answer the calls of the provider.
type phones struct {
	does  map[string]fake.Specialist
	heard []string
	// during, unless nil, is called with every event.
	during func(fake.Event)
}

func (p *phones) Caller(fake.Moment) fake.Act          { return fake.HangUp() }
func (p *phones) Specialist(to string) fake.Specialist { return p.does[to] }
func (p *phones) Note(e fake.Event) {
	if p.during != nil {
		p.during(e)
	}
	if e.Did == fake.Hears {
		p.heard = append(p.heard, e.Text)
	}
}

// RoundTrip is the way to the provider's REST API.
func (p *called) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && p.failed > 0 {
		p.failed--
		return nil, errors.New("no way to the provider")
	}
	answer, err := fake.Straight(p.account).RoundTrip(r)
	if r.Method == http.MethodPost && p.created != nil {
		p.created()
	}
	if r.Method == http.MethodPost && p.lost > 0 {
		p.lost--
		return nil, errors.New("the answer was lost")
	}
	return answer, err
}

const (
	adasPhone = "+15550100001"
	bensPhone = "+15550100002"
)

func mustCalled(t *testing.T, changes ...func(*config.Config)) *called {
	t.Helper()
	conf := mustConfig(t)
	conf.Settings.People = []policy.Person{
		{ID: "ada", Name: "Ada Moreau", Phone: adasPhone, SMS: adasPhone}, {ID: "ben", Name: "Ben Okafor", Phone: bensPhone, SMS: bensPhone},
	}
	conf.Twilio.APIURL, conf.Twilio.SMSFrom, conf.Settings.Countries = "http://provider.example", conf.Settings.Lines[0].Number.Full(), []string{"US"}
	for _, change := range changes {
		change(&conf)
	}
	p := &called{clock: fake.NewVirtual(tuesday), people: &phones{does: map[string]fake.Specialist{}}}
	p.account = fake.NewAccount(conf.Twilio.AccountSID, conf.Twilio.AuthToken, p.clock.Now)
	for _, l := range conf.Settings.Lines {
		p.account.AddNumber(l.Number.Full())
	}
	p.account.Change(func(s *fake.State) { s.Runs = true })
	p.App = must(OpenOver(p, conf, p.clock.Now, zap.NewNop(), 1<<20))
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	p.provider = &fake.Provider{
		AccountSID: conf.Twilio.AccountSID, Clock: p.clock, People: p.people, Account: p.account, Transport: fake.Straight(p.Webhooks),
	}
	return p
}

// raise raises an alarm of which people are told by the notices.
func (p *called) raise(t *testing.T, told ...policy.Notice) {
	t.Helper()
	p.Store.TellBy(func(event policy.Notice, _ *alarm.Alarm, fresh alarm.ID, at time.Time) (*alarm.Alarm, []policy.Notice) {
		for i := range told {
			told[i].Kind, told[i].At, told[i].Facts, told[i].Alarm, told[i].Until = event.Kind, event.At, event.Facts, string(fresh), at.Add(10*time.Minute)
			told[i].Key = "alarm/" + string(fresh) + "/0/0/" + string(told[i].Channel) + "/" + told[i].To[len(told[i].To)-2:]
		}
		return &alarm.Alarm{ID: fresh, Event: event, Count: 1, StartedAt: at, State: policy.AlarmOpen, NextAt: at.Add(3 * time.Minute)}, told
	})
	event := policy.Notice{Key: "critical-missed/CA1", Kind: policy.NoticeCriticalMissed, At: p.clock.Now(), Facts: map[string]string{
		"account": "Northwind Flex Offices", "line": p.Conf.Settings.Lines[0].Number.Full(), "take_link": "https://support.example.com/w/abc",
	}}
	if err := p.Store.Tell(t.Context(), event); err != nil {
		t.Fatal(err)
	}
}

// deliver sends what is due, and carries the calls and texts that came of it.
func (p *called) deliver(t *testing.T) (calls int) {
	t.Helper()
	p.sender(p.channels(p.Conf.Notices)).Once(t.Context())
	for _, c := range p.account.TakeCreated() {
		calls++
		if r, err := p.provider.Place(t.Context(), c); err != nil || len(r.Troubles)+len(r.Warnings) > 0 {
			t.Errorf("%v: %q %q", err, r.Troubles, r.Warnings)
		}
	}
	for _, text := range p.account.TakeTexts() {
		p.provider.Deliver(t.Context(), text)
	}
	return calls
}

// notice returns the notice of the alarm on a channel.
func (p *called) notice(t *testing.T, channel policy.Channel) policy.Notice {
	t.Helper()
	for n, err := range p.Store.Notices(t.Context()) {
		if err == nil && n.Channel == channel {
			return n
		}
	}
	t.Fatalf("there is no notice on the channel %s", channel)
	return policy.Notice{}
}

func (p *called) alarmOf(t *testing.T) alarm.Alarm {
	t.Helper()
	return must(p.Store.Alarm(t.Context(), "1"))
}

func (p *called) texts() (texts []fake.Text) {
	p.account.Change(func(s *fake.State) { texts = s.Texts })
	return texts
}

func byCall(to string) policy.Notice {
	return policy.Notice{Channel: policy.ChannelCall, To: to, Person: "ada"}
}

func bySMS(to string) policy.Notice {
	return policy.Notice{Channel: policy.ChannelSMS, To: to, Person: "ada"}
}

// TestAVoicemailLeavesTheAlarmOpen, and its next step due in time.
func TestAVoicemailLeavesTheAlarmOpen(t *testing.T) {
	for _, does := range []fake.Specialist{{}, {Status: "busy"}, {Status: "no-answer"}} {
		for _, callbacks := range []fake.Delivery{fake.Once, fake.Lost, fake.Reordered} {
			p := mustCalled(t)
			p.people.does[adasPhone], p.provider.Faults.Callbacks = does, callbacks
			p.raise(t, byCall(adasPhone))
			before := p.alarmOf(t)
			p.deliver(t)
			if after := p.alarmOf(t); after.State != policy.AlarmOpen || !after.NextAt.Equal(before.NextAt) {
				t.Errorf("%+v, callbacks %v: %+v", does, callbacks, after)
			}
		}
	}
}

// TestNobodyIsRungTwiceForOneNotice: where the answer of a create was lost the call is looked for, and one that was not placed is placed then.
func TestNobodyIsRungTwiceForOneNotice(t *testing.T) {
	for name, lose := range map[string]func(*called){
		"the answer was lost":  func(p *called) { p.lost = 1 },
		"the request was lost": func(p *called) { p.failed = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			p := mustCalled(t)
			lose(p)
			p.raise(t, byCall(adasPhone), bySMS(bensPhone))
			calls := p.deliver(t)
			for range 3 {
				p.clock.Sleep(time.Minute)
				calls += p.deliver(t)
			}
			if n := p.notice(t, policy.ChannelCall); calls != 1 || n.SentAt.IsZero() {
				t.Errorf("%d calls: %+v", calls, n)
			}
			if n := p.notice(t, policy.ChannelSMS); len(p.texts()) != 1 || n.SentAt.IsZero() {
				t.Errorf("%d texts: %+v", len(p.texts()), n)
			}
		})
	}
	p := mustCalled(t)
	p.lost = 1
	p.raise(t, bySMS(bensPhone))
	p.deliver(t)
	p.clock.Sleep(time.Minute)
	p.deliver(t)
	if n := p.notice(t, policy.ChannelSMS); len(p.texts()) != 1 || n.SentAt.IsZero() {
		t.Errorf("%d texts: %+v", len(p.texts()), n)
	}
}

// TestNobodyIsRungTwiceByTheProcessAfterOneThatDied: between the provider's answer and its record. While the claim lasts nothing goes out, and then it is
// looked for.
func TestNobodyIsRungTwiceByTheProcessAfterOneThatDied(t *testing.T) {
	p := mustCalled(t)
	p.raise(t, byCall(adasPhone), bySMS(bensPhone))
	for _, channel := range []policy.Channel{policy.ChannelCall, policy.ChannelSMS} {
		n, now := p.notice(t, channel), p.clock.Now()
		if claimed := must(p.Store.ClaimNotice(t.Context(), n.Key, "a process that dies", now, now.Add(2*time.Minute))); !claimed {
			t.Fatalf("%s is not claimed", n.Key)
		}
		if err := p.channels(p.Conf.Notices).Deliver(t.Context(), n, now); err != nil {
			t.Fatal(err)
		}
	}
	calls := p.deliver(t)
	for range 3 {
		p.clock.Sleep(time.Minute)
		calls += p.deliver(t)
	}
	for channel, there := range map[policy.Channel]int{policy.ChannelCall: calls, policy.ChannelSMS: len(p.texts())} {
		if n := p.notice(t, channel); there != 1 || n.SentAt.IsZero() {
			t.Errorf("%s: %d there: %+v", channel, there, n)
		}
	}
}

// TestAlarmCallsInAnyOrder: however requests, answers, webhooks and the store fail, and senders begin anew, each person is rung once at most for one
// notice, and once where it counts as sent, or the alarm was taken before.
func TestAlarmCallsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := mustCalled(t, func(c *config.Config) { c.Settings.CallsPerSecond = 1000 })
		p.raise(t, byCall(adasPhone), byCall(bensPhone))
		rang, event, breaks := map[string]int{}, 0, 0
		broken := func() { p.Store.FailWrites(errors.New("the disk is full")) }
		p.people.during = func(e fake.Event) {
			if event++; event == breaks {
				broken()
			}
			if e.Did == fake.Rings {
				rang[e.Who]++
			}
		}
		play := func() {
			for _, c := range p.account.TakeCreated() {
				must(p.provider.Place(t.Context(), c))
			}
			p.Store.FailWrites(nil)
		}
		send := func() { p.sender(p.channels(p.Conf.Notices)).Once(t.Context()) }
		who := rapid.SampledFrom([]fake.Specialist{{}, {Status: "busy"}, {Status: "no-answer"}, {Presses: []string{"2"}}, {Tones: "1"}, adaCalls})
		r.Repeat(map[string]func(*rapid.T){
			"send": func(r *rapid.T) {
				p.lost, p.failed = rapid.IntRange(0, 3).Draw(r, "lost")/3, rapid.IntRange(0, 3).Draw(r, "failed")/3
				if rapid.IntRange(0, 3).Draw(r, "stops after the create") == 0 {
					p.created = broken
				}
				send()
				p.lost, p.failed, p.created = 0, 0, nil
				p.Store.FailWrites(nil)
			},
			"play": func(r *rapid.T) {
				p.people.does[adasPhone], p.people.does[bensPhone] = who.Draw(r, "ada"), who.Draw(r, "ben")
				event, breaks = 0, max(0, rapid.IntRange(-9, 9).Draw(r, "breaks"))
				play()
			},
			"time passes": func(r *rapid.T) {
				p.clock.Sleep(time.Duration(rapid.IntRange(1, 200).Draw(r, "seconds")) * time.Second)
			},
			"": func(r *rapid.T) {
				for to, times := range rang {
					if times > 1 {
						r.Errorf("%s was rung %d times", to, times)
					}
				}
			},
		})
		for range 6 { // everything comes to its end
			p.clock.Sleep(4 * time.Minute)
			send()
			play()
		}
		taken := p.alarmOf(t).State == policy.AlarmTaken
		for n, err := range p.Store.Notices(t.Context()) {
			switch {
			case err != nil:
				r.Error(err)
			case !n.SentAt.IsZero() && rang[n.To] != 1, rang[n.To] > 1:
				r.Errorf("%s was rung %d times: %+v", n.To, rang[n.To], n)
			case n.SentAt.IsZero() && n.FailedAt.IsZero() && !taken:
				r.Errorf("%s is left for ever: %+v", n.To, n)
			}
		}
	})
}

// TestATakenAlarmCallsAndTextsNobody, even where its notices were about to go out.
func TestATakenAlarmCallsAndTextsNobody(t *testing.T) {
	p := mustCalled(t)
	p.raise(t, byCall(adasPhone), bySMS(bensPhone))
	call, text := p.notice(t, policy.ChannelCall), p.notice(t, policy.ChannelSMS)
	if _, err := p.Store.TakeAlarm(t.Context(), "1", followup.Act{At: p.clock.Now(), By: "Ben Okafor", Via: followup.ViaConsole}); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{p.outbound().call(t.Context(), call), p.outbound().text(t.Context(), text, "late")} {
		if err == nil || !strings.Contains(err.Error(), "somebody took it") {
			t.Errorf("%v", err)
		}
	}
	if n := p.deliver(t); n != 0 || len(p.texts()) != 0 {
		t.Errorf("%d calls, %d texts", n, len(p.texts()))
	}
}

// TestWhatIsNoLongerWantedIsNoFailure: nobody is alerted to channels that fail because somebody was quick.
func TestWhatIsNoLongerWantedIsNoFailure(t *testing.T) {
	p := mustCalled(t)
	failures := func() float64 {
		return scraping(t, p.App)[series("supportline_notice_failures_total", `channel="call"`)]
	}
	if p.delivered(policy.ChannelCall, notices.Unwanted); failures() != 0 {
		t.Errorf("%v failures", failures())
	}
	if p.delivered(policy.ChannelCall, "provider"); failures() != 1 {
		t.Errorf("%v failures after one", failures())
	}
}

// TestATextToALandline: refused at once, or undelivered later, it has failed for good, in words.
func TestATextToALandline(t *testing.T) {
	for name, row := range map[string]struct {
		state  func(*fake.State)
		to     string
		why    string
		sent   int
		marked bool
	}{
		"refused at once":    {func(s *fake.State) { s.RefusedTexts[adasPhone] = 21614 }, adasPhone, "no mobile number", 0, true},
		"undelivered later":  {func(s *fake.State) { s.LostTexts[adasPhone] = 30006 }, adasPhone, "landline", 1, true},
		"sender unverified":  {func(s *fake.State) { s.LostTexts["+18883071053"] = 30032 }, adasPhone, "not verified", 1, false},
		"the person stopped": {func(s *fake.State) { s.RefusedTexts[adasPhone] = 21610 }, adasPhone, "START", 0, true},
		"another country":    {func(*fake.State) {}, "+18765552368", "JM", 0, false},
		"our own line":       {func(*fake.State) {}, "+448000668187", "our own lines", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := mustCalled(t)
			p.account.Change(row.state)
			p.raise(t, bySMS(row.to))
			for range 3 { // a callback that comes again changes nothing, nor is it sent again
				p.deliver(t)
				p.clock.Sleep(time.Minute)
			}
			n := p.notice(t, policy.ChannelSMS)
			if n.FailedAt.IsZero() || !strings.Contains(n.Error, row.why) || len(p.texts()) != row.sent {
				t.Errorf("%d texts: %+v", len(p.texts()), n)
			}
			unreached, err := notices.Unreached(p.Store.Notices(t.Context()))
			if _, marked := unreached[row.to]; err != nil || marked != row.marked {
				t.Errorf("the number is marked: %t, %v", marked, err)
			}
			if strings.Contains(n.Error, row.to) {
				t.Errorf("the error names the number: %s", n.Error)
			}
		})
	}
}

// TestATextSaysWhatAndWhere: its subject, and the link.
func TestATextSaysWhatAndWhere(t *testing.T) {
	p := mustCalled(t)
	p.provider.Faults.Callbacks = fake.Lost
	p.raise(t, bySMS(adasPhone))
	p.deliver(t)
	texts := p.texts()
	if len(texts) != 1 || !strings.HasSuffix(texts[0].Body, "Northwind Flex Offices https://support.example.com/w/abc") || texts[0].To != adasPhone {
		t.Errorf("%+v", texts)
	}
	if n := p.notice(t, policy.ChannelSMS); n.SentAt.IsZero() || !n.FailedAt.IsZero() {
		t.Errorf("%+v", n)
	}
}

// TestAnEventWithoutAnAlarmIsCalledAbout, such as trouble with the store, which is told from memory.
func TestAnEventWithoutAnAlarmIsCalledAbout(t *testing.T) {
	p := mustCalled(t)
	n := policy.Notice{Key: "store-trouble/1", Kind: policy.NoticeStoreTrouble, Channel: policy.ChannelCall, To: adasPhone, Person: "ada"}
	if err := p.outbound().call(context.Background(), n); err != nil {
		t.Fatal(err)
	}
	if calls := p.deliver(t); calls != 1 || !strings.Contains(strings.Join(p.people.heard, " "), "Calls can't be written down.") {
		t.Errorf("%d calls, heard %q", calls, p.people.heard)
	}
}
