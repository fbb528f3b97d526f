package alarms_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/alarms"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/link"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

var night = time.Date(2026, 12, 7, 8, 59, 0, 0, time.UTC)

// board is a channel of the test. It keeps what it was sent, and, where it is live, what it shows.
type board struct {
	name policy.Channel
	sent []string
	mu   sync.Mutex // of fail
	fail error
}

// failing makes the channel fail with an error from now on, or work again.
func (b *board) failing(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = err
}

func (b *board) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fail
}

func (b *board) Name() policy.Channel    { return b.name }
func (b *board) Pauses() []time.Duration { return []time.Duration{time.Hour} }

func (b *board) Address(n policy.Notice) []policy.Notice {
	n.Key, n.Channel = n.Key+"/"+string(b.name), b.name
	return []policy.Notice{n}
}

func (b *board) Send(_ context.Context, n policy.Notice, w notices.Words, _ time.Time) error {
	err := b.failure()
	if err == nil {
		b.sent = append(b.sent, n.To+"|"+w.Subject)
	}
	return err
}

type liveBoard struct{ board }

func (b *liveBoard) Show(_ context.Context, n policy.Notice, w notices.Words, _ time.Time) (map[string]string, error) {
	if over := n.Shown == "" && n.State == policy.AlarmDone; b.fail == nil && !over { // as channels do: what is over is not begun
		b.sent = append(b.sent, strings.TrimSpace(fmt.Sprintf("%s to %s|%s %s", n.Shown, n.State, w.Subject, n.Facts["taken_by"])))
	}
	return map[string]string{"ts": "1"}, b.fail
}

// onCall has Ada on call until nine, and Ben from then on.
type onCall struct{}

func (onCall) OnCall(rota string, at time.Time) []policy.PersonID {
	switch {
	case rota == "empty":
		return nil
	case at.Before(night.Add(time.Minute)):
		return []policy.PersonID{"ada"}
	}
	return []policy.PersonID{"ben"}
}

// room is an installation whose time the test sets.
type room struct {
	*testing.T
	now         time.Time
	store       *store.Store
	teller      alarms.Teller
	rounds      *alarms.Rounds
	chat        *liveBoard
	texts, tell *board
	sender      *notices.Sender
}

func open(t *testing.T, rules ...alarm.Rule) *room {
	r := &room{T: t, now: night, chat: &liveBoard{board{name: "ops-slack"}}, texts: &board{name: policy.ChannelSMS}, tell: &board{name: policy.ChannelCall}}
	s, err := bolt.OpenStore(filepath.Join(t.TempDir(), "supportline.db"), 1<<20, store.Options{Now: func() time.Time { return r.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	settings := policy.Settings{Roster: onCall{}, People: []policy.Person{
		{ID: "ada", Name: "Ada Moreau", Phone: "+15550100001", SMS: "+15550100001", Email: "ada@example.com"},
		{ID: "ben", Name: "Ben Okafor", Phone: "+15550100002", SMS: "+15550100002"},
		{ID: "cleo", Name: "Cleo Lind", Phone: "sip:cleo@example.com"},
	}}
	key, err := link.Key(s.Secret())
	if err != nil {
		t.Fatal(err)
	}
	r.store, r.teller = s, alarms.Teller{
		Rules: rules, Settings: func() policy.Settings { return settings }, PublicURL: "https://support.example.com", Key: key,
		Channels: notices.Settings{Channels: []notices.Channel{r.texts, r.tell}, Named: []notices.Channel{r.chat}},
	}
	s.TellBy(r.teller.Tell)
	r.rounds = alarms.NewRounds(s, r.teller, func() time.Time { return r.now }, func() {}, func(error) {})
	r.sender = notices.New(r.teller.Channels, s, notices.Options{Now: func() time.Time { return r.now }, Random: func() float64 { return 0.5 }, By: "test"})
	return r
}

// pass lets time pass, with a look of the rounds and of the sender in every five seconds.
func (r *room) pass(d time.Duration) {
	r.Helper()
	for end := r.now.Add(d); ; r.now = r.now.Add(5 * time.Second) {
		if err := r.rounds.Once(r.Context()); err != nil {
			r.Fatal(err)
		}
		r.sender.Once(r.Context())
		if !r.now.Before(end) {
			return
		}
	}
}

func (r *room) event(kind policy.NoticeKind, number int) policy.Notice {
	return policy.Notice{
		Key: fmt.Sprintf("%s/CA%d", kind, number), Kind: kind, At: r.now, Customer: "204518", Facts: map[string]string{"account": "Northwind", "sid": fmt.Sprintf("CA%d", number)},
	}
}

func (r *room) happens(events ...policy.Notice) {
	r.Helper()
	if err := r.store.Tell(r.Context(), events...); err != nil {
		r.Fatal(err)
	}
}

func (r *room) alarm() alarm.Alarm {
	r.Helper()
	a, err := r.store.Alarm(r.Context(), "1")
	if err != nil {
		r.Fatal(err)
	}
	return a
}

func to(written ...string) (all []alarm.Receiver) {
	for _, w := range written {
		way, target, _ := strings.Cut(w, ":")
		all = append(all, alarm.Receiver{Channel: policy.Channel(way), Target: policy.Target(target)})
	}
	return all
}

func waking(first ...string) alarm.Rule {
	return alarm.Rule{
		On: []policy.NoticeKind{policy.NoticeCriticalMissed}, To: to(first...),
		Then: []alarm.Step{{After: 3 * time.Minute, To: to("call:rota:primary")}, {After: 6 * time.Minute, To: to("call:+15550100009")}},
	}
}

func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s, -want +got:\n%s", what, diff)
	}
}

// An alarm told at 08:59 goes to Ada, and its next step at 09:02 to Ben, who is on call from nine; nobody hears more once Ben took it.
func TestAlarmGoesFromPersonToPersonUntilItIsTaken(t *testing.T) {
	r := open(t, waking("ops-slack", "sms:rota:primary"))
	r.happens(r.event(policy.NoticeCriticalMissed, 1))
	r.pass(4 * time.Minute)
	same(t, "texts", []string{"+15550100001|Critical call missed: Northwind"}, r.texts.sent)
	same(t, "calls", []string{"+15550100002|Critical call missed: Northwind"}, r.tell.sent)
	if _, err := r.store.TakeAlarm(r.Context(), "1", followup.Act{At: r.now, By: "Ben Okafor", Via: followup.ViaPhone}); err != nil {
		t.Fatal(err)
	}
	r.pass(3 * time.Hour)
	same(t, "the chat", []string{"to open|Critical call missed: Northwind", "open to taken|Critical call missed: Northwind Ben Okafor"}, r.chat.sent)
	if len(r.texts.sent)+len(r.tell.sent) != 2 {
		t.Errorf("told though it is taken: %q, %q", r.texts.sent, r.tell.sent)
	}
}

// However many alarms became due at once, such as at the end of quiet hours, one look tells them all.
func TestOneLookTellsAllThatIsDue(t *testing.T) {
	quiet := alarm.Rule{On: []policy.NoticeKind{policy.NoticeMissed}, To: to("sms:ada"), Quiet: &alarm.Quiet{From: 22 * time.Hour, To: 7 * time.Hour, Zone: time.UTC}}
	r := open(t, quiet)
	r.now = time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	const many = 250
	for n := range many {
		r.happens(r.event(policy.NoticeMissed, n))
	}
	for _, row := range []struct{ at, want int }{{6, 0}, {7, many}} {
		at, want := row.at, row.want
		r.now = time.Date(2026, 12, 1, at, 0, 0, 0, time.UTC)
		if err := r.rounds.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		due, err := r.store.DueNotices(t.Context(), policy.ChannelSMS, r.now, 2*many)
		if err != nil || len(due) != want {
			t.Errorf("at %d %d of %d are told: %v", at, len(due), want, err)
		}
	}
}

// The link of a text is its receiver's and takes the alarm.
func TestTextCarriesTheLinkOfItsReceiver(t *testing.T) {
	r := open(t, waking("sms:rota:primary"))
	r.happens(r.event(policy.NoticeCriticalMissed, 1))
	due, err := r.store.DueNotices(t.Context(), policy.ChannelSMS, r.now, 10)
	if err != nil || len(due) != 1 {
		t.Fatalf("%+v, %v", due, err)
	}
	token, ok := strings.CutPrefix(due[0].Facts[alarm.TakeLink], "https://support.example.com/w/")
	l, err := link.Read(r.teller.Key, link.Token(token), r.now)
	if err != nil || !ok || l.To != link.Alarm || l.ID != "1" || l.Person != "ada" || due[0].Person != "ada" || !strings.HasPrefix(due[0].Key, "alarm/1/0/0/sms/") {
		t.Errorf("%+v, %v of %+v", l, err, due[0])
	}
}

// Ten missed critical calls of one account are one alarm that says ten: the chat is changed, and the next text says so.
func TestTenMissedCallsAreOneAlarm(t *testing.T) {
	r := open(t, waking("ops-slack", "sms:rota:primary"))
	for n := range 10 {
		r.happens(r.event(policy.NoticeCriticalMissed, n))
		r.happens(r.event(policy.NoticeCriticalMissed, n)) // told again, which counts once
		r.pass(5 * time.Second)
	}
	if a := r.alarm(); a.Count != 10 || len(a.Joined) != 9 {
		t.Errorf("%+v", a)
	}
	r.pass(3 * time.Minute)
	if _, err := r.store.Alarm(t.Context(), "2"); !errors.Is(err, alarm.ErrNone) {
		t.Errorf("there is a second alarm: %v", err)
	}
	same(t, "texts", []string{"+15550100001|Critical call missed: Northwind"}, r.texts.sent)
	same(t, "calls", []string{"+15550100002|10 critical calls missed: Northwind"}, r.tell.sent)
	if last := r.chat.sent[len(r.chat.sent)-1]; last != "open to open|10 critical calls missed: Northwind" {
		t.Errorf("the chat shows %q", r.chat.sent)
	}
}

// Each of them is a follow-up of its own, and whoever takes the alarm takes all ten.
func TestTenMissedCallsAreTenFollowUps(t *testing.T) {
	r := open(t, waking("sms:rota:primary"))
	log := store.NotifyingLog{Store: r.store, Settings: r.teller.Settings(), Link: func(policy.CallSID) string { return "" }}
	for n := range 10 {
		sid := policy.CallSID(fmt.Sprintf("CA%d", n))
		if _, err := log.Advance(t.Context(), sid, func(c policy.Call) policy.Call {
			c.SID, c.From, c.Customer, c.Account, c.Intent, c.Answered = sid, "+12125550142", "204518", "Northwind", policy.Critical, true
			c.StartedAt, c.HuntingAt, c.Exhausted, c.EndedAt = r.now.Add(-time.Minute), r.now.Add(-time.Minute), true, r.now
			return c
		}); err != nil {
			t.Fatal(err)
		}
		r.pass(5 * time.Second)
	}
	open := func() (list []followup.FollowUp) {
		t.Helper()
		list, err := r.store.OpenFollowUps(t.Context(), "", 100)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if a, list := r.alarm(), open(); a.Count != 10 || len(a.FollowUps) != 10 || len(list) != 10 {
		t.Errorf("%d follow-ups, and an alarm of %d with %d", len(list), a.Count, len(a.FollowUps))
	}
	if _, err := r.store.Alarm(t.Context(), "2"); !errors.Is(err, alarm.ErrNone) {
		t.Errorf("there is a second alarm: %v", err)
	}
	if _, err := r.store.TakeAlarm(t.Context(), "1", followup.Act{At: r.now, By: "Ada Moreau", Via: followup.ViaPhone}); err != nil {
		t.Fatal(err)
	}
	for _, f := range open() {
		if f.State != followup.Taken || f.Owner != "Ada Moreau" {
			t.Errorf("%s is %s by %q", f.Call, f.State, f.Owner)
		}
	}
}

// A step that leads to nobody is passed at once, whatever the reason, and the gap is an event of its own.
func TestStepThatLeadsToNobody(t *testing.T) {
	gap := alarm.Rule{On: []policy.NoticeKind{policy.NoticeRotaGap}, To: to("ops-slack")}
	for _, first := range []string{"sms:rota:empty", "sms:cleo", "email:ben", "slack:ada", "sms:gone"} {
		t.Run(first, func(t *testing.T) {
			r := open(t, waking(first), gap)
			r.happens(r.event(policy.NoticeCriticalMissed, 1))
			r.pass(0)
			same(t, "calls", []string{"+15550100001|Critical call missed: Northwind"}, r.tell.sent)
			same(t, "the chat", []string{"|Nobody could be told by " + first}, r.chat.sent)
		})
	}
}

// A text that a landline refuses for good makes the next step due at once; one that only waits does not.
func TestTextToALandline(t *testing.T) {
	r := open(t, waking("sms:rota:primary"))
	r.texts.failing(errors.New("the carrier is busy"))
	r.happens(r.event(policy.NoticeCriticalMissed, 1))
	r.pass(20 * time.Second)
	if len(r.tell.sent) > 0 {
		t.Fatalf("called though the text is tried on: %q", r.tell.sent)
	}
	due, err := r.store.Notices, error(nil)
	for n, e := range due(t.Context()) {
		if err = e; n.Channel == policy.ChannelSMS && n.Attempts < 2 {
			t.Errorf("after 20 s it was tried %d times", n.Attempts)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	for n := range due(t.Context()) {
		if n.Channel == policy.ChannelSMS {
			if err := r.store.NoticeFailed(t.Context(), n.Key, r.now, errors.New("a landline"), time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.pass(0)
	same(t, "calls", []string{"+15550100001|Critical call missed: Northwind"}, r.tell.sent)
}

// A text that the provider took and lost afterwards makes the next step due at once too, and a person may have it sent again.
func TestTextThatIsLostOnItsWay(t *testing.T) {
	r := open(t, waking("sms:rota:primary"))
	r.happens(r.event(policy.NoticeCriticalMissed, 1))
	r.pass(0)
	for n, err := range r.store.Notices(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the word of it comes twice
			if err := r.store.NoticeLost(t.Context(), n.Key, r.now, errors.New("a landline")); err != nil {
				t.Fatal(err)
			}
		}
		defer func() {
			if err := r.store.RetryNotice(t.Context(), n.Key, "ops", r.now); err != nil {
				t.Error(err)
			}
			r.pass(0)
			if len(r.texts.sent) != 2 {
				t.Errorf("sent again by a person: %q", r.texts.sent)
			}
		}()
	}
	r.pass(0)
	same(t, "calls", []string{"+15550100001|Critical call missed: Northwind"}, r.tell.sent)
}

// What was done before it was sent is never told, and nobody is told that it is over.
func TestDoneBeforeItWasSent(t *testing.T) {
	r := open(t, waking("ops-slack", "sms:rota:primary"))
	r.chat.failing(errors.New("down"))
	r.texts.failing(errors.New("down"))
	r.happens(r.event(policy.NoticeCriticalMissed, 1))
	r.pass(10 * time.Second)
	if _, err := r.store.FinishAlarm(t.Context(), "1", followup.Act{At: r.now, By: "ops", Note: "served"}); err != nil {
		t.Fatal(err)
	}
	r.chat.failing(nil)
	r.texts.failing(nil)
	r.pass(time.Hour)
	if len(r.chat.sent)+len(r.texts.sent)+len(r.tell.sent) > 0 {
		t.Errorf("told afterwards: %q %q %q", r.chat.sent, r.texts.sent, r.tell.sent)
	}
	if n, err := r.store.FailedNotices(t.Context()); err != nil || n != 0 {
		t.Errorf("%d wait for a person, %v", n, err)
	}
}

// The chat that was down when somebody took the alarm shows the alarm first and then that it is taken.
func TestTakenBeforeThePagerKnew(t *testing.T) {
	r := open(t, waking("ops-slack"))
	r.chat.failing(errors.New("down"))
	r.happens(r.event(policy.NoticeCriticalMissed, 1))
	r.pass(10 * time.Second)
	if _, err := r.store.TakeAlarm(t.Context(), "1", followup.Act{At: r.now, By: "Ada Moreau"}); err != nil {
		t.Fatal(err)
	}
	r.chat.failing(nil)
	r.pass(time.Hour)
	same(t, "the chat", []string{"to taken|Critical call missed: Northwind Ada Moreau"}, r.chat.sent)
}

// An event that no rule names is told as it was before there were alarms, and a new kind not at all.
func TestEventThatNoRuleNames(t *testing.T) {
	r := open(t)
	voicemail := r.event(policy.NoticeVoicemail, 1)
	r.happens(voicemail, r.event(policy.NoticeMissed, 2), r.event(policy.NoticeCriticalRinging, 3))
	var keys []string
	for n, err := range r.store.Notices(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, n.Key)
	}
	same(t, "the outbox", []string{"voicemail/CA1/call", "voicemail/CA1/sms"}, slices.Sorted(slices.Values(keys)))
}

// Trouble is told from memory, once in ten minutes, though the store is closed and a channel hangs.
func TestTroubleIsToldFromMemory(t *testing.T) {
	r := open(t, alarm.Rule{On: []policy.NoticeKind{policy.NoticeStoreTrouble}, To: to("sms:rota:empty"), Then: []alarm.Step{{After: time.Minute, To: to("sms:ada", "ops-slack")}}})
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		trouble := alarms.NewTrouble(r.teller, "p1", func() time.Time { return night.Add(time.Since(began)) }, time.After, zap.NewNop())
		go trouble.Run(ctx)
		for range 1000 {
			trouble.Saw(policy.NoticeStoreTrouble, "the disk is full")
		}
		synctest.Wait()
		const told = "The log of phone support can't be written"
		same(t, "texts", []string{"+15550100001|" + told}, r.texts.sent)
		same(t, "the chat", []string{"|" + told}, r.chat.sent)
		r.texts.failing(errors.New("down"))
		time.Sleep(9 * time.Minute)
		trouble.Saw(policy.NoticeStoreTrouble, "the disk is full")
		synctest.Wait()
		if len(r.chat.sent) != 1 {
			t.Errorf("told twice in ten minutes: %q", r.chat.sent)
		}
		time.Sleep(time.Minute)
		trouble.Saw(policy.NoticeStoreTrouble, "the disk is full")
		trouble.Saw(policy.NoticeProviderTrouble, "no rule names it")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		r.texts.failing(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(r.chat.sent) != 2 || len(r.texts.sent) != 2 {
			t.Errorf("after ten minutes: %q %q", r.texts.sent, r.chat.sent)
		}
		cancel()
		synctest.Wait()
	})
}

// A sample is sent as an alarm is, and nobody has to take it.
func TestSample(t *testing.T) {
	r := open(t)
	for receiver, want := range map[string]string{"ops-slack": "ops-slack ", "sms:ada": "sms +15550100001", "call:rota:primary": "call +15550100001", "call:cleo": "call sip:cleo@example.com"} {
		sent, err := r.teller.Sample(t.Context(), receiver, r.now)
		if err != nil || len(sent) != 1 || sent[0].Err != nil || fmt.Sprintf("%s %s", sent[0].Notice.Channel, sent[0].Notice.To) != want || sent[0].Notice.Facts[alarm.TakeLink] != "" {
			t.Errorf("%s: %+v, %v", receiver, sent, err)
		}
	}
	same(t, "the chat", []string{"to open|A sample from phone support", "open to done|A sample from phone support"}, r.chat.sent)
	for receiver, want := range map[string]string{
		"ops-slak": "the configuration has no channel ops-slak: write one of ops-slack, or sms:NAME", "sms:cleo": "sms:cleo leads to nobody: that person has no address", "sms:zed": `no specialist has the short name "zed"`, "sms:rota:empty": "leads to nobody at this moment",
	} {
		if _, err := r.teller.Sample(t.Context(), receiver, r.now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", receiver, err)
		}
	}
	if n, err := r.store.CountAlarms(t.Context()); n != 0 || err != nil {
		t.Errorf("%d alarms, %v", n, err)
	}
}
