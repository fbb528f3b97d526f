package console

import (
	"net/http"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

func apiAudit() []operation {
	return []operation{
		{http.MethodGet, "/audit", users.SeeAudit, []string{"since", "until", "zone", "by", "act", "subject", "customer", "before", "limit"}, (*request).apiAuditList},
	}
}

// apiAuditList is the audit, newest first. A page may have fewer entries than were asked for, and still lead on.
func (r *request) apiAuditList() error {
	page, err := r.apiPage()
	if err != nil {
		return err
	}
	filter, _, err := r.auditQuery().parse(r.zone)
	if err != nil {
		return err
	}
	found, err := r.site.Audit.SearchAudit(r.ctx(), filter, page)
	if err != nil {
		return err
	}
	list := struct {
		Entries []policy.AuditEntry `json:"entries"`
		Next    *string             `json:"next"`
	}{append([]policy.AuditEntry{}, found.List...), next(found.Older.String())}
	if !r.may(users.SeeNumbers) {
		for i, e := range list.Entries {
			list.Entries[i].Detail, list.Entries[i].Reason = policy.MaskedText(e.Detail), policy.MaskedText(e.Reason)
		}
	}
	return r.JSON(http.StatusOK, list)
}

// apiPage is which part of a list by time is wanted, and sets the zone of days.
func (r *request) apiPage() (page policy.Page, err error) {
	if page.Length, err = r.limit(apiUsual, apiMost); err != nil {
		return page, err
	}
	if err := r.inZone(); err != nil {
		return page, err
	}
	page.Older, err = policy.ParseMark(r.QueryParam("before"))
	return page, err
}
