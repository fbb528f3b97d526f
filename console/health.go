package console

import (
	"net/http"

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
	Findings []Finding
	GivenUp  []policy.Notice
	Failed   int
}

func (r *request) health() error {
	var body healthPage
	if r.console.Health != nil {
		body.Findings = r.console.Health(r.ctx())
	}
	var err error
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
	if err := r.console.Outbox.RetryNotice(r.ctx(), r.FormValue("key"), r.user.Name, r.now); err != nil {
		return err
	}
	return r.seeOther(healthPath + "?done=retry")
}

func (f Finding) Class() string {
	return map[string]string{"ok": "ok", "warning": "warn", "wrong": "bad"}[f.State]
}
