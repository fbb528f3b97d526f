package users_test

import (
	"testing"
	"time"

	"github.com/officernd/supportline/policy/users"
)

// TestWhatTheAuditFinds: from a time on and before another, and by everything else that is asked for.
func TestWhatTheAuditFinds(t *testing.T) {
	entry := users.AuditEntry{At: began, By: "mila", Act: "waive", Customer: "204518", Subject: "CA1"}
	for name, row := range map[string]struct {
		filter users.AuditFilter
		want   bool
	}{
		"everything":         {users.AuditFilter{}, true},
		"from then on":       {users.AuditFilter{Since: began}, true},
		"from later on":      {users.AuditFilter{Since: began.Add(1)}, false},
		"before then":        {users.AuditFilter{Until: began}, false},
		"before later":       {users.AuditFilter{Until: began.Add(1)}, true},
		"by her":             {users.AuditFilter{By: "mila"}, true},
		"by another":         {users.AuditFilter{By: "anna"}, false},
		"the act":            {users.AuditFilter{Act: "waive"}, true},
		"another act":        {users.AuditFilter{Act: "undo waive"}, false},
		"about the call":     {users.AuditFilter{Subject: "CA1"}, true},
		"about another":      {users.AuditFilter{Subject: "CA2"}, false},
		"of the customer":    {users.AuditFilter{Customer: "204518"}, true},
		"of another":         {users.AuditFilter{Customer: "204519"}, false},
		"one of two matches": {users.AuditFilter{By: "mila", Act: "note"}, false},
		"two of two match":   {users.AuditFilter{By: "mila", Act: "waive", Since: began.Add(-time.Hour), Until: began.Add(time.Hour)}, true},
	} {
		if got := row.filter.Matches(entry); got != row.want {
			t.Errorf("%s: %t, want %t", name, got, row.want)
		}
	}
}

// TestWhoDidIt: a command says a name, and the system's user beside it where that is another.
func TestWhoDidIt(t *testing.T) {
	for want, entry := range map[string]users.AuditEntry{
		"mila": {By: "mila"}, "anna": {By: "anna", OSUser: "anna"}, "mila (as root)": {By: "mila", OSUser: "root"},
	} {
		if got := entry.Who(); got != want {
			t.Errorf("%+v was done by %q, want %q", entry, got, want)
		}
	}
}
