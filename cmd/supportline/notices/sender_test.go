package notices_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// A dead mail server gets an attempt for one notice, not for hundreds, and the webhook is not delayed.
func TestDeadServerDelaysOnlyItsOwnChannel(t *testing.T) {
	o := newOutbox()
	for i := range 500 {
		o.all = append(o.all, mail(fmt.Sprintf("mail/%03d", i)))
	}
	o.all = append(o.all, post("post"))
	h := startHook(t)
	stop := run(t, notices.New(over((&server{address: "127.0.0.1:1"}).email(), h.channel), o, notices.Options{Now: newClock().Now, After: never}))
	o.await(t, "post", 1)
	o.await(t, "mail/000", 1)
	stop()
	if n := o.get("mail/001"); n.Attempts > 0 {
		t.Errorf("the second mail was tried at the dead server: %+v", n)
	}
}

// After eleven attempts in about three days a notice waits for a person, with its reason.
func TestGivenUpAfterThreeDays(t *testing.T) {
	statuses := make([]int, 20)
	for i := range statuses {
		statuses[i] = 503
	}
	h, o, c := startHook(t, statuses...), newOutbox(post("a")), newClock()
	sender := posting(h, o, c)
	run(t, sender)
	n := o.await(t, "a", 1)
	for tries := 2; n.FailedAt.IsZero(); tries++ {
		c.set(n.NextAt)
		sender.Wake()
		n = o.await(t, "a", tries)
	}
	if took := n.FailedAt.Sub(start); n.Attempts != 11 || took < 60*time.Hour || took > 80*time.Hour {
		t.Errorf("given up after %d tries in %s", n.Attempts, took)
	}
	if n.Error != "the webhook answered 503 Service Unavailable" {
		t.Errorf("the reason is %q", n.Error)
	}
}

func TestPausesGrowAndAreSpread(t *testing.T) {
	want := []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour}
	for i, pause := range want {
		for _, random := range []float64{0, 0.5, 1} {
			n := post("a")
			n.Attempts = i
			o := newOutbox(n)
			run(t, notices.New(over(startHook(t, 500).channel), o, notices.Options{
				Now: newClock().Now, After: never, Random: func() float64 { return random },
			}))
			got := o.await(t, "a", i+1).NextAt.Sub(start)
			if expect := pause + time.Duration((random*2-1)*float64(pause)/10); got != expect {
				t.Errorf("after %d tries, with %g, it waits %s instead of %s", i+1, random, got, expect)
			}
		}
	}
}

// While the outbox cannot be written, what was delivered is not delivered again. After a crash it is, under the same name.
func TestCrashBeforeItIsWrittenDown(t *testing.T) {
	s, h := startServer(t, &server{}, nil), startHook(t)
	o, c := newOutbox(mail("m"), post("p")), newClock()
	settings, options := over(s.email(), h.channel), notices.Options{Now: c.Now, After: never}
	o.setBroken(true)
	first := notices.New(settings, o, options)
	stop := run(t, first)
	o.until(t, func() bool { return len(s.got()) == 1 && len(h.got(t)) == 1 && o.written() >= 2 })
	first.Wake()
	o.until(t, func() bool { return o.written() >= 4 })
	stop()
	if len(s.got()) != 1 || len(h.got(t)) != 1 {
		t.Errorf("%d mails and %d posts from one process", len(s.got()), len(h.got(t)))
	}
	o.setBroken(false)
	c.set(start.Add(2 * time.Minute)) // the claims are over
	run(t, notices.New(settings, o, options))
	if n := o.await(t, "m", 1); n.SentAt.IsZero() {
		t.Errorf("the mail is lost: %+v", n)
	}
	if n := o.await(t, "p", 1); n.SentAt.IsZero() {
		t.Errorf("the post is lost: %+v", n)
	}
	letters := s.got()
	if len(letters) != 2 || letters[0].header("Message-ID") == "" || letters[0].header("Message-ID") != letters[1].header("Message-ID") {
		t.Errorf("the doubled mail cannot be told: %+v", letters)
	}
	if diff := cmp.Diff([]string{"p", "p"}, h.got(t)); diff != "" {
		t.Error(diff)
	}
}

// Two processes with one outbox deliver each notice once, whoever reads it first.
func TestANoticeIsDeliveredByOneProcess(t *testing.T) {
	var all []policy.Notice
	for i := range 50 {
		all = append(all, post(fmt.Sprintf("post/%02d", i)))
	}
	o, h, c := newOutbox(all...), startHook(t), newClock()
	for _, by := range []string{"a", "b", "c"} {
		run(t, notices.New(over(h.channel), o, notices.Options{Now: c.Now, After: never, By: by}))
	}
	for _, n := range all {
		o.await(t, n.Key, 1)
	}
	if came := h.got(t); len(came) != len(all) {
		t.Errorf("%d came of %d", len(came), len(all))
	}
}

// What another process delivers at this moment is left alone until its claim is over; then that process has died.
func TestAClaimedNoticeWaitsForItsClaim(t *testing.T) {
	claimed, _ := post("p").Claimed("another", start, start.Add(2*time.Minute))
	o, h, c := newOutbox(claimed), startHook(t), newClock()
	sender := notices.New(over(h.channel), o, notices.Options{Now: c.Now})
	sender.Once(t.Context())
	if n := o.get("p"); n.Attempts > 0 || n.ClaimedBy != "another" {
		t.Errorf("meanwhile it was tried: %+v", n)
	}
	c.set(start.Add(2 * time.Minute))
	sender.Once(t.Context())
	if n := o.get("p"); n.SentAt.IsZero() || n.ClaimedBy != "" {
		t.Errorf("afterwards: %+v", n)
	}
}

// A process that stood still between its claim and the delivery leaves the notice alone: somebody else may have it by now.
func TestAProcessThatStoodStillDeliversNothing(t *testing.T) {
	o, h, c := newOutbox(post("p")), startHook(t), newClock()
	paused := &pausing{o, c}
	notices.New(over(h.channel), paused, notices.Options{Now: c.Now}).Once(t.Context())
	if came := h.got(t); len(came) > 0 {
		t.Errorf("it sent %q", came)
	}
}

type pausing struct {
	*outbox
	clock *clock
}

func (p *pausing) ClaimNotice(ctx context.Context, key, by string, now, until time.Time) (bool, error) {
	defer p.clock.set(now.Add(time.Minute))
	return p.outbox.ClaimNotice(ctx, key, by, now, until)
}

func (o *outbox) written() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.refused
}

// A notice whose customer was erased meanwhile is no trouble.
func TestNoticeThatIsGone(t *testing.T) {
	h, o := startHook(t), newOutbox(post("gone"), post("next"))
	renamed := &renaming{o}
	run(t, notices.New(over(h.channel), renamed, notices.Options{Now: newClock().Now, After: never}))
	o.await(t, "next", 1)
}

type renaming struct{ *outbox }

func (r *renaming) NoticeSent(ctx context.Context, key string, at time.Time) error {
	if key == "gone" {
		_ = r.outbox.NoticeFailed(ctx, key, at, fmt.Errorf("erased"), time.Time{})
		return fmt.Errorf("%w: %s", policy.ErrNoNotice, key)
	}
	return r.outbox.NoticeSent(ctx, key, at)
}

// A sender that is stopped cuts a hanging delivery off after its grace, does not count that as a failure, and leaves nothing running.
func TestStopLeavesNothingRunning(t *testing.T) {
	h, o := startHook(t), newOutbox(post("a"))
	h.hang, h.hangs = make(chan struct{}), make(chan struct{}, 10)
	stop := run(t, notices.New(over(h.channel), o, notices.Options{Now: newClock().Now, After: at}))
	<-h.hangs
	stop()
	if n := o.get("a"); n.Attempts != 0 || n.ClaimedBy != "" || n.NextAt.After(start) {
		t.Errorf("the notice is blamed, or stays claimed: %+v", n)
	}
	stacks := make([]byte, 1<<20)
	if left := string(stacks[:runtime.Stack(stacks, true)]); strings.Contains(left, "notices.(*Sender)") {
		t.Errorf("something runs on:\n%s", left)
	}
}

func TestLogsHoldNoAddressAndNoSecret(t *testing.T) {
	s := startServer(t, &server{rcptHook: func() error { return reply(550) }}, nil)
	o, hook := newOutbox(mail("m/email/0a1b2c3d"), post("p")), notices.Webhook{URL: "http://127.0.0.1:1/hush-url", Secret: "0123456789abcdef"}
	core, logs := observer.New(zapcore.DebugLevel)
	stop := run(t, notices.New(over(s.email(), hook), o, notices.Options{Now: newClock().Now, After: never, Logger: zap.New(core)}))
	o.await(t, "m/email/0a1b2c3d", 1)
	n := o.await(t, "p", 1)
	stop()
	if strings.Contains(n.Error, "hush-url") {
		t.Errorf("the reason shows the webhook's address: %s", n.Error)
	}
	lines := ""
	for _, l := range logs.All() {
		lines += fmt.Sprintln(l.Message, l.ContextMap())
	}
	for _, secret := range []string{"@", "hush", "0123456789abcdef", "0a1b2c3d", "said 550", "127.0.0.1"} {
		if strings.Contains(lines, secret) {
			t.Errorf("%q is in the log:\n%s", secret, lines)
		}
	}
	if !strings.Contains(lines, "smtp 550 for the receiver") || !strings.Contains(lines, "why:webhook") {
		t.Errorf("the log does not say why:\n%s", lines)
	}
}

func TestOneNoticeForEachReceiver(t *testing.T) {
	s := over(notices.Email{Ops: []string{"ops@example.com", "lead@example.com"}}, notices.Webhook{URL: "https://ops.example.com"})
	n := policy.Notice{Key: "call-limit/CA1", Kind: policy.NoticeCallLimit}
	var to []string
	keys := map[string]bool{}
	for _, a := range s.Addressed(n) {
		to = append(to, string(a.Channel)+" "+a.To)
		keys[a.Key] = true
		if strings.Contains(a.Key, "@") || !strings.HasPrefix(a.Key, n.Key+"/") {
			t.Errorf("the key is %s", a.Key)
		}
	}
	if diff := cmp.Diff([]string{"email ops@example.com", "email lead@example.com", "webhook "}, to); diff != "" || len(keys) != 3 {
		t.Errorf("%d keys, %s", len(keys), diff)
	}
	n.Channel, n.To = policy.ChannelEmail, "dana@customer.example"
	if own := s.Addressed(n); len(own) != 1 || own[0].To != n.To {
		t.Errorf("a notice for one goes to %+v", own)
	}
	if none := (notices.Settings{}).Addressed(n); len(none) != 0 {
		t.Errorf("without any way out there are %+v", none)
	}
}

// The real outbox, across a restart.
func TestOutboxOfTheStore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "calls.db")
	db, err := bolt.OpenStore(file, 0, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.PutNotices(t.Context(), []policy.Notice{mail("m"), post("p")}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = bolt.OpenStore(file, 0, store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s, h := startServer(t, &server{}, nil), startHook(t, 400)
	told := make(chan string, 2)
	stop := run(t, notices.New(over(s.email(), h.channel), db, notices.Options{
		Now: newClock().Now, After: never, Told: func(c policy.Channel, class string) { told <- string(c) + " " + class },
	}))
	<-told
	<-told
	stop()
	states := map[string]string{}
	for n, err := range db.Notices(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		states[n.Key] = fmt.Sprintf("sent %t, given up %t: %s", !n.SentAt.IsZero(), !n.FailedAt.IsZero(), n.Error)
	}
	want := map[string]string{"m": "sent true, given up false: ", "p": "sent false, given up true: the webhook answered 400 Bad Request"}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
