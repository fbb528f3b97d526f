package console_test

import (
	"cmp"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// holder is Northwind with every field that the directory has.
var holder = policy.Customer{
	Number: browsertest.Northwind.Number, Name: browsertest.Northwind.Name, Package: "Ultimate", Line: browsertest.UKLine, AccountHolder: "Ada Holder", Email: "ada@northwind.example",
	Phone: "+442079460001", CallerNumbers: []policy.Phone{browsertest.Caller},
}

// loaded puts Northwind over the limit in some months that end with this one: 17 calls with tickets of their own, the last of which is over-long.
func loaded(t testing.TB, p *browsertest.Place, months int) {
	t.Helper()
	for m := range months {
		for i := range 17 {
			at := browsertest.Monday.AddDate(0, -m, 0).Add(-time.Duration(i) * time.Hour)
			c := browsertest.Served(policy.CallSID(fmt.Sprintf("CA%016d%016d", m, i)), at, 300)
			if i == 16 {
				c = browsertest.Served(c.SID, at, 1500)
			}
			c.Ticket = policy.Ticket(fmt.Sprint(1000 + i))
			p.Load(t, c)
		}
	}
}

// The list has each account with its month, is searched, and goes on by the number.
func TestAccountsAreListedWithTheirMonth(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	viewer := p.As(t, users.Viewer)
	viewer.Get("/accounts").Want(t, http.StatusOK, "There are no accounts yet", "An operator imports")
	p.Enrol(t, holder)
	for i := range 60 {
		p.Enrol(t, policy.Customer{Number: policy.CustomerNumber(fmt.Sprint(300000 + i)), Name: fmt.Sprint("Desk ", i), Package: "Ultimate", Line: browsertest.UKLine})
	}
	loaded(t, p, 3)
	first := viewer.Get("/accounts")
	first.Want(t, http.StatusOK, "Northwind Flex Offices", "17 of 16", `<span class="sign bad">over</span>`, `<span class="sign bad">sustained</span>`, "Desk 48", "after=300048")
	first.Without(t, "Desk 49<", "ada@", "Import customers")
	viewer.Get("/accounts?after=300048").Want(t, http.StatusOK, "Desk 49<", "This is the last account", ">First<")
	viewer.Get("/accounts?text=north").Want(t, http.StatusOK, "Northwind", "This is the last account")
	viewer.Get("/accounts?text=nobody").Want(t, http.StatusOK, "No account matches")
}

// A telephone number finds an account only for people who may see numbers.
func TestNumbersFindAccountsWherePermitted(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	p.Enrol(t, holder)
	p.As(t, users.Viewer).Get("/accounts?text=%2B442079").Want(t, http.StatusOK, "No account matches")
	p.As(t, users.Operator).Get("/accounts?text=%2B442079").Want(t, http.StatusOK, "Northwind")
}

// An account shows its month call by call, each with why it counted, and its months, cases and notices.
func TestAccountExplainsItsMonth(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	p.Enrol(t, holder)
	loaded(t, p, 3)
	notice := policy.Notice{Key: "tickets/204518/2026-11/80/email/ab", Kind: policy.NoticeTickets, At: browsertest.Monday, Customer: holder.Number, Channel: policy.ChannelEmail, To: "ops@example.com", Facts: map[string]string{"month": "2026-11", "percent": "80"}}
	if err := p.Store.PutNotices(t.Context(), []policy.Notice{notice}); err != nil {
		t.Fatal(err)
	}
	viewer := p.As(t, users.Viewer)
	page := viewer.Get("/accounts/204518")
	page.Want(t, http.StatusOK,
		"Over, and sustained: 17 phone tickets, and 16 are the limit.", "17 of 16", "1; 4 put the account over", "25:00 of 20:00 minutes",
		"counted: the first call of the month about this ticket", "over-long", "Europe/London decides its months",
		`aria-label="Phone tickets from 2025-12 to 2026-11; the limit is 16, and 3 of 12 months were over."`, "tickets 2026-11, at 80 %", "pending", "17 of 16 tickets, 1 over-long.",
		"a***@northwind.example", "44********01", "/calls?customer=204518")
	page.Without(t, "ada@northwind.example", "+442079460001", "Open a case")
	viewer.Get("/accounts/204518?month=2026-10").Want(t, http.StatusOK, "Every call of 2026-10", "17 of 16 tickets")
	viewer.Get("/accounts/204518?month=2026-01").Want(t, http.StatusOK, "No call of the account belongs to 2026-01", "Within the limits.")
	viewer.Get("/accounts/999999").Want(t, http.StatusNotFound, "No such account")
	viewer.Get("/accounts/204518?month=2026-12").Want(t, http.StatusUnprocessableEntity, "has not begun")
	viewer.Get("/accounts/204518?month=soon").Want(t, http.StatusUnprocessableEntity, "write year and month")
}

// A month of long ago has its own figures, and is the first of its chart.
func TestAccountOfAMonthLongAgo(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	p.Enrol(t, holder)
	once, again := browsertest.Served("CA1", browsertest.Monday.AddDate(-1, -9, 0), 60), browsertest.Served("CA2", browsertest.Monday.AddDate(-1, -9, 0), 90)
	again.Ticket = "4712"
	p.Load(t, once, again, browsertest.Served("CA3", browsertest.Monday, 60))
	p.As(t, users.Viewer).Get("/accounts/204518?month=2025-02").Want(t, http.StatusOK,
		"<span>2 of 16</span>", "2 of 16 tickets, 0 over-long.", "Phone tickets from 2025-02 to 2026-01;", "month=2025-01", "month=2025-03")
}

// The longest talk of a month is the longest of those that nobody deemed necessary.
func TestLongestTalkIsWithoutWaivedOnes(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	p.Enrol(t, holder)
	waived := browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 1500)
	waived.Waived = true
	p.Load(t, waived, browsertest.Served("CA2", browsertest.Monday.Add(-2*time.Hour), 905), browsertest.Served("CA3", browsertest.Monday.Add(-3*time.Hour), 900))
	p.As(t, users.Viewer).Get("/accounts/204518").Want(t, http.StatusOK, "15:05 of 20:00 minutes, without waived ones")
}

// The banner of a month has the colour of what it says: red for a month that is over, a warning for one that is within the limits and needs a look.
func TestAccountBannerHasTheColourOfItsMeaning(t *testing.T) {
	t.Parallel()
	type banner struct {
		path string
		want []string
	}
	p, all := browsertest.NewPlace(t), map[string]banner{}
	var calls []policy.Call
	for name, row := range map[string]struct {
		tickets  []int // by month, the present one first
		training int
		moves    []policy.CaseState // of a case that was opened by hand
		pack     string
		want     []string
	}{
		"within":                {tickets: []int{3}, want: []string{`said ok">Within the limits.<`}},
		"without calls":         {want: []string{`said ok">Within the limits.<`}},
		"near":                  {tickets: []int{13}, want: []string{`said warn">Within the limits, but near them.<`}},
		"at the limit":          {tickets: []int{16}, want: []string{`said warn">Within the limits, but near them.<`}},
		"over":                  {tickets: []int{17}, want: []string{`said bad">Over: 17 phone tickets`}},
		"over and sustained":    {tickets: []int{17, 17, 17}, want: []string{`said bad">Over, and sustained: 17`}},
		"sustained":             {tickets: []int{2, 17, 17, 17}, want: []string{`said warn">Within the limits this month; load is sustained`}},
		"sustained and near":    {tickets: []int{13, 17, 17, 17}, want: []string{`said warn">Within the limits this month, but near them; load is sustained`}},
		"training list":         {tickets: []int{3}, training: 2, want: []string{`said warn">Within the limits. 2 training calls: offer`}},
		"over, training list":   {tickets: []int{17}, training: 2, want: []string{`said bad">Over: 17`, "2 training calls: offer"}},
		"restricted":            {tickets: []int{3}, moves: []policy.CaseState{policy.CaseContacted, policy.CaseDiscussed, policy.CaseWatching, policy.CaseRestricted}, want: []string{`said ok">Within`, `sign bad">calls are restricted<`, `sign bad">case: restricted<`}},
		"no package with phone": {tickets: []int{3}, pack: "Essential", want: []string{`said ok">Within`, `sign warn">no phone support in this package<`}},
	} {
		account := holder
		account.Number, account.Package = policy.CustomerNumber(fmt.Sprint(400000+len(all))), cmp.Or(row.pack, account.Package)
		p.Enrol(t, account)
		if len(row.moves) > 0 {
			caseOf(t, p, account, row.moves...)
		}
		for ago, n := range row.tickets {
			for i := range n {
				at := browsertest.Monday.AddDate(0, -ago, 0).Add(-time.Duration(i) * time.Hour)
				c := browsertest.Served(policy.CallSID(fmt.Sprintf("CA%s%08d%08d", account.Number, ago, i)), at, 300)
				c.Customer, c.Ticket, c.Training = account.Number, policy.Ticket(fmt.Sprint(1000+i)), ago == 0 && i < row.training
				calls = append(calls, c)
			}
		}
		all[name] = banner{"/accounts/" + string(account.Number), row.want}
	}
	p.Load(t, calls...)
	viewer := p.As(t, users.Viewer)
	for name, b := range all {
		t.Run(name, func(t *testing.T) { viewer.Get(b.path).Want(t, http.StatusOK, b.want...) })
	}
}

// An account's page leads to its calls that people were told of while they lasted too long.
func TestAccountShowsWhatLastedTooLong(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	p.Enrol(t, holder)
	p.Load(t, browsertest.Served("CA9", browsertest.Monday.Add(-time.Hour), 1201), browsertest.Served("CA8", browsertest.Monday.Add(-2*time.Hour), 60))
	notice := policy.Notice{
		Key: "call-limit/CA9/webhook", Kind: policy.NoticeCallLimit, At: browsertest.Monday, Customer: holder.Number, Channel: policy.ChannelWebhook,
		Facts: map[string]string{"sid": "CA9"},
	}
	if err := p.Store.PutNotices(t.Context(), []policy.Notice{notice}); err != nil {
		t.Fatal(err)
	}
	p.As(t, users.Viewer).Get("/accounts/204518").Want(t, http.StatusOK, `call-limit <a href="/calls/CA9">the call</a>`)
}

// An account's page leads to its calls that people were told of because nobody took them.
func TestAccountShowsWhatWasMissed(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	p.Enrol(t, holder)
	missed := browsertest.Served("CA9", browsertest.Monday.Add(-time.Hour), 60)
	missed.Legs, missed.Exhausted = nil, true
	p.Load(t, missed)
	notice := policy.Notice{
		Key: "critical-missed/CA9/webhook", Kind: policy.NoticeCriticalMissed, At: browsertest.Monday, Customer: holder.Number, Channel: policy.ChannelWebhook,
		Facts: map[string]string{"sid": "CA9"},
	}
	if err := p.Store.PutNotices(t.Context(), []policy.Notice{notice}); err != nil {
		t.Fatal(err)
	}
	p.As(t, users.Viewer).Get("/accounts/204518").Want(t, http.StatusOK, `critical-missed <a href="/calls/CA9">the call</a>`)
}

// An account's page shows what it hides to people who may see numbers, after they ask for it, which the audit notes.
func TestAccountRevealIsAudited(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	p.Enrol(t, holder)
	p.As(t, users.Viewer).Post("/accounts/204518/reveal").Want(t, http.StatusForbidden)
	operator := p.As(t, users.Operator)
	operator.Get("/accounts/204518").Without(t, "ada@northwind.example")
	operator.Post("/accounts/204518/reveal").Want(t, http.StatusOK, "ada@northwind.example", "442079460001", "442079460018")
	wantLast(t, p.Audit(t), "reveal  by operator: the telephone numbers and the e-mail address of an account")
}

func wantLast(t testing.TB, lines []string, want string) {
	t.Helper()
	if len(lines) == 0 || lines[len(lines)-1] != want {
		t.Errorf("the audit ends with %q, want %q", lines[max(0, len(lines)-1):], want)
	}
}
