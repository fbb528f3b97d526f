package store_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// TestThoseToldOfACallAreToldInTheStepThatEndsIt: the notice of a missed critical call is written with the end of the call, both or neither, once,
// and with the name of the account on file.
func TestThoseToldOfACallAreToldInTheStepThatEndsIt(t *testing.T) {
	now := time.Date(2026, time.November, 23, 14, 0, 0, 0, time.UTC)
	s, err := bolt.OpenStore(filepath.Join(t.TempDir(), "supportline.db"), 1<<20, store.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sends := 0
	log := store.NotifyingLog{
		Told: func() { sends++ }, Store: s, Link: func(sid policy.CallSID) string { return "https://console.example.com/calls/" + string(sid) },
	}
	s.TellBy(func(n policy.Notice, _ *alarm.Alarm, _ alarm.ID, _ time.Time) (*alarm.Alarm, []policy.Notice) {
		n.Key, n.Channel = n.Key+"/webhook", policy.ChannelWebhook
		return nil, []policy.Notice{n}
	})
	advance := func(change func(policy.Call) policy.Call) error {
		_, err := log.Advance(t.Context(), "CA1", change)
		return err
	}
	end := func(c policy.Call) policy.Call {
		c.Exhausted, c.LeftAt = true, now
		return c
	}
	if err := advance(func(c policy.Call) policy.Call {
		c.StartedAt, c.HuntingAt, c.Intent, c.OnFile, c.From = now.Add(-time.Minute), now.Add(-time.Minute), policy.Critical, "204518", "+12125550142"
		c.State.OnFileName = "Northwind"
		return c
	}); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left on device")
	s.FailWrites(full)
	if err := advance(end); !errors.Is(err, full) {
		t.Fatalf("an end on a full disk: %v", err)
	}
	s.FailWrites(nil)
	if told := waiting(t, s, now); len(told) != 0 {
		t.Errorf("told of an end that was not written: %+v", told)
	}
	for range 3 { // the report of the end comes again
		if err := advance(end); err != nil {
			t.Fatal(err)
		}
	}
	told := waiting(t, s, now)
	if len(told) != 1 || told[0].Kind != policy.NoticeCriticalMissed || told[0].Facts["on_file_account"] != "Northwind" ||
		told[0].Facts["link"] != "https://console.example.com/calls/CA1" || told[0].Customer != "" {
		t.Errorf("told: %+v", told)
	}
	if sends != 1 {
		t.Errorf("the sender was woken %d times, want once, after the notice was written", sends)
	}
}

func waiting(t *testing.T, s *store.Store, now time.Time) []policy.Notice {
	t.Helper()
	due, err := s.DueNotices(t.Context(), policy.ChannelWebhook, now, 10)
	if err != nil {
		t.Fatal(err)
	}
	return due
}

// TestAStepThatFoundNobodyIsToldWithIt: in the change in which the gap is noted, before anybody was rung, and once a day however many calls meet it.
func TestAStepThatFoundNobodyIsToldWithIt(t *testing.T) {
	now := time.Date(2026, time.November, 23, 14, 0, 0, 0, time.UTC)
	s, err := bolt.OpenStore(filepath.Join(t.TempDir(), "supportline.db"), 1<<20, store.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.TellBy(func(n policy.Notice, _ *alarm.Alarm, _ alarm.ID, _ time.Time) (*alarm.Alarm, []policy.Notice) {
		n.Key, n.Channel = n.Key+"/webhook", policy.ChannelWebhook
		return nil, []policy.Notice{n}
	})
	log := store.NotifyingLog{Store: s, Link: func(policy.CallSID) string { return "" }}
	for _, sid := range []policy.CallSID{"CA1", "CA2", "CA1"} {
		if _, err := log.Advance(t.Context(), sid, func(c policy.Call) policy.Call {
			c.StartedAt, c.HuntingAt = now, now
			c.State.Gaps = []policy.RingGap{{At: now, Team: "critical", To: []policy.Target{"rota:night"}, Why: "nobody is on call in the rota night"}}
			return c
		}); err != nil {
			t.Fatal(err)
		}
	}
	if told := waiting(t, s, now); len(told) != 1 || told[0].Kind != policy.NoticeRotaGap || told[0].Facts["rota"] != "night" {
		t.Errorf("told: %+v", told)
	}
}
