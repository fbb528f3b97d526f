package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
)

// news returns everything that the provider reports of one served call, in the order in which it happened.
func news() []policy.Report {
	const leg = policy.CallSID("CA-leg")
	specialist := policy.Phone("+15550100001")
	at := func(seconds int) time.Time { return day.Add(time.Duration(seconds) * time.Second) }
	seconds := func(n int) *int { return &n }
	return []policy.Report{
		{At: at(30), Leg: leg, To: specialist, Status: "ringing"},
		{At: at(40), Leg: leg, To: specialist, Status: "in-progress"},
		{At: at(340), Leg: leg, To: specialist, Status: "completed", Seconds: seconds(300)},
		{At: at(341), Leg: leg, DialEnd: true, Status: "completed", Seconds: seconds(300)},
		{At: at(345), From: caller, To: ukLine, Status: "completed", Seconds: seconds(345)},
		{At: at(346), Recording: &policy.Recording{SID: "RE1", URL: "https://recordings.example/RE1", Seconds: 300, At: at(346)}},
	}
}

func reports(t *testing.T, storage Storage) {
	s := storage.Open(t)
	steps := []func(policy.Call) policy.Call{began(day), exchange("menu/1")}
	for _, r := range news() {
		steps = append(steps, func(c policy.Call) policy.Call { return c.Learn(r) })
	}
	want := policy.Call{}
	for _, step := range steps {
		want = must(t, s, "CA-in-order", step)
	}
	want.SID = ""
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 50 {
		id := policy.CallSID(fmt.Sprintf("CA-%d", n))
		// Reports come twice and in any order, before the first step and between steps; our own steps come once and in order.
		order := append(random.Perm(len(news())), random.Perm(len(news()))...)
		own := steps[:2]
		for i, r := range order {
			if len(own) > 0 && random.IntN(4) == 0 || i == len(order)-1 {
				for _, step := range own {
					must(t, s, id, step)
				}
				own = nil
			}
			must(t, s, id, steps[2+r])
		}
		got := kept(t, s, id)
		got.SID = ""
		same(t, fmt.Sprintf("order %v", order), want, got)
	}
}

func reopened(t *testing.T, storage Storage) {
	s := storage.Open(t)
	if _, err := s.ImportCustomers(t.Context(), []policy.Customer{northwind}, "anna"); err != nil {
		t.Fatal(err)
	}
	must(t, s, sid, began(day))
	want := must(t, s, sid, exchange("menu/1"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	same(t, "the call", want, kept(t, s, sid))
	same(t, "the log", []policy.Call{want.WithoutHistory()}, collect(t, s.Calls(t.Context(), policy.Filter{})))
	same(t, "the directory", []policy.Customer{northwind}, collect(t, s.Customers(t.Context())))
	if c := must(t, s, sid, exchange("menu/2")); c.State.Exchange != 2 {
		t.Errorf("the next step makes exchange %d, want 2", c.State.Exchange)
	}
}

func crashed(t *testing.T, storage Storage) {
	s := storage.Open(t)
	steps := []func(policy.Call) policy.Call{began(day)}
	for n := range 12 {
		steps = append(steps, exchange(fmt.Sprintf("step/%d", n)))
	}
	for n, step := range steps {
		want := must(t, s, sid, step)
		after := storage.Copy(t).Open(t)
		same(t, fmt.Sprintf("the call after a crash behind step %d", n), want, kept(t, after, sid))
		same(t, "its log", []policy.Call{want.WithoutHistory()}, collect(t, after.Calls(t.Context(), policy.Filter{})))
		must(t, after, sid, exchange("goes on"))
		if err := after.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func failedCommit(t *testing.T, storage Storage) {
	s := storage.Open(t)
	want := must(t, s, sid, began(day))
	full := errors.New("no space left on device")
	s.FailWrites(full)
	crowd(func(worker int) {
		_, err := s.Advance(t.Context(), sid, exchange("lost"))
		wantError(t, "a step of a call", err, full)
		_, err = s.Advance(t.Context(), policy.CallSID(fmt.Sprint("CA-", worker)), began(day))
		wantError(t, "a new call", err, full)
	})
	_, err := s.ImportCustomers(t.Context(), []policy.Customer{northwind}, "anna")
	wantError(t, "an import", err, full)
	wantError(t, "Ping", s.Ping(t.Context()), full)
	same(t, "the call", want, kept(t, s, sid))
	same(t, "the log", []policy.Call{want.WithoutHistory()}, collect(t, s.Calls(t.Context(), policy.Filter{})))
	same(t, "the directory", nil, orNil(collect(t, s.Customers(t.Context()))))

	s.FailWrites(nil)
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("Ping after the disk was cleared: %v", err)
	}
	if c := must(t, s, sid, exchange("menu/1")); c.State.Exchange != 1 {
		t.Errorf("a failed step has left its mark: exchange %d, want 1", c.State.Exchange)
	}
}

func orNil[T any](list []T) any {
	if len(list) == 0 {
		return nil
	}
	return list
}
