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

	"github.com/officernd/supportline/policy"
)

func TestCallsFilter(t *testing.T) {
	p := mustPlace(t)
	question := served("CA3", monday.Add(-49*time.Hour), 60)
	question.Intent, question.Customer, question.Account = policy.Question, "310022", "Harbor Desks"
	american := served("CA4", monday.Add(-50*time.Hour), 60)
	american.Line, american.Legs, american.Customer, american.Account = "+18883071053", nil, "", ""
	p.load(t, served("CA1", monday.Add(-time.Hour), 60), served("CA2", monday.Add(-25*time.Hour), 1500), question, american)
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
	}
	c := p.as(t, policy.Viewer)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := c.get("/calls" + test.query)
			got.want(t, http.StatusOK)
			if diff := cmp.Diff(test.want, strings.Join(sids(got), " ")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if test.want == "" {
				got.want(t, http.StatusOK, "No call matches.")
			}
		})
	}
}

func TestCallsFilterProblems(t *testing.T) {
	c := mustPlace(t).as(t, policy.Viewer)
	for query, want := range map[string]string{
		"?since=yesterday":  `Since is "yesterday"; write a date such as 2026-11-24.`,
		"?until=2026-02-30": `Until is "2026-02-30"; write a date`,
		"?intent=bored":     `There is no reason to call "bored".`,
		"?outcome=lost":     `No call ends as "lost".`,
		"?before=CA1":       `There is no place "CA1" in the list; begin at its first page.`,
	} {
		got := c.get("/calls" + query)
		got.want(t, http.StatusUnprocessableEntity, want)
	}
	c.get("/calls").want(t, http.StatusOK, "There are no calls yet.")
}

var callLink = regexp.MustCompile(`<a href="/calls/(CA[0-9a-z-]+)">`)

func sids(p page) (all []string) {
	for _, m := range callLink.FindAllStringSubmatch(p.body, -1) {
		all = append(all, m[1])
	}
	return all
}

var nextLink = regexp.MustCompile(`<a href="([^"]+)" rel="next">`)

// Page by page every call comes once, in order, also where several began in the same moment.
func TestPagesOfCalls(t *testing.T) {
	p := mustPlace(t)
	var want []string
	var calls []policy.Call
	for i := range 120 {
		at := monday.Add(-time.Duration(i/7) * time.Minute)
		calls = append(calls, served(policy.CallSID(fmt.Sprintf("CA%04d", 9999-i)), at, 60))
		want = append(want, fmt.Sprintf("CA%04d", 9999-i))
	}
	p.load(t, calls...)
	c := p.as(t, policy.Viewer)
	var got []string
	pages := 0
	for path := "/calls?intent=critical"; path != ""; pages++ {
		page := c.get(path)
		page.want(t, http.StatusOK)
		got = append(got, sids(page)...)
		path = ""
		if m := nextLink.FindStringSubmatch(page.body); m != nil {
			path = html.UnescapeString(m[1])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || pages != 3 {
		t.Errorf("%d pages (-want +got):\n%s", pages, diff)
	}
}
