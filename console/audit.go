package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

const auditPath = "/audit"

// auditRoutes are the routes of the audit.
var auditRoutes = []route{{http.MethodGet, auditPath, (*request).audit, users.SeeAudit}}

// auditPage is the data of the page.
type auditPage struct {
	Filter  auditQuery
	Problem string
	policy.Found[users.AuditEntry]
	OlderAt, NewerAt, NewestAt string // addresses, or ""
}

// auditQuery is the filter in the address, as it is written there.
type auditQuery struct{ Since, Until, By, Act, Subject, Customer, Older, Newer string }

func (r *request) auditQuery() auditQuery {
	get := func(name string) string { return strings.TrimSpace(r.QueryParam(name)) }
	return auditQuery{get("since"), get("until"), get("by"), get("act"), get("subject"), get("customer"), get("older"), get("newer")}
}

func (q auditQuery) address() string {
	return auditPath + query("since", q.Since, "until", q.Until, "by", q.By, "act", q.Act, "subject", q.Subject, "customer", q.Customer, "older", q.Older, "newer", q.Newer)
}

// at returns the address of another part of the same list.
func (q auditQuery) at(older, newer policy.Cursor) string {
	q.Older, q.Newer = older.String(), newer.String()
	return q.address()
}

// Narrow reports whether the filter leaves anything out.
func (q auditQuery) Narrow() bool {
	q.Older, q.Newer = "", ""
	return q != auditQuery{}
}

// parse returns the audit's filter, and which page of it is wanted. The error is api.ErrWrongInput or policy.ErrCursor.
func (q auditQuery) parse(query url.Values, zone *time.Location) (f users.AuditFilter, page policy.Page, err error) {
	if f, err = api.ParseAuditFilter(query, zone); err != nil {
		return f, page, err
	}
	if page.Older, err = policy.ParseCursor(q.Older); err == nil {
		page.Newer, err = policy.ParseCursor(q.Newer)
	}
	return f, page, err
}

func (r *request) audit() error {
	q := r.auditQuery()
	body := auditPage{Filter: q}
	filter, page, err := q.parse(r.QueryParams(), r.zone)
	if errors.Is(err, api.ErrWrongInput) {
		body.Problem = api.Sentence(err)
		return r.render(http.StatusUnprocessableEntity, "audit", body)
	}
	if err != nil {
		return err
	}
	if body.Found, err = r.console.Audit.SearchAudit(r.ctx(), filter, page); err != nil {
		return err
	}
	if !body.Older.IsZero() {
		body.OlderAt = q.at(body.Older, policy.Cursor{})
	}
	if !body.Newer.IsZero() {
		body.NewerAt = q.at(policy.Cursor{}, body.Newer)
	}
	if q.Older != "" || q.Newer != "" {
		body.NewestAt = q.at(policy.Cursor{}, policy.Cursor{})
	}
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
