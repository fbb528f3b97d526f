package console_test

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

func TestCallsFilter(t *testing.T) {
	p := browsertest.NewPlace(t)
	question := browsertest.Served("CA3", browsertest.Monday.Add(-49*time.Hour), 60)
	question.Intent, question.Customer, question.Account = policy.Question, "310022", "Harbor Desks"
	american := browsertest.Served("CA4", browsertest.Monday.Add(-50*time.Hour), 60)
	american.Line, american.Legs, american.Customer, american.Account = "+18883071053", nil, "", ""
	p.Load(t, browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 60), browsertest.Served("CA2", browsertest.Monday.Add(-25*time.Hour), 1500), question, american)
	tests := []struct{ name, query, want string }{
		{"all", "", "CA1 CA2 CA3 CA4"},
		{"from a day", "?since=2026-11-22", "CA1 CA2"},
		{"until a day, which is within", "?until=2026-11-22", "CA2 CA3 CA4"},
		{"one day", "?since=2026-11-22&until=2026-11-22", "CA2"},
		{"a line", "?line=%2B18883071053", "CA4"},
		{"a customer", "?customer=310022", "CA3"},
		{"a reason", "?intent=critical", "CA1 CA2 CA4"},
		{"an outcome", "?outcome=abandoned", "CA4"},
		{"all at once", "?since=2026-11-22&line=%2B448000668187&customer=204518&intent=critical&outcome=served", "CA1 CA2"},
		{"none", "?customer=999999", ""},
		{"a ticket", "?ticket=4711", "CA1 CA2 CA3 CA4"},
		{"over-long", "?over_long=yes", "CA2"},
		{"not waived", "?waived=yes", ""},
		{"a talk's length", "?talk_from=1&talk_to=1:00", "CA1 CA3"},
		{"a name's beginning", "?text=harb", "CA3"},
		{"a customer number's beginning", "?text=2045", "CA1 CA2"},
		{"a part of a phone number, which a viewer can't find by", "?text=946001", ""},
		{"nobody in progress", "?outcome=in-progress", ""},
	}
	c := p.As(t, users.Viewer)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := c.Get("/calls" + test.query)
			got.Want(t, http.StatusOK)
			if diff := cmp.Diff(test.want, strings.Join(sids(got), " ")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if test.want == "" {
				got.Want(t, http.StatusOK, "No call matches.")
			}
		})
	}
}

func TestCallsFilterProblems(t *testing.T) {
	c := browsertest.NewPlace(t).As(t, users.Viewer)
	for query, want := range map[string]string{
		"?since=yesterday":  `Since is "yesterday"; write a date such as 2026-11-24.`,
		"?until=2026-02-30": `Until is "2026-02-30"; write a date`,
		"?intent=bored":     `There is no reason to call "bored".`,
		"?outcome=lost":     `No call ends as "lost".`,
		"?talk_from=long":   `Talk_from is "long"; write minutes, such as 20 or 20:30.`,
		"?talk_to=1:75":     `write minutes`,
		"?waived=no":        `Waived is "no"; write yes, or leave it out.`,
		"?specialist=s-00":  `No specialist of the teams has the sign "s-00".`,
		"?older=CA1":        `There is no place "CA1" in the list; begin at its first page.`,
	} {
		got := c.Get("/calls" + query)
		got.Want(t, http.StatusUnprocessableEntity, want)
	}
	c.Get("/calls").Want(t, http.StatusOK, "There are no calls yet.")
}

var callLink = regexp.MustCompile(`<a href="/calls/(CA[0-9a-z-]+)">`)

func sids(p browsertest.Page) (all []string) {
	for _, m := range callLink.FindAllStringSubmatch(p.Body, -1) {
		all = append(all, m[1])
	}
	return all
}

var nextLink = regexp.MustCompile(`<a href="([^"]+)" rel="next">`)

// Page by page every call comes once, in order, also where several began in the same moment.
func TestPagesOfCalls(t *testing.T) {
	p := browsertest.NewPlace(t)
	var want []string
	var calls []policy.Call
	for i := range 120 {
		at := browsertest.Monday.Add(-time.Duration(i/7) * time.Minute)
		calls = append(calls, browsertest.Served(policy.CallSID(fmt.Sprintf("CA%04d", 9999-i)), at, 60))
		want = append(want, fmt.Sprintf("CA%04d", 9999-i))
	}
	p.Load(t, calls...)
	c := p.As(t, users.Viewer)
	var got []string
	pages := 0
	for path := "/calls?intent=critical"; path != ""; pages++ {
		page := c.Get(path)
		page.Want(t, http.StatusOK)
		got = append(got, sids(page)...)
		path = ""
		if m := nextLink.FindStringSubmatch(page.Body); m != nil {
			path = html.UnescapeString(m[1])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || pages != 3 {
		t.Errorf("%d pages (-want +got):\n%s", pages, diff)
	}
	second := c.Get(c.Get("/calls?intent=critical").Link(t, "Older calls"))
	if diff := cmp.Diff(want[:50], sids(c.Get(second.Link(t, "Newer calls")))); diff != "" {
		t.Errorf("back on the first page (-want +got):\n%s", diff)
	}
}

// A person who may see numbers finds calls by a part of one, and by a specialist; both ways the page itself shows no number.
func TestCallsAreFoundByNumber(t *testing.T) {
	p := browsertest.NewPlace(t, func(d *console.Deps) {
		d.Policy.Teams = map[string]policy.Team{"critical": {Name: "critical", Rounds: 1, Steps: []policy.RingStep{{To: []policy.Target{policy.Target(browsertest.Specialist)}, For: time.Second}}}}
	})
	p.Load(t, browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 60))
	for query, want := range map[string]string{"?text=7946001": "CA1", "?text=0207+946+0018": "CA1", "?text=99999": "", "?specialist=%2B15550100001": "CA1"} {
		got := p.As(t, users.Operator).Get("/calls" + query)
		if diff := cmp.Diff(want, strings.Join(sids(got), " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	viewer := p.As(t, users.Viewer)
	page := viewer.Get("/calls")
	page.Want(t, http.StatusOK, "critical +15*******01").Without(t, "+15550100001", "part of a phone number")
	sign := regexp.MustCompile(`value="(s-[0-9a-f]+)"`).FindStringSubmatch(page.Body)
	if sign == nil || strings.Join(sids(viewer.Get("/calls?specialist="+sign[1])), " ") != "CA1" {
		t.Errorf("the specialist is not found by the sign %v", sign)
	}
}

// The longest talks come first where that is asked for, on the days that are asked for.
func TestLongestCalls(t *testing.T) {
	p := browsertest.NewPlace(t)
	for i, talked := range []int{60, 1900, 300, 1200} {
		p.Load(t, browsertest.Served(policy.CallSID(fmt.Sprintf("CA%d", i)), browsertest.Monday.Add(-time.Duration(24+i)*time.Hour), talked))
	}
	p.Load(t, browsertest.Served("CA9", browsertest.Monday.Add(-time.Hour), 9000))
	c := p.As(t, users.Viewer)
	yesterday := c.Get(c.Get("/calls?intent=critical").Link(t, "Yesterday"))
	if diff := cmp.Diff("CA0 CA1 CA2 CA3", strings.Join(sids(yesterday), " ")); diff != "" {
		t.Errorf("yesterday (-want +got):\n%s", diff)
	}
	longest := c.Get("/calls?intent=critical&order=longest&since=2026-11-22&until=2026-11-22")
	longest.Want(t, http.StatusOK, "The longest talks first", "order=longest").Without(t, "Older calls")
	if diff := cmp.Diff("CA1 CA3 CA2 CA0", strings.Join(sids(longest), " ")); diff != "" {
		t.Errorf("the longest (-want +got):\n%s", diff)
	}
	c.Get("/calls?order=shortest").Want(t, http.StatusUnprocessableEntity, "Calls have no order")
}

// The longest talks fill one page, and of more calls than are put in order the page says which ones were.
func TestLongestOfManyCalls(t *testing.T) {
	const ordered = 500
	p := browsertest.NewPlace(t)
	c := p.As(t, users.Viewer)
	var calls []policy.Call
	for i := range ordered + 1 { // the older, the longer
		calls = append(calls, browsertest.Served(policy.CallSID(fmt.Sprintf("CA%04d", i)), browsertest.Monday.Add(-time.Duration(i+1)*time.Minute), 60+i))
	}
	p.Load(t, calls[:ordered]...)
	c.Get("/calls?order=longest").Want(t, http.StatusOK, "The longest talks first").Without(t, "of the newest 500")
	p.Load(t, calls[ordered])
	page := c.Get("/calls?order=longest")
	page.Want(t, http.StatusOK, "The longest talks of the newest 500 calls that match; take fewer days")
	if got := sids(page); len(got) != 50 || got[0] != "CA0499" || got[49] != "CA0450" {
		t.Errorf("the page has %d calls, %v", len(got), got)
	}
}

// The links to the usual days lead to as many as they say, today among them.
func TestDaysOfALink(t *testing.T) {
	p := browsertest.NewPlace(t)
	for ago := range 40 {
		p.Load(t, browsertest.Served(policy.CallSID(fmt.Sprintf("CA%02d", ago)), browsertest.Monday.Add(-time.Hour).AddDate(0, 0, -ago), 60))
	}
	c := p.As(t, users.Viewer)
	page := c.Get("/calls?intent=critical")
	for link, want := range map[string]int{"Today": 1, "Yesterday": 1, "7 days": 7, "30 days": 30, "All": 40} {
		if got := len(sids(c.Get(page.Link(t, link)))); got != want {
			t.Errorf("%q leads to the calls of %d days, want %d", link, got, want)
		}
	}
}

// ofMoreThanAPage is a viewer of a console with more calls than a page of them has.
func ofMoreThanAPage(t *testing.T) *browsertest.Client {
	t.Helper()
	p := browsertest.NewPlace(t)
	for i := range 60 {
		p.Load(t, browsertest.Served(policy.CallSID(fmt.Sprintf("CA%04d", i)), browsertest.Monday.Add(-time.Duration(i)*time.Minute), 60))
	}
	return p.As(t, users.Viewer)
}

// Whatever page of a list somebody was on, another order begins at its first page, also after a way back.
func TestAnotherOrderBeginsAtItsFirstPage(t *testing.T) {
	c := ofMoreThanAPage(t)
	first := c.Get("/calls")
	longest := c.Get(c.Get(first.Link(t, "Older calls")).Link(t, "Talk"))
	longest.Want(t, http.StatusOK, "The longest talks first")
	if diff := cmp.Diff(sids(first), sids(c.Get(longest.Link(t, "Newest first")))); diff != "" {
		t.Errorf("the newest calls first (-want +got):\n%s", diff)
	}
}

// The columns are a part of the address, and stay on the way through the pages.
func TestColumnsOfCalls(t *testing.T) {
	c := ofMoreThanAPage(t)
	page := c.Get("/calls?column=sid&column=month")
	page.Want(t, http.StatusOK, `data-label="SID"`, `data-label="Month"`).Without(t, `data-label="Account"`)
	c.Get(page.Link(t, "Older calls")).Want(t, http.StatusOK, `data-label="SID"`).Without(t, `data-label="Account"`)
	c.Get("/calls").Want(t, http.StatusOK, `data-label="Account"`).Without(t, `data-label="SID"`)
}

// TestWithheldNumbersAreShownAsOne: however the provider says that a caller withholds the number, the page says "withheld", also to who may see numbers.
func TestWithheldNumbersAreShownAsOne(t *testing.T) {
	p := browsertest.NewPlace(t)
	for i, from := range []policy.Phone{"anonymous", "Restricted", "+266696687", "sip:anonymous@anonymous.invalid", ""} {
		c := browsertest.Served(policy.CallSID(fmt.Sprintf("CA%d", i)), browsertest.Monday.Add(-time.Hour), 60)
		c.From = from
		p.Load(t, c)
	}
	p.Load(t, browsertest.Served("CA5", browsertest.Monday.Add(-time.Hour), 60))
	for _, role := range []users.Role{users.Viewer, users.Operator} {
		c := p.As(t, role)
		for _, path := range []string{"/calls", "/calls/CA0", "/calls/CA1", "/calls/CA2", "/calls/CA3", "/calls/CA4"} {
			c.Get(path).Want(t, http.StatusOK, "withheld").Without(t, "nonymous", "Restricted<", "266696687")
		}
		c.Get("/calls?text=withheld").Want(t, http.StatusOK, "/calls/CA0", "/calls/CA1", "/calls/CA2", "/calls/CA3", "/calls/CA4").Without(t, "/calls/CA5")
	}
}
