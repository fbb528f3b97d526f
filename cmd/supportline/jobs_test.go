package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// talkingCall is a call whose specialist accepted at a time and still talks.
func talkingCall(accepted time.Time) policy.Call {
	c := fairCall(7, "204518", accepted.Add(-30*time.Second).Format(time.RFC3339), 0, "")
	c.Legs[0].EndedAt, c.Legs[0].Seconds, c.Legs[0].Status = time.Time{}, nil, "in-progress"
	c.EndedAt, c.TotalSeconds, c.Status = time.Time{}, nil, ""
	return c
}

// TestLiveLimitIsToldOnce: a second too early nothing, then once, whatever restarts come between. The call goes on.
func TestLiveLimitIsToldOnce(t *testing.T) {
	accepted := time.Date(2024, 3, 20, 12, 0, 0, 0, time.UTC)
	c := newCompany(t, accepted, "mail.example.com:25")
	c.log(talkingCall(accepted))
	told := []string{"call-limit/" + string(sid(7))}
	for _, step := range []struct {
		name  string
		after time.Duration
		want  []string
	}{
		{"at the limit", 20 * time.Minute, nil},
		{"a second over", 20*time.Minute + time.Second, told},
		{"again", 21 * time.Minute, told},
		{"at night", 3 * time.Hour, told},
	} {
		c.now = accepted.Add(step.after)
		if err := c.jobs().LiveLimits(t.Context(), c.now); err != nil {
			t.Fatal(err)
		}
		c.killed()
		if diff := cmp.Diff(step.want, c.due()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
	call, err := c.store.Call(t.Context(), sid(7))
	if err != nil {
		t.Fatal(err)
	}
	if call.Outcome() != "" {
		t.Errorf("the call ended with %s", call.Outcome())
	}
}

// TestWarningsNearTheLimit: 80 % and 100 % of the month's tickets, each once an account and month.
func TestWarningsNearTheLimit(t *testing.T) {
	c := newCompany(t, time.Date(2024, 3, 31, 12, 0, 0, 0, time.UTC), "mail.example.com:25")
	for _, step := range []struct {
		name  string
		calls int
		want  []string
	}{
		{"12 of 16", 12, nil},
		{"13 of 16", 13, []string{"tickets/204518/2024-03/80"}},
		{"the same again", 13, []string{"tickets/204518/2024-03/80"}},
		{"16 of 16", 16, []string{"tickets/204518/2024-03/100", "tickets/204518/2024-03/80"}},
	} {
		c.took("204518", "2024-03", step.calls)
		if err := c.jobs().Review(t.Context(), "204518", "2024-03", c.now); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, c.due()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
	if err := c.jobs().Review(t.Context(), "999999", "2024-03", c.now); err != nil {
		t.Errorf("an account that was erased meanwhile: %v", err)
	}
}

// TestWhatIsReachedAtOnceIsToldOnce: a review that finds both percentages reached tells the higher one, and the lower one never, also when two calls
// turn out to be about one ticket.
func TestWhatIsReachedAtOnceIsToldOnce(t *testing.T) {
	c := newCompany(t, time.Date(2024, 3, 31, 12, 0, 0, 0, time.UTC), "mail.example.com:25")
	c.conf.Settings.FairUse.TellHolder = true
	c.took("204518", "2024-03", 16)
	want := []string{"holder-tickets/204518/2024-03/100", "tickets/204518/2024-03/100"}
	review := func() {
		t.Helper()
		if err := c.jobs().Review(t.Context(), "204518", "2024-03", c.now); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, c.due()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	review()
	for _, day := range []int{61, 62} { // the first two of March
		c.must("calls", "ticket", string(sid(2_024_000+day)), "--number", "4711")
	}
	review()
}

// TestLettersToTheHolder: with tell_holder the account holder gets a letter at 80 % and one at 100 %, each with the figure of that moment and with the
// company's pages; ops hear who must be phoned for want of an address.
func TestLettersToTheHolder(t *testing.T) {
	box := newMailbox(t)
	c := newCompany(t, time.Date(2024, 3, 31, 12, 0, 0, 0, time.UTC), box.address)
	s := &c.conf.Settings
	s.FairUse.TellHolder, s.FairUse.PerTicket, s.FairUse.PerMinuteOverTickets, s.FairUse.WarnAt = true, 5, 1.5, nil
	s.Company, s.Links = "Example Support", policy.Links{Policy: "https://help.example.com/policy", Training: "https://example.com/train", ScreenSharing: "https://example.com/share"}
	c.conf.Notices.Facts = s.LetterFacts()
	review := func(calls int) []letter {
		t.Helper()
		c.took("204518", "2024-03", calls)
		for range 2 {
			if err := c.jobs().Review(t.Context(), "204518", "2024-03", c.now); err != nil {
				t.Fatal(err)
			}
		}
		return c.deliver(box)
	}
	for _, step := range []struct {
		calls int
		want  []string
		not   string
	}{
		{12, nil, ""},
		{13, []string{
			"13 of 16 phone tickets in 2024-03: telephone support by Example Support", "Hello Office manager,", "has used 13 of the 16 phone tickets",
			"3 are left", "https://help.example.com/policy", "https://example.com/train", "https://example.com/share", "Example Support\r\n",
		}, "charged"},
		{15, nil, ""},
		{16, []string{"16 of 16 phone tickets in 2024-03", "has used 16 of the 16", "over the limit", "charged, at 5.00 USD a ticket and 1.50 USD a minute of talk."}, "left"},
		{17, nil, ""},
	} {
		letters := review(step.calls)
		if len(letters) != min(1, len(step.want)) {
			t.Errorf("at %d tickets %d letters came", step.calls, len(letters))
			continue
		}
		for _, l := range letters {
			text := unfolded(l)
			for _, want := range step.want {
				if l.to != "office@northwind.example" || !strings.Contains(text, want) || strings.Contains(text, "List-Id") {
					t.Errorf("to %s at %d tickets, without %q:\n%s", l.to, step.calls, want, text)
				}
			}
			if step.not != "" && strings.Contains(text, step.not) {
				t.Errorf("at %d tickets, with %q:\n%s", step.calls, step.not, text)
			}
		}
	}
	c.addressed("")
	c.took("204518", "2024-04", 13)
	c.now = time.Date(2024, 4, 20, 12, 0, 0, 0, time.UTC)
	if err := c.jobs().Review(t.Context(), "204518", "2024-04", c.now); err != nil {
		t.Fatal(err)
	}
	letters := c.deliver(box)
	if len(letters) != 1 || letters[0].to != "ops@example.com" || !strings.Contains(unfolded(letters[0]), "so nobody was told: please phone Office manager.") {
		t.Errorf("ops got %+v", letters)
	}
	about, err := c.store.NoticesUnder(t.Context(), policy.NoticesAbout("204518", nil, nil), 100)
	if err != nil || len(about) != 3 {
		t.Errorf("the account's notices are %+v, %v", about, err)
	}
	c.must("customers", "erase", "204518", "--yes")
	for n, err := range c.store.Notices(t.Context()) {
		t.Errorf("after the erasure: %+v, %v", n, err)
	}
}

// unfolded returns the text of a letter without the breaks of long lines.
func unfolded(l letter) string {
	return strings.ReplaceAll(strings.ReplaceAll(l.text, "=\r\n", ""), "\r\n ", " ")
}

// TestSummaryOnTheFirstWorkingDay: September 2024 begins on a Sunday.
func TestSummaryOnTheFirstWorkingDay(t *testing.T) {
	c := newCompany(t, time.Date(2024, 9, 1, 12, 0, 0, 0, time.UTC), "mail.example.com:25")
	c.took("204518", "2024-08", 17)
	newYork := c.conf.Settings.Lines[0].Zone
	for _, step := range []struct {
		name string
		at   time.Time
		want []string
	}{
		{"Sunday", time.Date(2024, 9, 1, 12, 0, 0, 0, newYork), nil},
		{"Sunday night, Monday in UTC", time.Date(2024, 9, 1, 22, 0, 0, 0, newYork), nil},
		{"Monday", time.Date(2024, 9, 2, 2, 0, 0, 0, newYork), []string{"summary/2024-08"}},
		{"Tuesday", time.Date(2024, 9, 3, 2, 0, 0, 0, newYork), []string{"summary/2024-08"}},
		{"a month without calls", time.Date(2024, 10, 1, 2, 0, 0, 0, newYork), []string{"summary/2024-08"}},
	} {
		c.now = step.at
		if err := c.jobs().Summary(t.Context(), c.now); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, c.due()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
}

// TestRetentionRemovesSessionsThatAreOver, and no others.
func TestRetentionRemovesSessionsThatAreOver(t *testing.T) {
	c := newCompany(t, time.Date(2024, 3, 20, 12, 0, 0, 0, time.UTC), "")
	c.conf.Settings.Retention = 400 * 24 * time.Hour
	for key, ends := range map[string]time.Time{"over": c.now, "not over": c.now.Add(time.Hour)} {
		if err := c.store.StartSession(t.Context(), users.Session{Key: key, User: "mila", Since: c.now, Seen: c.now, Ends: ends}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.jobs().Retain(t.Context(), c.now); err != nil {
		t.Fatal(err)
	}
	if left, err := c.store.ExpireSessions(t.Context(), c.now.Add(time.Hour)); left != 1 || err != nil {
		t.Errorf("%d sessions are left, %v", left, err)
	}
}

// TestRetentionKeepsWhatACaseRestsOn is rule 13.
func TestRetentionKeepsWhatACaseRestsOn(t *testing.T) {
	c := newCompany(t, time.Date(2024, 3, 20, 12, 0, 0, 0, time.UTC), "")
	c.conf.Settings.Retention = 400 * 24 * time.Hour
	for _, month := range []policy.Month{"2023-08", "2024-01", "2024-02", "2024-03"} {
		c.took("204518", month, 17)
	}
	c.log(fairCall(9, "310022", "2024-02-01T15:00:00Z", 60, ""))
	if err := c.jobs().ReviewAll(t.Context(), c.now); err != nil {
		t.Fatal(err)
	}
	c.now = c.now.AddDate(3, 0, 0)
	if err := c.jobs().Retain(t.Context(), c.now); err != nil {
		t.Fatal(err)
	}
	left := map[string]int{}
	for call, err := range c.store.Calls(t.Context(), policy.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		left[string(call.Customer)+" "+string(call.Month)]++
	}
	if diff := cmp.Diff(map[string]int{"204518 2024-01": 17, "204518 2024-02": 17, "204518 2024-03": 17}, left); diff != "" {
		t.Errorf("calls that are left (-want +got):\n%s", diff)
	}
}
