package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// anySID returns one of the forms that a SID can have, most often the provider's.
func anySID(id int) policy.CallSID {
	switch id % 6 {
	case 0:
		return policy.CallSID(fmt.Sprintf("CA%04d", id))
	case 1:
		return policy.CallSID(fmt.Sprintf("CA-new-%d", id))
	case 2:
		return policy.CallSID([]string{"AC", "C", "CAA", "CB", "ZZ", "CAf"}[id/6%6] + fmt.Sprint(id))
	}
	return policy.CallSID(fmt.Sprintf("CA%02x%030x", id*41%256, id))
}

// withFacets adds the values that a search looks at to a call.
func withFacets(t *rapid.T, c policy.Call) policy.Call {
	c.Account = map[policy.CustomerNumber]string{customer: "Northwind Flex Offices", "20451": "Harbor & Sons", "2045180": "northwind-éire"}[c.Customer]
	if c.Account != "" && rapid.Bool().Draw(t, "renamed") {
		c.Account = "Maple Offices"
	}
	c.From = rapid.SampledFrom([]policy.Phone{caller, "+12125550142", "+4420794", "anonymous", "", "sip:4420@b.example"}).Draw(t, "caller")
	c.Ticket = rapid.SampledFrom([]policy.Ticket{"", "", "4711", "471", "4420"}).Draw(t, "ticket")
	c.Waived, c.Training = rapid.Bool().Draw(t, "waived"), rapid.Bool().Draw(t, "training")
	if rapid.Bool().Draw(t, "accepted") {
		leg := policy.Leg{SID: "CA-leg", To: rapid.SampledFrom([]policy.Phone{"+15550100001", "+15550100003", ""}).Draw(t, "specialist"), AcceptedAt: day}
		leg.Person = rapid.SampledFrom([]policy.PersonID{"", "ada", "ben"}).Draw(t, "person")
		leg.Name = map[policy.PersonID]string{"ada": "Ada Moreau", "ben": "Ben Okafor"}[leg.Person]
		if rapid.Bool().Draw(t, "talked") {
			seconds := rapid.SampledFrom([]int{0, 1, 59, 60, 61, 1199, 1200, 1201, 1259, 3599, 3600, 3900, 4000, 40_000}).Draw(t, "talk")
			leg.Seconds = &seconds
		}
		c = c.WithLeg(leg)
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "others") {
		c = c.WithLeg(policy.Leg{
			SID: policy.CallSID(fmt.Sprint("CA-other-", i)), To: rapid.SampledFrom([]policy.Phone{"+15550100001", "+15550100004"}).Draw(t, "rung"),
			Person: rapid.SampledFrom([]policy.PersonID{"", "ada"}).Draw(t, "who is rung"), Status: rapid.SampledFrom([]string{"ringing", "busy", "no-answer"}).Draw(t, "status"),
		})
	}
	return c
}

// anyFilter returns a filter with few conditions.
func anyFilter(t *rapid.T) policy.Filter {
	var f policy.Filter
	for range rapid.IntRange(0, 3).Draw(t, "filters") {
		switch rapid.IntRange(0, 14).Draw(t, "filter") {
		case 0:
			f.Since = anyTime(t, "since")
		case 1:
			f.Until = anyTime(t, "until")
		case 2:
			f.Line = rapid.SampledFrom([]policy.Phone{ukLine, usLine, "+1"}).Draw(t, "of line")
		case 3:
			f.Customer = rapid.SampledFrom([]policy.CustomerNumber{customer, "20451", "2"}).Draw(t, "of customer")
		case 4:
			f.Intent = rapid.SampledFrom(policy.Intents()).Draw(t, "of intent")
		case 5:
			f.Outcome = rapid.SampledFrom([]policy.Outcome{policy.InProgress, policy.Abandoned, policy.LineClosed, policy.Served}).Draw(t, "of outcome")
		case 6:
			f.Specialist = rapid.SampledFrom([]policy.Phone{"+15550100001", "+15550100003"}).Draw(t, "of specialist")
		case 7:
			f.Ticket = rapid.SampledFrom([]policy.Ticket{"4711", "471", "47"}).Draw(t, "of ticket")
		case 8:
			f.OverLong = rapid.SampledFrom([]time.Duration{20 * time.Minute, time.Second, 3599 * time.Second}).Draw(t, "over")
		case 9:
			f.Waived = true
		case 10:
			f.Training = true
		case 11:
			f.TalkAtLeast = rapid.SampledFrom([]int{0, 1, 60, 1200, 3601}).Draw(t, "at least")
			f.TalkAtMost = rapid.SampledFrom([]int{0, 60, 1200, 1259, 4000}).Draw(t, "at most")
		case 13:
			f.Unidentified = true
		case 14:
			f.Person = rapid.SampledFrom([]policy.PersonID{"ada", "ben", "gone"}).Draw(t, "of person")
			f.Specialist = rapid.SampledFrom([]policy.Phone{"", "+15550100001"}).Draw(t, "at the person's address")
			f.Texts = rapid.SampledFrom([]policy.Phone{"", "+15550100003"}).Draw(t, "where the person gets texts")
		case 12:
			f.Text = rapid.SampledFrom(texts).Draw(t, "text")
			f.Numbers = rapid.Bool().Draw(t, "numbers")
		}
	}
	return f
}

// texts has what people type: whole numbers and beginnings, words, SIDs, tickets, parts of phone numbers, and what finds nothing.
var texts = []string{
	"204518", "20451", "204", "20", " 2045180 ", "offices", "OFF", "northwind flex", "flex north", "o", "éire", "sons harbor", "harbor north", "Maple",
	"4711", "471", "4420", "020 7946", "0018", "+44 20 7946 0018", "212-555", "555", "CA0006", "CA00", "CA-new", "CA-new-7", "AC2", "CA", "zz", "***", "\x00\xff", "",
	"withheld", "Anonymous", "+266696687", "2666", "00442079460018", "tel:+44-20-7946-0018", "sip:442079460018@c.example", "+44 (0)20 7946 0018", "sip:a@b.example",
}

func search(t *testing.T, storage Storage) {
	s := storage.Open(t)
	rapid.Check(t, func(r *rapid.T) {
		all := fill(r, s)
		for range 6 {
			f := anyFilter(r)
			name := fmt.Sprintf("%+v", f)
			want := all.newest(f)
			same(r, "listing "+name, want, collect(r, s.Calls(r.Context(), f)))
			length := rapid.IntRange(1, 12).Draw(r, "length")
			same(r, "pages of "+name, want, pageThrough(r, s, f, length))
			f.Limit = rapid.IntRange(1, 5).Draw(r, "limit")
			same(r, "limited "+name, all.newest(f), collect(r, s.Calls(r.Context(), f)))
		}
	})
}

// pageThrough reads a list page by page to its end, and back again.
func pageThrough(t *rapid.T, s Store, f policy.Filter, length int) []policy.Call {
	t.Helper()
	read := func(p policy.Page) policy.Found[policy.Call] {
		p.Length = length
		found, err := s.Search(t.Context(), f, p)
		if err != nil {
			t.Fatal(err)
		}
		if len(found.List) > length {
			t.Errorf("a page of %d has %d calls", length, len(found.List))
		}
		if full := len(found.List) == length; !full && found.SearchedTo.IsZero() && !found.Older.IsZero() && p.Newer.IsZero() {
			t.Errorf("a page of %d calls is said to have older ones behind it", len(found.List))
		}
		return found
	}
	page := read(policy.Page{})
	if !page.Newer.IsZero() {
		t.Errorf("the first page says that there are newer calls, from %s", page.Newer)
	}
	var list []policy.Call
	for {
		list = append(list, page.List...)
		if page.Older.IsZero() {
			break
		}
		before := page
		page = read(policy.Page{Older: marked(t, page.Older)})
		if len(page.List) > 0 && len(before.List) > 0 && page.Newer.IsZero() {
			t.Errorf("a page that follows %d calls says that there are no newer ones", len(list))
		}
	}
	back := slices.Clone(page.List)
	for !page.Newer.IsZero() {
		page = read(policy.Page{Newer: marked(t, page.Newer)})
		back = append(slices.Clone(page.List), back...)
		if len(page.List) > 0 && len(back) > len(page.List) && page.Older.IsZero() {
			t.Errorf("a page before %d calls says that there are no older ones", len(back)-len(page.List))
		}
	}
	same(t, "the pages read backwards", list, back)
	return list
}

// marked returns a mark after formatting and parsing it.
func marked(t *rapid.T, m policy.Cursor) policy.Cursor {
	t.Helper()
	again, err := policy.ParseCursor(m.String())
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// step returns one of the things that happen to a call, in any order: reports, acts, the machine's own steps.
func step(t *rapid.T, n int) func(policy.Call) policy.Call {
	at := day.Add(time.Duration(n) * time.Minute)
	seconds := 60 * n
	return rapid.SampledFrom([]func(policy.Call) policy.Call{
		began(at),
		func(c policy.Call) policy.Call {
			c.Customer, c.Account, c.Month = customer, northwind.Name, "2026-11"
			return c
		},
		func(c policy.Call) policy.Call { c.Customer, c.Account = "20451", "Harbor"; return c },
		func(c policy.Call) policy.Call { c.Intent, c.Ticket = policy.TicketStatus, "4711"; return c },
		func(c policy.Call) policy.Call { c.Ticket, c.Waived = "", !c.Waived; return c },
		func(c policy.Call) policy.Call { c.From = "+12125550142"; return c },
		func(c policy.Call) policy.Call { c.WrongNumbers = append(c.WrongNumbers, at); return c },
		func(c policy.Call) policy.Call { c.Month = "2026-12"; return c },
		func(c policy.Call) policy.Call { c.OnFile = "20451"; return c },
		func(c policy.Call) policy.Call { c.LimitToldAt = at; return c },
		func(c policy.Call) policy.Call {
			return c.Learn(policy.Report{Recording: &policy.Recording{SID: "RE1", Seconds: 9, At: at}})
		},
		func(c policy.Call) policy.Call { return c.Anonymised() },
		func(c policy.Call) policy.Call { c.LeftAt = at; return c },
		func(c policy.Call) policy.Call {
			return c.Learn(policy.Report{At: at, Status: "completed", Seconds: &seconds})
		},
		func(c policy.Call) policy.Call {
			return c.Learn(policy.Report{At: at, Leg: "CA-leg", To: "+15550100001", Status: "in-progress"})
		},
		func(c policy.Call) policy.Call {
			return c.Learn(policy.Report{At: at, Leg: "CA-leg", Status: "completed", Seconds: &seconds})
		},
		func(c policy.Call) policy.Call {
			leg := c.Leg("CA-leg")
			leg.AcceptedAt = at
			return c.WithLeg(leg)
		},
	}).Draw(t, "step")
}

// searchAnyOrder checks that a search sees a call as it is after each of many steps in any order, some of them of calls that ended long ago.
func searchAnyOrder(t *testing.T, storage Storage) {
	s := storage.Open(t)
	rapid.Check(t, func(r *rapid.T) {
		all := fill(r, s)
		for n := range rapid.IntRange(1, 40).Draw(r, "steps") {
			id := anySID(rapid.IntRange(0, 12).Draw(r, "sid"))
			c, err := s.Advance(r.Context(), id, step(r, n))
			if err != nil {
				r.Fatal(err)
			}
			if _, err := s.Call(r.Context(), id); err == nil { // a step that changes nothing makes no call
				all[id] = c.WithoutHistory()
			}
			f := anyFilter(r)
			same(r, fmt.Sprintf("%+v", f), all.newest(f), collect(r, s.Calls(r.Context(), f)))
		}
		foundOtherwise(r, s, all)
	})
}

// foundOtherwise checks the ways to find calls that are not searches: calls that talk, calls with recordings to fetch, wrong numbers.
func foundOtherwise(t *rapid.T, s Store, all model) {
	t.Helper()
	later := day.AddDate(1, 0, 0)
	var talking, recorded []policy.CallSID
	misses := map[policy.Phone]int{}
	for id, c := range all {
		if _, talks := c.Talking(); talks {
			talking = append(talking, id)
		}
		for _, r := range c.Recorded() {
			if r.Step() == policy.StepFetch {
				recorded = append(recorded, id)
			}
		}
		for _, from := range []policy.Phone{caller, "+12125550142", ""} {
			if c.From.Caller() == from.Caller() {
				misses[from] += len(c.WrongNumbers)
			}
		}
	}
	got, err := s.TalkingSince(t.Context(), later)
	if err != nil {
		t.Fatal(err)
	}
	sorted := cmpopts.SortSlices(func(a, b policy.CallSID) bool { return a < b })
	if diff := cmp.Diff(talking, got, sorted, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("calls that talk (-want +got):\n%s", diff)
	}
	due, err := s.DueRecordings(t.Context(), policy.StepFetch, later, len(recorded)+1)
	if err != nil {
		t.Fatal(err)
	}
	got = nil
	for _, d := range due {
		got = append(got, d.Call)
	}
	if diff := cmp.Diff(recorded, got, sorted, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("calls with a recording to fetch (-want +got):\n%s", diff)
	}
	for from, want := range misses {
		if n, err := wrongNumbersOf(t, s, from, time.Time{}); err != nil || n != want {
			t.Errorf("%d wrong numbers of %q, %v; want %d", n, from.Full(), err, want)
		}
	}
}

// Alternating returns the n-th of many calls of which every second one is critical and the others are trainings; the first is both.
func Alternating(n int) policy.Call {
	c := loaded(n)
	c.Intent = policy.Question
	if n%2 == 0 {
		c.Intent = policy.Critical
	}
	c.Training = n%2 == 1 || n == 0
	return c
}

// searchRare searches for what is rare among many calls: pages may be empty, but say how far they came, and lead there.
func searchRare(t *testing.T, storage Storage) {
	s := storage.Open(t)
	const calls = 22_000
	alternating := func(yield func(policy.Call) bool) {
		for n := 0; n < calls && yield(Alternating(n)); n++ {
		}
	}
	if err := s.Load(t.Context(), alternating, nil); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		filter policy.Filter
		want   int
	}{
		{policy.Filter{Intent: policy.Critical, Training: true}, 1},
		{policy.Filter{Intent: policy.Critical, Training: true, Since: day.Add(time.Second)}, 0},
		{policy.Filter{Intent: policy.Critical, Training: true, Text: "CA0000"}, 1},
		{policy.Filter{Intent: policy.Critical, Text: string(customer)}, calls / 2},
		{policy.Filter{Ticket: "3", Training: true, TalkAtLeast: 1800}, calls/14 + 1},
		{policy.Filter{Text: "nobody has this name"}, 0},
		{policy.Filter{Text: string(customer), TalkAtLeast: 1801}, 0},
	} {
		if n := walk(t, s, test.filter); n != test.want {
			t.Errorf("the pages of %+v have %d calls, want %d", test.filter, n, test.want)
		}
		if n := len(collect(t, s.Calls(t.Context(), test.filter))); n != test.want {
			t.Errorf("%+v lists %d calls, want %d", test.filter, n, test.want)
		}
	}
}

// walk counts the calls on all pages of a search.
func walk(t *testing.T, s Store, f policy.Filter) (calls int) {
	t.Helper()
	for page := (policy.Page{Length: 500}); ; {
		found, err := s.Search(t.Context(), f, page)
		if err != nil {
			t.Fatal(err)
		}
		calls += len(found.List)
		early := !found.Older.IsZero() && len(found.List) < 500
		if early != !found.SearchedTo.IsZero() || early && !found.SearchedTo.Equal(found.Older.At) {
			t.Errorf("a page of %d calls that goes on at %q says that it came to %v", len(found.List), found.Older, found.SearchedTo)
		}
		if found.Older.IsZero() {
			return calls
		}
		page.Older = found.Older
	}
}

func searchCancelled(t *testing.T, storage Storage) {
	s := storage.Open(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Search(ended, policy.Filter{}, policy.Page{})
	wantError(t, "Search", err, context.Canceled)
	_, err = s.SearchAudit(ended, users.AuditFilter{}, policy.Page{})
	wantError(t, "SearchAudit", err, context.Canceled)
	_, _, err = s.SearchCustomers(ended, policy.Text{}, 1, "")
	wantError(t, "SearchCustomers", err, context.Canceled)
	_, err = s.CountCalls(ended, []time.Time{day, day.Add(time.Hour)})
	wantError(t, "CountCalls", err, context.Canceled)
}

func counts(t *testing.T, storage Storage) {
	s := storage.Open(t)
	rapid.Check(t, func(r *rapid.T) {
		all := fill(r, s)
		times := []time.Time{anyTime(r, "from"), anyTime(r, "middle"), anyTime(r, "to")}
		slices.SortFunc(times, time.Time.Compare)
		got, err := s.CountCalls(r.Context(), times)
		if err != nil {
			r.Fatal(err)
		}
		want := []policy.OutcomeCount{{}, {}}
		for _, c := range all {
			for i := range want {
				if !c.StartedAt.Before(times[i]) && c.StartedAt.Before(times[i+1]) {
					want[i][c.Outcome()]++
				}
			}
		}
		same(r, fmt.Sprint("counts between ", times), want, got)
	})
	_, err := s.CountCalls(t.Context(), []time.Time{day.Add(1), day})
	wantError(t, "times that go back", err, policy.ErrOrder)
	if got, err := s.CountCalls(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("no times give %v, %v; want no counts", got, err)
	}
}

// searchErased checks that nothing leads to an account that was erased, or to calls that retention removed.
func searchErased(t *testing.T, storage Storage) {
	s := storage.Open(t)
	if _, err := s.ImportCustomers(t.Context(), []policy.Customer{northwind, harbor}, "anna"); err != nil {
		t.Fatal(err)
	}
	for n := range 70 { // enough to be indexed
		must(t, s, policy.CallSID(fmt.Sprintf("CA%02d", n)), served(day.Add(time.Duration(n)*time.Hour)))
	}
	finds := func(what string, want int, filters ...policy.Filter) {
		t.Helper()
		for _, f := range filters {
			if n := len(collect(t, s.Calls(t.Context(), f))); n != want {
				t.Errorf("%s: %+v finds %d calls, want %d", what, f, n, want)
			}
		}
	}
	texts := func() (filters []policy.Filter) {
		for _, text := range []string{string(customer), "2045", "northwind", "flex", caller.Full(), "7946"} {
			filters = append(filters, policy.Filter{Text: text, Numbers: true})
		}
		return filters
	}
	finds("before", 70, texts()...)
	finds("who may not see numbers", 0, policy.Filter{Text: "7946"})
	if _, err := s.Expire(t.Context(), day.Add(10*time.Hour)); err != nil {
		t.Fatal(err)
	}
	finds("after retention", 60, texts()...)
	if _, err := s.Erase(t.Context(), customer, "bea", day.AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	finds("after erasing", 0, texts()...)
	finds("after erasing", 60, policy.Filter{Outcome: policy.Served}, policy.Filter{TalkAtLeast: 1700}, policy.Filter{OverLong: time.Minute})
	if found, next, err := s.SearchCustomers(t.Context(), policy.ParseText("northwind", true), 10, ""); err != nil || len(found) > 0 || next != "" {
		t.Errorf("the erased customer is found: %v, %q, %v", found, next, err)
	}
}

// searchReopened searches after a crash between two steps, and after writes that failed.
func searchReopened(t *testing.T, storage Storage) {
	s := storage.Open(t)
	for n := range 100 { // some are indexed, and some are not
		change := served(day.Add(time.Duration(n) * time.Minute))
		if n%3 == 0 {
			change = began(day.Add(time.Duration(n) * time.Minute))
		}
		must(t, s, policy.CallSID(fmt.Sprintf("CA%03d", n)), change)
	}
	filters := []policy.Filter{{Outcome: policy.Served}, {Outcome: policy.InProgress}, {Line: ukLine}, {Text: "northwind"}, {TalkAtLeast: 1800, TalkAtMost: 1800}}
	var want [][]policy.Call
	for _, f := range filters {
		want = append(want, collect(t, s.Calls(t.Context(), f)))
	}
	for i, n := range []int{66, 34, 100, 66, 66} {
		if len(want[i]) != n {
			t.Errorf("%+v finds %d calls, want %d", filters[i], len(want[i]), n)
		}
	}
	again := storage.Copy(t).Open(t)
	for range 2 {
		for i, f := range filters {
			same(t, fmt.Sprintf("%+v after a crash", f), want[i], collect(t, again.Calls(t.Context(), f)))
		}
		full := errors.New("no space left on device")
		again.FailWrites(full)
		for n := range 70 { // ends that fail to be written, with what would have been indexed with them
			_, err := again.Advance(t.Context(), policy.CallSID(fmt.Sprintf("CA%03d", n)), func(c policy.Call) policy.Call { c.LeftAt, c.Ticket = day, "1"; return c })
			if n%3 == 0 {
				wantError(t, "a step on a full disk", err, full)
			}
		}
		again.FailWrites(nil)
	}
	for i, f := range filters {
		same(t, fmt.Sprintf("%+v after writes that failed", f), want[i], collect(t, again.Calls(t.Context(), f)))
	}
}
