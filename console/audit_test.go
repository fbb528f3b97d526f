package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// TestAudit is for admins, finds by who, act and subject, and goes from page to page both ways.
func TestAudit(t *testing.T) {
	p := mustPlace(t)
	for i := range 120 {
		e := policy.AuditEntry{At: monday.Add(-time.Duration(i) * time.Minute), By: "mila", Act: "note", Subject: fmt.Sprintf("CA%032d", i), Detail: fmt.Sprintf("number %d", i)}
		if err := p.store.Note(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for role, status := range map[users.Role]int{users.Viewer: http.StatusForbidden, users.Operator: http.StatusForbidden, users.Admin: http.StatusOK} {
		p.as(t, role).get("/audit").want(t, status)
	}
	admin := p.as(t, users.Admin)
	first := admin.get("/audit?by=mila")
	first.want(t, http.StatusOK, "number 0", "number 49", "/calls/CA"+strings.Repeat("0", 32), "Older").without(t, "number 50", "rel=\"prev\"")
	second := admin.get(link(t, first, "Older"))
	second.want(t, http.StatusOK, "number 50", "number 99", "Newest").without(t, "number 49", "number 100")
	admin.get(link(t, second, "Newer")).want(t, http.StatusOK, "number 0", "number 49").without(t, "number 50")
	admin.get("/audit?subject=CA"+fmt.Sprintf("%032d", 7)).want(t, http.StatusOK, "number 7").without(t, "number 8")
	admin.get("/audit?act=waive").want(t, http.StatusOK, "Nothing matches.")
	admin.get("/audit?since=yesterday").want(t, http.StatusUnprocessableEntity, "write a date such as")
	admin.get("/audit?older=nonsense").want(t, http.StatusUnprocessableEntity, "No such place in the list")
	admin.get("/audit?by=admin&act=sign-in").want(t, http.StatusOK, "sign-in")
}

// link is the address behind a link's text.
func link(t testing.TB, p page, text string) string {
	t.Helper()
	before, _, found := strings.Cut(p.body, ">"+text+"</a>")
	start := strings.LastIndex(before, `href="`)
	if !found || start < 0 {
		t.Fatalf("%s: no link %q", p.path, text)
	}
	address, _, _ := strings.Cut(before[start+len(`href="`):], `"`)
	return strings.ReplaceAll(address, "&amp;", "&")
}
