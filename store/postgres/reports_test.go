package postgres_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/figures"
	"github.com/officernd/supportline/store/postgres"
	"github.com/officernd/supportline/store/postgres/postgrestest"
)

// limits are those in force in these tests.
var limits = policy.FairUse{TicketsPerMonth: 16, CallLimit: 20 * time.Minute, OverLongCallsPerMonth: 4}

// company has two specialists; Ben gets texts at a telephone that is rung too.
var company = policy.Settings{FairUse: limits, People: []policy.Person{
	{ID: "ada", Name: `Ada "Moreau" Zoë`, Phone: "+15550100001"}, {ID: "ben", Name: "Ben Okafor", Phone: "sip:desk@example.com", SMS: "+15550100009"},
}}

// reported is a log on a database, for those who read it with SQL.
type reported struct {
	*store.Store
	t   *testing.T
	url string
}

// mustReport opens a log under the limits. within may put an engine in front of that of the database.
func mustReport(t *testing.T, url string, within func(store.Engine) store.Engine) *reported {
	t.Helper()
	engine, err := postgres.Open(t.Context(), url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), within(engine), store.Options{Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.ReportUnder(t.Context(), company); err != nil {
		t.Fatal(err)
	}
	return &reported{s, t, url}
}

func asItIs(e store.Engine) store.Engine { return e }

// unreported is an engine without reports.
func unreported(e store.Engine) store.Engine { return struct{ store.Engine }{e} }

var noon = time.Date(2026, time.November, 30, 12, 0, 0, 0, time.UTC)

// madeUp returns a call of some kind, the same one for a number. Calls of three accounts, of nobody and of a user who tries a line share few tickets.
func madeUp(n int) policy.Call {
	r := rand.New(rand.NewPCG(uint64(n), 7))
	start := noon.AddDate(0, 0, -50).Add(time.Duration(n%200)*6*time.Hour + time.Duration(n)*time.Second + time.Duration(r.IntN(1e9)))
	c := policy.Call{
		SID: policy.CallSID(fmt.Sprintf("CA%032d", n)), Line: "+448000668187", StartedAt: start, Answered: true,
		From:   pick(r, policy.Phone("+442079460018"), "anonymous", "sip:ada@example.com;user=phone", "+12", "client:test-mila", "266696687", ""),
		Intent: pick(r, policy.Critical, policy.Question, ""), HuntingAt: start.Add(20 * time.Second),
	}
	if number := pick(r, policy.CustomerNumber("204518"), "310022", "600001", ""); number != "" {
		c.Customer, c.Account, c.Month = number, `Loft & "Ledger" \ Überraum | `+string(number), policy.MonthOf(start, time.UTC)
		c.Ticket = pick(r, policy.Ticket("4711"), "4712", "4713", "", "")
	}
	c.OnFile = pick(r, policy.CustomerNumber("310022"), "")
	talk := pick(r, 0, 30, 1200, 1201, 2400)
	if talk > 0 {
		taken := start.Add(40 * time.Second)
		leg := policy.Leg{SID: c.SID + "a", To: pick(r, policy.Phone("+15550100001"), "+15550100009", "sip:desk@example.com"), AcceptedAt: taken, Seconds: &talk}
		leg.Person = pick(r, policy.PersonID("ada"), "ben", "gone", "", "", "")
		leg.Name = pick(r, "", map[policy.PersonID]string{"ada": "Ada Before", "gone": "Gil Ong"}[leg.Person])
		c = c.WithLeg(leg)
	}
	c.Waived, c.Training = r.IntN(5) == 0, r.IntN(5) == 0
	c.EndedAt, c.Status = start.Add(time.Duration(talk+60)*time.Second), "completed"
	if r.IntN(3) == 0 {
		c.CallBackOf = pick(r, policy.CallSID("CAmissed"), "CAmissed too")
		c = c.WithLeg(policy.Leg{SID: c.SID, To: "+15550100001", Person: "ada"})
	}
	return c
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func (l *reported) advance(c policy.Call) {
	l.t.Helper()
	if _, err := l.Advance(l.t.Context(), c.SID, func(policy.Call) policy.Call { return c }); err != nil {
		l.t.Fatal(err)
	}
}

func (l *reported) sql(statement string) string {
	l.t.Helper()
	return postgrestest.SQL(l.t, l.url, "SET timezone TO 'Asia/Tokyo'", statement)
}

// rows returns the lines of a query as JSON decodes them.
func rows[T any](l *reported, query string) (all []T) {
	l.t.Helper()
	for line := range strings.Lines(l.sql("SELECT row_to_json(q) FROM (" + query + ") AS q")) {
		var row T
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			l.t.Fatalf("%v in %s", err, line)
		}
		all = append(all, row)
	}
	return all
}

// check fails the test unless the views have the calls of the log as the exports have them.
func (l *reported) check() {
	l.t.Helper()
	row := l.Store.Rows(l.t.Context(), company)
	var want []policy.Row
	for c, err := range l.Calls(l.t.Context(), policy.Filter{}) {
		if err != nil {
			l.t.Fatal(err)
		}
		r, err := row(c)
		if err != nil {
			l.t.Fatal(err)
		}
		want = append(want, r)
	}
	slices.Reverse(want)
	const order = " ORDER BY started_at, sid"
	bySID := func(a, b policy.Row) int {
		return cmp.Or(a.StartedAt.Compare(*b.StartedAt), cmp.Compare(a.SID, b.SID))
	}
	slices.SortFunc(want, bySID)
	if diff := gocmp.Diff(want, rows[policy.Row](l, "SELECT * FROM supportline.report_calls"+order)); diff != "" {
		l.t.Errorf("the view (-the export +the view):\n%s", diff)
	}
	for i := range want {
		want[i] = want[i].Masked()
	}
	if diff := gocmp.Diff(want, rows[policy.Row](l, "SELECT * FROM supportline.report_calls_masked"+order)); diff != "" {
		l.t.Errorf("the masked view (-the masked export +the view):\n%s", diff)
	}
}

// manual returns the statements of docs/sql.md.
func manual(t *testing.T) (statements []string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/sql.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		statements = append(statements, block[1])
	}
	if len(statements) != 5 {
		t.Fatalf("the manual has %d blocks of SQL", len(statements))
	}
	return statements
}

// usageRow is a line of the manual's query of a month.
type usageRow struct {
	Customer    policy.CustomerNumber
	Tickets     int
	Calls       int
	TalkSeconds int `json:"talk_seconds"`
	OverLong    int `json:"over_long"`
	Waived      int
	Training    int
}

// checkUsage compares the manual's query of a month with what the program derives.
func (l *reported) checkUsage(month policy.Month) {
	l.t.Helper()
	used, err := figures.Accounts{Store: l.Store, FairUse: limits}.AllMonths(l.t.Context(), month, 1)
	if err != nil {
		l.t.Fatal(err)
	}
	var want []usageRow
	for _, a := range used {
		if u := a.Last(); u.Calls > 0 {
			want = append(want, usageRow{u.Customer, u.Tickets, u.Calls, u.TalkSeconds, u.OverLong, u.Waived, u.Training})
		}
	}
	query := strings.ReplaceAll(strings.TrimSuffix(strings.TrimSpace(manual(l.t)[2]), ";"), "'2026-11'", "'"+string(month)+"'")
	begin, end := month.Bounds(time.UTC)
	query = strings.NewReplacer("2026-10-31", begin.AddDate(0, 0, -1).Format(time.DateOnly), "2026-12-02", end.AddDate(0, 0, 1).Format(time.DateOnly)).Replace(query)
	if diff := gocmp.Diff(want, rows[usageRow](l, query)); diff != "" || len(want) == 0 {
		l.t.Errorf("usage of %s (-the program +SQL):\n%s", month, diff)
	}
}

// The views have each finished call as the exports have it, from its end on and after each later change, and the figures of usage.
func TestViewsHaveWhatTheExportsHave(t *testing.T) {
	l := mustReport(t, postgrestest.Database(t), asItIs)
	goesOn := madeUp(1000)
	goesOn.StartedAt, goesOn.EndedAt, goesOn.Customer = noon.Add(-time.Minute), time.Time{}, ""
	l.advance(goesOn)
	if got := rows[policy.Row](l, "SELECT * FROM supportline.report_calls"); len(got) > 0 {
		t.Errorf("a call that goes on is there: %v", got)
	}
	goesOn.EndedAt = noon
	l.advance(goesOn)
	for n := range 200 {
		l.advance(madeUp(n))
	}
	l.check()
	l.checkUsage("2026-10")
	l.checkUsage("2026-11")

	for n := range 200 { // reports that come late, and acts of people
		after := madeUp(n)
		switch n % 4 {
		case 0:
			after.Waived = !after.Waived
		case 1:
			after.Ticket = "4711"
		case 2:
			after.Customer, after.Account, after.Month = "310022", "Harbor Cowork", policy.MonthOf(after.StartedAt, time.UTC)
		case 3:
			after.StartedAt = after.StartedAt.Add(-36 * time.Hour)
		}
		l.advance(after)
	}
	l.check()
	l.checkUsage("2026-11")
	if err := l.ReportUnder(t.Context(), policy.Settings{FairUse: policy.FairUse{CallLimit: time.Hour}}); err != nil {
		t.Fatal(err)
	}
	if got := l.sql("SELECT count(*) FROM supportline.report_calls WHERE over_long"); got != "0" {
		t.Errorf("with another limit %s calls are over-long", got)
	}
}

// What callers or the provider send cannot make the views unreadable.
func TestNoCallMakesTheViewsUnreadable(t *testing.T) {
	l := mustReport(t, postgrestest.Database(t), asItIs)
	odd := madeUp(1)
	odd.From, odd.Account, odd.Ticket = "a\x00b\\u0000", "\xff'; DROP TABLE rows; --\u2028", policy.Ticket(strings.Repeat("9", 300))
	odd.EndedAt = time.Date(0, 3, 1, 0, 0, 0, 0, time.UTC)
	odd.TotalSeconds = new(1 << 62)
	l.advance(odd)
	late := madeUp(2)
	late.EndedAt = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	l.advance(late)
	unknown := madeUp(3)
	unknown.StartedAt = time.Time{}
	l.advance(unknown)
	got := rows[policy.Row](l, `SELECT * FROM supportline.report_calls WHERE "from" IS NOT NULL ORDER BY started_at NULLS FIRST`)
	if len(got) != 3 || got[0].StartedAt != nil || got[1].From != "a\uFFFDb\\u0000" || got[1].EndedAt != nil || *got[1].TotalSeconds != 1<<62 {
		t.Errorf("the view has %+v", got)
	}
}

// A call whose end was never reported is in the views once it must have ended.
func TestALostCallIsReported(t *testing.T) {
	l := mustReport(t, postgrestest.Database(t), asItIs)
	lost := madeUp(4)
	lost.EndedAt = time.Time{}
	l.advance(lost)
	for n := 205; n < 305; n++ { // those that end are indexed some at a time, and with them those that must have ended
		ends := madeUp(n)
		begun := ends
		begun.EndedAt = time.Time{}
		l.advance(begun)
		l.advance(ends)
	}
	if got := l.sql("SELECT sid, outcome IS NULL FROM supportline.report_calls WHERE ended_at IS NULL"); got != string(lost.SID)+"|t" {
		t.Errorf("the view has %q", got)
	}
	l.check()
}

// Erasing an account removes names and numbers from its lines, and retention removes the lines, with all that is stored beside them.
func TestReportsForgetWithTheLog(t *testing.T) {
	l := mustReport(t, postgrestest.Database(t), asItIs)
	for n := range 100 {
		l.advance(madeUp(n))
	}
	if _, err := l.Erase(t.Context(), "204518", "test", noon); err != nil {
		t.Fatal(err)
	}
	l.check()
	if got := l.sql(`SELECT count(*) FROM supportline."rows" WHERE position('204518'::bytea IN v) > 0 OR position('204518'::bytea IN k) > 0`); got != "0" {
		t.Errorf("%s entries name the account that was erased", got)
	}
	if _, err := l.Expire(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	if got := l.sql(`SELECT count(*) FROM supportline."rows" WHERE k NOT IN ('limits', 'people')`); got != "0" {
		t.Errorf("%s entries are left of calls that are gone", got)
	}
}

// A log that comes from elsewhere gets the rows of its calls in steps, while calls change, and the rows that come with a copy to an engine without
// reports are not kept there.
func TestRowsOfALogFromElsewhereAreFilledIn(t *testing.T) {
	database := postgrestest.Database(t)
	elsewhere := mustReport(t, database, unreported)
	var made []policy.Call
	for n := range 900 {
		made = append(made, madeUp(n))
	}
	if err := elsewhere.Load(t.Context(), slices.Values(made), nil); err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		if err := elsewhere.Close(); err != nil {
			t.Fatal(err)
		}
		l := mustReport(t, database, asItIs)
		if got := l.sql(`SELECT count(*) FROM supportline."rows" WHERE k NOT IN ('limits', 'people')`); got != "0" {
			t.Fatalf("%s rows were kept where nobody keeps them up to date", got)
		}
		var writing sync.WaitGroup
		for i := range made {
			if i%9 == n {
				writing.Go(func() {
					change := func(c policy.Call) policy.Call { c.Waived, c.Account = !c.Waived, "renamed"; return c }
					if _, err := l.Advance(t.Context(), made[i].SID, change); err != nil {
						t.Error(err)
					}
				})
			}
		}
		for range 2 {
			if err := l.FillReports(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		writing.Wait()
		l.check()
		l.checkUsage("2026-11")
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		elsewhere = mustReport(t, database, unreported)
	}
}

// interrupted is an engine on which something happens once between what an Update reads and what it writes.
type interrupted struct {
	*postgres.Engine
	between func()
}

func (e *interrupted) Update(ctx context.Context, change func(store.Writer) error) error {
	return e.Engine.Update(ctx, func(tx store.Writer) error {
		err := change(tx)
		if happens := e.between; happens != nil {
			e.between = nil
			happens()
		}
		return err
	})
}

// A row that is filled in is that of the call as it is by then, whichever process changed it.
func TestFillingRowsInUndoesNoChange(t *testing.T) {
	database, made := postgrestest.Database(t), madeUp(1)
	elsewhere := mustReport(t, database, unreported)
	elsewhere.advance(made)
	if err := elsewhere.Close(); err != nil {
		t.Fatal(err)
	}
	other := mustReport(t, database, asItIs)
	fills := &interrupted{}
	l := mustReport(t, database, func(e store.Engine) store.Engine { fills.Engine = e.(*postgres.Engine); return fills })
	fills.between = func() { // its start becomes known, and with it another place
		made.StartedAt = made.StartedAt.Add(-time.Hour)
		other.advance(made)
	}
	if err := l.FillReports(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.check()
}

// The manual's statements do what it says: a role with the rights that it gives reads the views and nothing else, and not for long.
func TestReportsAreReadWithTheRightsOfTheManual(t *testing.T) {
	l := mustReport(t, postgrestest.Database(t), asItIs)
	for n := range 100 {
		l.advance(madeUp(n))
	}
	said := manual(t)
	superuser, reader := postgrestest.As(t, "postgres", l.url), postgrestest.As(t, "reports", l.url)
	password, _ := must(url.Parse(reader)).User.Password()
	grants := strings.ReplaceAll(said[0], "choose one", password)
	postgrestest.SQL(t, superuser, grants)
	t.Cleanup(func() { postgrestest.SQL(t, superuser, "DROP OWNED BY reports", "DROP ROLE reports") })
	c := must(pgx.Connect(t.Context(), reader))
	defer c.Close(t.Context())
	allowed := func(statement string, want bool) {
		t.Helper()
		if _, err := c.Exec(t.Context(), statement); (err == nil) != want {
			t.Errorf("%s: %v", statement, err)
		}
	}
	for _, query := range said[2:] {
		allowed(query, true)
	}
	allowed("SELECT * FROM supportline.report_calls", false)
	postgrestest.SQL(t, superuser, said[1])
	allowed("SELECT * FROM supportline.report_calls", true)
	for _, b := range store.Buckets() {
		allowed(fmt.Sprintf(`SELECT * FROM supportline.%q`, b), false)
	}
	allowed("SELECT * FROM supportline.report_rows", false)
	if got := postgrestest.SQL(t, reader, "SHOW statement_timeout"); got != "30s" {
		t.Errorf("a query may take %s", got)
	}
}

// A range of started_at is read by an index, and whether a call counts by the entries of its ticket alone.
func TestReportsReadByIndex(t *testing.T) {
	l := mustReport(t, postgrestest.Database(t), asItIs)
	plan := postgrestest.SQL(t, l.url, "SET enable_seqscan TO off",
		"EXPLAIN SELECT counted FROM supportline.report_calls_masked WHERE started_at >= '2026-11-01' AND started_at < '2026-11-02'")
	for _, index := range []string{"Scan using rows_started_at", "Index Only Scan using rows_pkey on rows e"} {
		if !strings.Contains(plan, index) {
			t.Errorf("no %q in the plan:\n%s", index, plan)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
