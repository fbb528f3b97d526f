package alarms

import (
	"context"
	"maps"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
)

const (
	// tellEvery is how often a process tells of one kind of trouble.
	tellEvery = 10 * time.Minute
	// troubleTries is how often one notice of trouble is tried, with a pause that grows between.
	troubleTries = 3
	troublePause = 10 * time.Second
	// troubleTimeout bounds one attempt.
	troubleTimeout = 30 * time.Second
)

// Trouble tells of trouble with the store or the provider: from memory and directly through the channels, since neither may be there. What it tells is
// in no outbox, and makes no alarm that somebody could take.
type Trouble struct {
	teller Teller
	now    func() time.Time
	after  func(time.Duration) <-chan time.Time
	by     string
	log    *zap.Logger

	mu     sync.Mutex
	told   map[policy.NoticeKind]time.Time
	unsaid map[policy.NoticeKind]int // failures since it was told
	queue  chan policy.Notice
}

// NewTrouble returns Trouble of a process. after is time.After, but in tests.
func NewTrouble(t Teller, by string, now func() time.Time, after func(time.Duration) <-chan time.Time, log *zap.Logger) *Trouble {
	return &Trouble{
		teller: t, now: now, after: after, by: by, log: log, told: map[policy.NoticeKind]time.Time{}, unsaid: map[policy.NoticeKind]int{},
		queue: make(chan policy.Notice, 2),
	}
}

// Saw notes a failure of a kind, and has people told unless they were in the last ten minutes. It returns at once, whatever the channels do.
func (t *Trouble) Saw(kind policy.NoticeKind, cause string) {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unsaid[kind]++
	if last, ok := t.told[kind]; ok && now.Sub(last) < tellEvery {
		return
	}
	n := policy.Notice{
		Key: string(kind) + "/" + t.by + "/" + strconv.FormatInt(now.Unix(), 10), Kind: kind, At: now.UTC(),
		Facts: map[string]string{"cause": cause, "failures": strconv.Itoa(t.unsaid[kind]), "process": t.by},
	}
	select {
	case t.queue <- n:
		t.told[kind], t.unsaid[kind] = now, 0
	default: // people are being told; it is tried with the next failure
	}
}

// Run sends what was seen to people until ctx ends.
func (t *Trouble) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case n := <-t.queue:
			t.tell(ctx, n)
		}
	}
}

// tell tells an event to the first step of its rule that leads to anybody. In quiet hours nobody is told: the next failure after them is.
func (t *Trouble) tell(ctx context.Context, event policy.Notice) {
	rule, named := t.teller.Rules.For(event.Kind)
	if !named {
		return
	}
	_, out := rule.Raise("0", event, event.At, t.teller.address)
	var all sync.WaitGroup
	for _, n := range out {
		if n.Channel == "" {
			continue
		}
		all.Go(func() { t.deliver(ctx, direct(n, event.Key)) })
	}
	all.Wait()
}

// direct returns a notice as it goes out without an alarm.
func direct(n policy.Notice, key string) policy.Notice {
	n.Key, n.Alarm, n.State, n.Count, n.Until = key+n.Key[len("alarm/0"):], "", "", 0, time.Time{}
	n.Facts = maps.Clone(n.Facts)
	delete(n.Facts, alarm.TakeLink)
	delete(n.Facts, "alarm")
	return n
}

// deliver delivers a notice, with a few attempts.
func (t *Trouble) deliver(ctx context.Context, n policy.Notice) {
	for try := range troubleTries {
		sending, cancel := context.WithTimeout(ctx, troubleTimeout)
		err := t.teller.Channels.Deliver(sending, n, t.now())
		cancel()
		if err == nil || notices.ForGood(err) || ctx.Err() != nil {
			t.report(n, err)
			return
		}
		t.report(n, err)
		select {
		case <-ctx.Done():
			return
		case <-t.after(troublePause << try):
		}
	}
}

func (t *Trouble) report(n policy.Notice, err error) {
	fields := []zap.Field{zap.String("kind", string(n.Kind)), zap.String("channel", string(n.Channel))}
	if err != nil {
		t.log.Warn("people could not be told of trouble", append(fields, zap.String("why", notices.Class(err)))...)
		return
	}
	t.log.Info("people were told of trouble", fields...)
}
