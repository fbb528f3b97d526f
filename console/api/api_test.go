package api_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// A token works until it is revoked, expires or its user is disabled, and only in the header.
func TestTokenStates(t *testing.T) {
	p := browsertest.NewFilled(t)
	tests := []struct {
		name   string
		make   func() browsertest.Program
		status int
		kind   string
	}{
		{"of an operator", func() browsertest.Program { return p.Program(t, "operator") }, 200, ""},
		{"none", func() browsertest.Program { return browsertest.NewProgram(t, p.Server.URL, "") }, 401, "no-token"},
		{"nobody's", func() browsertest.Program {
			return browsertest.NewProgram(t, p.Server.URL, "sl_AAAAAAAAAAAAAAAAAAAAAAAAAA")
		}, 401, "wrong-token"},
		{"no token at all", func() browsertest.Program { return browsertest.NewProgram(t, p.Server.URL, "secret") }, 401, "wrong-token"},
		{"ends later", func() browsertest.Program {
			return p.Program(t, "operator", func(k *users.Token) { k.ExpiresAt = p.Now.Add(time.Second) })
		}, 200, ""},
		{"over", func() browsertest.Program {
			return p.Program(t, "operator", func(k *users.Token) { k.ExpiresAt = p.Now })
		}, 401, "token-over"},
		{"revoked", func() browsertest.Program {
			made := p.Program(t, "operator", func(k *users.Token) { k.Name = "gone" })
			made.Get("/api/v1/lines").Want(t, 200)
			if err := p.Store.RevokeToken(t.Context(), "operator", "gone", "test", p.Now); err != nil {
				t.Fatal(err)
			}
			return made
		}, 401, "wrong-token"},
		{"of somebody who is disabled", func() browsertest.Program {
			p.Add(t, users.User{Name: "bea", Role: users.Admin})
			made := p.Program(t, "bea")
			made.Get("/api/v1/lines").Want(t, 200)
			if _, err := p.Store.ChangeUser(t.Context(), "bea", users.WithDisabled("test", p.Now)); err != nil {
				t.Fatal(err)
			}
			return made
		}, 403, "shut-out"},
	}
	for _, test := range tests {
		got := test.make().Get("/api/v1/lines")
		if got.Status != test.status || got.Kind(t) != test.kind {
			t.Errorf("a token %s: status %d, %s; want %d, %s", test.name, got.Status, got.Kind(t), test.status, test.kind)
		}
		if got.Status == 401 && got.Header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("a token %s: the answer does not say what is wanted", test.name)
		}
	}
	if strings.Contains(p.Log.String(), "sl_") {
		t.Error("a token is in the log")
	}
	p.As(t, users.Admin).Get("/api/v1/calls").Want(t, 401, "no-token") // a session is no token
}

// What each role may, a token of it may, and no more; a read-only one changes nothing and a masked one sees no number.
func TestTokensByRole(t *testing.T) {
	p := browsertest.NewFilled(t)
	readOnly, masked := func(k *users.Token) { k.ReadOnly = true }, func(k *users.Token) { k.Masked = true }
	programs := []struct {
		name string
		browsertest.Program
	}{
		{"viewer", p.Program(t, "viewer")},
		{"operator", p.Program(t, "operator")},
		{"admin", p.Program(t, "admin")},
		{"operator, read-only", p.Program(t, "operator", readOnly)},
		{"operator, masked", p.Program(t, "operator", masked)},
		{"admin, read-only and masked", p.Program(t, "admin", readOnly, masked)},
	}
	got := map[string]string{}
	for i, one := range programs {
		var may []string
		for _, try := range []struct {
			what string
			page browsertest.Page
		}{
			{"calls", one.Get("/api/v1/calls")},
			{"export", one.Get("/api/v1/calls/export?format=csv")},
			{"audit", one.Get("/api/v1/audit")},
			{"act", one.Post("/api/v1/calls/CA2/acts", fmt.Sprintf(`{"kind":"note","value":"note %d"}`, i))},
		} {
			switch {
			case try.page.Status < 300:
				may = append(may, try.what)
			case try.page.Kind(t) != "not-permitted":
				t.Errorf("%s, %s: %d %s", one.name, try.what, try.page.Status, try.page.Body)
			}
		}
		if list := one.Get("/api/v1/calls"); strings.Contains(list.Body, browsertest.Caller.Full()) != strings.Contains(one.Get("/api/v1/customers/204518").Body, browsertest.Caller.Full()) {
			t.Errorf("%s sees numbers of calls and not of customers, or the other way round", one.name)
		} else if strings.Contains(list.Body, browsertest.Caller.Full()) {
			may = append(may, "numbers")
		}
		got[one.name] = strings.Join(may, " ")
	}
	want := map[string]string{
		"viewer": "calls", "operator": "calls export act numbers", "admin": "calls export audit act numbers", "operator, read-only": "calls export numbers",
		"operator, masked": "calls export act", "admin, read-only and masked": "calls export audit",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what tokens may (-want +got):\n%s", diff)
	}
}

// Nothing that a program gets holds a number that its user may not see, whatever it asks for.
func TestNumbersAreMasked(t *testing.T) {
	p := browsertest.NewFilled(t)
	operator := p.Program(t, "operator")
	operator.Post("/api/v1/calls/CA1/acts", `{"kind":"note","value":"call back +442079460018"}`).Want(t, 200, "+442079460018")
	operator.Post("/api/v1/cases", `{"customer":"204518","note":"asked on +442079460018"}`).Want(t, 201)
	viewer := p.Program(t, "viewer")
	for _, path := range []string{
		"/calls", "/calls/CA1", "/calls/CA1/explanation", "/calls/CA3", "/customers", "/customers/204518", "/customers/310022", "/cases", "/cases/1", "/usage", "/lines",
	} {
		got := viewer.Get("/api/v1" + path)
		got.Want(t, 200)
		got.Without(t, browsertest.Caller.Full(), browsertest.Specialist.Full(), "+12125550142", "ada@example.com", "https://api.example.com")
	}
	viewer.Get("/api/v1/calls/CA1").Want(t, 200, `"from":"+44********18"`, `"specialist":"+15*******01"`, "call back +44********18", `"line":"+448000668187"`)
	operator.Get("/api/v1/calls/CA3").Want(t, 200, "https://api.example.com/RE1")
	if diff := cmp.Diff(1, strings.Count(strings.Join(p.Audit(t), "\n"), "reveal CA3 by operator: the telephone numbers of a call, over the API with the token")); diff != "" {
		t.Errorf("reveals of CA3 in the audit (-want +got):\n%s\n%s", diff, strings.Join(p.Audit(t), "\n"))
	}
	for _, line := range p.Audit(t) {
		if strings.Contains(line, "by viewer") {
			t.Errorf("nothing was revealed to the viewer, but the audit says: %s", line)
		}
	}
}

// However people spell a number, in whatever they say or write, who may not see it reads its last two digits.
func TestNumbersInTextsAreMasked(t *testing.T) {
	p := browsertest.NewFilled(t)
	operator, viewer := p.Program(t, "operator"), p.Program(t, "viewer")
	operator.Post("/api/v1/calls/CA1/acts", `{"kind":"note","value":"back on 020\u00a07946 0099 from 2026-11-28"}`).Want(t, 200, "7946")
	operator.Post("/api/v1/cases", `{"customer":"204518","note":"asked on (888) 307-1053"}`).Want(t, 201, "307-1053")
	for path, shown := range map[string]string{
		"/calls/CA1": `"back on *********99 from 2026-11-28"`, "/calls/CA1/explanation": `back on *********99 from 2026-11-28`, "/cases/1": `"asked on ********53"`,
	} {
		page := viewer.Get("/api/v1" + path)
		page.Want(t, 200, shown).Without(t, "7946", "307-1053")
	}
	done := users.AuditEntry{At: p.Now, By: "bea", Act: "waive", Subject: "CA1", Detail: "from +442079460018", Reason: "asked for on (888) 307-1053"}
	if err := p.Store.Note(t.Context(), done); err != nil {
		t.Fatal(err)
	}
	p.Program(t, "admin").Get("/api/v1/audit?by=bea").Want(t, 200, `"from +442079460018"`, `"asked for on (888) 307-1053"`)
	masked := p.Program(t, "admin", func(token *users.Token) { token.Masked = true })
	masked.Get("/api/v1/audit?by=bea").Want(t, 200, `"from +44********18"`, `"asked for on ********53"`).Without(t, "0018", "307-1053")
}

// One rule bounds the texts of people over the API as it does on the pages.
func TestLongTextsAreWrongInput(t *testing.T) {
	p := browsertest.NewFilled(t)
	operator, long := p.Program(t, "operator"), strings.Repeat("a", policy.MaxWritten+1)
	for path, body := range map[string]string{
		"/calls/CA1/acts": `{"kind":"note","value":"` + long + `"}`, "/cases": `{"customer":"204518","note":"` + long + `"}`,
	} {
		got := operator.Post("/api/v1"+path, body)
		if got.Want(t, 422, "The note has 2001 characters: write at most 2000."); got.Kind(t) != "wrong-input" {
			t.Errorf("%s: %s", path, got.Body)
		}
	}
	for _, path := range []string{"/calls?text=", "/customers?text=", "/calls?ticket="} {
		if got := operator.Get("/api/v1" + path + long); got.Kind(t) != "wrong-input" {
			t.Errorf("%s: %s", path, got.Body)
		}
	}
	if got := operator.Post("/api/v1/calls/CA1/acts", `{"kind":"note","value":"`+long[1:]+`"}`); got.Status != 200 {
		t.Errorf("the longest note: %s", got.Body)
	}
}

// Pages of a list together are the list, each entry once.
func TestPagesOfTheAPI(t *testing.T) {
	p := browsertest.NewFilled(t)
	admin := p.Program(t, "admin")
	for range 3 {
		admin.Get("/api/v1/customers/204518").Want(t, 200)
	}
	for path, cursor := range map[string]string{
		"/calls": "before", "/calls?customer=204518": "before", "/customers": "after", "/usage?month=2026-11": "after", "/audit?act=reveal&by=admin": "before",
	} {
		list := strings.Trim(strings.Split(path, "?")[0], "/")
		key := map[string]string{"audit": "entries"}[list]
		if key == "" {
			key = list
		}
		join := "?"
		if strings.Contains(path, "?") {
			join = "&"
		}
		read := func(limit int, bound string) (all []any) {
			next := ""
			for {
				got := browsertest.Decode[map[string]any](t, admin.Get(fmt.Sprintf("/api/v1%s%slimit=%d%s%s", path, join, limit, bound, next)))
				all = append(all, got[key].([]any)...)
				if got["next"] == nil {
					return all
				}
				next = "&" + cursor + "=" + url.QueryEscape(got["next"].(string))
			}
		}
		bound := ""
		if list == "audit" { // each page of calls is a reveal, so that the list must not grow while it is read
			bound = "&until=" + p.Now.Add(time.Second).Format(time.RFC3339)
		}
		whole, single := read(100, bound), read(1, bound)
		if diff := cmp.Diff(whole, single); diff != "" || len(whole) < 2 {
			t.Errorf("%s: %d entries; pages of one differ (-whole +single):\n%s", path, len(whole), diff)
		}
	}
}

// A specialist has a name beside the number, for everybody, and is found by it.
func TestSpecialistsHaveNamesOverTheAPI(t *testing.T) {
	p := browsertest.NewFilled(t, func(d *console.Deps) {
		d.Policy.People = []policy.Person{{ID: "ada", Name: "Ada Moreau", Phone: browsertest.Specialist}}
	})
	viewer := p.Program(t, "viewer")
	viewer.Get("/api/v1/calls/CA1").Want(t, 200, `"specialist":"+15*******01"`, `"specialist_name":"Ada Moreau"`)
	viewer.Get("/api/v1/calls/CA1/explanation").Want(t, 200, "Ada Moreau accepted the call")
	viewer.Get("/api/v1/calls/CA4").Want(t, 200, `"specialist":null`, `"specialist_name":null`)
	p.Program(t, "operator").Get("/api/v1/calls/export?format=csv").Want(t, 200, ",specialist,specialist_name,", ",+15550100001,Ada Moreau,")
	for query, want := range map[string]int{"ada": 3, "ADA%20moreau": 3, "gone": 0} {
		list := browsertest.Decode[struct{ Calls []policy.Row }](t, viewer.Get("/api/v1/calls?specialist="+query))
		if len(list.Calls) != want {
			t.Errorf("%s finds %d calls, want %d", query, len(list.Calls), want)
		}
	}
	viewer.Get("/api/v1/calls?specialist=Ada%20Moro").Want(t, 422, "write one of ada")
}

// The filter of the API is that of the page.
func TestAPIFilters(t *testing.T) {
	p := browsertest.NewFilled(t)
	viewer := p.Program(t, "viewer")
	sids := func(query string) (all []string) {
		list := browsertest.Decode[struct{ Calls []policy.Row }](t, viewer.Get("/api/v1/calls?"+query))
		for _, c := range list.Calls {
			all = append(all, string(c.SID))
		}
		return all
	}
	got := map[string][]string{}
	for _, query := range []string{
		"", "customer=204518", "intent=critical&limit=1", "outcome=served", "line=%2B18883071053", "since=2026-11-23T14:00:00Z", "until=2026-11-22",
		"since=2026-11-24&zone=Pacific/Kiritimati", "since=2026-11-23&zone=Asia/Kolkata&until=2026-11-23",
	} {
		got[query] = sids(query)
	}
	want := map[string][]string{
		"": {"CA4", "CA3", "CA2", "CA1"}, "customer=204518": {"CA3", "CA2", "CA1"}, "intent=critical&limit=1": {"CA3"},
		"outcome=served": {"CA3", "CA2", "CA1"}, "line=%2B18883071053": nil, "since=2026-11-23T14:00:00Z": {"CA4", "CA3"}, "until=2026-11-22": nil,
		"since=2026-11-24&zone=Pacific/Kiritimati": {"CA4", "CA3", "CA2", "CA1"}, "since=2026-11-23&zone=Asia/Kolkata&until=2026-11-23": {"CA4", "CA3", "CA2", "CA1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what filters select (-want +got):\n%s", diff)
	}
	viewer.Get("/api/v1/calls?talk_from=20:59").Want(t, http.StatusOK)
	viewer.Get("/api/v1/calls?talk_from=20:60").Want(t, http.StatusUnprocessableEntity, "20:60", "write minutes")
	viewer.Get("/api/v1/calls?since=2026-11-23&zone=Local").Want(t, http.StatusUnprocessableEntity, "Local", "a name of the zone database")
}

// A day is as long as the clocks of its zone make it.
func TestADayEndsAtMidnightWhereClocksChange(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[string]string{"2026-03-29": "2026-03-29T23:00:00Z", "2026-10-25": "2026-10-26T00:00:00Z", "2026-10-26": "2026-10-27T00:00:00Z"} {
		if end, err := api.Day("until", day, london, 1); err != nil || end.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s ends at %v, %v; want %s", day, end, err, want)
		}
	}
}

// A program finds what was served to nobody, with the account that the number is on file of, which identifies nobody, and attaches it.
func TestServedToNobodyOverTheAPI(t *testing.T) {
	p := browsertest.NewFilled(t)
	nobody := browsertest.Served("CA5", browsertest.Monday.Add(-time.Minute), 60)
	nobody.Customer, nobody.Account, nobody.Month, nobody.OnFile = "", "", "", "204518"
	p.Load(t, nobody)
	operator := p.Program(t, "operator")
	list := browsertest.Decode[struct{ Calls []policy.Row }](t, operator.Get("/api/v1/calls?unidentified=yes"))
	if len(list.Calls) != 1 || list.Calls[0].SID != "CA5" || list.Calls[0].Customer != nil || list.Calls[0].OnFile == nil || *list.Calls[0].OnFile != "204518" {
		t.Errorf("the list is %+v", list.Calls)
	}
	operator.Get("/api/v1/calls?unidentified=no").Want(t, 422, "Unidentified is", "write yes, or leave it out")
	operator.Post("/api/v1/calls/CA5/acts", `{"kind":"attach","value":"204518"}`).Want(t, 200, `"customer":"204518"`, `"on_file":"204518"`)
	list = browsertest.Decode[struct{ Calls []policy.Row }](t, operator.Get("/api/v1/calls?unidentified=yes"))
	if len(list.Calls) != 0 {
		t.Errorf("after it was attached the list is %+v", list.Calls)
	}
}

// A program acts on a call and takes it back; the second of two learns of the first, and nothing is done twice.
func TestActsOverTheAPI(t *testing.T) {
	p := browsertest.NewFilled(t)
	operator := p.Program(t, "operator")
	acts := "/api/v1/calls/CA1/acts"
	operator.Post(acts, `{"kind":"waive","reason":"outage","seen":0}`).Want(t, 200, `"waived":true`, `"over_long":false`, `"by":"operator"`)
	operator.Post(acts, `{"kind":"training","seen":0}`).Want(t, 409, "call-changed", "operator waived the call as necessary")
	operator.Post(acts, `{"kind":"waive","undo":true,"seen":1}`).Want(t, 200, `"waived":false`, `"over_long":true`)
	operator.Post(acts, `{"kind":"waive","undo":true,"reason":"no"}`).Want(t, 422, "undo alone")
	operator.Post(acts, `{"kind":"ticket","value":"99"}`).Want(t, 200, `"ticket":"99"`)
	operator.Post(acts, `{"kind":"attach","value":"310022"}`).Want(t, 200, `"customer":"310022"`, `"account":"Harbor Cowork"`)
	got := browsertest.Decode[struct{ Acts []policy.Act }](t, operator.Get("/api/v1/calls/CA1"))
	if len(got.Acts) != 4 {
		t.Errorf("%d acts are on the call, want 4", len(got.Acts))
	}
	var told []string
	for _, line := range p.Audit(t) {
		if strings.Contains(line, "CA1") && !strings.HasPrefix(line, "reveal") {
			told = append(told, strings.Fields(line)[0])
		}
	}
	if diff := cmp.Diff([]string{"waive", "undo", "ticket", "attach"}, told); diff != "" {
		t.Errorf("the audit (-want +got):\n%s", diff)
	}
}

// An account's figures are the same over the API as everywhere, and explained call by call.
func TestUsageOverTheAPI(t *testing.T) {
	p := browsertest.NewFilled(t)
	viewer := p.Program(t, "viewer")
	explained := browsertest.Decode[struct {
		Usage policy.Usage
		Calls []policy.CountedRow
	}](t, viewer.Get("/api/v1/usage/explanation?customer=204518"))
	tickets := 0
	for _, c := range explained.Calls {
		if c.Counted {
			tickets++
		}
	}
	if explained.Usage.Month != "2026-11" || explained.Usage.Tickets != 2 || tickets != 2 || explained.Usage.OverLong != 1 {
		t.Errorf("the month is %+v, of calls %+v", explained.Usage, explained.Calls)
	}
	viewer.Get("/api/v1/usage?customer=204518&month=2026-11").Want(t, 200, `"tickets":2`, `"next":null`)
	viewer.Get("/api/v1/usage?month=2026-12").Want(t, 422, "2026-12 has not begun")
}

// A program carries a case.
func TestCasesOverTheAPI(t *testing.T) {
	p := browsertest.NewFilled(t)
	operator := p.Program(t, "operator")
	opened := operator.Post("/api/v1/cases", `{"customer":"204518","note":"asked for"}`)
	opened.Want(t, 201, `"state":"flagged"`)
	if at := opened.Header.Get("Location"); at != "/api/v1/cases/1" {
		t.Errorf("the case is at %q", at)
	}
	operator.Post("/api/v1/cases/1/moves", `{"to":"contacted","via":"email","note":"wrote","from":"flagged"}`).Want(t, 200, `"emails":1`, `"state":"contacted"`)
	operator.Post("/api/v1/cases/1/moves", `{"to":"discussed","note":"talked","offered":["training"],"from":"flagged"}`).Want(t, 409, "move-not-allowed")
	operator.Post("/api/v1/cases/1/moves", `{"to":"discussed","note":"talked","offered":["training"]}`).Want(t, 200, `"offered":["training"]`, `"emails":0`)
	operator.Get("/api/v1/cases?state=flagged").Want(t, 200, `"cases":[]`)
	operator.Get("/api/v1/cases?state=discussed&customer=204518").Want(t, 200, `"id":"1"`)
	operator.Post("/api/v1/cases", `{"customer":"310022","note":"asked for"}`).Want(t, 201)
	first := browsertest.Decode[struct {
		Cases []policy.Case
		Next  string
	}](t, operator.Get("/api/v1/cases?limit=1"))
	second := browsertest.Decode[struct{ Cases []policy.Case }](t, operator.Get("/api/v1/cases?limit=1&after="+first.Next))
	if len(first.Cases) != 1 || len(second.Cases) != 1 || second.Cases[0].Customer != "310022" {
		t.Errorf("pages of cases: %+v and %+v", first, second)
	}
}

// Hours over the API are the evaluator's.
func TestLinesOverTheAPI(t *testing.T) {
	p := browsertest.NewFilled(t)
	viewer := p.Program(t, "viewer")
	line := browsertest.Decode[struct {
		Zone string
		At   time.Time
		Open bool
	}](t, viewer.Get("/api/v1/lines/+18883071053?at=2026-07-01T10:00"))
	if want := time.Date(2026, 7, 1, 14, 0, 0, 0, time.UTC); !line.At.Equal(want) || line.Zone != "America/New_York" {
		t.Errorf("10:00 on New York's clock is %v in %s", line.At, line.Zone)
	}
	days := browsertest.Decode[struct{ Days []struct{ Date string } }](t, viewer.Get("/api/v1/lines/%2B448000668187/hours?from=2026-12-24&days=3"))
	if len(days.Days) != 3 || days.Days[2].Date != "2026-12-26" {
		t.Errorf("the days are %+v", days)
	}
}

// The hours of a line begin with the day that it is there, and not with that of UTC.
func TestHoursBeginToday(t *testing.T) {
	p := browsertest.NewFilled(t)
	p.Now = time.Date(2026, time.November, 24, 3, 0, 0, 0, time.UTC)
	for line, today := range map[string]string{"+448000668187": "2026-11-24", "+18883071053": "2026-11-23"} {
		p.Program(t, "viewer").Get("/api/v1/lines/"+line+"/hours").Want(t, 200, `"days":[{"date":"`+today+`"`)
	}
}

// Wrong tokens from one address are slowed down, and say for how long; a right one from there works.
func TestWrongTokensAreSlowedDown(t *testing.T) {
	p := browsertest.NewFilled(t)
	right, wrong := p.Program(t, "viewer"), browsertest.NewProgram(t, p.Server.URL, "sl_WRONG")
	var last browsertest.Page
	for range 22 {
		last = wrong.Get("/api/v1/calls")
	}
	last.Want(t, 429, "too-many-wrong-tokens")
	if wait := last.Header.Get("Retry-After"); wait == "" || wait == "0" {
		t.Errorf("Retry-After is %q", wait)
	}
	right.Get("/api/v1/calls").Want(t, 200)
	p.Now = p.Now.Add(time.Hour)
	wrong.Get("/api/v1/calls").Want(t, 401, "wrong-token")
	p.As(t, users.Viewer).Get("/calls").Want(t, 200) // a wrong token is no wrong password
}

// A program that runs wild is slowed down, alone.
func TestATokenHasARate(t *testing.T) {
	p := browsertest.NewFilled(t)
	wild, calm := p.Program(t, "viewer"), p.Program(t, "viewer")
	n := 0
	for ; n < 200 && wild.Get("/api/v1/lines").Status == 200; n++ {
	}
	if n != 60 {
		t.Errorf("%d requests at once were answered, want 60", n)
	}
	got := wild.Get("/api/v1/lines")
	got.Want(t, 429, "too-many-requests")
	if got.Header.Get("Retry-After") == "" {
		t.Error("nobody says how long to wait")
	}
	calm.Get("/api/v1/lines").Want(t, 200)
	p.Now = p.Now.Add(time.Second)
	wild.Get("/api/v1/lines").Want(t, 200)
}

// When a token was last used is kept, to a minute, and a page reads the same as the store.
func TestTokensAreSeenToBeUsed(t *testing.T) {
	p := browsertest.NewFilled(t)
	viewer := p.Program(t, "viewer", func(k *users.Token) { k.Name = "ci" })
	used := func() time.Time {
		all, err := p.Store.TokensOf(t.Context(), "viewer")
		if err != nil || len(all) != 1 {
			t.Fatalf("%+v, %v", all, err)
		}
		return all[0].UsedAt
	}
	first := p.Now
	viewer.Get("/api/v1/lines").Want(t, 200)
	p.Now = p.Now.Add(30 * time.Second)
	viewer.Get("/api/v1/lines").Want(t, 200)
	if !used().Equal(first) {
		t.Errorf("used at %v, want %v: a write a minute is enough", used(), first)
	}
	p.Now = p.Now.Add(30 * time.Second)
	viewer.Get("/api/v1/lines").Want(t, 200)
	if !used().Equal(p.Now) {
		t.Errorf("used at %v, want %v", used(), p.Now)
	}
}

// An export over the API has the rows of the list, as CSV with the names of a call.
func TestExportOverTheAPI(t *testing.T) {
	p := browsertest.NewFilled(t)
	operator := p.Program(t, "operator")
	file := operator.Get("/api/v1/calls/export?format=csv&customer=204518")
	file.Want(t, http.StatusOK)
	rows, err := csv.NewReader(strings.NewReader(file.Body)).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d lines, %v", len(rows), err)
	}
	if diff := cmp.Diff(policy.Columns[policy.Row](), rows[0]); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	list := browsertest.Decode[struct{ Calls []policy.Row }](t, operator.Get("/api/v1/calls?customer=204518"))
	whole := browsertest.Decode[[]policy.Row](t, operator.Get("/api/v1/calls/export?format=json&customer=204518"))
	if diff := cmp.Diff(list.Calls, whole); diff != "" {
		t.Errorf("list and export differ (-list +export):\n%s", diff)
	}
}

// A token that was just made on the person's page works, with what was chosen, and is shown in no later page.
func TestTokensOnThePersonsPage(t *testing.T) {
	p := browsertest.NewFilled(t)
	operator := p.As(t, users.Operator)
	made := operator.Post("/profile/tokens", "name", "ci", "days", "30", "readonly", "1", "masked", "1", "password", browsertest.Password)
	made.Want(t, http.StatusOK, "The token ci is created")
	secrets := made.Between(`<input value="`, `"`, 60)
	if len(secrets) != 1 || !strings.HasPrefix(secrets[0], "sl_") {
		t.Fatalf("the page shows %q", secrets)
	}
	ci := browsertest.NewProgram(t, p.Server.URL, secrets[0])
	ci.Get("/api/v1/calls").Want(t, 200, "+44********18")
	ci.Post("/api/v1/calls/CA2/acts", `{"kind":"training"}`).Want(t, 403)
	operator.Get("/profile").Without(t, secrets[0])
	refused := func(want string, pairs ...string) {
		t.Helper()
		operator.Post("/profile/tokens", pairs...).Want(t, 422, want).Without(t, "is created")
	}
	refused("The user has a token of this name", "name", "ci", "days", "30", "password", browsertest.Password)
	refused("Invalid number of days", "name", "other", "days", "soon", "password", browsertest.Password)
	refused("a token lasts a year at most", "name", "other", "days", "0", "password", browsertest.Password)
	refused("a token lasts a year at most", "name", "other", "days", "366", "password", browsertest.Password)
	refused("The present password is wrong.", "name", "other", "days", "30") // a screen that was left open is not enough
	viewer := p.As(t, users.Viewer)
	viewer.Post("/profile/tokens/revoke", "name", "ci").Want(t, 404, "No such token") // nobody revokes another's
	viewer.Post("/profile/tokens/revoke").Want(t, 422)
	operator.Post("/profile/tokens/revoke", "name", "ci").Want(t, 200, "The token is revoked", "You have no tokens yet")
	ci.Get("/api/v1/calls").Want(t, 401, "wrong-token")
	p.Visitor(t).Get("/api").Want(t, 200, "Sign in")
	viewer.Get("/api").Want(t, 200, `href="/api/v1/openapi.yaml"`, `id="problem-call-changed"`, `id="problem-internal"`)
}
