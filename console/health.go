package console

import (
	"fmt"
	"net/http"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

const healthPath = "/health"

// healthRoutes are the routes of the program's own state.
var healthRoutes = []route{
	{http.MethodGet, healthPath, (*request).health, ""},
	{http.MethodPost, healthPath + "/retry", (*request).retryNotice, users.DoActs},
}

// mostGivenUp is how many failed notices the page shows.
const mostGivenUp = 50

type healthPage struct {
	Findings  []Finding
	Processes []Process
	GivenUp   []policy.Notice
	Failed    int
	secret    []byte
}

// Sign returns what stands for a notice on the page. Its key is made from its receiver's address, which not everybody may know.
func (p healthPage) Sign(n policy.Notice) string { return api.Sign(p.secret, "notice", n.Key) }

func (r *request) health() error {
	body := healthPage{secret: r.console.Secret}
	if r.console.Health != nil {
		body.Findings = r.console.Health(r.ctx())
	}
	var err error
	if r.console.Processes != nil {
		if body.Processes, err = r.console.Processes(r.ctx()); err != nil {
			return err
		}
	}
	if body.GivenUp, err = r.console.Outbox.NoticesGivenUp(r.ctx(), mostGivenUp); err != nil {
		return err
	}
	if body.Failed, err = r.console.Outbox.FailedNotices(r.ctx()); err != nil {
		return err
	}
	return r.render(http.StatusOK, "health", body)
}

// retryNotice sends a failed notice again.
func (r *request) retryNotice() error {
	failed, err := r.console.Outbox.NoticesGivenUp(r.ctx(), mostGivenUp)
	if err != nil {
		return err
	}
	for _, n := range failed {
		if api.Sign(r.console.Secret, "notice", n.Key) != r.FormValue("key") {
			continue
		}
		if err := r.console.Outbox.RetryNotice(r.ctx(), n.Key, r.user.Name, r.now); err != nil {
			return err
		}
		return r.seeOther(healthPath + "?done=retry")
	}
	return policy.ErrNoNotice
}

func (f Finding) Class() string {
	return map[string]string{"ok": "ok", "warning": "warn", "wrong": "bad"}[f.State]
}

// farAhead is a difference of clocks that people should look at.
const farAhead = time.Minute

// Clock returns how a process's clock differs from the store's, in words.
func (p Process) Clock() string {
	seconds := int(p.Ahead.Round(time.Second).Abs() / time.Second)
	switch {
	case seconds == 0:
		return "right"
	case p.Ahead > 0:
		return fmt.Sprintf("%d s ahead", seconds)
	}
	return fmt.Sprintf("%d s behind", seconds)
}

// Class returns the colour of a process in the table.
func (p Process) Class() string {
	switch {
	case p.Gone:
		return "bad"
	case p.Ahead.Abs() > farAhead:
		return "warn"
	}
	return "ok"
}
