package console_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// TestHealth shows what the program found of itself, and lets those who may act try a notice again that was given up.
func TestHealth(t *testing.T) {
	p := mustPlace(t, func(d *console.Deps) {
		d.Health = func(context.Context) []console.Finding {
			return []console.Finding{{Part: "store", State: "wrong", Found: "no space left", Advice: "Make room."}}
		}
	})
	notice := policy.Notice{Key: "tickets/204518/2026-11/80/email/1", Kind: policy.NoticeTickets, At: monday, Customer: "204518", Channel: policy.ChannelEmail, To: "ops@example.com"}
	if err := p.store.PutNotices(t.Context(), []policy.Notice{notice}); err != nil {
		t.Fatal(err)
	}
	viewer, operator := p.as(t, users.Viewer), p.as(t, users.Operator)
	viewer.get("/health").want(t, http.StatusOK, "no space left", "Make room.", "None. Every notice was delivered")
	if err := p.store.NoticeFailed(t.Context(), notice.Key, monday.Add(time.Hour), errors.New("550 no such user"), time.Time{}); err != nil {
		t.Fatal(err)
	}
	viewer.get("/health").want(t, http.StatusOK, "550 no such user").without(t, "Try again", "ops@example.com")
	viewer.post("/health/retry", "key", notice.Key).want(t, http.StatusForbidden)
	operator.get("/now").want(t, http.StatusOK, "See which")
	operator.post("/health/retry", "key", notice.Key).want(t, http.StatusOK, "It is tried again now.", "None. Every notice was delivered")
	operator.post("/health/retry", "key", "nothing").want(t, http.StatusNotFound, "No such notice")
	p.as(t, users.Admin).get("/audit?act=retry").want(t, http.StatusOK, "a tickets notice by email")
}
