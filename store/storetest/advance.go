package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
)

// crowd runs f on 64 goroutines.
func crowd(f func(worker int)) {
	var all sync.WaitGroup
	for worker := range 64 {
		all.Go(func() { f(worker) })
	}
	all.Wait()
}

func atomic(t *testing.T, storage Storage) {
	s := storage.Open(t)
	own := func(worker int) policy.CallSID { return policy.CallSID(fmt.Sprintf("CA-own-%d", worker)) }
	crowd(func(worker int) {
		for range 10 {
			for _, id := range []policy.CallSID{sid, own(worker)} {
				if _, err := s.Advance(t.Context(), id, exchange("step")); err != nil {
					t.Errorf("%s: %v", id, err)
				}
			}
		}
	})
	if c := kept(t, s, sid); c.State.Exchange != 640 || len(c.Exchanges) != 640 {
		t.Errorf("after 640 steps of one call there are %d exchanges and %d replies", c.State.Exchange, len(c.Exchanges))
	}
	for worker := range 64 {
		if c := kept(t, s, own(worker)); c.State.Exchange != 10 {
			t.Errorf("call of worker %d: %d exchanges, want 10", worker, c.State.Exchange)
		}
	}
}

func newCall(t *testing.T, storage Storage) {
	s := storage.Open(t)
	_, err := s.Call(t.Context(), sid)
	wantError(t, "a call that nobody made", err, policy.ErrNoCall)
	must(t, s, sid, func(c policy.Call) policy.Call {
		same(t, "a new call", policy.Call{SID: sid}, c)
		return c
	})
	_, err = s.Call(t.Context(), sid)
	wantError(t, "a new call that was left as it was", err, policy.ErrNoCall)
	want := must(t, s, sid, began(day))
	same(t, "the call", want, kept(t, s, sid))
}

func refusedChanges(t *testing.T, storage Storage) {
	s := storage.Open(t)
	want := must(t, s, sid, began(day))
	changes := map[string]func(policy.Call) policy.Call{
		"a panic":                   func(c policy.Call) policy.Call { c.State.Exchange++; panic("a bug") },
		"another SID":               func(c policy.Call) policy.Call { c.SID = "CA-other"; return c },
		"a panic after it was seen": func(c policy.Call) policy.Call { exchange("step")(c); panic("a bug") },
	}
	for name, change := range changes {
		if _, err := s.Advance(t.Context(), sid, change); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, id := range []policy.CallSID{"", policy.CallSID(strings.Repeat("x", 40_000))} {
		if _, err := s.Advance(t.Context(), id, began(day)); err == nil {
			t.Errorf("a SID of %d characters: no error", len(id))
		}
	}
	same(t, "the call after refused changes", want, kept(t, s, sid))
	if c := must(t, s, sid, exchange("step")); c.State.Exchange != 1 {
		t.Errorf("the next step sees %d exchanges before it, want 0", c.State.Exchange-1)
	}
}

func withReply(c policy.Call, reply string) policy.Call {
	c.Exchanges = append(c.Exchanges, policy.Exchange{Key: "bad", At: day, Reply: []byte(reply)})
	return c
}

func retry(t *testing.T, storage Storage) {
	s := storage.Open(t)
	must(t, s, sid, began(day))
	want := must(t, s, sid, exchange("menu/1"))
	// A store that cannot write reveals writes: a retry must not write.
	s.FailWrites(errors.New("disk full"))
	same(t, "the retried step", want, must(t, s, sid, func(c policy.Call) policy.Call { return c }))
	s.FailWrites(nil)
	same(t, "the call", want, kept(t, s, sid))
}

func ownCopies(t *testing.T, storage Storage) {
	s := storage.Open(t)
	first := must(t, s, sid, exchange("menu/1"))
	want := kept(t, s, sid)
	extend := func(c policy.Call) {
		_ = append(c.Exchanges, policy.Exchange{Key: "spoilt"})
		_ = append(c.Trace, policy.Decision{Rule: "spoilt"})
	}
	extend(first)
	extend(kept(t, s, sid))
	must(t, s, sid, func(c policy.Call) policy.Call {
		extend(c)
		return exchange("menu/2")(c)
	})
	want = exchange("menu/2")(want)
	extend(first)
	same(t, "the call after its copies were appended to", want, kept(t, s, sid))
	again := must(t, s, sid, func(c policy.Call) policy.Call { return c })
	same(t, "the same to the next step", want, again)
}

func largeCall(t *testing.T, storage Storage) {
	s := storage.Open(t)
	reply := `{"say":"` + strings.Repeat("long ", 50_000) + `"}`
	var want policy.Call
	for range 8 {
		want = must(t, s, sid, func(c policy.Call) policy.Call { return withReply(c, reply) })
	}
	same(t, "a call of 2 MB", encoded(t, want), encoded(t, kept(t, s, sid)))
	// Values from callers have any length and content.
	odd := policy.Call{SID: "CA-odd", From: policy.Phone(strings.Repeat("\x00\xff", 20_000)), Customer: policy.CustomerNumber(strings.Repeat("9", 40_000)), Month: "2026-11"}
	odd.From = policy.Phone(strings.ToValidUTF8(string(odd.From), "?"))
	odd.WrongNumbers = append(odd.WrongNumbers, day)
	must(t, s, odd.SID, as(odd))
	same(t, "a call with long names", odd, kept(t, s, odd.SID))
}

// encoded returns a large call as text, which is quick to compare.
func encoded(t *testing.T, c policy.Call) string {
	t.Helper()
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func cancelled(t *testing.T, storage Storage) {
	s := storage.Open(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Advance(ended, sid, began(day))
	wantError(t, "Advance", err, context.Canceled)
	_, err = s.ImportCustomers(ended, []policy.Customer{northwind}, "anna")
	wantError(t, "ImportCustomers", err, context.Canceled)
	_, err = s.Call(t.Context(), sid)
	wantError(t, "the dropped call", err, policy.ErrNoCall)

	// A request whose context ends during the commit may have happened or not, but one that returned no error is there.
	crowd(func(worker int) {
		id := policy.CallSID(fmt.Sprintf("CA-%d", worker))
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		_, advanced := s.Advance(ctx, id, began(day))
		_, read := s.Call(t.Context(), id)
		if advanced == nil && read != nil {
			t.Errorf("Advance says %v, and reading the call %v", advanced, read)
		}
	})
}

func closedStore(t *testing.T, storage Storage, closed error) {
	s := storage.Open(t)
	must(t, s, sid, began(day))
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	_, advance := s.Advance(t.Context(), sid, exchange("menu/1"))
	_, read := s.Call(t.Context(), sid)
	_, imported := s.ImportCustomers(t.Context(), nil, "anna")
	for method, err := range map[string]error{"Advance": advance, "Call": read, "ImportCustomers": imported, "Ping": s.Ping(t.Context())} {
		wantError(t, method, err, closed)
	}
	for _, err := range s.Calls(t.Context(), policy.Filter{}) {
		wantError(t, "Calls", err, closed)
	}
}

func closeDrains(t *testing.T, storage Storage) {
	s := storage.Open(t)
	var mu sync.Mutex
	var accepted []policy.CallSID
	crowd(func(worker int) {
		for step := range 20 {
			id := policy.CallSID(fmt.Sprintf("CA-%d-%d", worker, step))
			if _, err := s.Advance(t.Context(), id, began(day)); err == nil {
				mu.Lock()
				accepted = append(accepted, id)
				mu.Unlock()
			}
			if worker == 0 && step == 10 {
				_ = s.Close() // its error shows when the storage is checked
			}
		}
	})
	if len(accepted) < 10 {
		t.Errorf("%d steps were accepted before the store was closed, want 10 at least", len(accepted))
	}
	s = storage.Open(t)
	for _, id := range accepted {
		kept(t, s, id)
	}
}

func checkpoint(t *testing.T, storage Storage) {
	s := storage.Open(t)
	at := func(want time.Time) {
		t.Helper()
		if got, err := s.Checkpoint(t.Context()); !got.Equal(want) || err != nil {
			t.Errorf("the checkpoint is %v, %v, not %v", got, err, want)
		}
	}
	at(time.Time{})
	for _, step := range []struct{ set, want time.Time }{
		{day, day}, {day.Add(-time.Hour), day}, {day.Add(time.Nanosecond), day.Add(time.Nanosecond)},
	} {
		if err := s.SetCheckpoint(t.Context(), step.set); err != nil {
			t.Fatal(err)
		}
		at(step.want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	at(day.Add(time.Nanosecond))
}

func probe(t *testing.T, storage Storage) {
	s := storage.Open(t)
	if err := s.Probe(t.Context()); err != nil {
		t.Errorf("a store that can be written: %v", err)
	}
	broken := errors.New("disk full")
	s.FailWrites(broken)
	if err := s.Probe(t.Context()); !errors.Is(err, broken) {
		t.Errorf("a store that can't be written: %v", err)
	}
}
