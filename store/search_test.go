package store_test

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	bbolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/storetest"
)

var morning = time.Date(2026, time.November, 23, 8, 0, 0, 0, time.UTC)

func alternating(calls int) iter.Seq[policy.Call] {
	return func(yield func(policy.Call) bool) {
		for n := 0; n < calls && yield(storetest.Alternating(n)); n++ {
		}
	}
}

func TestAPageCostsBoundedWorkHoweverLittleIsFound(t *testing.T) {
	onEach(t, aPageCostsBoundedWorkHoweverLittleIsFound)
}

func aPageCostsBoundedWorkHoweverLittleIsFound(t *testing.T, p place) {
	s := p.open(t, store.Options{})
	if err := s.Load(t.Context(), alternating(22_000), nil); err != nil {
		t.Fatal(err)
	}
	for name, filter := range map[string]policy.Filter{
		"two facets that are together once":        {Intent: policy.Critical, Training: true},
		"a talk time among others of its band":     {TalkAtLeast: 1801, TalkAtMost: 1802},
		"a text on many calls and a rare ticket":   {Intent: policy.Critical, Training: true, Text: "CA0000"},
		"an account with all calls, and no talk":   {Customer: "204518", Line: "+448000668187", TalkAtLeast: 1801, TalkAtMost: 1802},
		"an account with all calls, and no ticket": {Customer: "204518", Intent: policy.Critical, Training: true, Until: morning.AddDate(1, 0, 0)},
	} {
		page := policy.Page{}
		pages, last := 0, time.Time{}
		for {
			found, err := s.Search(t.Context(), filter, page)
			if err != nil {
				t.Fatal(err)
			}
			if pages++; found.Older.IsZero() {
				break
			}
			if !last.IsZero() && !found.SearchedTo.Before(last) {
				t.Fatalf("%s: a page came to %v, and the one before to %v", name, found.SearchedTo, last)
			}
			page.Older, last = found.Older, found.SearchedTo
		}
		if pages < 2 {
			t.Errorf("%s: looking at 22,000 calls took one page", name)
		}
	}
}

// TestALongReadingLetsCallsThrough checks that reads which take long yield again and again.
func TestALongReadingLetsCallsThrough(t *testing.T) { onEach(t, aLongReadingLetsCallsThrough) }

func aLongReadingLetsCallsThrough(t *testing.T, p place) {
	asked := 0
	s := p.open(t, store.Options{Yield: func() { asked++ }})
	if err := s.Load(t.Context(), alternating(5000), nil); err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]func() error{
		"a page that finds little": func() error {
			_, err := s.Search(t.Context(), policy.Filter{Intent: policy.Critical, Training: true}, policy.Page{})
			return err
		},
		"all calls": func() error {
			for _, err := range s.Calls(t.Context(), policy.Filter{}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"a month of all accounts": func() error {
			for _, err := range s.MonthSummaries(t.Context(), "2026-11") {
				if err != nil {
					return err
				}
			}
			return nil
		},
	} {
		before := asked
		if err := read(); err != nil || asked == before {
			t.Errorf("%s: asked %d times, error %v", name, asked-before, err)
		}
	}
}

// entries returns the entries of the bucket search of a closed store.
func entries(t *testing.T, path string) []string {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var keys []string
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("search")).ForEach(func(k, v []byte) error {
			keys = append(keys, fmt.Sprintf("%q %q", k, v))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestCallsAreIndexedSomeTimeAfterTheirEnd counts the calls that a search has to look at one by one: those that ended before the store was opened
// are indexed with later ones, and so is one whose end was never reported.
func TestCallsAreIndexedSomeTimeAfterTheirEnd(t *testing.T) {
	f := newFile(t)
	next := 0
	ended := func(s *store.Store, calls int) {
		for range calls {
			next++
			change(t, s, policy.CallSID(fmt.Sprintf("CA%03d", next)), func(c policy.Call) policy.Call { c.StartedAt = morning; return c })
			change(t, s, policy.CallSID(fmt.Sprintf("CA%03d", next)), func(c policy.Call) policy.Call { c.LeftAt = morning.Add(time.Minute); return c })
		}
	}
	unindexed := func() (calls int) {
		for _, e := range entries(t, f.path) {
			if strings.HasPrefix(e, `"l`) {
				calls++
			}
		}
		return calls
	}
	for _, round := range []struct{ ends, left int }{{40, 42}, {30, 7}} {
		s := f.open(t, store.Options{})
		if next == 0 {
			change(t, s, "CA-lost", func(c policy.Call) policy.Call { c.StartedAt = morning.Add(-5 * time.Hour); return c })
			change(t, s, "CA-goes-on", func(c policy.Call) policy.Call { c.StartedAt = morning; return c })
		}
		ended(s, round.ends)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if n := unindexed(); n != round.left {
			t.Errorf("after %d calls ended, %d are not indexed, want %d", next, n, round.left)
		}
	}
}

// TestTheSearchsIndexFollowsFromTheRest compares the bucket search after many changes with one that an upgrade makes anew.
func TestTheSearchsIndexFollowsFromTheRest(t *testing.T) {
	f := newFile(t)
	s := f.open(t, store.Options{Now: func() time.Time { return morning }})
	customers := []policy.Customer{
		{Number: "204518", Name: "Northwind Flex Offices", Phone: "+442079460018", CallerNumbers: []policy.Phone{"+442079460018", "+442079460019"}},
		{Number: "310022", Name: "Harbor Cowork"},
	}
	importing := func() {
		t.Helper()
		if _, err := s.ImportCustomers(t.Context(), customers, "anna"); err != nil {
			t.Fatal(err)
		}
	}
	importing()
	customers[1].Name = "Harbour & Sons"
	importing()
	const calls = 3 * 64 // all of them indexed
	sid := func(n int) policy.CallSID { return policy.CallSID(fmt.Sprintf("CA%032x", n)) }
	for n := range calls {
		change(t, s, sid(n), func(c policy.Call) policy.Call {
			c.Line, c.From, c.StartedAt, c.Answered = ukLine, policy.Phone(fmt.Sprintf("+4420794600%02d", n%40)), morning.AddDate(0, 0, n/10), true
			return c
		})
		change(t, s, sid(n), func(c policy.Call) policy.Call {
			account := customers[n%2]
			c.Customer, c.Account, c.Month, c.Intent, c.Ticket = account.Number, account.Name, "2026-11", policy.Question, policy.Ticket(fmt.Sprint(n%3))
			c.LeftAt = c.StartedAt.Add(time.Hour)
			return c
		})
	}
	zones := func(policy.Phone) *time.Location { return time.UTC }
	act := func(n int, a policy.Act) {
		t.Helper()
		a.At, a.By = morning, "bea"
		if _, err := s.Act(t.Context(), sid(n), a, -1, zones); err != nil {
			t.Fatal(err)
		}
	}
	act(100, policy.Act{Kind: policy.ActTraining})
	act(101, policy.Act{Kind: policy.ActTicket, Value: "4711"})
	act(101, policy.Act{Kind: policy.ActTicket, Undo: true})
	act(102, policy.Act{Kind: policy.ActAttach, Value: "310022"})
	change(t, s, sid(103), func(c policy.Call) policy.Call { // a late report
		seconds := 1500
		c = c.WithLeg(policy.Leg{SID: "CA-leg", To: "+15550100001", AcceptedAt: c.StartedAt, Seconds: &seconds})
		c.StartedAt = c.StartedAt.Add(-time.Minute)
		return c
	})
	if _, err := s.Expire(t.Context(), morning.AddDate(0, 0, 5)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Erase(t.Context(), "204518", "anna", morning.AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got := entries(t, f.path)
	for what, upgrade := range map[string]func(*bbolt.Tx) error{"from the last version": setSchema("2"), "from an older one": setSchema("1")} {
		copied := f.Copy(t).(file)
		foreign(t, copied.path, upgrade)
		told := 0
		if err := copied.open(t, store.Options{OnUpgrade: func(calls int) { told = calls }}).Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(entries(t, copied.path), got); diff != "" {
			t.Errorf("the index made anew %s, and as it was (-anew +was):\n%s", what, diff)
		}
		if told != calls-50 {
			t.Errorf("an upgrade %s told of %d calls, want %d", what, told, calls-50)
		}
	}
	for _, k := range got {
		for _, gone := range []string{"204518", "orthwind", "20794600"} {
			if strings.Contains(k, gone) && !strings.Contains(k, "+4420794600") {
				t.Errorf("the index still has %s in %s", gone, k)
			}
		}
	}
}

func change(t *testing.T, s *store.Store, sid policy.CallSID, change func(policy.Call) policy.Call) {
	t.Helper()
	if _, err := s.Advance(t.Context(), sid, change); err != nil {
		t.Fatal(err)
	}
}

// TestAnUpgradeThatWasEndedGoesOn upgrades a file as a process leaves it that ended after the first step.
func TestAnUpgradeThatWasEndedGoesOn(t *testing.T) {
	f := newFile(t)
	s := f.open(t, store.Options{})
	const calls, left = 1000, 400
	if err := s.Load(t.Context(), alternating(calls), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want := entries(t, f.path)
	foreign(t, f.path, func(tx *bbolt.Tx) error {
		next := 0
		cursor := tx.Bucket([]byte("calls")).Cursor()
		for k, _ := cursor.First(); k != nil; k, _ = cursor.Next() {
			if next++; next == calls-left+1 {
				return tx.Bucket([]byte("meta")).Put([]byte("search-next"), bytes.Clone(k))
			}
		}
		return nil
	})
	refused(t, f.path, store.Options{ReadOnly: true}, store.ErrReadOnly, "opened for writing once")
	told := 0
	s = f.open(t, store.Options{OnUpgrade: func(calls int) { told = calls }})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, entries(t, f.path)); diff != "" {
		t.Errorf("the index after an upgrade that went on (-want +got):\n%s", diff)
	}
	if told != left {
		t.Errorf("an upgrade that had %d calls left told of %d", left, told)
	}
}
