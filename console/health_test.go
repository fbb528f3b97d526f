package console_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// The health page shows the findings, and people who may act can retry a failed notice.
func TestHealth(t *testing.T) {
	p := browsertest.NewPlace(t, func(d *console.Deps) {
		d.Health = func(context.Context) []console.Finding {
			return []console.Finding{{Part: "store", State: "wrong", Found: "no space left", Advice: "Make room."}}
		}
	})
	notice := policy.Notice{Key: "tickets/204518/2026-11/80/email/1", Kind: policy.NoticeTickets, At: browsertest.Monday, Customer: "204518", Channel: policy.ChannelEmail, To: "ops@example.com"}
	if err := p.Store.PutNotices(t.Context(), []policy.Notice{notice}); err != nil {
		t.Fatal(err)
	}
	viewer, operator := p.As(t, users.Viewer), p.As(t, users.Operator)
	viewer.Get("/health").Want(t, http.StatusOK, "no space left", "Make room.", "None. Every notice was delivered")
	if err := p.Store.NoticeFailed(t.Context(), notice.Key, browsertest.Monday.Add(time.Hour), errors.New("550 no such user"), time.Time{}); err != nil {
		t.Fatal(err)
	}
	viewer.Get("/health").Want(t, http.StatusOK, "550 no such user").Without(t, "Try again", "ops@example.com")
	page := operator.Get("/health")
	page.Without(t, notice.Key)
	form := regexp.MustCompile(`name="key" value="([0-9a-f]{20})"`).FindStringSubmatch(page.Body)
	if form == nil {
		t.Fatal("the page has no form to retry the notice")
	}
	viewer.Post("/health/retry", "key", form[1]).Want(t, http.StatusForbidden)
	operator.Get("/now").Want(t, http.StatusOK, "See which")
	operator.Post("/health/retry", "key", form[1]).Want(t, http.StatusOK, "The notice is being sent again.", "None. Every notice was delivered")
	operator.Post("/health/retry", "key", notice.Key).Want(t, http.StatusNotFound, "No such notice")
	operator.Post("/health/retry", "key", "nothing").Want(t, http.StatusNotFound, "No such notice")
	p.As(t, users.Admin).Get("/audit?act=retry").Want(t, http.StatusOK, "a tickets notice by email")
}

// The health page shows the processes that share the store: which made the page, what each does for all, whose clock is wrong, and who is gone.
func TestHealthShowsTheProcesses(t *testing.T) {
	p := browsertest.NewPlace(t, func(d *console.Deps) {
		d.Processes = func(context.Context) ([]console.Process, error) {
			return []console.Process{
				{Name: "alpha/17", This: true, Version: "v1.2", Config: "0123456789ab", Started: browsertest.Monday, Seen: browsertest.Monday, Work: []string{"night", "notices"}},
				{Name: "beta/18", Version: "v1.2", Config: "ba9876543210", Ahead: 95 * time.Second, Started: browsertest.Monday, Seen: browsertest.Monday},
				{Name: "gamma/19", Gone: true, Ahead: -2 * time.Second, Started: browsertest.Monday, Seen: browsertest.Monday},
			}, nil
		}
	})
	page := p.As(t, users.Viewer).Get("/health")
	page.Want(t, http.StatusOK, "alpha/17 (this page)", "night, notices", "0123456789ab", "ba9876543210", "95 s ahead", "2 s behind", "gone")
	if page := browsertest.NewPlace(t).As(t, users.Viewer).Get("/health"); page.Has("Processes") {
		t.Error("there are processes where none are known")
	}
}
