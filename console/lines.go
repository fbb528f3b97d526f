package console

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

const linesPath = "/lines"

// teamsRevealed is the name under which a session remembers that the specialists' numbers are revealed.
const teamsRevealed = "teams"

var linesRoutes = []route{
	{http.MethodGet, linesPath, (*request).lines, ""},
	{http.MethodGet, linesPath + "/at", (*request).linesAt, ""},
	{http.MethodGet, linesPath + "/dates.yaml", (*request).datesYAML, users.ManageLines},
	{http.MethodPost, linesPath + "/reveal", (*request).revealTeams, users.SeeNumbers},
	{http.MethodGet, linesPath + "/:line", (*request).line, ""},
	{http.MethodPost, linesPath + "/:line/dates", (*request).editDate, users.ManageLines},
	{http.MethodPost, linesPath + "/:line/withdraw", (*request).withdrawDate, users.ManageLines},
	{http.MethodPost, linesPath + "/:line/restore", (*request).restoreDates, users.ManageLines},
	{http.MethodPost, linesPath + "/:line/written", (*request).dropWritten, users.ManageLines},
}

type linesPage struct {
	Lines    []lineStatus
	Teams    []policy.Team // by name
	Intents  []policy.Intent
	Version  string // of what is in force
	NoAnswer policy.AfterHoursAction
	YAML     string
	Wall     string // now, for the form
}

type lineStatus struct {
	policy.Line
	Opening policy.Opening
	Now     time.Time
	Routes  []string // the name of the team of each intent
}

func (l lineStatus) Path() string { return linePath(l.Number) }

// linePath returns the address of a line's page, which ends with the digits of its number.
func linePath(number policy.Phone) string {
	return linesPath + "/" + strings.TrimPrefix(number.Full(), "+")
}

// Until returns when the line opens or closes, on its own clock, or "".
func (l lineStatus) Until() string {
	if l.Opening.Until.IsZero() {
		return ""
	}
	return l.Opening.Until.In(l.Zone).Format("Mon 15:04 MST")
}

// Local returns a moment on the line's own clock.
func (l lineStatus) Local(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(l.Zone).Format("Mon 2006-01-02 15:04 MST")
}

func (r *request) lines() error {
	s := r.console.Lines.InForce()
	body := linesPage{Version: s.Version, Intents: policy.Intents(), NoAnswer: s.NoAnswer, Wall: r.now.In(r.zone).Format(wallLayout)}
	for _, l := range s.Lines {
		body.Lines = append(body.Lines, r.lineStatus(s, l))
	}
	body.Teams = slices.SortedFunc(maps.Values(s.Teams), func(a, b policy.Team) int { return strings.Compare(a.Name, b.Name) })
	if r.may(users.ManageLines) {
		body.YAML = string(r.console.DatesYAML(s.Lines))
	}
	return r.show(http.StatusOK, "lines", r.revealedPage(body, teamsRevealed))
}

func (r *request) lineStatus(s policy.Settings, l policy.Line) lineStatus {
	now := lineStatus{Line: l, Opening: l.Opening(r.now), Now: r.now}
	for _, i := range policy.Intents() {
		now.Routes = append(now.Routes, s.Team(l, i).Name)
	}
	return now
}

// revealTeams shows the specialists' numbers.
func (r *request) revealTeams() error {
	return r.reveal(teamsRevealed, linesPath+"#teams", users.AuditEntry{Subject: "teams", Detail: "the telephone numbers of the teams"})
}

// linesAt redirects to a line's forecast for a time.
func (r *request) linesAt() error {
	return r.seeOther(linesPath + "/" + strings.TrimPrefix(r.QueryParam("line"), "+") + query("at", r.QueryParam("at")) + "#at")
}

func (r *request) datesYAML() error {
	if err := r.note("export", "lines", "closed days and special hours, as YAML"); err != nil {
		return err
	}
	r.Response().Header().Set("Content-Disposition", `attachment; filename="supportline-dates.yaml"`)
	return r.Blob(http.StatusOK, "application/yaml; charset=utf-8", r.console.DatesYAML(r.console.Lines.InForce().Lines))
}
