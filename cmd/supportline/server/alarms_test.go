package server

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
)

// lamp is a channel that keeps the subjects of what it was sent.
type lamp struct{ lit chan string }

func (l *lamp) Name() policy.Channel    { return "lamp" }
func (l *lamp) Pauses() []time.Duration { return nil }

func (l *lamp) Address(n policy.Notice) []policy.Notice {
	n.Key, n.Channel = n.Key+"/lamp", l.Name()
	return []policy.Notice{n}
}

func (l *lamp) Send(_ context.Context, _ policy.Notice, w notices.Words, _ time.Time) error {
	l.lit <- w.Subject
	return nil
}

// TestTroubleIsToldWhereItIsSeen: a webhook that found no store, a database that went away, and requests to the provider that are held back; not a request
// that failed once, and neither of them twice.
func TestTroubleIsToldWhereItIsSeen(t *testing.T) {
	conf := mustConfig(t)
	conf.Store.File = filepath.Join(t.TempDir(), "s.db")
	l := &lamp{make(chan string, 10)}
	conf.Notices.Named = []notices.Channel{l}
	conf.Alarms = alarm.Rules{{On: []policy.NoticeKind{policy.NoticeStoreTrouble, policy.NoticeProviderTrouble}, To: []alarm.Receiver{{Channel: "lamp"}}}}
	a := must(Open(conf, time.Now, zap.NewNop(), 1<<20))
	t.Cleanup(func() { _ = a.Close() })
	a.asked("call create", "failed", time.Second)
	for range 3 {
		troubled{a.Counters, a.trouble}.StoreFailed(errors.New("the disk is full"))
		a.databaseWent()
		a.asked("call create", heldBack, 0)
	}
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { defer close(over); a.trouble.Run(ctx) }()
	first, second := <-l.lit, <-l.lit
	cancel()
	<-over
	if first != "The log of phone support can't be written" || second != "The telephone provider's API fails" || len(l.lit) > 0 {
		t.Errorf("told: %q, %q and %d more", first, second, len(l.lit))
	}
}
