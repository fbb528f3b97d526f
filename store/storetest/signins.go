package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/officernd/supportline/policy/users"
)

func sessions(t *testing.T, storage Storage) {
	s := storage.Open(t)
	ends := day.Add(12 * time.Hour)
	find := func(key string, now time.Time, want string, found bool) {
		t.Helper()
		if got, ok, err := s.Session(t.Context(), key, now); string(got) != want || ok != found || err != nil {
			t.Errorf("session %s at %s is %q, %t, %v; want %q, %t", key, now, got, ok, err, want, found)
		}
	}
	find("a", day, "", false)
	for i := range 22 {
		if err := s.StartSession(t.Context(), users.Session{Key: fmt.Sprint("old", i), Ends: day}, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	for _, data := range []string{"one", "two"} {
		if err := s.StartSession(t.Context(), users.Session{Key: "a", Ends: ends}, []byte(data)); err != nil {
			t.Fatal(err)
		}
		find("a", day, data, true)
	}
	if err := s.StartSession(t.Context(), users.Session{Key: "b", Ends: ends}, nil); err != nil {
		t.Fatal(err)
	}
	find("a", ends.Add(-time.Second), "two", true)
	find("a", ends, "", false)
	find("old1", day, "", false)
	if n, err := s.ExpireSessions(t.Context(), day); n != 22 || err != nil {
		t.Errorf("%d sessions went, %v; want 22", n, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	find("a", day, "two", true)
	for range 2 {
		if err := s.RemoveSession(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.PutSession(t.Context(), users.Session{Key: "a", User: "mila", Ends: ends}, []byte("late")); err != nil {
		t.Fatal(err)
	}
	find("a", day, "", false) // a request that began before brings it not back
	find("b", day, "", true)
	if err := s.PutSession(t.Context(), users.Session{Key: "b", Ends: ends}, []byte("more")); err != nil {
		t.Fatal(err)
	}
	find("b", day, "more", true)
	if err := s.StartSession(t.Context(), users.Session{Ends: ends}, nil); err == nil {
		t.Error("a session without a key was kept")
	}
	if n, err := s.ExpireSessions(t.Context(), ends); n != 1 || err != nil {
		t.Errorf("%d sessions went at the end, %v; want 1", n, err)
	}
}

func sessionsOfUser(t *testing.T, storage Storage) {
	s := storage.Open(t)
	put := func(user, key string, seen time.Time) users.Session {
		t.Helper()
		session := users.Session{Key: key, User: user, Since: day, Seen: seen, Ends: day.Add(12 * time.Hour), Address: "203.0.113.9", Browser: "Firefox on Linux"}
		if err := s.StartSession(t.Context(), session, []byte("x")); err != nil {
			t.Fatal(err)
		}
		return session
	}
	want := func(what, user string, now time.Time, list ...users.Session) {
		t.Helper()
		got, err := s.SessionsOf(t.Context(), user, now)
		if err != nil {
			t.Fatal(err)
		}
		same(t, what, list, got)
	}
	put("be", "b1", day)
	put("be", "b1", day.Add(time.Hour)) // a sign of life
	seen := put("be", "b1", day.Add(2*time.Hour))
	other, foreign := put("be", "b2", day.Add(time.Minute)), put("bea", "b3", day)
	want("the sessions of a user", "be", day, seen, other)
	want("those of a name that begins with another", "bea", day, foreign)
	want("when they are over", "be", day.Add(12*time.Hour))
	if err := s.RemoveSession(t.Context(), "b2"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	want("after one was removed", "be", day, seen)
	for i := range users.MaxSessions + 3 {
		put("mila", fmt.Sprint("m", i), day.Add(time.Duration(i)*time.Second))
	}
	got, err := s.SessionsOf(t.Context(), "mila", day)
	if err != nil || len(got) != users.MaxSessions || got[len(got)-1].Key != "m3" {
		t.Errorf("%d sessions of one user, the last %+v, %v", len(got), got[len(got)-1], err)
	}
	if _, found, err := s.Session(t.Context(), "m2", day); found || err != nil {
		t.Errorf("a session beyond the bound goes on: %v", err)
	}
	if n, err := s.ExpireSessions(t.Context(), day.Add(12*time.Hour)); n != users.MaxSessions+2 || err != nil {
		t.Errorf("%d sessions went at the end, %v", n, err)
	}
	want("after all is over", "mila", day)
}

func devices(t *testing.T, storage Storage) {
	s := storage.Open(t)
	put := func(user, hash string, at time.Time) users.Device {
		t.Helper()
		d := users.Device{User: user, Hash: hash, Generation: 2, UsedAt: at}
		if err := s.PutDevice(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	want := func(user, hash string, want users.Device) {
		t.Helper()
		got, known, err := s.Device(t.Context(), user, hash)
		if err != nil || known != (want.User != "") {
			t.Errorf("device %s of %s is known: %t, %v", hash, user, known, err)
		}
		same(t, "device "+hash, want, got)
	}
	want("mila", "d1", users.Device{})
	put("mila", "d1", day)
	first := put("mila", "d1", day.Add(time.Hour))
	want("mila", "d1", first)
	want("anna", "d1", users.Device{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	want("mila", "d1", first)
	for i := range users.MaxDevices {
		put("mila", fmt.Sprint("new", i), day.Add(2*time.Hour))
	}
	want("mila", "d1", users.Device{}) // the oldest made room
	young := put("anna", "d2", day.Add(3*time.Hour))
	if _, err := s.ExpireSessions(t.Context(), day.Add(2*time.Hour+users.DeviceAge)); err != nil {
		t.Fatal(err)
	}
	want("mila", "new1", users.Device{})
	want("anna", "d2", young)
}

func tries(t *testing.T, storage Storage) {
	s := storage.Open(t)
	pair, address, elsewhere := users.ByNameAndAddress("mila", "203.0.113.9"), users.ByAddress("203.0.113.9"), users.ByNameAndAddress("mila", "198.51.100.7")
	now := day.Add(123456789 * time.Nanosecond)
	take := func(want time.Duration, origins ...users.Origin) {
		t.Helper()
		if wait, err := s.TakeTry(t.Context(), origins, now); wait != want || err != nil {
			t.Errorf("a try waits %s, %v; want %s", wait, err, want)
		}
	}
	for range 4 {
		take(0, pair, address)
	}
	take(time.Second, pair, address)
	take(0, elsewhere)
	full := errors.New("no space left on device")
	s.FailWrites(full)
	_, err := s.TakeTry(t.Context(), []users.Origin{elsewhere}, now)
	wantError(t, "a try on a full disk", err, full)
	take(time.Second, pair) // which needs no room
	s.FailWrites(nil)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	take(time.Second, pair)
	if err := s.GiveBackTry(t.Context(), []users.Origin{pair, address, users.ByName("nobody")}, now); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		take(0, pair)
	}
	take(time.Second, pair)
	if _, err := s.ExpireSessions(t.Context(), now.Add(users.TriesForgotten)); err != nil {
		t.Fatal(err)
	}
	take(time.Second, pair) // not yet
	if _, err := s.ExpireSessions(t.Context(), now.Add(users.TriesForgotten+1)); err != nil {
		t.Fatal(err)
	}
	take(0, pair)
}

func triesAtOnce(t *testing.T, storage Storage) {
	s := storage.Open(t)
	var group sync.WaitGroup
	taken := make(chan bool, 200)
	for range cap(taken) {
		group.Go(func() {
			wait, err := s.TakeTry(t.Context(), []users.Origin{users.ByName("mila"), users.ByNameAndAddress("mila", "203.0.113.9")}, day)
			if err != nil {
				t.Error(err)
			}
			taken <- wait == 0
		})
	}
	group.Wait()
	close(taken)
	many := 0
	for ok := range taken {
		if ok {
			many++
		}
	}
	if many != 4 {
		t.Errorf("%d tries were taken at once, want the 3 that are free and the one that pauses", many)
	}
}

func manyTries(t *testing.T, storage Storage) {
	s := storage.Open(t)
	first, second := users.ByDevice("mila", "first"), users.ByDevice("mila", "second")
	for _, o := range []users.Origin{first, first, first, second, second, second} {
		if _, err := s.TakeTry(t.Context(), []users.Origin{o}, day); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.TakeTry(t.Context(), []users.Origin{second}, day.Add(time.Second)); err != nil { // the later one stays
		t.Fatal(err)
	}
	var others []users.Origin
	for i := range users.MaxOrigins - 1 {
		others = append(others, users.ByDevice("anna", fmt.Sprint(i)))
	}
	for step := range slices.Chunk(others, 1000) {
		if _, err := s.TakeTry(t.Context(), step, day.Add(2*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if wait, err := s.TakeTry(t.Context(), []users.Origin{second}, day.Add(time.Second)); wait == 0 || err != nil {
		t.Errorf("the later one was forgotten: %v", err)
	}
	for range 3 { // the 3 before are forgotten
		if wait, err := s.TakeTry(t.Context(), []users.Origin{first}, day.Add(time.Second)); wait != 0 || err != nil {
			t.Errorf("the oldest one waits %s, %v", wait, err)
		}
	}
	later := day.Add(2 * time.Hour)
	if _, err := s.ExpireSessions(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	for _, o := range []users.Origin{first, first, first, first, second} { // there is room again once all were forgotten
		if wait, err := s.TakeTry(t.Context(), []users.Origin{o}, later); wait != 0 || err != nil {
			t.Errorf("a try waits %s, %v", wait, err)
		}
	}
	if wait, err := s.TakeTry(t.Context(), []users.Origin{first}, later); wait == 0 || err != nil {
		t.Errorf("four tries made room for another one: %v", err)
	}
}
