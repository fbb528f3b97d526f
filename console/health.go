package console

import (
	"net/http"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

const healthPath = "/health"

// healthSection is how the program itself is.
func (s *console) healthSection() section {
	return section{title: "Health", path: healthPath, route: func(r routes) {
		r.get(healthPath, (*request).health)
		r.post(healthPath+"/retry", (*request).retryNotice, users.DoActs)
	}}
}

// mostGivenUp is how many notices that were given up the page shows.
const mostGivenUp = 50

// healthPage is what the page shows.
type healthPage struct {
	Findings []Finding
	GivenUp  []policy.Notice
	Failed   int
	Done     string
}

func (r *request) health() error {
	body := healthPage{Done: map[string]string{"retry": "The notice is being sent again."}[r.QueryParam("done")]}
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

// retryNotice lets a notice that was given up be tried again.
func (r *request) retryNotice() error {
	if err := r.console.Outbox.RetryNotice(r.ctx(), r.FormValue("key"), r.user.Name, r.now); err != nil {
		return err
	}
	return r.seeOther(healthPath + "?done=retry")
}

// Class is the sign of a finding.
func (f Finding) Class() string {
	return map[string]string{"ok": "ok", "warning": "warn", "wrong": "bad"}[f.State]
}
