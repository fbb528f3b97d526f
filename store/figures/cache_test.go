package figures

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// A month is derived again when the log changed and it is too old, as long as somebody looks; then it is forgotten.
func TestCacheFollowsTheLog(t *testing.T) {
	now := time.Date(2024, 6, 20, 12, 0, 0, 0, time.UTC)
	s, err := bolt.OpenStore(filepath.Join(t.TempDir(), "log.db"), 0, store.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	cache := NewCache(s, policy.Settings{}, func(err error) { t.Error(err) })
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
