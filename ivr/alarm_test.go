package ivr_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// ada is who is told of alarms in these tests.
var ada = policy.Person{ID: "ada", Name: "Ada Moreau", Phone: "+15550100001"}

// alarms holds one alarm, and how often it was taken.
type alarms struct {
	mu    sync.Mutex
	one   alarm.Alarm
	taken int
	fail  error
	// before is called before the alarm is taken.
	before func()
}

func (a *alarms) Alarm(_ context.Context, id alarm.ID) (alarm.Alarm, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fail != nil {
		return alarm.Alarm{}, a.fail
	}
	if id != a.one.ID {
		return alarm.Alarm{}, alarm.ErrNone
	}
	return a.one, nil
}

func (a *alarms) TakeAlarm(_ context.Context, id alarm.ID, act followup.Act) (alarm.Alarm, error) {
	if a.before != nil {
		a.before()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.fail != nil:
		return alarm.Alarm{}, a.fail
	case a.one.State == policy.AlarmDone:
		return a.one, fmt.Errorf("alarm %s: %w", id, followup.ErrDone)
	case a.one.State == policy.AlarmTaken && a.one.TakenBy == act.By:
		return a.one, nil
	case a.one.State == policy.AlarmTaken:
		return a.one, fmt.Errorf("alarm %s: %w", id, followup.ErrTaken)
	}
	a.taken++
	a.one.State, a.one.TakenBy, a.one.TakenVia, a.one.TakenAt = policy.AlarmTaken, act.By, act.Via, act.At
	return a.one, nil
}

func (a *alarms) takes(by string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.one.State, a.one.TakenBy = policy.AlarmTaken, by
}

// missed returns an alarm of a critical call that was missed.
func missed() *alarms {
	return &alarms{one: alarm.Alarm{
		ID: "7", Count: 1, State: policy.AlarmOpen, FollowUps: []followup.ID{"3"},
		Event: policy.Notice{Kind: policy.NoticeCriticalMissed, Facts: map[string]string{"account": "Northwind Flex Offices"}},
	}}
}

// told is one who is called about an alarm.
type told struct {
	does  fake.Specialist
	heard []string
	// during is called with all that is heard.
	during func(text string)
}

func (p *told) Caller(fake.Moment) fake.Act       { return fake.HangUp() }
func (p *told) Specialist(string) fake.Specialist { return p.does }
func (p *told) Note(e fake.Event) {
	if e.Did == fake.Hears {
		p.heard = append(p.heard, e.Text)
		if p.during != nil {
			p.during(e.Text)
		}
	}
}

// alarmCall is a call about an alarm, and the provider that carries it.
type alarmCall struct {
	alarms   *alarms
	person   *told
	faults   fake.Faults
	provider *fake.Provider
	account  *fake.Account
	server   *server
}

// rings calls Ada about the alarm and returns the provider's record of the call.
func (c *alarmCall) rings(t *testing.T) fake.Record {
	t.Helper()
	clock := fake.NewVirtual(tuesday)
	c.account = fake.NewAccount(account, token, clock.Now)
	c.account.AddNumber(uk.Full())
	c.account.Change(func(s *fake.State) { s.Runs = true })
	rest, err := twilio.NewAccount(twilio.AccountConfig{AccountSID: account, AuthToken: token, Transport: fake.Straight(c.account)})
	if err != nil {
		t.Fatal(err)
	}
	own := settings(t)
	own.People = []policy.Person{ada}
	c.server = newServerWith(t, func(d *ivr.Deps) {
		d.Settings, d.Now = always(own), clock.Now
		if c.alarms != nil {
			d.Alarms = c.alarms
		}
	})
	call := ivr.AlarmCall{Alarm: "7", Kind: policy.NoticeCriticalMissed, Person: ada.ID, To: ada.Phone, From: uk}
	if _, err := rest.Ring(t.Context(), call.OutboundLeg(publicURL)); err != nil {
		t.Fatal(err)
	}
	c.provider = &fake.Provider{
		AccountSID: account, Token: token, Clock: clock, People: c.person, Account: c.account, Faults: c.faults, Transport: fake.Straight(c.server.handler),
	}
	r, err := c.provider.Place(t.Context(), c.account.TakeCreated()[0])
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Troubles)+len(r.Warnings) > 0 {
		t.Errorf("troubles %q, warnings %q", r.Troubles, r.Warnings)
	}
	return r
}

func (c *alarmCall) heard() string { return strings.Join(c.person.heard, " ") }

const (
	saysMissed = "A critical call was missed."
	saysYours  = "Thank you, it's yours."
	northwinds = "Northwind"
)

// TestWhoPressesOneHasTheAlarm, hears whose it is after the key, and nothing of it before.
func TestWhoPressesOneHasTheAlarm(t *testing.T) {
	for name, faults := range map[string]fake.Faults{"once": {}, "each webhook comes twice": {Retry: true}, "no callback comes": {Callbacks: fake.Lost}, "completed before answered": {Callbacks: fake.Reordered}} {
		t.Run(name, func(t *testing.T) {
			c := &alarmCall{alarms: missed(), person: &told{does: fake.Specialist{PicksUp: 4 * time.Second, Presses: []string{"1"}, Thinks: time.Second}}, faults: faults}
			r := c.rings(t)
			got := c.alarms.one
			if got.State != policy.AlarmTaken || got.TakenBy != ada.Name || got.TakenVia != followup.ViaPhone || c.alarms.taken != 1 {
				t.Errorf("the alarm: %+v, taken %d times", got, c.alarms.taken)
			}
			want := []string{
				"This is phone support.", saysMissed, "To take it, press 1.", saysYours, "Northwind Flex Offices.",
				"It's under Follow-ups in the console, or at the link in your messages. Goodbye.",
			}
			if diff := cmp.Diff(want, c.person.heard); diff != "" {
				t.Error(diff)
			}
			if r.Status != "completed" || r.Seconds < 8 || r.Seconds > 40 {
				t.Errorf("the call: %s, %d seconds", r.Status, r.Seconds)
			}
		})
	}
}

// TestAnAlarmCallThatNobodyTakes is over by itself, tells no account, and changes nothing: the next step comes in time.
func TestAnAlarmCallThatNobodyTakes(t *testing.T) {
	for name, row := range map[string]struct {
		who   fake.Specialist
		asked int // how often it was asked whether somebody takes it
		ends  string
	}{
		"a voicemail":                    {fake.Specialist{PicksUp: 2 * time.Second}, 2, "completed"},
		"a voicemail that hangs up":      {fake.Specialist{PicksUp: 2 * time.Second, Leaves: 3 * time.Second}, 1, "completed"},
		"a machine's tones":              {fake.Specialist{Tones: "1"}, 3, "completed"},
		"a machine's tones, ended":       {fake.Specialist{Tones: "1#"}, 3, "completed"},
		"the key 2":                      {fake.Specialist{Presses: []string{"2"}}, 3, "completed"},
		"hash":                           {fake.Specialist{Presses: []string{"#"}}, 2, "completed"},
		"11":                             {fake.Specialist{Presses: []string{"11"}}, 3, "completed"},
		"star":                           {fake.Specialist{Presses: []string{"*1"}}, 3, "completed"},
		"one who presses wrong for ever": {fake.Specialist{Presses: slices.Repeat([]string{"5"}, 30)}, 8, "completed"},
		"busy":                           {fake.Specialist{Status: "busy"}, 0, "busy"},
		"no answer":                      {fake.Specialist{Status: "no-answer"}, 0, "no-answer"},
		"failed":                         {fake.Specialist{Status: "failed"}, 0, "failed"},
		"picks up after it stopped":      {fake.Specialist{PicksUp: time.Minute, Presses: []string{"1"}}, 0, "no-answer"},
	} {
		t.Run(name, func(t *testing.T) {
			c := &alarmCall{alarms: missed(), person: &told{does: row.who}}
			r := c.rings(t)
			if c.alarms.one.State != policy.AlarmOpen || c.alarms.taken != 0 {
				t.Errorf("taken: %+v", c.alarms.one)
			}
			if n := strings.Count(c.heard(), "press 1"); n != row.asked || r.Status != row.ends {
				t.Errorf("asked %d times, ended %s: %q", n, r.Status, c.heard())
			}
			if strings.Contains(c.heard(), northwinds) {
				t.Errorf("the account is told before a key: %q", c.heard())
			}
			if r.Seconds > 120 {
				t.Errorf("%d seconds", r.Seconds)
			}
		})
	}
}

// TestAKeyAfterAWrongOne takes the alarm.
func TestAKeyAfterAWrongOne(t *testing.T) {
	for _, presses := range [][]string{{"2", "1"}, {"11", "1"}, {"#", "1"}, {"2", "#", "11", "1#"}, {"", "1"}} {
		c := &alarmCall{alarms: missed(), person: &told{does: fake.Specialist{Presses: presses}}}
		c.rings(t)
		if c.alarms.one.TakenBy != ada.Name || !strings.Contains(c.heard(), saysYours) {
			t.Errorf("%q: %+v, heard %q", presses, c.alarms.one, c.heard())
		}
	}
	machine := &alarmCall{alarms: missed(), person: &told{does: fake.Specialist{Tones: "1", Presses: []string{"1"}}}}
	if machine.rings(t); machine.alarms.one.TakenBy != ada.Name {
		t.Errorf("after a machine's tones: %+v", machine.alarms.one)
	}
}

// TestTakenBySomebodyElse while it rings, while the question is asked, and at the moment of the key: who has it is said, and nothing is taken twice.
func TestTakenBySomebodyElse(t *testing.T) {
	const bens = "Ben Okafor has taken it."
	ready := fake.Specialist{PicksUp: 5 * time.Second, Presses: []string{"1"}}
	t.Run("while it rings", func(t *testing.T) {
		c := &alarmCall{alarms: missed(), person: &told{does: ready}}
		c.alarms.takes("Ben Okafor")
		c.rings(t)
		if diff := cmp.Diff([]string{bens + " There is nothing for you to do. Goodbye."}, c.person.heard); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("while the question is asked", func(t *testing.T) {
		c := &alarmCall{alarms: missed(), person: &told{does: ready}}
		c.person.during = func(text string) {
			if text == saysMissed {
				c.alarms.takes("Ben Okafor")
			}
		}
		c.rings(t)
		if !strings.Contains(c.heard(), bens) || strings.Contains(c.heard(), saysYours) || strings.Contains(c.heard(), northwinds) {
			t.Errorf("heard %q", c.heard())
		}
	})
	t.Run("at the moment of the key", func(t *testing.T) {
		c := &alarmCall{alarms: missed(), person: &told{does: ready}}
		c.alarms.before = func() { c.alarms.takes("Ben Okafor") }
		c.rings(t)
		if !strings.Contains(c.heard(), bens) || strings.Contains(c.heard(), northwinds) || c.alarms.taken != 0 {
			t.Errorf("heard %q", c.heard())
		}
	})
	t.Run("by somebody without a name", func(t *testing.T) {
		c := &alarmCall{alarms: missed(), person: &told{does: ready}}
		c.alarms.takes("...09")
		if c.rings(t); !strings.HasPrefix(c.heard(), "Somebody else has taken it.") {
			t.Errorf("heard %q", c.heard())
		}
	})
	t.Run("by somebody whose name is markup", func(t *testing.T) {
		c := &alarmCall{alarms: missed(), person: &told{does: ready}}
		c.alarms.takes("<Say>Ben</Say> & \"Zoe\u0301\" 👩 מיכאל")
		if c.rings(t); !strings.HasPrefix(c.heard(), `<Say>Ben</Say> & "Zoe`+"\u0301"+`" 👩 מיכאל has taken it.`) {
			t.Errorf("heard %q", c.heard())
		}
	})
	t.Run("by somebody whose name is endless", func(t *testing.T) {
		c := &alarmCall{alarms: missed(), person: &told{does: ready}}
		c.alarms.takes(strings.Repeat("Ben ", 60))
		if c.rings(t); !strings.HasPrefix(c.heard(), "Somebody else has taken it.") {
			t.Errorf("heard %q", c.heard())
		}
	})
	t.Run("done meanwhile", func(t *testing.T) {
		c := &alarmCall{alarms: missed(), person: &told{does: ready}}
		c.alarms.one.State = policy.AlarmDone
		if c.rings(t); !strings.HasPrefix(c.heard(), "It's settled.") {
			t.Errorf("heard %q", c.heard())
		}
	})
	t.Run("an alarm that is gone", func(t *testing.T) {
		c := &alarmCall{alarms: missed(), person: &told{does: ready}}
		c.alarms.one.ID = "8"
		if c.rings(t); !strings.HasPrefix(c.heard(), "It's settled.") {
			t.Errorf("heard %q", c.heard())
		}
	})
}

// TestAnAlarmWithoutTheStore is told all the same, and says what to do instead.
func TestAnAlarmWithoutTheStore(t *testing.T) {
	c := &alarmCall{alarms: missed(), person: &told{does: fake.Specialist{Presses: []string{"1"}}}}
	c.alarms.fail = errDisk
	c.rings(t)
	want := []string{"This is phone support.", saysMissed, "This is phone support.", saysMissed, "I can't write down now who takes it. Please look at the console. Goodbye."}
	if diff := cmp.Diff(want, c.person.heard); diff != "" {
		t.Error(diff)
	}
	c = &alarmCall{alarms: missed(), person: &told{does: fake.Specialist{Presses: []string{"1"}}}}
	c.person.during = func(string) { c.alarms.fail = errDisk }
	if c.rings(t); !strings.Contains(c.heard(), "I can't write down now") || strings.Contains(c.heard(), saysYours) {
		t.Errorf("heard %q", c.heard())
	}
}

// TestEachEventIsSaidWithinTheBounds: who is called learns what happened and the key within six seconds, in both languages.
func TestEachEventIsSaidWithinTheBounds(t *testing.T) {
	kinds := []policy.NoticeKind{
		policy.NoticeCriticalRinging, policy.NoticeCriticalMissed, policy.NoticeMissed, policy.NoticeVoicemail, policy.NoticeCallLimit,
		policy.NoticeTickets, policy.NoticeCase, policy.NoticeStoreTrouble, policy.NoticeProviderTrouble, policy.NoticeRotaGap,
		policy.NoticeFeedFailed, policy.NoticeBackup, "of tomorrow",
	}
	said := map[string]bool{}
	for _, from := range []policy.Phone{us, uk} {
		for _, kind := range kinds {
			for _, count := range []int{1, 10} {
				own := missed()
				own.one.Event.Kind, own.one.Count = kind, count
				s := newServerWith(t, func(d *ivr.Deps) { d.Alarms = own })
				call := ivr.AlarmCall{Alarm: "7", Kind: kind, To: "+15550100009", From: from}
				doc := document(t, s.post(strings.TrimPrefix(call.OutboundLeg(publicURL).URL, publicURL), "From", from.Full(), "To", "+15550100009", "Direction", "outbound-api"))
				text := spoken(doc.Verbs)
				if ivr.Seconds(text) > 6 || !strings.Contains(text, "To take it, press 1.") {
					t.Errorf("%s: %.1f seconds: %q", kind, ivr.Seconds(text), text)
				}
				if kind == policy.NoticeCriticalMissed && strings.Contains(text, "10 critical calls") != (count == 10) {
					t.Errorf("%d: %q", count, text)
				}
				said[text] = true
			}
		}
	}
	if len(said) != len(kinds)+1 {
		t.Errorf("%d different questions for %d kinds", len(said), len(kinds))
	}
}

// TestAnEventWithoutAnAlarm, such as trouble with the store, is told and can't be taken.
func TestAnEventWithoutAnAlarm(t *testing.T) {
	s := newServer(t)
	call := ivr.AlarmCall{Kind: policy.NoticeStoreTrouble, Person: "ada", To: ada.Phone, From: uk}
	doc := document(t, s.post(strings.TrimPrefix(call.OutboundLeg(publicURL).URL, publicURL), "From", uk.Full(), "Direction", "outbound-api"))
	if text := spoken(doc.Verbs); strings.Contains(text, "press 1") || strings.Count(text, "Calls can't be written down.") != 2 || !strings.Contains(text, "look at the console") {
		t.Errorf("heard %q", text)
	}
}

// TestSomebodyWithoutAName takes an alarm under the number, masked.
func TestSomebodyWithoutAName(t *testing.T) {
	own := missed()
	s := newServerWith(t, func(d *ivr.Deps) { d.Alarms = own })
	call := ivr.AlarmCall{Alarm: "7", Kind: policy.NoticeCriticalMissed, To: "+15550100009", From: uk}
	address := call.OutboundLeg(publicURL).URL
	if strings.Contains(address, "0100009") {
		t.Errorf("the address has the number: %s", address)
	}
	leg := []string{"From", uk.Full(), "To", "+15550100009", "Direction", "outbound-api"}
	asked := document(t, s.post(strings.TrimPrefix(address, publicURL), leg...)).Verbs[0].(twilio.Gather)
	action := strings.Replace(strings.TrimPrefix(asked.Action, publicURL), "since=", "since=-", 1) // long ago
	document(t, s.post(action, append(leg, "Digits", "1")...))
	if got := own.one.TakenBy; own.taken != 1 || strings.Contains(got, "0100009") || !strings.HasSuffix(got, "09") {
		t.Errorf("taken by %q", got)
	}
}

// TestAlarmWebhooksAreGuarded as all others are.
func TestAlarmWebhooksAreGuarded(t *testing.T) {
	s := newServerWith(t, func(d *ivr.Deps) { d.Alarms = missed() })
	for _, path := range []string{"/alarm/7/ada/2?kind=missed&since=1", "/message/status?notice=a"} {
		r := httptest.NewRequest(http.MethodPost, "/phone"+path, strings.NewReader("Digits=1"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if w := s.serve(r); w.Code != http.StatusForbidden || w.Body.Len() > 0 {
			t.Errorf("%s, unsigned: %d %s", path, w.Code, w.Body)
		}
	}
	for _, path := range []string{"/alarm/7/ada/-1", "/alarm/7/ada/x?since=y&silences=z", "/alarm/%2F/%25/99999999999999999999"} {
		doc := document(t, s.post(path))
		if _, ends := doc.Verbs[len(doc.Verbs)-1].(twilio.Hangup); !ends || spoken(doc.Verbs) == "" {
			t.Errorf("%s: %+v", path, doc)
		}
	}
}

// lostTexts records the texts that were lost.
type lostTexts struct {
	lost []string
	fail error
}

func (l *lostTexts) TextLost(_ context.Context, notice string, code int, _ time.Time) error {
	if l.fail == nil {
		l.lost = append(l.lost, fmt.Sprint(notice, " ", code))
	}
	return l.fail
}

// TestProgressOfTexts: only the loss of one is learnt, by its notice.
func TestProgressOfTexts(t *testing.T) {
	texts := &lostTexts{}
	s := newServerWith(t, func(d *ivr.Deps) { d.Texts = texts })
	path := strings.TrimPrefix(ivr.MessageStatusURL(publicURL, "alarm/7/0/sms/a b&c"), publicURL)
	for _, status := range []string{"queued", "sent", "delivered", "", "undelivered", "failed"} {
		pairs := []string{"CallSid", "", "MessageSid", "SM1", "MessageStatus", status}
		if status == "undelivered" {
			pairs = append(pairs, "ErrorCode", "30006")
		}
		if w := s.post(path, pairs...); w.Code != http.StatusNoContent {
			t.Errorf("%s: %d", status, w.Code)
		}
	}
	if diff := cmp.Diff([]string{"alarm/7/0/sms/a b&c 30006", "alarm/7/0/sms/a b&c 0"}, texts.lost); diff != "" {
		t.Error(diff)
	}
	texts.fail = errDisk
	if w := s.post(path, "MessageStatus", "failed"); w.Code != http.StatusInternalServerError {
		t.Errorf("with a broken store: %d", w.Code)
	}
}
