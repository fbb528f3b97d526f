package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
)

// TestAudit is for admins, finds by who, act and subject, and goes from page to page both ways.
func TestAudit(t *testing.T) {
	p := browsertest.NewPlace(t)
	for i := range 120 {
		e := users.AuditEntry{At: browsertest.Monday.Add(-time.Duration(i) * time.Minute), By: "mila", Act: "note", Subject: fmt.Sprintf("CA%032d", i), Detail: fmt.Sprintf("number %d", i)}
		if err := p.Store.Note(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for role, status := range map[users.Role]int{users.Viewer: http.StatusForbidden, users.Operator: http.StatusForbidden, users.Admin: http.StatusOK} {
		p.As(t, role).Get("/audit").Want(t, status)
	}
	admin := p.As(t, users.Admin)
	first := admin.Get("/audit?by=mila")
	first.Want(t, http.StatusOK, "number 0", "number 49", "/calls/CA"+strings.Repeat("0", 32), "Older").Without(t, "number 50", "rel=\"prev\"")
	second := admin.Get(first.Link(t, "Older"))
	second.Want(t, http.StatusOK, "number 50", "number 99", "Newest").Without(t, "number 49", "number 100")
	admin.Get(second.Link(t, "Newer")).Want(t, http.StatusOK, "number 0", "number 49").Without(t, "number 50")
	admin.Get("/audit?subject=CA"+fmt.Sprintf("%032d", 7)).Want(t, http.StatusOK, "number 7").Without(t, "number 8")
	admin.Get("/audit?act=waive").Want(t, http.StatusOK, "Nothing matches.")
	admin.Get("/audit?since=yesterday").Want(t, http.StatusUnprocessableEntity, "write a date such as")
	admin.Get("/audit?older=nonsense").Want(t, http.StatusUnprocessableEntity, "No such place in the list")
	admin.Get("/audit?by=admin&act=sign-in").Want(t, http.StatusOK, "sign-in")
}

// A name that a command was told can not pass for the console's user of that name.
func TestAuditNamesTheUserOfACommand(t *testing.T) {
	p := browsertest.NewPlace(t)
	asRoot := store.AsOSUser(t.Context(), "root")
	if err := p.Store.Note(asRoot, users.AuditEntry{At: browsertest.Monday, By: "ada", Act: "erase", Detail: "one customer"}); err != nil {
		t.Fatal(err)
	}
	p.As(t, users.Admin).Get("/audit?by=ada").Want(t, http.StatusOK, "ada (as root)")
}
