package storetest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
)

// anyCall returns a call with values of which many calls have the same.
func anyCall(t *rapid.T, id int) policy.Call {
	c := policy.Call{
		SID:       anySID(id),
		Line:      rapid.SampledFrom([]policy.Phone{ukLine, usLine}).Draw(t, "line"),
		From:      rapid.SampledFrom([]policy.Phone{caller, "+12125550142", "sip:" + caller + "@b.example", "anonymous", "+266696687", "", "sip:a@b.example"}).Draw(t, "from"),
		Customer:  rapid.SampledFrom([]policy.CustomerNumber{"", customer, "20451", "2045180"}).Draw(t, "customer"),
		Intent:    rapid.SampledFrom(policy.Intents()).Draw(t, "intent"),
		StartedAt: anyTime(t, "start"),
	}
	if c.Customer != "" {
		c.Month = policy.MonthOf(c.StartedAt, time.UTC)
	}
	c.OnFile = rapid.SampledFrom([]policy.CustomerNumber{"", "", customer, "20451"}).Draw(t, "on file")
	if rapid.Bool().Draw(t, "over") {
		c.LeftAt = c.StartedAt.Add(time.Minute)
		c.Refused = rapid.SampledFrom([]policy.Outcome{"", policy.LineClosed, policy.NotEntitled}).Draw(t, "refused")
	}
	for range rapid.IntRange(0, 2).Draw(t, "misses") {
		c.WrongNumbers = append(c.WrongNumbers, anyTime(t, "miss"))
	}
	return withFacets(t, c)
}

// anyTime returns one of a few times, some of which differ by a nanosecond only; the zero time is one of them.
func anyTime(t *rapid.T, what string) time.Time {
	n := rapid.IntRange(-1, 40).Draw(t, what)
	if n < 0 {
		return time.Time{}
	}
	return day.Add(time.Duration(n/2)*24*time.Hour + time.Duration(n%2))
}

// model is the log as a plain map.
type model map[policy.CallSID]policy.Call

// fill writes calls to the store and the model, some twice, so that their keys change.
func fill(t *rapid.T, s Store) model {
	all := model{}
	// One storage is used by all draws: the calls of earlier ones lose their values, and began a thousand years ago.
	for c, err := range s.Calls(t.Context(), policy.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		all[c.SID] = policy.Call{SID: c.SID, StartedAt: day.AddDate(-1000, 0, 0)}
	}
	writeAll(t, s, all)
	for range 2 {
		calls := model{}
		for range rapid.IntRange(0, 30).Draw(t, "calls") {
			c := anyCall(t, rapid.IntRange(0, 30).Draw(t, "sid"))
			calls[c.SID] = c
		}
		writeAll(t, s, calls)
		maps.Copy(all, calls)
	}
	return all
}

func writeAll(t *rapid.T, s Store, calls model) {
	var group sync.WaitGroup
	for id, c := range calls {
		group.Go(func() {
			if _, err := s.Advance(t.Context(), id, as(c)); err != nil {
				t.Errorf("Advance %s: %v", id, err)
			}
		})
	}
	group.Wait()
}

// newest returns the selected calls in the order of a listing.
func (m model) newest(f policy.Filter) []policy.Call {
	var list []policy.Call
	for _, c := range m {
		within := !c.StartedAt.Before(f.Since) && (f.Until.IsZero() || c.StartedAt.Before(f.Until))
		if within && f.Matches(c) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b policy.Call) int {
		return -cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.SID, b.SID))
	})
	if f.Limit > 0 && len(list) > f.Limit {
		list = list[:f.Limit]
	}
	return list
}

func listing(t *testing.T, storage Storage) {
	s := storage.Open(t)
	rapid.Check(t, func(r *rapid.T) {
		all := fill(r, s)
		for range 5 {
			f := policy.Filter{
				Since:    anyTime(r, "since"),
				Until:    anyTime(r, "until"),
				Line:     rapid.SampledFrom([]policy.Phone{"", "", ukLine}).Draw(r, "of line"),
				Customer: rapid.SampledFrom([]policy.CustomerNumber{"", "", customer, "20451"}).Draw(r, "of customer"),
				Intent:   rapid.SampledFrom([]policy.Intent{"", "", policy.Critical}).Draw(r, "of intent"),
				Outcome:  rapid.SampledFrom([]policy.Outcome{"", "", policy.Abandoned, policy.LineClosed}).Draw(r, "of outcome"),
				Limit:    rapid.IntRange(0, 10).Draw(r, "limit"),
			}
			same(r, fmt.Sprintf("%+v", f), all.newest(f), collect(r, s.Calls(r.Context(), f)))
		}
	})
}

func wrongNumbers(t *testing.T, storage Storage) {
	s := storage.Open(t)
	rapid.Check(t, func(r *rapid.T) {
		all := fill(r, s)
		since := anyTime(r, "since")
		most := policy.WrongNumbers{ByCaller: rapid.IntRange(0, 9).Draw(r, "most of a caller"), InAll: rapid.IntRange(0, 60).Draw(r, "most in all")}
		for _, from := range []policy.Phone{caller, "tel:" + caller, "anonymous", "+266696687", "", "unknown", "+44", "sip:a@b.example"} {
			want := policy.WrongNumbers{}
			for _, c := range all {
				for _, at := range c.WrongNumbers {
					if at.Before(since) {
						continue
					}
					if want.InAll++; c.From.Caller() == from.Caller() {
						want.ByCaller++
					}
				}
			}
			want.ByCaller, want.InAll = min(want.ByCaller, most.ByCaller), min(want.InAll, most.InAll)
			got, err := wrongNumbersSince(r, s, policy.WrongNumberCount{Caller: from, Since: since, AtMost: most})
			if err != nil {
				r.Fatal(err)
			}
			same(r, fmt.Sprintf("wrong numbers of %q since %v, at most %v", from.Full(), since, most), want, got)
		}
	})
}

// wrongNumbersInParallel checks that a limit holds however many calls come at one moment: of several callers, of one in several spellings and of
// some who withhold their number. Each call sees the wrong numbers of all before it, in whatever commit those are.
func wrongNumbersInParallel(t *testing.T, storage Storage) {
	s := storage.Open(t)
	limits := policy.WrongNumbers{ByCaller: 10, InAll: 30}
	spellings := [][]policy.Phone{{caller, "tel:" + caller, "442079460018"}, {"anonymous", "", "+266696687"}, {"+12125550142"}, {"+12125550143"}}
	added := make([]policy.WrongNumbers, 64)
	crowd(func(worker int) {
		who := worker % len(spellings)
		for n := range 8 {
			from := spellings[who][n%len(spellings[who])]
			id := policy.CallSID(fmt.Sprintf("CA-%d-%d", worker, n))
			c, err := s.AdvanceCounting(t.Context(), id, policy.WrongNumberCount{Caller: from, Since: day, AtMost: limits},
				func(c policy.Call, wrong policy.WrongNumbers) policy.Call {
					c.From = from
					if wrong.ByCaller < limits.ByCaller && wrong.InAll < limits.InAll {
						c.WrongNumbers = append(c.WrongNumbers, day)
					}
					return c
				})
			if err != nil {
				t.Error(err)
			}
			added[worker].ByCaller += len(c.WrongNumbers)
		}
	})
	byCaller, inAll := make([]int, len(spellings)), 0
	for worker, n := range added {
		byCaller[worker%len(spellings)] += n.ByCaller
		inAll += n.ByCaller
	}
	if slices.Max(byCaller) > limits.ByCaller || inAll != limits.InAll {
		t.Errorf("%v wrong numbers of four callers, %d in all; want at most %d of each, and %d", byCaller, inAll, limits.ByCaller, limits.InAll)
	}
}

// wrongNumbersOf returns how many wrong numbers a caller entered at since or later.
func wrongNumbersOf(t rapid.TB, s Store, caller policy.Phone, since time.Time) (int, error) {
	t.Helper()
	n, err := wrongNumbersSince(t, s, policy.WrongNumberCount{Caller: caller, Since: since, AtMost: policy.WrongNumbers{ByCaller: math.MaxInt}})
	return n.ByCaller, err
}

// wrongNumbersSince counts in a step that changes nothing.
func wrongNumbersSince(t rapid.TB, s Store, count policy.WrongNumberCount) (n policy.WrongNumbers, err error) {
	t.Helper()
	_, err = s.AdvanceCounting(context.Background(), "CA-none", count, func(c policy.Call, wrong policy.WrongNumbers) policy.Call {
		n = wrong
		return c
	})
	return n, err
}

func listingWhileWriting(t *testing.T, storage Storage) {
	s := storage.Open(t)
	const before = 500
	for n := range before {
		must(t, s, policy.CallSID(fmt.Sprintf("CA%04d", n)), began(day.Add(time.Duration(n)*time.Second)))
	}
	seen := 0
	last := day.Add(before * time.Second)
	for c, err := range s.Calls(t.Context(), policy.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if !c.StartedAt.Before(last) {
			t.Fatalf("a call of %v after one of %v", c.StartedAt, last)
		}
		last = c.StartedAt
		// The consumer writes while it reads: to the call that it sees, and new calls that the listing does not have.
		if seen%50 == 0 {
			must(t, s, c.SID, exchange("menu/1"))
			must(t, s, policy.CallSID(fmt.Sprint("CA-new-", seen)), began(day.Add(time.Hour)))
		}
		seen++
	}
	if seen != before {
		t.Errorf("%d calls listed, want %d", seen, before)
	}
}

// loaded returns the n-th of many calls of one account.
func loaded(n int) policy.Call {
	c := served(day.Add(time.Duration(n) * time.Second))(policy.Call{SID: policy.CallSID(fmt.Sprintf("CA%06d", n))})
	c.Ticket = policy.Ticket(fmt.Sprint(n % 7))
	c.Trace = []policy.Decision{{At: c.StartedAt, Rule: "customer.found", Result: "yes"}}
	return c
}

func load(t *testing.T, s Store, calls int) {
	t.Helper()
	all := func(yield func(policy.Call) bool) {
		for n := range calls {
			if !yield(loaded(n)) {
				return
			}
		}
	}
	done := 0
	if err := s.Load(t.Context(), all, func(n int) { done = n }); err != nil {
		t.Fatal(err)
	}
	if done != calls {
		t.Errorf("at the end %d calls were said to be loaded, want %d", done, calls)
	}
}

func loading(t *testing.T, storage Storage) {
	s := storage.Open(t)
	first := must(t, s, "CA-first", exchange("menu/1"))
	load(t, s, 300)
	for _, n := range []int{0, 150, 299} {
		same(t, "a loaded call", loaded(n), kept(t, s, loaded(n).SID))
	}
	same(t, "a call from before", first, kept(t, s, first.SID))
	want := loaded(299)
	must(t, s, want.SID, exchange("menu/1"))
	same(t, "a loaded call that goes on", exchange("menu/1")(want), kept(t, s, want.SID))
	if n := len(collect(t, s.Calls(t.Context(), policy.Filter{Customer: customer}))); n != 300 {
		t.Errorf("%d loaded calls are listed, want 300", n)
	}
	for what, calls := range map[string][]policy.Call{
		"a call that is there": {loaded(400), loaded(150)},
		"a call given twice":   {loaded(400), loaded(400)},
		"a call without a SID": {loaded(400), {}},
	} {
		if err := s.Load(t.Context(), slices.Values(calls), nil); err == nil {
			t.Errorf("%s: no error", what)
		}
		_, err := s.Call(t.Context(), loaded(400).SID)
		wantError(t, "what came with "+what, err, policy.ErrNoCall)
	}
	for _, n := range []int{0, 1, 150} {
		same(t, "a loaded call after others went on", loaded(n), kept(t, s, loaded(n).SID))
	}
}
