package demo_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/policy"
)

// TestGeneratorIsDeterministic: the same seed makes the same log, in the order of its starts, another seed another one.
func TestGeneratorIsDeterministic(t *testing.T) {
	conf, problems := config.Parse("supportline.yaml", config.Demo("127.0.0.1:1", "127.0.0.1:2"), func(string) (string, bool) { return "", false }, config.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	now := time.Date(2024, 12, 31, 23, 0, 0, 0, time.UTC)
	g := demo.Generator{Seed: 7, Settings: conf.Settings, Accounts: 20, Calls: 2000, Months: 12, Until: now}
	first, second := slices.Collect(g.Log(g.Customers())), slices.Collect(g.Log(g.Customers()))
	if !reflect.DeepEqual(first, second) {
		t.Error("two logs of one seed differ")
	}
	other := g
	other.Seed = 8
	if reflect.DeepEqual(first, slices.Collect(other.Log(g.Customers()))) {
		t.Error("the logs of two seeds are the same")
	}
	if !slices.IsSortedFunc(first, func(a, b policy.Call) int { return a.StartedAt.Compare(b.StartedAt) }) {
		t.Error("the calls are not in the order of their starts")
	}
	outcomes := map[policy.Outcome]int{}
	for _, call := range first {
		outcomes[call.Outcome()]++
		if call.StartedAt.After(now) {
			t.Errorf("%s starts at %s, after the end of the log", call.SID, call.StartedAt)
		}
	}
	if len(first) != 2000 || outcomes[policy.Served] < 1500 || outcomes[policy.Abandoned] == 0 || outcomes[policy.Unanswered] == 0 || outcomes[policy.LineClosed] == 0 {
		t.Errorf("%d calls, by outcome %v", len(first), outcomes)
	}
}

// TestCallsAreInTheMonthOfTheirHomeLine: on the first of a month in UTC it is still the one before in Los Angeles (rule 4).
func TestCallsAreInTheMonthOfTheirHomeLine(t *testing.T) {
	pacific, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	line := policy.Line{Number: "+18883071053", Name: "Always", Zone: pacific}
	for day := range line.Hours.Week {
		line.Hours.Week[day] = []policy.Span{{From: 0, To: 24 * 60}}
	}
	g := demo.Generator{
		Seed: 7, Settings: policy.Settings{Lines: []policy.Line{line}, Packages: []string{"Ultimate"}, Identification: policy.Identification{Digits: 6}},
		Accounts: 20, Calls: 2000, Months: 3, Until: time.Date(2024, 12, 31, 23, 0, 0, 0, time.UTC),
	}
	between := 0
	for call := range g.Log(g.Customers()) {
		if call.Customer == "" {
			continue
		}
		want := policy.MonthOf(call.StartedAt, pacific)
		if call.Month != want {
			t.Errorf("the call of %s is in %s, and it was %s at its home line", call.StartedAt, call.Month, want)
		}
		if want != policy.MonthOf(call.StartedAt, time.UTC) {
			between++
		}
	}
	if between == 0 {
		t.Error("no call began between the two midnights")
	}
}
