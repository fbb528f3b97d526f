package store

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// A month is derived again when the log changed and it is too old, as long as somebody looks; then it is forgotten.
func TestUsageCacheFollowsTheLog(t *testing.T) {
	now := time.Date(2024, 6, 20, 12, 0, 0, 0, time.UTC)
	s, err := Open(filepath.Join(t.TempDir(), "log.db"), Options{Now: func() time.Time { return now }, Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	cache := NewUsageCache(s, policy.Settings{}, func(err error) { t.Error(err) })
	months := monthsTo("2024-06", 2)
	cache.ask(months)
	cache.Refresh(t.Context())
	for _, step := range []struct {
		name    string
		after   time.Duration
		commits bool
		asked   bool
		want    policy.Month // that is due; "" for none
		kept    int
	}{
		{"nothing changed", time.Hour, false, true, "", 2},
		{"changed, and the latest is old", 0, true, true, "2024-06", 2},
		{"changed, and fresh enough", 29 * time.Second, true, true, "", 2},
		{"changed, and half a minute old", time.Second, false, true, "2024-06", 2},
		{"changed, and nobody looks", 11 * time.Minute, true, false, "", 2},
		{"nobody looked for long", 20 * time.Minute, false, false, "", 0},
	} {
		if now = now.Add(step.after); step.commits {
			if err := s.Note(t.Context(), users.AuditEntry{At: now, Act: "test"}); err != nil {
				t.Fatal(err)
			}
		}
		if step.asked {
			cache.ask(months)
		}
		month, _ := cache.due()
		if month != step.want || len(cache.months) != step.kept {
			t.Errorf("%s: %q is due of %d months, want %q of %d", step.name, month, len(cache.months), step.want, step.kept)
		}
		cache.Refresh(t.Context())
	}
}

// However long a list is, what is remembered to count it is bounded, and what was forgotten is read again.
func TestTicketCounterForgets(t *testing.T) {
	began, reads := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC), 0
	counter := ticketCounter{read: func(customer policy.CustomerNumber, _ policy.Month) ([]policy.CallSummary, error) {
		reads++
		month := make([]policy.CallSummary, 40_000)
		for i := range month {
			month[i] = policy.CallSummary{SID: policy.CallSID(fmt.Sprint(customer, "-", i)), Customer: customer, Accepted: true, Ticket: policy.Ticket(fmt.Sprint(i))}
		}
		return month, nil
	}}
	for i, customer := range []policy.CustomerNumber{"1", "1", "2", "3", "3", "1"} {
		c := policy.Call{SID: policy.CallSID(customer) + "-7", Customer: customer, Month: "2026-11", Ticket: "7", Legs: []policy.Leg{{SID: "CAleg", AcceptedAt: began}}}
		if counted, err := counter.counts(c); !counted || err != nil {
			t.Errorf("call %d: %t, %v", i, counted, err)
		}
	}
	c := policy.Call{SID: "own", Customer: "4", Month: "2026-11", Legs: []policy.Leg{{SID: "CAleg", AcceptedAt: began}}}
	if counted, err := counter.counts(c); !counted || err != nil { // whatever else its month has, which need not be read
		t.Errorf("a matter of its own: %t, %v", counted, err)
	}
	c.From = "client:test-mila"
	if counted, err := counter.counts(c); counted || err != nil {
		t.Errorf("a call to try the line: %t, %v", counted, err)
	}
	if reads != 4 { // 1, 2, 3, and 1 again
		t.Errorf("%d months were read, want 4", reads)
	}
}
