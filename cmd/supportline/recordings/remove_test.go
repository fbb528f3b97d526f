package recordings_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio/fake"
)

// gone checks that recordings are neither in the bucket nor at the provider, and that nothing is left to do.
func (a *rig) gone(sids ...string) {
	a.Helper()
	for _, sid := range sids {
		if a.bucket != nil && a.has(sid) {
			a.Errorf("%s is still in the bucket", sid)
		}
		a.at.Change(func(s *fake.State) {
			for _, r := range s.Recordings {
				if r.SID == sid {
					a.Errorf("%s is still at the provider", sid)
				}
			}
		})
	}
	left, err := a.store.DueRemovals(a.Context(), a.now.AddDate(1, 0, 0), 10)
	if err != nil || len(left) > 0 {
		a.Errorf("left to remove: %+v, %v", left, err)
	}
}

// TestErasedWhenever: before the fetching, between its end and the log, after it, after the deletion at the provider.
func TestErasedWhenever(t *testing.T) {
	everyBucket(t, func(t *testing.T, bucket recordings.Bucket) {
		for name, row := range map[string]struct {
			change func(*recordings.Settings)
			erase  func(a *rig)
		}{
			"before the fetching":   {nil, func(a *rig) { a.erase(); a.pass("erased", recordings.Done{Removed: 2}) }},
			"while it is fetched":   {nil, eraseUnderWay},
			"killed while fetching": {nil, func(a *rig) { eraseUnderWay(a); a.killed() }},
			"after the fetching": {nil, func(a *rig) {
				a.pass("at first", recordings.Done{Fetched: 2})
				a.erase()
			}},
			"after the deletion": {deleting, func(a *rig) {
				a.pass("at first", recordings.Done{Fetched: 2, Deleted: 2})
				a.erase()
			}},
		} {
			t.Run(name, func(t *testing.T) {
				a := newRig(t, bucket, row.change)
				row.erase(a)
				if _, err := a.archive.Pass(t.Context()); err != nil {
					t.Fatal(err)
				}
				a.gone(first, second)
				a.advance(heard) // a late callback
				a.pass("after a late callback", recordings.Done{})
				if all := a.call().Recorded(); len(all) > 0 {
					t.Errorf("an erased call has %+v", all)
				}
			})
		}
	})
}

// TestExpiredWhileItIsFetched: retention removes a call whose recordings are stored already and not yet in the log. The sound goes with the
// call, and the archive does not bring anything of it back.
func TestExpiredWhileItIsFetched(t *testing.T) {
	everyBucket(t, func(t *testing.T, bucket recordings.Bucket) {
		a := newRig(t, bucket, deleting)
		underWay(a, func() {
			if _, err := a.store.Expire(a.Context(), a.now.AddDate(1, 0, 0)); err != nil {
				t.Error(err)
			}
		})
		if !a.has(first) && !a.has(second) {
			t.Fatal("nothing was copied in vain")
		}
		a.pass("after the night", recordings.Done{Removed: 2})
		a.gone(first, second)
		if c, err := a.store.Call(t.Context(), call); !errors.Is(err, policy.ErrNoCall) {
			t.Errorf("the call is back: %+v, %v", c, err)
		}
	})
}

// eraseUnderWay erases the customer when the sound is in the bucket already and not in the log.
func eraseUnderWay(a *rig) {
	a.Helper()
	underWay(a, a.erase)
	if !a.call().Erased || !a.has(first) && !a.has(second) {
		a.Fatal("nothing was copied in vain")
	}
}

// underWay does something in the middle of a pass: when the first sound is in the bucket already and not in the log.
func underWay(a *rig, act func()) {
	a.Helper()
	var once sync.Once
	a.log = func(l recordings.Log) recordings.Log {
		return onAdvance{l, func() {
			if a.has(first) || a.has(second) { // else it is only claimed
				once.Do(act)
			}
		}}
	}
	a.configure()
	_, err := a.archive.Pass(a.Context())
	a.log = nil
	a.configure()
	if err != nil {
		a.Fatal(err)
	}
}

type onAdvance struct {
	recordings.Log
	before func()
}

func (l onAdvance) Advance(ctx context.Context, sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error) {
	l.before()
	return l.Log.Advance(ctx, sid, change)
}

// TestRemovalSurvivesFailures of the provider, of the bucket, and of the process.
func TestRemovalSurvivesFailures(t *testing.T) {
	b := newS3Store(t)
	a := newRig(t, b.bucket(t), nil)
	a.pass("at first", recordings.Done{Fetched: 2})
	a.erase()
	b.refuse = true
	a.pass("bucket down", recordings.Done{Failed: 2})
	b.refuse = false
	a.now = a.now.Add(10 * time.Second)
	a.interfere(http.MethodDelete, second, refuse(403, 20008))
	a.pass("provider refuses one", recordings.Done{Removed: 1, Failed: 1})
	a.interfere("", "", nil)
	a.now = a.now.Add(30 * time.Second)
	a.log = func(l recordings.Log) recordings.Log { return &brokenLog{Log: l} }
	a.configure()
	if _, err := a.archive.Pass(t.Context()); !errors.Is(err, errKilled) {
		t.Errorf("killed before the log knew: %v", err)
	}
	a.log = nil
	a.killed()
	a.pass("next process", recordings.Done{Removed: 1})
	a.gone(first, second)
}

// TestRetentionRemovesRecordings with the call: here always, at the provider where recordings are deleted there.
func TestRetentionRemovesRecordings(t *testing.T) {
	everyBucket(t, func(t *testing.T, bucket recordings.Bucket) {
		for name, change := range map[string]func(*recordings.Settings){"kept at the provider": nil, "deleted there": deleting} {
			t.Run(name, func(t *testing.T) {
				a := newRig(t, bucket, change)
				a.interfere(http.MethodGet, second, refuse(404, 20404)) // one is not fetched in time
				if _, err := a.archive.Pass(t.Context()); err != nil {
					t.Fatal(err)
				}
				a.now = a.now.AddDate(2, 0, 0)
				if _, err := a.store.Expire(t.Context(), a.now.AddDate(-1, 0, 0)); err != nil {
					t.Fatal(err)
				}
				a.killed()
				a.pass("after the night", recordings.Done{Removed: 2})
				if change != nil {
					a.gone(first, second)
				} else if a.has(first) || a.asked("DELETE", "") != 0 {
					t.Errorf("the file is there: %v, deleted at the provider %d times", a.has(first), a.asked("DELETE", ""))
				}
			})
		}
	})
}
