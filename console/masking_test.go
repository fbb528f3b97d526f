package console_test

import (
	"crypto/sha256"
	"encoding/hex"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
)

// staffed gives a company one specialist.
func staffed(d *console.Deps) {
	step := policy.RingStep{To: []policy.Target{policy.Target(browsertest.Specialist)}, For: time.Second}
	d.Policy.Teams = map[string]policy.Team{"critical": {Name: "critical", Rounds: 1, Steps: []policy.RingStep{step}}}
}

// Whoever may not see a specialist's number cannot find it by computing the sign of every number: the sign needs the store's secret. A link with a sign of
// an older version gets an answer that says so, and not the calls of somebody else or of nobody.
func TestSignsOfSpecialistsCannotBeTried(t *testing.T) {
	signOf := func(p *browsertest.Place) string {
		found := regexp.MustCompile(`value="(s-[0-9a-f]+)"`).FindStringSubmatch(p.As(t, users.Viewer).Get("/calls").Body)
		if found == nil {
			t.Fatal("the page has no sign of a specialist")
		}
		return found[1]
	}
	here, there := browsertest.NewPlace(t, staffed), browsertest.NewPlace(t, staffed)
	sign := signOf(here)
	if sign == signOf(there) {
		t.Errorf("two installations have one sign %s for a number", sign)
	}
	hash := sha256.Sum256([]byte(browsertest.Specialist.Full()))
	for length := 1; length <= len(hash); length++ {
		if sign == "s-"+hex.EncodeToString(hash[:length]) {
			t.Errorf("the sign %s is the hash of the number", sign)
		}
	}
	old := "/calls?specialist=s-" + hex.EncodeToString(hash[:5])
	for _, role := range []users.Role{users.Viewer, users.Operator} {
		here.As(t, role).Get(old).Want(t, http.StatusUnprocessableEntity, "No specialist of the teams has the sign", "Choose one from the list")
	}
}

// named gives a company two people. Ada has the specialist's number, and Ben another.
func named(d *console.Deps) {
	d.Policy.People = []policy.Person{{ID: "ada", Name: "Ada Moreau", Phone: browsertest.Specialist}, {ID: "ben", Name: "Ben Okafor", Phone: "+15550100012"}}
	steps := []policy.RingStep{
		{To: []policy.Target{policy.Target(browsertest.Specialist), "ben"}, For: time.Second}, {To: []policy.Target{"rota:primary", "gone", "+15550100009"}, For: time.Second},
	}
	d.Policy.Teams = map[string]policy.Team{"critical": {Name: "critical", Rounds: 1, Steps: steps}}
	d.Lines = store.NewLines(d.Policy, d.Calls.(*store.Store))
}

// A name stands wherever a number of a specialist did, for everybody. Where there is none, the number is masked.
func TestSpecialistsHaveNames(t *testing.T) {
	p := browsertest.NewPlace(t, named)
	adas, bens, nobodys := browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 60), browsertest.Served("CA2", browsertest.Monday.Add(-2*time.Hour), 60),
		browsertest.Served("CA3", browsertest.Monday.Add(-3*time.Hour), 60)
	bens.Legs[0].Person = "ben" // who had Ada's number then
	nobodys.Legs[0].To = "+15550100009"
	for _, c := range []policy.Call{adas, bens, nobodys} {
		p.Load(t, c)
	}
	viewer, operator := p.As(t, users.Viewer), p.As(t, users.Operator)
	viewer.Get("/calls").Want(t, http.StatusOK, ">Ada Moreau</td>", ">Ben Okafor</td>", "+15*******09").Without(t, "+15*******01", "+15*******12")
	viewer.Get("/calls/CA1").Want(t, http.StatusOK, "<dd>Ada Moreau</dd>", "Ada Moreau accepted the call", "Ada Moreau rings", `data-label="Specialist">Ada Moreau</td>`)
	viewer.Get("/calls/CA2").Want(t, http.StatusOK, "Ben Okafor accepted the call").Without(t, "Ada Moreau")
	viewer.Get("/lines").Want(t, http.StatusOK, ">Ada Moreau</span>, <span class=\"whole\">Ben Okafor</span>", ">rota primary</span>", ">gone</span>", "+15*******09").
		Without(t, "+15*******01", "5550100012")
	operator.Post("/calls/CA1/reveal").Want(t, http.StatusOK, `Ada Moreau<span class="also">+15550100001</span>`)
	operator.Get("/lines").Want(t, http.StatusOK, ">Ada Moreau<").Without(t, "5550100001")
	operator.Post("/lines/reveal").Want(t, http.StatusOK, "Ada Moreau (+15550100001)", "Ben Okafor (+15550100012)", "+15550100009")
}

// The filter has each person once, by name, and finds the calls that they took at any number. A link that was made for a number stays good.
func TestCallsAreFoundBySpecialistsName(t *testing.T) {
	secret := []byte("kept in the store")
	p := browsertest.NewPlace(t, named, func(d *console.Deps) { d.Secret = secret })
	adas, moved, bens := browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 60), browsertest.Served("CA2", browsertest.Monday.Add(-2*time.Hour), 60),
		browsertest.Served("CA3", browsertest.Monday.Add(-3*time.Hour), 60)
	moved.Legs[0].To, moved.Legs[0].Person = "+15550100077", "ada"
	bens.Legs[0].Person = "ben"
	for _, c := range []policy.Call{adas, moved, bens} {
		p.Load(t, c)
	}
	viewer := p.As(t, users.Viewer)
	page := viewer.Get("/calls")
	page.Want(t, http.StatusOK, `<option value="ada">Ada Moreau</option>`, `<option value="ben">Ben Okafor</option>`, "critical +15*******09")
	if n := strings.Count(page.Body, "Ada Moreau</option>"); n != 1 {
		t.Errorf("Ada is there %d times", n)
	}
	for query, want := range map[string]string{
		"ada": "CA1 CA2", "Ada+Moreau": "CA1 CA2", "s-" + api.Sign(secret, "specialist", browsertest.Specialist.Full()): "CA1 CA2", "ben": "CA3", "gone": "",
	} {
		found := viewer.Get("/calls?specialist=" + query)
		if got := strings.Join(sids(found), " "); got != want {
			t.Errorf("%s finds %q, want %q", query, got, want)
		}
		if want == "CA1 CA2" && !found.Has(`<option value="ada" selected>`) {
			t.Errorf("%s: Ada is not chosen in the form", query)
		}
	}
	viewer.Get("/calls?specialist=Ada+Moro").Want(t, http.StatusUnprocessableEntity, "No specialist is called that", "write one of ada, ben")
	viewer.Get("/calls?specialist=%2B15550100001").Want(t, http.StatusUnprocessableEntity, "has the sign")
}

// What stands for a text of one kind stands for it nowhere else: a notice's key is made from an address that a list could hold too.
func TestSignsAreOfAKind(t *testing.T) {
	if secret := []byte("kept in the store"); api.Sign(secret, "notice", "442079460018") == api.Sign(secret, "specialist", "442079460018") {
		t.Error("a sign of one kind is one of another")
	}
}

// The signs of one store stay the same, so that a link can be kept.
func TestSignsOfSpecialistsStay(t *testing.T) {
	secret := []byte("kept in the store")
	keep := func(d *console.Deps) { d.Secret = secret }
	page := func() string {
		return strings.Join(browsertest.NewPlace(t, staffed, keep).As(t, users.Viewer).Get("/calls").Between(`value="s-`, `"`, 20), "")
	}
	if first := page(); first == "" || first != page() {
		t.Error("the sign is another one after a restart")
	}
}

// Numbers in what people said and wrote are masked however they are spelt, on every page that shows it.
func TestNumbersThatPeopleWriteAreMasked(t *testing.T) {
	p := browsertest.NewPlace(t)
	c := browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 1500)
	c.Exchanges = append(c.Exchanges, policy.Exchange{Key: "menu/1", At: c.StartedAt, Heard: "my number is 020\u00a07946 0099"})
	c.Trace = append(c.Trace, policy.Decision{At: c.StartedAt, Rule: "menu.spoken", Result: "question", Inputs: []policy.Fact{{Name: "said", Value: "call (888) 307-1053"}}})
	p.Enrol(t, browsertest.Northwind)
	p.Load(t, c)
	operator, viewer := p.As(t, users.Operator), p.As(t, users.Viewer)
	operator.Post("/calls/CA1/acts", "kind", "note", "value", "back on 020 7946\n0018", "seen", "0").Want(t, http.StatusOK)
	operator.Post("/calls/CA1/acts", "kind", "ticket", "value", "20261128", "seen", "1").Want(t, http.StatusOK)
	operator.Post("/calls/CA1/acts", "kind", "waive", "reason", "asked on 00442079460018 on 2026-11-28", "seen", "2").Want(t, http.StatusOK)
	operator.Post("/fair-use/cases", "customer", "204518", "note", "asked on 0044 20 7946 0018").Want(t, http.StatusOK)
	for path, shown := range map[string]string{
		"/calls/CA1": "on 2026-11-28", "/fair-use": "asked on ************18", "/fair-use/cases/1": "asked on ************18", "/calls": "20261128",
	} {
		page := viewer.Get(path)
		page.Want(t, http.StatusOK, shown).Without(t, "7946", "307-1053", "0018", "0099", "2079")
	}
	viewer.Get("/calls/CA1").Want(t, http.StatusOK, "set the ticket number 20261128", "said call ********53", "*********99")
	p.As(t, users.Admin).Get("/audit").Want(t, http.StatusOK, "asked on ************18 on 2026-11-28").Without(t, "7946", "2079")
	operator.Get("/fair-use/cases/1").Want(t, http.StatusOK, "asked on ************18", "Show telephone numbers")
	operator.Post("/fair-use/cases/1/reveal").Want(t, http.StatusOK, "asked on 0044 20 7946 0018").Without(t, "Show telephone numbers")
	viewer.Post("/fair-use/cases/1/reveal").Want(t, http.StatusForbidden)
	viewer.Get("/fair-use/cases/1").Without(t, "Show telephone numbers")
	if audit := strings.Join(p.Audit(t), "\n"); strings.Count(audit, "reveal 1 by operator: the telephone numbers in the notes of a case") != 1 {
		t.Errorf("the audit has %s", audit)
	}
	operator.Post("/calls/CA1/reveal").Want(t, http.StatusOK, "00442079460018", "(888) 307-1053")
}

// The reason of an edited date is what a person wrote: its numbers are masked on the pages of the present and of the lines, and over the API.
func TestNumbersInTheReasonsOfDatesAreMasked(t *testing.T) {
	p := browsertest.NewPlace(t)
	edit := []string{"seen", "0", "date", "2026-11-23", "kind", "closed", "reason", "ring 020 7946 0099"}
	p.As(t, users.Admin).Post(ukPath+"/dates", edit...).Want(t, http.StatusOK)
	viewer, program := p.As(t, users.Viewer), p.Program(t, "viewer")
	for _, page := range []browsertest.Page{
		viewer.Get("/now"), viewer.Get("/lines"), viewer.Get(ukPath), program.Get("/api/v1/lines"), program.Get("/api/v1/lines/+448000668187/hours"),
	} {
		page.Want(t, http.StatusOK, "ring *********99").Without(t, "7946")
	}
	if got := p.Program(t, "operator").Get("/api/v1/lines"); !got.Has("020 7946 0099") {
		t.Errorf("who may see numbers reads %s", got.Body)
	}
}

// Whoever may not see numbers cannot try them out in a search: no digits of a number find its call or its account.
func TestNumbersAreNotFoundByWhoMayNotSeeThem(t *testing.T) {
	p := browsertest.NewPlace(t, staffed)
	northwind := browsertest.Northwind
	northwind.Phone = browsertest.Caller
	p.Enrol(t, northwind)
	p.Load(t, browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 60))
	digits := strings.TrimPrefix(browsertest.Caller.Full(), "+")
	viewer, operator := p.As(t, users.Viewer), p.As(t, users.Operator)
	for _, path := range []string{"/calls?text=" + digits, "/calls?text=%2B" + digits, "/calls?text=" + digits[4:]} {
		if found := sids(operator.Get(path)); len(found) != 1 {
			t.Errorf("%s: an operator finds %v", path, found)
		}
		if found := sids(viewer.Get(path)); len(found) != 0 {
			t.Errorf("%s: a viewer finds %v", path, found)
		}
	}
	operator.Get("/accounts?text="+digits).Want(t, http.StatusOK, "Northwind Flex Offices")
	viewer.Get("/accounts?text="+digits).Without(t, "Northwind Flex Offices")
	viewer.Get("/calls?specialist=%2B"+browsertest.Specialist.Full()[1:]).Want(t, http.StatusUnprocessableEntity, "No specialist of the teams has the sign")
}

// A text that is too long is refused beside its form, and the fields say how long it may be.
func TestLongTextsAreRefusedBesideTheirForm(t *testing.T) {
	p := browsertest.NewPlace(t)
	p.Enrol(t, browsertest.Northwind)
	p.Load(t, browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 1500))
	c, long := p.As(t, users.Operator), strings.Repeat("a", policy.MaxWritten+1)
	const says = "has 2001 characters: write at most 2000."
	c.Post("/calls/CA1/acts", "kind", "note", "value", long, "seen", "0").Want(t, http.StatusUnprocessableEntity, "The note "+says, "Act on this call", long)
	c.Post("/calls/CA1/acts", "kind", "waive", "reason", long, "seen", "0").Want(t, http.StatusUnprocessableEntity, "The reason "+says)
	c.Post("/fair-use/cases", "customer", "204518", "note", long).Want(t, http.StatusUnprocessableEntity, "The note "+says)
	c.Post("/fair-use/cases", "customer", "204518", "note", long[1:]).Want(t, http.StatusOK)
	c.Post("/fair-use/cases/1/moves", "to", "closed", "note", long).Want(t, http.StatusUnprocessableEntity, "The note "+says)
	c.Get("/calls/CA1").Want(t, http.StatusOK, `maxlength="2000"`)
	c.Get("/fair-use/cases/1").Want(t, http.StatusOK, `maxlength="2000"`)
	c.Get("/calls?text="+long).Want(t, http.StatusUnprocessableEntity, "Text has 2001 characters: write at most 254.")
	c.Get("/accounts?text="+long).Want(t, http.StatusUnprocessableEntity, "What is searched for has 2001 characters")
}

// What each specialist did has names, leads to the calls that it counts, and shows a number that is nobody's masked. Who left is there and found.
func TestWhatEachSpecialistDid(t *testing.T) {
	p := browsertest.NewPlace(t, named)
	adas, moved, gone, nobodys := browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 60), browsertest.Served("CA2", browsertest.Monday.Add(-2*time.Hour), 60),
		browsertest.Served("CA3", browsertest.Monday.Add(-3*time.Hour), 60), browsertest.Served("CA4", browsertest.Monday.Add(-4*time.Hour), 60)
	moved.Legs[0].To, moved.Legs[0].Person = "+15550100077", "ada"
	gone.Legs[0].Person, gone.Legs[0].Name = "gil", "Gil Ong"
	nobodys.Legs[0].To = "+15550100009"
	for _, c := range []policy.Call{adas, moved, gone, nobodys} {
		p.Load(t, c)
	}
	viewer := p.As(t, users.Viewer)
	page := viewer.Get("/specialists")
	page.Want(t, http.StatusOK, `aria-label="2 calls of Ada Moreau"`, ">Ben Okafor</td>", `aria-label="1 calls of Gil Ong"`, "not in the configuration any more", "+15*******09").
		Without(t, "5550100001", "5550100009", "5550100077")
	for i, link := range page.Between(`figure"><a href="`, `"`, 3) {
		if got, want := strings.Join(sids(viewer.Get(html.UnescapeString(link))), " "), []string{"CA1 CA2", "CA3", "CA4"}[i]; got != want {
			t.Errorf("%s finds %q, want %q", link, got, want)
		}
	}
	viewer.Get("/calls?specialist=gil").Want(t, http.StatusOK, `<option value="gil" selected>Gil Ong</option>`, ">Gil Ong</td>")
	viewer.Get("/specialists?month=2026-10").Want(t, http.StatusOK, ">Ada Moreau</td>").Without(t, "Gil Ong", "aria-label=\"1 calls")
	viewer.Get("/specialists?month=soon").Want(t, http.StatusUnprocessableEntity)
}

// A long name ends before the bars of the picture; who hovers, or has it read, gets all of it.
func TestLongNamesEndBeforeTheBars(t *testing.T) {
	long := strings.Repeat("Wilhelmina ", 7) + "Ong"
	p := browsertest.NewPlace(t, named, func(d *console.Deps) { d.Policy.People[0].Name = long })
	p.Load(t, browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 60))
	p.As(t, users.Viewer).Get("/calls/CA1").Want(t, http.StatusOK, ">Wilhelmina Wilh… rings<title>"+long+" rings</title></text>", "0:20, "+long+" rings 0:")
}

// Names are text, whatever is in them.
func TestNamesAreText(t *testing.T) {
	for _, name := range []string{`<b>Ada</b> & "Co"`, "מיכאל אברהם", "Zoe\u0301 👩‍👩‍👧", strings.Repeat("Ж", 80)} {
		p := browsertest.NewPlace(t, named, func(d *console.Deps) { d.Policy.People[0].Name = name })
		p.Load(t, browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 60))
		viewer, shown := p.As(t, users.Viewer), html.EscapeString(name)
		for _, path := range []string{"/calls", "/calls/CA1", "/specialists", "/lines", "/"} {
			if page := viewer.Get(path); strings.Contains(page.Body, "<b>Ada") {
				t.Errorf("%s has markup of a name", path)
			}
		}
		viewer.Get("/calls").Want(t, http.StatusOK, ">"+shown+"</td>")
		viewer.Get("/calls/CA1").Want(t, http.StatusOK, "<dd>"+shown+"</dd>")
		viewer.Get("/specialists").Want(t, http.StatusOK, ">"+shown+"</td>")
	}
}

// A call back is of whom it rang, also when the number is somebody else's now.
func TestACallBackIsOfWhoWasRung(t *testing.T) {
	p := browsertest.NewPlace(t, onShift(t))
	missed(t, p, "CA1", policy.Question, time.Hour)
	_, err := p.Store.ChangeFollowUp(t.Context(), "1", func(f followup.FollowUp) (followup.FollowUp, error) {
		f.CallBacks = []followup.CallBack{{Number: 1, By: "mila", Person: "ben", Phone: browsertest.Specialist, AskedAt: p.Now, EndedAt: p.Now, Result: "nobody picked up"}}
		return f, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p.As(t, users.Viewer).Get("/followups/1").Want(t, http.StatusOK, "mila called back with the phone of Ben Okafor: nobody picked up.")
}

// Names that are long or wide leave the pages as they are: what each specialist did, and the picture of a call, at the width of a desk and of a telephone.
func TestLongNamesInTheBrowser(t *testing.T) {
	p := browsertest.NewPlace(t, named, func(d *console.Deps) {
		d.Policy.People[0].Name, d.Policy.People[1].Name = strings.Repeat("W", 60), "Wilhelmina Featherstonehaugh-Cholmondeley Ong"
	})
	bens := browsertest.Served("CA2", browsertest.Monday.Add(-2*time.Hour), 60)
	bens.Legs[0].Person = "ben"
	p.Load(t, browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 60), bens)
	tab := browsertest.Open(t)
	tab.Go(p.Server.URL + "/specialists")
	tab.SignIn("operator")
	tab.Check("specialists")
	tab.Thumb("specialists")
	for _, sid := range []string{"CA1", "CA2"} {
		tab.Go(p.Server.URL + "/calls/" + sid)
		tab.Check("call-of-a-long-name-" + sid)
	}
}
