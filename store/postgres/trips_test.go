package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/postgres"
	"github.com/officernd/supportline/store/postgres/postgrestest"
)

// What a step of a call waits for, besides the directory (at most two round trips): reading the call, which is one trip where this process knows it and
// three where another one wrote it, counting wrong numbers, and the commit, which is two.
func TestStepsOfACallTakeFewRoundTrips(t *testing.T) {
	url := postgrestest.Emptied(t)
	one, here := storeOn(t, url)
	other, there := storeOn(t, url)
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	step := func(n int) func(policy.Call) policy.Call {
		return func(c policy.Call) policy.Call {
			c.StartedAt, c.From, c.Line = now, "+12125550142", "+18883071053"
			c.Exchanges = append(c.Exchanges, policy.Exchange{Key: fmt.Sprint(n), At: now, Reply: []byte(`"r"`)})
			return c
		}
	}
	advance := func(s *store.Store, n int) func() error {
		return func() error { _, err := s.Advance(t.Context(), "CA1", step(n)); return err }
	}
	count := policy.WrongNumberCount{Caller: "+12125550142", Since: now.Add(-time.Hour), AtMost: policy.WrongNumbers{ByCaller: 10, InAll: 200}}
	guess := func(c policy.Call, _ policy.WrongNumbers) policy.Call {
		c.WrongNumbers = append(c.WrongNumbers, now)
		return c
	}
	if _, err := one.Advance(t.Context(), "CA0", step(0)); err != nil { // numbers of segments are reserved once for very many
		t.Fatal(err)
	}
	if _, err := other.Advance(t.Context(), "CA00", step(0)); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name   string
		engine *postgres.Engine
		most   int64
		do     func() error
	}{
		{"the first step of a call", here, 3, advance(one, 1)},
		{"a step that this process knows all before of", here, 3, advance(one, 2)},
		{"a step after one of another process", there, 5, advance(other, 3)},
		{"a step after that process knew it", here, 4, advance(one, 4)},
		{"the same once more, which changes nothing", here, 1, func() error {
			_, err := one.Advance(t.Context(), "CA1", func(c policy.Call) policy.Call { return c })
			return err
		}},
		{"a step that counts wrong numbers", here, 4, func() error {
			_, err := one.AdvanceCounting(t.Context(), "CA1", count, guess)
			return err
		}},
		{"the same where the caller may be texted", here, 4, func() error {
			texting := count
			texting.TextedSince = now
			_, err := one.AdvanceCounting(t.Context(), "CA1", texting, guess)
			return err
		}},
		{"a customer of the directory", here, 2, func() error { _, err := one.Customer(t.Context(), "204518"); return err }},
	} {
		before := row.engine.Stats().Trips
		if err := row.do(); err != nil && row.name != "a customer of the directory" {
			t.Fatalf("%s: %v", row.name, err)
		}
		if took := row.engine.Stats().Trips - before; took > row.most {
			t.Errorf("%s: %d round trips, want at most %d", row.name, took, row.most)
		}
	}
}

// TestAskingASpecialistTakesNoTransactionOfItsOwn: the end of a talk is written in the shared commit with the message to the specialist, which is looked up once
// as to whether it is there already.
func TestAskingASpecialistTakesNoTransactionOfItsOwn(t *testing.T) {
	s, engine := storeOn(t, postgrestest.Emptied(t))
	accepted := s.Now().Add(-25 * time.Minute)
	trips := map[policy.Channel]int64{}
	for i, way := range []policy.Channel{"", policy.ChannelSMS} {
		sid := policy.CallSID(fmt.Sprint("CA", i))
		log := store.NotifyingLog{Store: s, Link: func(policy.CallSID) string { return "" }, Settings: policy.Settings{
			People: []policy.Person{{ID: "ada", Name: "Ada Moreau", SMS: "+447400000001"}}, FairUse: policy.FairUse{CallLimit: 20 * time.Minute}, WrapUp: way,
		}}
		talking := func(ended time.Time) func(policy.Call) policy.Call {
			return func(c policy.Call) policy.Call {
				c.StartedAt, c.From, c.Line, c.Answered, c.EndedAt = accepted, "+12125550142", "+18883071053", true, ended
				return c.WithLeg(policy.Leg{SID: "CAleg", Person: "ada", To: "+447400000001", AcceptedAt: accepted, DialEndedAt: ended})
			}
		}
		if _, err := log.Advance(t.Context(), sid, talking(time.Time{})); err != nil {
			t.Fatal(err)
		}
		before := engine.Stats().Trips
		if _, err := log.Advance(t.Context(), sid, talking(s.Now())); err != nil {
			t.Fatal(err)
		}
		trips[way] = engine.Stats().Trips - before
	}
	asked := 0
	for n, err := range s.Notices(t.Context()) {
		if err != nil || n.Kind != policy.NoticeWrapUp {
			t.Errorf("%+v, %v", n, err)
		}
		asked++
	}
	if asked != 1 || trips[policy.ChannelSMS] > trips[""]+1 {
		t.Errorf("asked %d times; it took %v round trips", asked, trips)
	}
}

func storeOn(t *testing.T, url string) (*store.Store, *postgres.Engine) {
	t.Helper()
	e, err := postgres.Open(t.Context(), url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), e, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, e
}
