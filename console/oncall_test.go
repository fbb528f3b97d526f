package console_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
)

// Everybody sees who is on call now, who is next, and four weeks, as calls and alarms have it.
func TestOnCall(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	viewer := p.As(t, users.Viewer)
	viewer.Get("/oncall").Want(t, http.StatusOK, "primary", "<strong>Ada Moreau</strong>", "Ben Okafor", "from Mon 2026-11-30 09:00", "the turns of the configuration", ">none from now on<")
	page := viewer.Get("/oncall/primary")
	page.Want(t, http.StatusOK, "2026-11-23", "2026-12-20", `aria-current="date"`, "Ada Moreau <span class=\"whole\">00:00–09:00</span>", "Ben Okafor <span class=\"whole\">09:00–24:00</span>",
		`<rect class="p2" x="540" y="0" width="900" height="20"/>`, "nobody <span class=\"whole\">00:00–09:00</span>", "Nothing was overridden yet.")
	page.Without(t, "Put somebody on call", `datetime="2026-12-21"`)
	viewer.Get("/oncall/primary?from=2027-01-06").Want(t, http.StatusOK, "2027-01-04", "2027-02-07", "From today")
	viewer.Get("/oncall/primary?from=soon").Want(t, http.StatusUnprocessableEntity, "write YYYY-MM-DD")
	viewer.Get("/oncall/nights").Want(t, http.StatusNotFound, "No such rota")
	browsertest.NewPlace(t).As(t, users.Viewer).Get("/oncall").Want(t, http.StatusOK, "There are no rotas.")
}

// An override is in force at once, a version, in the audit, and can be taken back; a swap gives away the turns of one person alone.
func TestOverrides(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	viewer, operator := p.As(t, users.Viewer), p.As(t, users.Operator)
	form := []string{"seen", "0", "person", "ben", "from", "2026-11-23T15:00", "until", "2026-11-24T09:00", "reason", "Ada is ill, ring 020 7946 0018"}
	viewer.Post("/oncall/primary/overrides", form...).Want(t, http.StatusForbidden)
	viewer.Post("/oncall/primary/remove", "seen", "0", "number", "1").Want(t, http.StatusForbidden)
	operator.Post("/oncall/primary/overrides", form...).Want(t, http.StatusOK, "It is in force at once.", "<strong>Ben Okafor</strong>", "override instead of Ada Moreau", "whoever has the turn",
		"operator put Ben Okafor on call from 2026-11-23 15:00 to 2026-11-24 09:00", "End now").Without(t, "7946")
	viewer.Get("/now").Want(t, http.StatusOK, "<strong>Ben Okafor</strong>")
	operator.Post("/oncall/primary/overrides", "seen", "1", "person", "ada", "instead", "ben", "from", "2026-11-30T00:00", "until", "2026-12-07T00:00").Want(t, http.StatusOK, "Ada Moreau", ">Remove<")
	operator.Post("/oncall/primary/remove", "seen", "2", "number", "2").Want(t, http.StatusOK, "The override was removed.", "operator took back that Ada Moreau")
	want := []string{
		"oncall-override primary by operator: version 1: put Ben Okafor on call from 2026-11-23 15:00 to 2026-11-24 09:00 Ada is ill, ring 020 7946 0018",
		"oncall-override primary by operator: version 2: gave Ben Okafor's turns from 2026-11-30 00:00 to 2026-12-07 00:00 to Ada Moreau",
		"oncall-override primary by operator: version 3: took back that Ada Moreau has Ben Okafor's turns from 2026-11-30 00:00 to 2026-12-07 00:00",
	}
	got := p.Audit(t)
	if diff := cmp.Diff(want, got[len(got)-3:]); diff != "" {
		t.Errorf("the audit (-want +got):\n%s", diff)
	}
}

// What is written wrong is said beside the form, which keeps what was written; so is what somebody else changed first.
func TestRefusedOverrides(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	operator := p.As(t, users.Operator)
	for name, row := range map[string]struct {
		person, instead, from, until, says string
		status                             int
	}{
		"no end":         {"ben", "", "2026-11-24T09:00", "", "When it ends is", http.StatusUnprocessableEntity},
		"the past":       {"ben", "", "2026-11-22T09:00", "2026-11-22T10:00", "which is past", http.StatusUnprocessableEntity},
		"backwards":      {"ben", "", "2026-11-25T09:00", "2026-11-24T10:00", "write an earlier begin", http.StatusUnprocessableEntity},
		"nobody":         {"", "", "2026-11-24T09:00", "2026-11-24T10:00", "the specialists are ada, ben", http.StatusUnprocessableEntity},
		"no such turn":   {"ada", "ben", "2026-11-24T09:00", "2026-11-24T10:00", "the next turn is from 2026-11-30 09:00", http.StatusUnprocessableEntity},
		"so already":     {"ada", "", "2026-11-24T09:00", "2026-11-24T10:00", "is on call in primary then", http.StatusConflict},
		"with oneself":   {"ada", "ada", "2026-11-24T09:00", "2026-11-24T10:00", "cannot swap with themselves", http.StatusUnprocessableEntity},
		"years from now": {"ben", "", "2026-11-24T09:00", "2036-11-24T10:00", "more than three years away", http.StatusUnprocessableEntity},
	} {
		t.Run(name, func(t *testing.T) {
			page := operator.Post("/oncall/primary/overrides", "seen", "0", "person", row.person, "instead", row.instead, "from", row.from, "until", row.until, "reason", "Swap")
			page.Want(t, row.status, row.says, `value="`+row.from+`"`, `value="Swap"`)
		})
	}
	form := []string{"person", "ben", "from", "2026-11-24T09:00", "until", "2026-11-24T10:00"}
	operator.Post("/oncall/primary/overrides", append(form, "seen", "0")...).Want(t, http.StatusOK)
	operator.Post("/oncall/primary/overrides", "seen", "0", "person", "ben", "from", "2026-11-26T09:00", "until", "2026-11-26T10:00").
		Want(t, http.StatusConflict, "operator put Ben Okafor on call", "what you wrote is still in the form", `value="2026-11-26T09:00"`, `name="seen" value="1"`)
	operator.Post("/oncall/primary/remove", "seen", "1", "number", "7").Want(t, http.StatusConflict, "has no override 7")
	operator.Post("/oncall/nights/overrides", form...).Want(t, http.StatusNotFound, "No such rota")
}

// answered are rotas of which one is read from a calendar.
type answered struct {
	*store.Rotas
	answers []oncall.Answer
}

func (a answered) Answers() []oncall.Answer { return a.answers }

// A calendar that cannot be read is marked with why and since when, and how old the one is that is in force.
func TestAgeOfACalendar(t *testing.T) {
	state := answered{}
	p := browsertest.NewPlace(t, func(d *console.Deps) {
		rotas := []oncall.Rota{{Name: "night", Feed: "https://calendar.example.com/secret.ics"}}
		state.Rotas = store.NewRotas(rotas, d.Policy, d.Calls.(*store.Store))
		d.Rotas = &state
	})
	viewer := p.As(t, users.Viewer)
	viewer.Get("/oncall").Want(t, http.StatusOK, "not read yet", "the calendar was never read").Without(t, "secret.ics")
	state.answers = []oncall.Answer{{Rota: "night", FetchedAt: p.Now.Add(-10 * time.Minute)}}
	viewer.Get("/oncall/night").Want(t, http.StatusOK, ">current<", "read 10 min ago")
	state.answers = []oncall.Answer{{Rota: "night", FetchedAt: p.Now.Add(-3 * time.Hour), FailedAt: p.Now.Add(-2 * time.Hour), Error: "the server answered 404"}}
	viewer.Get("/oncall").Want(t, http.StatusOK, "cannot be read", "the server answered 404", "The last good answer, 3 h 00 min old, is in force")
	viewer.Get("/now").Want(t, http.StatusOK, "calendar cannot be read")
}

// Ops swap next week's turn in a real browser, see it in the calendar and take it back, with a thumb and without scripts too.
func TestOnCallInTheBrowser(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	tab := browsertest.Open(t)
	tab.Go(p.Server.URL + "/oncall")
	tab.SignIn("operator")
	tab.See("primary", "Ada Moreau")
	tab.Check("oncall")
	tab.Thumb("oncall")
	tab.Scripts(false)
	tab.Go(p.Server.URL + "/oncall/primary")
	tab.Fill("[name=person]", "ada")
	tab.Fill("[name=instead]", "ben")
	tab.Fill("[name=from]", "2026-12-01T00:00")
	tab.Fill("[name=until]", "2026-12-03T12:00")
	tab.Fill("[name=reason]", "Ben has exams")
	tab.Follow(`[action$=overrides] button`)
	tab.See("It is in force at once.", "override instead of Ben Okafor", "Ben has exams")
	tab.Scripts(true)
	tab.Go(p.Server.URL + "/oncall/primary")
	tab.Check("rota")
	tab.Thumb("rota")
	tab.Scripts(false)
	tab.Go(p.Server.URL + "/oncall/primary")
	tab.Follow(`[action$=remove] button`)
	tab.See("The override was removed.", "Nothing is overridden")
}
