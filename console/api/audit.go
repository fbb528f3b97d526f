package api

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

func auditOperations() []operation {
	return []operation{
		{http.MethodGet, "/audit", users.SeeAudit, []string{"since", "until", "zone", "by", "act", "subject", "customer", "before", "limit"}, (*request).listAudit},
	}
}

// listAudit answers with a page of the audit, newest first. A page may have fewer entries than were asked for, and still lead on.
func (r *request) listAudit() error {
	page, err := r.page()
	if err != nil {
		return err
	}
	filter, err := ParseAuditFilter(r.QueryParams(), r.zone)
	if err != nil {
		return err
	}
	found, err := r.api.Audit.SearchAudit(r.ctx(), filter, page)
	if err != nil {
		return err
	}
	entries := append([]users.AuditEntry{}, found.List...)
	for i, e := range entries {
		entries[i].Detail, entries[i].Reason = r.text(e.Detail), r.text(e.Reason)
	}
	return r.sendList("entries", entries, found.Older.String())
}

// ParseAuditFilter returns the audit's filter in a query. Days are in the zone. The error is ErrWrongInput.
func ParseAuditFilter(query url.Values, zone *time.Location) (f users.AuditFilter, err error) {
	get := func(name string) string { return strings.TrimSpace(query.Get(name)) }
	f = users.AuditFilter{By: get("by"), Act: get("act"), Subject: get("subject"), Customer: policy.CustomerNumber(get("customer"))}
	if f.Since, err = Day("since", get("since"), zone, 0); err != nil {
		return f, err
	}
	f.Until, err = Day("until", get("until"), zone, 1)
	return f, err
}
