package server

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
)

// expect makes the series of what can fail, at 0, before it first does: an alert on a rise sees none where a series begins at 1.
func (m *metrics) expect(publicURL string) {
	for _, o := range policy.Outcomes() {
		m.calls.WithLabelValues(string(o))
	}
	for _, limit := range wrongNumberLimits {
		m.locked.WithLabelValues(limit)
	}
	base := ""
	if u, err := url.Parse(publicURL); err == nil {
		base = strings.TrimSuffix(u.Path, "/")
	}
	for _, route := range ivr.Routes() {
		for _, status := range answered {
			m.webhooks.WithLabelValues(base+route, strconv.Itoa(status))
		}
		m.latency.WithLabelValues(base + route)
	}
	m.expectChannels(channels)
	for _, what := range askedOfProvider {
		for _, how := range []string{"ok", "refused", "limited", "failed", "held back"} {
			m.rest.WithLabelValues(what, how)
		}
	}
	for _, how := range []string{"ok", "failed"} {
		m.backups.WithLabelValues(how)
	}
	for _, what := range []string{string(policy.StepFetch), string(policy.StepDelete), "remove"} {
		for _, result := range []string{"ok", "not there", "failed"} {
			m.kept.WithLabelValues(what, result)
		}
	}
	for _, what := range []string{"call", "status", "end", "total", "talk", "outcome", "leg", "message", "recordings"} {
		m.repairs.WithLabelValues(what)
	}
	for _, job := range jobNames {
		m.jobs.WithLabelValues(job)
	}
	for _, class := range []string{"1xx", "2xx", "3xx", "4xx", "5xx"} {
		m.pages.WithLabelValues(class)
		for _, route := range publicRoutes {
			m.public.WithLabelValues(route, class)
		}
	}
}

// expectChannels makes the series of channels.
func (m *metrics) expectChannels(names []policy.Channel) {
	for _, name := range names {
		m.notices.WithLabelValues(string(name), "sent")
		m.undelivered.WithLabelValues(string(name))
	}
}

// expectFeeds makes the series of the calendars of rotas.
func (m *metrics) expectFeeds(fed []oncall.Rota) {
	for _, r := range fed {
		m.current.WithLabelValues(r.Name)
		for _, how := range []string{"ok", "failed"} {
			m.feeds.WithLabelValues(r.Name, how)
		}
	}
}

// answered are the statuses of answers to webhooks.
var answered = []int{
	http.StatusOK, http.StatusNoContent, http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusRequestEntityTooLarge,
	http.StatusInternalServerError,
}

// askedOfProvider are the requests to the provider's REST API that a running server makes.
var askedOfProvider = []string{
	"call", "calls list", "call create", "call redirect", "call end", "conferences list", "announcement", "recordings list", "recording media",
	"recording delete", "calls find", "message create", "message", "messages find",
}
