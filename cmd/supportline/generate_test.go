package main

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/policy"
)

// yearOf is a generator of a year's log.
func yearOf(c *company, accounts, calls int) demo.Generator {
	return demo.Generator{Seed: 7, Settings: c.conf.Settings, Accounts: accounts, Calls: calls, Months: 12, Until: c.now}
}

// TestGeneratedYear: of a year of 200 accounts, "usage" agrees with a recount of three accounts call by call, and shows who was over and
// sustained.
func TestGeneratedYear(t *testing.T) {
	c := newCompany(t, time.Date(2024, 12, 31, 23, 0, 0, 0, time.UTC), "")
	g := yearOf(c, 200, 12_000)
	customers := g.Customers()
	if _, err := c.store.ImportCustomers(t.Context(), customers, "test"); err != nil {
		t.Fatal(err)
	}
	calls := slices.Collect(g.Log(customers))
	if err := c.store.Load(t.Context(), slices.Values(calls), nil); err != nil {
		t.Fatal(err)
	}
	shown := map[policy.CustomerNumber]map[policy.Month]policy.Usage{}
	over, sustained := 0, 0
	for _, month := range monthsTo("2024-12", 12) {
		var rows []policy.Usage
		if err := json.Unmarshal([]byte(c.must("usage", "--month", string(month), "--format", "json")), &rows); err != nil {
			t.Fatal(err)
		}
		for _, u := range rows {
			if shown[u.Customer] == nil {
				shown[u.Customer] = map[policy.Month]policy.Usage{}
			}
			shown[u.Customer][month] = u
			over += one(u.Over)
			sustained += one(u.Sustained)
		}
	}
	// One of each: month after month too many calls, calls that do not end, and an account like most.
	for _, i := range []int{1, 2, 10} {
		number := customers[i].Number
		if diff := cmp.Diff(recount(c.conf.Settings, customers[i], calls), shown[number]); diff != "" {
			t.Errorf("account %s (-recounted +shown):\n%s", number, diff)
		}
	}
	if !shown[customers[1].Number]["2024-12"].Sustained || shown[customers[10].Number]["2024-12"].Over {
		t.Errorf("the heavy account is sustained and the calm one is not over:\n%+v\n%+v",
			shown[customers[1].Number]["2024-12"], shown[customers[10].Number]["2024-12"])
	}
	if over < 10 || over > 200 || sustained < 3 || sustained > 60 {
		t.Errorf("%d account months are over and %d sustained", over, sustained)
	}
}

// TestTheManualExplainsADemosMonth: what docs/fair-use.md shows is what its command prints on the log that its demo makes up, with calls in it.
func TestTheManualExplainsADemosMonth(t *testing.T) {
	manual, err := os.ReadFile("../../docs/fair-use.md")
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`demo --calls (\d+) --at "([^"]+)"`).FindSubmatch(manual)
	shown := regexp.MustCompile("(?s)```console\n\\$ supportline (usage explain [^\n]+) --config supportline-demo/supportline.yaml\n(.*?)```").FindSubmatch(manual)
	if asked == nil || shown == nil || bytes.Count(shown[2], []byte("\n")) < 6 {
		t.Fatal("the manual has no demo with an example")
	}
	at, _, err := flags.ParseMoment(string(asked[2]), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.Atoi(string(asked[1]))
	c := newCompany(t, at, "")
	g := demo.Generator{Seed: 1, Settings: c.conf.Settings, Calls: n, Months: 12, Accounts: demo.AccountsFor(n, 12), Until: at}
	if err := g.Fill(t.Context(), c.store, func(int) {}); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(c.must(strings.Fields(string(shown[1]))...), "\n")
	for i, line := range strings.Split(strings.TrimSuffix(string(shown[2]), "\n"), "\n") {
		begin, cut := strings.CutSuffix(line, " ...")
		if i >= len(got) || strings.TrimRight(got[i], " ") != begin && (!cut || !strings.HasPrefix(got[i], begin)) {
			t.Errorf("line %d: the manual has\n%s\nand the command prints\n%s", i+1, line, got[min(i, len(got)-1)])
		}
	}
}

// recount goes through the whole log by hand, for one account: no index, no summaries, none of the program's own counting.
func recount(settings policy.Settings, customer policy.Customer, calls []policy.Call) map[policy.Month]policy.Usage {
	months := map[policy.Month]policy.Usage{}
	for m := time.January; m <= time.December; m++ {
		month := policy.Month(time.Date(2024, m, 1, 0, 0, 0, 0, time.UTC).Format("2006-01"))
		months[month] = policy.Usage{Month: month, Customer: customer.Number, Account: customer.Name, Line: string(customer.Line), TicketLimit: 16}
	}
	seen := map[string]bool{}
	home, _ := settings.Line(customer.Line)
	for _, c := range calls {
		if c.Customer != customer.Number || len(c.Legs) == 0 {
			continue
		}
		month := policy.Month(c.StartedAt.In(home.Zone).Format("2006-01"))
		u, talk := months[month], *c.Legs[0].Seconds-4
		u.Calls++
		u.TalkSeconds += talk
		u.Waived += one(c.Waived)
		u.Training += one(c.Training)
		u.OverLong += one(talk > 1200 && !c.Waived)
		if ticket := string(month) + " " + string(c.Ticket); c.Ticket == "" || !seen[ticket] {
			u.Tickets++
			seen[ticket] = true
		}
		u.Over = u.Tickets > 16 || u.OverLong >= 4
		months[month] = u
	}
	for m := time.January; m <= time.December; m++ {
		overs := 0
		for back := range 6 {
			overs += one(months[policy.Month(time.Date(2024, m-time.Month(back), 1, 0, 0, 0, 0, time.UTC).Format("2006-01"))].Over)
		}
		month := policy.Month(time.Date(2024, m, 1, 0, 0, 0, 0, time.UTC).Format("2006-01"))
		u := months[month]
		u.Sustained = overs >= 3
		months[month] = u
	}
	return months
}
