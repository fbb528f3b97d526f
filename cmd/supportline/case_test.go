package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

// TestCaseFromFlaggedToClosed carries a case through its life (rules 8 and 9): the software opens it, a person moves it, the e-mails arrive, and
// the process is killed after every single step, before anything that waits is sent.
func TestCaseFromFlaggedToClosed(t *testing.T) {
	box := newMailbox(t)
	c := newCompany(t, time.Date(2024, 3, 20, 12, 0, 0, 0, time.UTC), box.address)
	var mail []letter
	step := func(what func()) {
		t.Helper()
		what()
		c.killed()
		mail = append(mail, c.deliver(box)...)
		c.killed()
		if again := c.due(); len(again) > 0 {
			t.Errorf("told already, and due again: %v", again)
		}
	}
	review := func() {
		t.Helper()
		if err := c.jobs().ReviewAll(t.Context(), c.now); err != nil {
			t.Fatal(err)
		}
	}
	move := func(args ...string) func() {
		return func() { c.must(append([]string{"cases", "move", "1"}, args...)...) }
	}
	for _, month := range []policy.Month{"2024-01", "2024-02", "2024-03"} {
		step(func() { c.took("204518", month, 17) })
	}
	for range 2 { // the second finds nothing new
		step(review)
	}
	if restricted(t, c) {
		t.Error("a case that the software opened restricts nobody")
	}
	step(move("--to", "contacted", "--via", "email", "--note", "usage of the last three months"))
	step(move("--to", "discussed", "--note", "offered a training package"))
	step(move("--to", "watching", "--note", "a month"))
	step(move("--to", "restricted", "--note", "no change"))
	if !restricted(t, c) {
		t.Error("the account is not restricted")
	}
	step(move("--to", "charged", "--note", "agreed"))
	step(move("--to", "closed", "--note", "within the limits"))
	if restricted(t, c) {
		t.Error("a closed case restricts the account")
	}
	step(review) // the same load opens no second case
	want := []string{
		"office@northwind.example Your telephone support", // contacted
		"office@northwind.example Your telephone support", // restricted
		"ops@example.com Northwind Flex Offices: 17 of 16 phone tickets in 2024-02",
		"ops@example.com Northwind Flex Offices: 17 of 16 phone tickets in 2024-03",
		"ops@example.com Northwind Flex Offices: sustained load, a case is open",
	}
	if diff := cmp.Diff(want, subjects(mail)); diff != "" {
		t.Errorf("the e-mails that came (-want +got):\n%s", diff)
	}
	states := []string{"flagged", "contacted", "discussed", "watching", "restricted", "charged", "closed"}
	if diff := cmp.Diff("204518,Northwind Flex Offices,closed,"+strings.Join(states, ";"), caseRow(c.must("cases", "list", "--format", "csv"))); diff != "" {
		t.Errorf("the list (-want +got):\n%s", diff)
	}
	c.now = c.now.AddDate(0, 1, 0)
	step(func() { c.took("204518", "2024-04", 17) })
	step(review)
	if list := c.must("cases", "list", "--state", "flagged"); !strings.Contains(list, "\n2 ") {
		t.Errorf("later load opens a new case, but the list is\n%s", list)
	}
}

// TestRestrictionTellsTheHolder: a move to restricted sends an e-mail unless it is silent, and says what a person has to do where none can go out.
func TestRestrictionTellsTheHolder(t *testing.T) {
	for name, row := range map[string]struct {
		address string   // of the account holder
		server  bool     // there is a mail server
		flags   []string // of the move
		told    string   // what the command says
		letters int
		via     string // in the history
	}{
		"told by e-mail":         {"office@northwind.example", true, nil, "An e-mail to office@northwind.example is on its way", 1, "email"},
		"told by phone as well":  {"office@northwind.example", true, []string{"--via", "phone"}, "An e-mail to office@northwind.example is on its way", 1, "phone"},
		"silent":                 {"office@northwind.example", true, []string{"--silent"}, "", 0, ""},
		"silent, told by phone":  {"office@northwind.example", true, []string{"--silent", "--via", "phone"}, "", 0, "phone"},
		"no mail server":         {"office@northwind.example", false, nil, "nothing is sent: write to office@northwind.example yourself", 0, ""},
		"no address":             {"", true, nil, "somebody must phone Office manager at +442079460018", 0, ""},
		"no address, was phoned": {"", true, []string{"--via", "phone"}, "", 0, "phone"},
		"no address, silent":     {"", true, []string{"--silent"}, "", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			mail := map[bool]string{true: "mail.example.com:25"}[row.server]
			c := newCompany(t, time.Date(2024, 3, 20, 12, 0, 0, 0, time.UTC), mail)
			c.addressed(row.address)
			c.must("cases", "open", "--customer", "204518", "--note", "n")
			for _, to := range []string{"contacted", "discussed", "watching"} {
				c.must("cases", "move", "1", "--to", to, "--via", "phone", "--note", "n")
			}
			_, words, status := c.run(append([]string{"cases", "move", "1", "--to", "restricted", "--note", "n"}, row.flags...)...)
			after, _, found := strings.Cut(words, "Case 1 of 204518 Northwind Flex Offices is restricted.\n")
			if status != 0 || !found || after != "" {
				t.Fatalf("status %d: %s", status, words)
			}
			if said := strings.TrimPrefix(words, "Case 1 of 204518 Northwind Flex Offices is restricted.\n"); !strings.Contains(said, row.told) || (row.told == "") != (said == "") {
				t.Errorf("it said %q, want %q", said, row.told)
			}
			if due := c.due(); len(due) != row.letters {
				t.Errorf("%v are due", due)
			}
			moved, err := c.store.Case(t.Context(), "1")
			if err != nil {
				t.Fatal(err)
			}
			if last := moved.LastMove(); last.Via != row.via || last.Silent != slices.Contains(row.flags, "--silent") {
				t.Errorf("the history has %+v", last)
			}
		})
	}
}

// addressed gives the account 204518 another e-mail address.
func (c *company) addressed(email string) {
	c.Helper()
	holder, err := c.store.Customer(c.Context(), "204518")
	if err != nil {
		c.Fatal(err)
	}
	holder.Email = email
	if _, err := c.store.ImportCustomers(c.Context(), []policy.Customer{holder}, "test"); err != nil {
		c.Fatal(err)
	}
}

// restricted reports whether the account is restricted, as the machine sees it.
func restricted(t *testing.T, c *company) bool {
	t.Helper()
	customer, err := c.store.Customer(t.Context(), "204518")
	if err != nil {
		t.Fatal(err)
	}
	return customer.Restricted
}

// caseRow returns the only row of a list of cases, without its ID, time and months.
func caseRow(csv string) string {
	cells := strings.Split(strings.TrimSpace(csv[strings.Index(csv, "\n")+1:]), ",")
	if len(cells) != 7 {
		return csv
	}
	return strings.Join([]string{cells[1], cells[2], cells[3], cells[6]}, ",")
}

// subjects returns the receivers and subjects of letters, sorted.
func subjects(mail []letter) []string {
	var all []string
	for _, l := range mail {
		_, rest, _ := strings.Cut(l.text, "\r\nSubject: ")
		rest = strings.ReplaceAll(rest, "\r\n ", " ") // long headers are folded
		subject, _, _ := strings.Cut(rest, "\r\n")
		all = append(all, l.to+" "+subject)
	}
	slices.Sort(all)
	return all
}
