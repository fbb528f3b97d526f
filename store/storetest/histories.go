package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
)

// wholeHistories checks that the log has these calls, each with its whole history.
func wholeHistories(t *testing.T, s Store, when string, calls model) {
	t.Helper()
	for id, want := range calls {
		same(t, fmt.Sprintf("%s, %s", id, when), want, kept(t, s, id))
	}
}

// historiesGoOn continues several calls in turns, each time after the storage was closed, or left by a crash, and opened again.
func historiesGoOn(t *testing.T, storage Storage) {
	calls := model{}
	for round := range 4 {
		s := storage.Open(t)
		wholeHistories(t, s, fmt.Sprint("opened again, round ", round), calls)
		for n := range 12 { // the first call gets the first step of a round, and another one each time the last
			id := policy.CallSID(fmt.Sprint("CA-", n%(3+round)))
			change := exchange(fmt.Sprintf("round/%d/%d", round, n))
			before, begun := calls[id]
			if !begun {
				before = policy.Call{SID: id}
			}
			calls[id] = change(before)
			must(t, s, id, change)
		}
		wholeHistories(t, s, fmt.Sprint("after round ", round), calls)
		crash := storage.Copy(t)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if round%2 == 1 {
			storage = crash
		}
	}
}

// acknowledged has the steps that returned no error, by call.
type acknowledged struct {
	sync.Mutex
	steps map[policy.CallSID][]string
	lost  int
}

func (a *acknowledged) note(id policy.CallSID, step string, err error) {
	a.Lock()
	defer a.Unlock()
	if err != nil {
		a.lost++
		return
	}
	a.steps[id] = append(a.steps[id], step)
}

// check compares the steps in calls with those that were acknowledged.
func (a *acknowledged) check(t *testing.T, s Store, when string) {
	t.Helper()
	for id, want := range a.steps {
		c, got := kept(t, s, id), []string(nil)
		for _, e := range c.Exchanges {
			got = append(got, e.Key)
		}
		slices.Sort(want)
		slices.Sort(got)
		same(t, fmt.Sprintf("the steps of %s, %s", id, when), want, got)
		if c.State.Exchange != len(want) {
			t.Errorf("%s, %s: %d steps follow on each other, want %d", id, when, c.State.Exchange, len(want))
		}
	}
}

// diskFailsNowAndThen checks that an acknowledged step is kept, and that any other leaves no trace, while the disk is full and well again all
// the time, so that steps are made on top of others whose commit fails.
func diskFailsNowAndThen(t *testing.T, storage Storage) {
	t.Run("small calls", func(t *testing.T) { failNowAndThen(t, storage, 20, 1, "") })
	// A store may drop its memory when a commit fails, so few workers make it fail here.
	t.Run("more than memory holds", func(t *testing.T) { failNowAndThen(t, storage, 12, 32, strings.Repeat("x", 20_000)) })
}

// failNowAndThen runs a crowd in which each worker steps a call of its own, with a reply of a size, and a call that others step too. One
// worker of oneOf makes writes fail, and work again.
func failNowAndThen(t *testing.T, storage Storage, steps, oneOf int, reply string) {
	s := storage.Open(t)
	full := errors.New("no space left on device")
	said := acknowledged{steps: map[policy.CallSID][]string{}}
	crowd(func(worker int) {
		own, shared := policy.CallSID(fmt.Sprint("CA-", t.Name(), worker)), policy.CallSID(fmt.Sprint("CA-", t.Name(), "-shared-", worker%4))
		for n := range steps {
			switch fails := (n + worker/oneOf) % 16; {
			case worker%oneOf == 0 && fails == 0:
				s.FailWrites(full)
			case worker%oneOf == 0 && fails == 2:
				s.FailWrites(nil)
			}
			for _, id := range []policy.CallSID{own, shared} {
				key := fmt.Sprintf("%d/%d", worker, n)
				_, err := s.Advance(t.Context(), id, func(c policy.Call) policy.Call {
					c = exchange(key)(c)
					if id == own {
						c.Exchanges[len(c.Exchanges)-1].Reply = []byte(`"` + reply + `"`)
						c.StartedAt, c.Ticket = day, policy.Ticket(fmt.Sprint(n))
						if n >= steps/2 { // the end, after which steps still change what the call is found by
							c.LeftAt = day.Add(time.Minute)
						}
					}
					return c
				})
				said.note(id, key, err)
			}
		}
	})
	s.FailWrites(nil)
	if said.lost == 0 || len(said.steps) == 0 {
		t.Errorf("%d steps were lost, and %d calls have some; want both", said.lost, len(said.steps))
	}
	said.check(t, s, "in the end")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	said.check(t, s, "opened again")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
