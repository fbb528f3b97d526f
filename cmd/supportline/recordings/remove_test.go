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

// gone holds that a recording is nowhere: not in the place, not at the provider, and that nothing is left to do.
func (a *archive) gone(sids ...string) {
	a.Helper()
	for _, sid := range sids {
		if a.place != nil && a.has(sid) {
			a.Errorf("%s is still in the place", sid)
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
	everyPlace(t, func(t *testing.T, place recordings.Place) {
		for name, row := range map[string]struct {
			change func(*recordings.Settings)
			erase  func(a *archive)
		}{
			"before the fetching":   {nil, func(a *archive) { a.erase(); a.pass("erased", recordings.Done{Removed: 2}) }},
			"while it is fetched":   {nil, eraseUnderWay},
			"killed while fetching": {nil, func(a *archive) { eraseUnderWay(a); a.killed() }},
			"after the fetching": {nil, func(a *archive) {
				a.pass("at first", recordings.Done{Fetched: 2})
				a.erase()
			}},
			"after the deletion": {deleting, func(a *archive) {
				a.pass("at first", recordings.Done{Fetched: 2, Deleted: 2})
				a.erase()
			}},
		} {
			t.Run(name, func(t *testing.T) {
				a := newArchive(t, place, row.change)
				row.erase(a)
				if _, err := a.keeper.Pass(t.Context()); err != nil {
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

// eraseUnderWay erases the customer when the sound is in the place already and not in the log.
func eraseUnderWay(a *archive) {
	a.Helper()
	var once sync.Once
	a.log = func(l recordings.Log) recordings.Log { return onAdvance{l, func() { once.Do(a.erase) }} }
	a.configure()
	_, err := a.keeper.Pass(a.Context())
	a.log = nil
	a.configure()
	if err != nil || !a.call().Erased || !a.has(first) && !a.has(second) {
		a.Fatalf("nothing was copied in vain: %v", err)
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

// TestRemovalSurvivesFailures of the provider, of the place, and of the process.
func TestRemovalSurvivesFailures(t *testing.T) {
	b := newBucket(t)
	a := newArchive(t, b.place(t), nil)
	a.pass("at first", recordings.Done{Fetched: 2})
	a.erase()
	b.refuse = true
	a.pass("place down", recordings.Done{Failed: 2})
	b.refuse = false
	a.now = a.now.Add(10 * time.Second)
	a.interfere(http.MethodDelete, second, refuse(403, 20008))
	a.pass("provider refuses one", recordings.Done{Removed: 1, Failed: 1})
	a.interfere("", "", nil)
	a.now = a.now.Add(30 * time.Second)
	a.log = func(l recordings.Log) recordings.Log { return &brokenLog{Log: l} }
	a.configure()
	if _, err := a.keeper.Pass(t.Context()); !errors.Is(err, errKilled) {
		t.Errorf("killed before the log knew: %v", err)
	}
	a.log = nil
	a.killed()
	a.pass("next process", recordings.Done{Removed: 1})
	a.gone(first, second)
}

// TestRetentionRemovesRecordings with the call: here always, at the provider where recordings are deleted there.
func TestRetentionRemovesRecordings(t *testing.T) {
	everyPlace(t, func(t *testing.T, place recordings.Place) {
		for name, change := range map[string]func(*recordings.Settings){"kept at the provider": nil, "deleted there": deleting} {
			t.Run(name, func(t *testing.T) {
				a := newArchive(t, place, change)
				a.interfere(http.MethodGet, second, refuse(404, 20404)) // one is not fetched in time
				if _, err := a.keeper.Pass(t.Context()); err != nil {
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
