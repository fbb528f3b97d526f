package console

import (
	"net/http"

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
	Findings []Finding
	GivenUp  []policy.Notice
	Failed   int
	secret   []byte
}

// Sign returns what stands for a notice on the page. Its key is made from its receiver's address, which not everybody may know.
func (p healthPage) Sign(n policy.Notice) string { return api.Sign(p.secret, "notice", n.Key) }

func (r *request) health() error {
	body := healthPage{secret: r.console.Secret}
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
