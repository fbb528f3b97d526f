package console

import (
	"errors"
	"net/http"
	"strings"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

const auditPath = "/audit"

var auditRoutes = []route{{http.MethodGet, auditPath, (*request).audit, users.SeeAudit}}

type auditPage struct {
	Filter  auditQuery
	Problem string
	policy.Found[users.AuditEntry]
	Links pageLinks
}

// auditQuery is the filter in the address, as it is written there, with the place in the list.
type auditQuery struct {
	Since, Until, By, Act, Subject, Customer string
	place
}

func (r *request) auditQuery() auditQuery {
	get := func(name string) string { return strings.TrimSpace(r.QueryParam(name)) }
	return auditQuery{get("since"), get("until"), get("by"), get("act"), get("subject"), get("customer"), r.place()}
}

// at returns the address of another part of the same list.
func (q auditQuery) at(p place) string {
	return auditPath + query(
		"since", q.Since, "until", q.Until, "by", q.By, "act", q.Act, "subject", q.Subject, "customer", q.Customer, "older", p.Older, "newer", p.Newer,
	)
}

// Narrow reports whether the filter leaves anything out.
func (q auditQuery) Narrow() bool {
	q.place = place{}
	return q != auditQuery{}
}

func (r *request) audit() error {
	body := auditPage{Filter: r.auditQuery()}
	filter, err := api.ParseAuditFilter(r.QueryParams(), r.zone)
	if errors.Is(err, api.ErrWrongInput) {
		body.Problem = api.Sentence(err)
		return r.render(http.StatusUnprocessableEntity, "audit", body)
	}
	if err != nil {
		return err
	}
	page, err := body.Filter.page()
	if err != nil {
		return err
	}
	if body.Found, err = r.console.Audit.SearchAudit(r.ctx(), filter, page); err != nil {
		return err
	}
	body.Links = body.Filter.links(body.Older, body.Newer, body.Filter.at)
	return r.render(http.StatusOK, "audit", body)
}

// About returns the address of the page that an entry is about, or "".
func (auditPage) About(e users.AuditEntry) string {
	switch {
	case strings.HasPrefix(e.Subject, "CA"):
		return callPath(policy.CallSID(e.Subject))
	case strings.HasPrefix(e.Act, "user-"):
		return usersPath
	}
	return ""
}
