package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

func TestLines(t *testing.T) {
	p := browsertest.NewPlace(t, withHours(t))
	viewer := p.As(t, users.Viewer)
	overview := viewer.Get("/lines")
	overview.Want(t, http.StatusOK, "United Kingdom", "448000668187", "Monday to Friday 08:00-19:00", "hours.week", "Mon 2026-11-23 19:00 GMT",
		"15*******01", "sip:***@example.com", "for 20s", "Configuration in force: 0123456789ab")
	overview.Without(t, browsertest.Specialist.Full()[1:], "Show telephone numbers", "dates.yaml")
	line := viewer.Get(ukPath + "?from=2026-12-20")
	line.Want(t, http.StatusOK, "Thu 2026-12-24", "Christmas Eve", "hours.closed", "Christmas Day", "hours.holiday", `<rect class="open" x="480" y="4" width="660" height="12"/>`,
		"No date is edited", "An admin can close a day here")
	line.Without(t, "Put in force")
	viewer.Get(ukPath+"?from=2027-03-22").Want(t, http.StatusOK, "clock 1h forward")
	viewer.Get("/lines/15550000000").Want(t, http.StatusNotFound, "No such line")
	viewer.Get(ukPath+"?from=soon").Want(t, http.StatusUnprocessableEntity, "write YYYY-MM-DD")
	viewer.Get(ukPath+"?before=x").Want(t, http.StatusUnprocessableEntity, "no version")
	for _, path := range []string{"/dates", "/withdraw", "/restore", "/written"} {
		p.As(t, users.Operator).Post(ukPath+path, "seen", "0").Want(t, http.StatusForbidden, "Not permitted")
	}
	p.As(t, users.Operator).Get("/lines/dates.yaml").Want(t, http.StatusForbidden)
}

// A line that is open to midnight closes at 24:00, and its bar reaches the end of the day.
func TestOpenToMidnight(t *testing.T) {
	c := browsertest.NewPlace(t, withHours(t)).As(t, users.Admin)
	page := c.Post(ukPath+"/dates", "seen", "0", "date", "2026-11-24", "kind", "special", "hours", "08:00-12:00, 18:00-24:00", "reason", "A long evening")
	page.Want(t, http.StatusOK, "08:00–12:00, 18:00–24:00", `<rect class="open" x="480" y="4" width="240" height="12"/><rect class="open" x="1080" y="4" width="360" height="12"/>`)
}

// The mark of now in a line's weeks stands at the time of day that the line has: 15:00 in London is 10:00 in New York.
func TestNowIsMarkedOnTheLinesClock(t *testing.T) {
	c := browsertest.NewPlace(t, withHours(t)).As(t, users.Viewer)
	c.Get(ukPath).Want(t, http.StatusOK, `<path class="now" d="M900 0V20"/>`)
	c.Get("/lines/18883071053").Want(t, http.StatusOK, `<path class="now" d="M600 0V20"/>`)
}

// What would happen to a call is the evaluator's answer, with what each reason to call gets.
func TestWhatWouldHappen(t *testing.T) {
	p := browsertest.NewPlace(t, withHours(t))
	c := p.As(t, users.Viewer)
	for at, want := range map[string][]string{
		"2026-12-23T10:00": {"Wed 2026-12-23 10:00 GMT", "hours.week", "It closes on Wed 2026-12-23 19:00 GMT", "is connected", "15*******01", "2 rounds", "can leave a voicemail"},
		"2026-12-24T10:00": {"hours.closed", "Christmas Eve", "It opens on Tue 2026-12-29 08:00 GMT", `<td data-label="The caller">is connected</td><td data-label="Team">critical</td>`, `leave a voicemail</td><td class="none">–</td>`, "and goodbye</td>"},
		"2027-03-28T01:30": {"Sun 2027-03-28 02:30 BST", "skips the time"},
		"2026-10-25T01:30": {"Sun 2026-10-25 01:30 BST", "shows this time twice", "2026-10-25 00:30:00"},
	} {
		page := c.Get(ukPath + "?at=" + at)
		page.Want(t, http.StatusOK, want...)
	}
	c.Get(ukPath+"?at=tomorrow").Want(t, http.StatusUnprocessableEntity, "write one such as 2026-12-24T10:00")
	page := c.Get("/lines/at?line=%2B448000668187&at=2026-12-24T10:00")
	if page.Want(t, http.StatusOK, "Christmas Eve"); page.Path != ukPath+"?at=2026-12-24T10%3A00" {
		t.Errorf("it led to %s", page.Path)
	}
}

// Specialists' numbers are shown to whom they are permitted, after an act that the audit names.
func TestRevealTeams(t *testing.T) {
	p := browsertest.NewPlace(t, withHours(t))
	p.As(t, users.Viewer).Post("/lines/reveal").Want(t, http.StatusForbidden)
	c := p.As(t, users.Operator)
	c.Get("/lines").Without(t, browsertest.Specialist.Full()[1:])
	c.Post("/lines/reveal").Want(t, http.StatusOK, browsertest.Specialist.Full()[1:])
	c.Get(ukPath+"?at=2026-12-23T10:00").Want(t, http.StatusOK, browsertest.Specialist.Full()[1:])
	want := "reveal teams by operator: the telephone numbers of the teams"
	if got := p.Audit(t); got[len(got)-1] != want {
		t.Errorf("the audit ends with %q, not %q", got[len(got)-1], want)
	}
}

// An admin edits dates; each change is a version that holds at once, can be taken back, and is in the audit.
func TestEditDates(t *testing.T) {
	p := browsertest.NewPlace(t, withHours(t))
	c := p.As(t, users.Admin)
	edit := func(seen, date, kind, hours, reason string) browsertest.Page {
		return c.Post(ukPath+"/dates", "seen", seen, "date", date, "kind", kind, "hours", hours, "reason", reason)
	}
	edit("0", "2026-11-24", "closed", "", "Moving house").Want(t, http.StatusOK, "applies from the next call on", "Tue 2026-11-24", "Moving house", "0123456789ab&#43;1", "in force")
	edit("1", "2026-12-24", "special", "08:00-12:00, 13:00-14:00", "Half a day").Want(t, http.StatusOK, "08:00-12:00, 13:00-14:00", "0123456789ab&#43;2")
	edit("2", "2026-12-24", "usual", "", "We are open").Want(t, http.StatusOK, "usual hours", "0123456789ab&#43;3")
	c.Get(ukPath+"?at=2026-12-24T10:00").Want(t, http.StatusOK, "the line is <span class=\"sign ok\">open</span>")
	c.Post(ukPath+"/withdraw", "seen", "3", "date", "2026-11-24").Want(t, http.StatusOK, "The edit was removed.")
	c.Post(ukPath+"/restore", "seen", "4", "version", "2").Want(t, http.StatusOK, "The earlier version is in force again.", "went back to version 2")
	c.Post(ukPath+"/restore", "seen", "5", "version", "0").Want(t, http.StatusOK, "No date is edited", "took back all edits")
	edit("6", "2026-12-23", "closed", "", "Stocktaking").Want(t, http.StatusOK)
	c.Get("/lines/dates.yaml").Want(t, http.StatusOK, "lines: # 2 closed")

	want := []string{
		"line-dates +448000668187 by admin: version 1: closed 2026-11-24 Moving house",
		"line-dates +448000668187 by admin: version 2: gave 2026-12-24 the hours 08:00-12:00 and 13:00-14:00 Half a day",
		"line-dates +448000668187 by admin: version 3: gave 2026-12-24 its usual hours We are open",
		"line-dates +448000668187 by admin: version 4: took back what was edited of 2026-11-24",
		"line-dates +448000668187 by admin: version 5: went back to version 2",
		"line-dates +448000668187 by admin: version 6: took back all edits",
		"line-dates +448000668187 by admin: version 7: closed 2026-12-23 Stocktaking",
		"export lines by admin: closed days and special hours, as YAML",
	}
	if diff := cmp.Diff(want, p.Audit(t)[1:]); diff != "" {
		t.Errorf("the audit (-want +got):\n%s", diff)
	}
}

func TestRefusedDates(t *testing.T) {
	p := browsertest.NewPlace(t, withHours(t))
	c := p.As(t, users.Admin)
	form := map[string]string{"seen": "0", "date": "2026-12-23", "kind": "special", "hours": "08:00-12:00", "reason": "Party"}
	for name, row := range map[string]struct {
		field, value string
		status       int
		says         string
	}{
		"no date":             {"date", "", http.StatusUnprocessableEntity, "write YYYY-MM-DD"},
		"a date that is over": {"date", "2026-11-22", http.StatusUnprocessableEntity, "2026-11-22 is over"},
		"hours that overlap":  {"hours", "08:00-12:00, 11:00-13:00", http.StatusUnprocessableEntity, "overlap"},
		"no hours":            {"hours", "", http.StatusUnprocessableEntity, "or closed"},
		"no reason":           {"reason", " ", http.StatusUnprocessableEntity, "write why"},
		"no kind":             {"kind", "shut", http.StatusUnprocessableEntity, "write closed, special or usual"},
		"a version of nobody": {"seen", "x", http.StatusUnprocessableEntity, "no version"},
		"the usual hours":     {"kind", "usual", http.StatusConflict, "already in that state"},
	} {
		pairs := []string{row.field, row.value}
		for field, value := range form {
			if field != row.field {
				pairs = append(pairs, field, value)
			}
		}
		page := c.Post(ukPath+"/dates", pairs...)
		if page.Want(t, row.status); !strings.Contains(strings.ToLower(page.Body), strings.ToLower(row.says)) {
			t.Errorf("%s: no %q in\n%s", name, row.says, page.Body)
		}
	}
	c.Post(ukPath+"/restore", "seen", "0", "version", "7").Want(t, http.StatusUnprocessableEntity, "is no version 7")
	c.Post(ukPath+"/withdraw", "seen", "0", "date", "2026-12-24").Want(t, http.StatusConflict, "nothing is edited of 2026-12-24")
	c.Post(ukPath+"/written", "seen", "0").Want(t, http.StatusConflict, "none of the edited dates")
	c.Post("/lines/15550000000/dates", "seen", "0").Want(t, http.StatusNotFound, "No such line")
	if got := p.Audit(t); len(got) != 1 {
		t.Errorf("what was refused is in the audit: %q", got)
	}
}

// The second of two people who edit one line is told what the first one did, and loses nothing: sent again, the edit applies.
func TestTwoPeopleEditDates(t *testing.T) {
	p := browsertest.NewPlace(t, withHours(t))
	p.Add(t, users.User{Name: "mila", Role: users.Admin})
	first, second := p.As(t, users.Admin), p.Visitor(t)
	second.SignIn("mila", browsertest.Password).Want(t, http.StatusOK)
	form := []string{"date", "2026-12-23", "kind", "special", "hours", "08:00-12:00", "reason", "Party"}
	first.Post(ukPath+"/dates", "seen", "0", "date", "2026-12-23", "kind", "closed", "reason", "Stocktaking").Want(t, http.StatusOK)
	overtaken := second.Post(ukPath+"/dates", append(form, "seen", "0")...)
	overtaken.Want(t, http.StatusConflict, "changed since you looked: admin closed 2026-12-23: &#34;Stocktaking&#34; at 2026-11-23 15:00:00 UTC",
		`value="2026-12-23"`, `value="08:00-12:00"`, `value="Party"`, `<option value="special" selected>`, `name="seen" value="1"`)
	second.Post(ukPath+"/dates", append(form, "seen", "1")...).Want(t, http.StatusOK, "applies from the next call on")
	second.Get(ukPath).Want(t, http.StatusOK, "mila gave 2026-12-23 the hours 08:00-12:00", "admin closed 2026-12-23")
}

// Edits that were written into the configuration are known as such, and can be taken out.
func TestWrittenDates(t *testing.T) {
	p := browsertest.NewPlace(t, withHours(t))
	line := policy.Line{Zone: time.UTC}
	edit := policy.DateOverride{Date: december(24), Kind: policy.DateClosed, Reason: "Christmas Eve", By: "mila", At: browsertest.Monday}
	if _, err := p.Store.ChangeDates(t.Context(), browsertest.UKLine, 0, policy.OverrideDate(line, edit)); err != nil {
		t.Fatal(err)
	}
	c := p.As(t, users.Admin)
	c.Get(ukPath).Want(t, http.StatusOK, ">in the configuration<", "Remove what the configuration has")
	c.Post(ukPath+"/written", "seen", "1").Want(t, http.StatusOK, "No date is edited", "The hours did not change.")
	c.Get(ukPath+"?at=2026-12-24T10:00").Want(t, http.StatusOK, "Christmas Eve")
}

// The history is shown in pages.
func TestHistoryOfDates(t *testing.T) {
	p := browsertest.NewPlace(t, withHours(t))
	line := policy.Line{Zone: time.UTC}
	for n := range 20 {
		edit := policy.DateOverride{Date: december(1).Plus(n), Kind: policy.DateClosed, Reason: "Moving", By: "mila", At: browsertest.Monday}
		if _, err := p.Store.ChangeDates(t.Context(), browsertest.UKLine, n, policy.OverrideDate(line, edit)); err != nil {
			t.Fatal(err)
		}
	}
	c := p.As(t, users.Admin)
	newest := c.Get(ukPath)
	newest.Want(t, http.StatusOK, "mila closed 2026-12-20", "mila closed 2026-12-06", ukPath+"?before=6#history")
	newest.Without(t, "mila closed 2026-12-05", "the configuration alone</td>")
	oldest := c.Get(ukPath + "?before=6")
	oldest.Want(t, http.StatusOK, "mila closed 2026-12-05", "mila closed 2026-12-01", "the configuration alone</td>", `name="seen" value="20"`)
	oldest.Without(t, "mila closed 2026-12-06")
}

// An admin closes a day in a real browser, sees it in the calendar and takes it back; the pages are accessible and keep to the policy.
func TestLinesInTheBrowser(t *testing.T) {
	p := browsertest.NewPlace(t, withHours(t))
	tab := browsertest.Open(t)
	tab.Go(p.Server.URL + "/lines")
	tab.SignIn("admin")
	tab.See("United Kingdom", "Teams", "For the configuration")
	tab.Check("lines")
	tab.Follow(`a[href$="448000668187"]`)
	tab.Fill("[name=date]", "2026-11-26")
	tab.Fill("[name=reason]", "Moving house")
	tab.Follow(".edit button")
	tab.See("It applies from the next call on", "Moving house", "edited", "0123456789ab+1")
	tab.Fill("[name=at]", "2026-11-26T10:00")
	tab.Follow(`#at + form button`)
	tab.See("closed by hours.closed: Moving house", "It opens on Fri 2026-11-27 08:00 GMT", "hears the hours, and goodbye")
	tab.Check("line")
	tab.Follow(`[action$=withdraw] button`)
	tab.See("The edit was removed.", "No date is edited")
	tab.Follow(`[aria-label="Restore version 1"]`)
	tab.See("admin went back to version 1")

	tab.Go(p.Server.URL + ukPath)
	p.Add(t, users.User{Name: "mila", Role: users.Admin})
	mila := p.Visitor(t)
	mila.SignIn("mila", browsertest.Password)
	mila.Post(ukPath+"/dates", "seen", "3", "date", "2026-12-30", "kind", "closed", "reason", "Stocktaking").Want(t, http.StatusOK)
	tab.Fill(".edit [name=date]", "2026-12-30")
	tab.Fill(".edit [name=kind]", "special")
	tab.Fill(".edit [name=hours]", "08:00-12:00")
	tab.Fill(".edit [name=reason]", "Party")
	if status := tab.Follow(".edit button"); status != http.StatusConflict {
		t.Errorf("who was overtaken got status %d", status)
	}
	tab.See(`mila closed 2026-12-30: "Stocktaking"`)
	tab.Check("line-overtaken")
	tab.Follow(".edit button")
	tab.See("applies from the next call on", "admin gave 2026-12-30 the hours 08:00-12:00")
}
