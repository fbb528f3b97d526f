package console_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store/figures"
)

// caseOf opens a case of northwind's over its months, and takes it to a state.
func caseOf(t testing.TB, p *browsertest.Place, c policy.Customer, to ...policy.CaseState) policy.Case {
	t.Helper()
	months, err := figures.Accounts{Store: p.Store, FairUse: browsertest.Company(t).FairUse}.MonthsOf(t.Context(), c, "2026-11", 6)
	if err != nil {
		t.Fatal(err)
	}
	found, err := p.Store.OpenCase(t.Context(), c.Number, "supportline", "over in 3 of 6 months", months, browsertest.Monday)
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range to {
		if found, err = p.Store.MoveCase(t.Context(), found.ID, policy.Move{At: browsertest.Monday, By: "mila", To: state, Via: policy.ViaPhone, Note: "as agreed"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// The board has the open cases by state, with their evidence and who moved them last; closed ones have a page of their own.
func TestBoardHasCasesByState(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	viewer := p.As(t, users.Viewer)
	viewer.Get("/fair-use").Want(t, http.StatusOK, "No account is under review")
	p.Enrol(t, holder)
	loaded(t, p, 3)
	caseOf(t, p, holder, policy.CaseContacted)
	page := viewer.Get("/fair-use")
	page.Want(t, http.StatusOK, "Northwind Flex Offices", "2026-09", "mila, by phone", "as agreed", "1 open case.")
	page.Without(t, "Open a case", "role=\"button\"")
	p.As(t, users.Operator).Get("/fair-use").Want(t, http.StatusOK, `href="/fair-use/cases/1?to=discussed#move-discussed"`, `href="/fair-use/cases/1?to=closed#move-closed"`)
	viewer.Get("/fair-use?state=nonsense").Want(t, http.StatusUnprocessableEntity, "No case that is open can be")
	viewer.Get("/fair-use/closed").Want(t, http.StatusOK, "No case was closed yet")
	if _, err := p.Store.MoveCase(t.Context(), "1", policy.Move{At: browsertest.Monday, By: "mila", To: policy.CaseClosed, Note: "two months within"}, nil); err != nil {
		t.Fatal(err)
	}
	viewer.Get("/fair-use/closed").Want(t, http.StatusOK, "Case 1", "two months within", "This is the oldest closed case")
	viewer.Get("/fair-use").Want(t, http.StatusOK, "No account is under review")
}

// A state with many cases has pages of its own, and every case is on one of them.
func TestBoardShowsEveryCase(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	for i := range 50 {
		c := policy.Customer{Number: policy.CustomerNumber(fmt.Sprint(300000 + i)), Name: fmt.Sprintf("Desk %02d", i), Package: "Ultimate", Line: browsertest.UKLine}
		p.Enrol(t, c)
		caseOf(t, p, c)
	}
	viewer := p.As(t, users.Viewer)
	first := viewer.Get("/fair-use")
	first.Want(t, http.StatusOK, "50 open cases", "Desk 11", `href="/fair-use?state=flagged"`)
	first.Without(t, "Desk 12")
	alone := viewer.Get("/fair-use?state=flagged")
	alone.Want(t, http.StatusOK, "Desk 39", "after=40")
	alone.Without(t, "Desk 40")
	viewer.Get("/fair-use?state=flagged&after=40").Want(t, http.StatusOK, "Desk 40", "Desk 49")
}

// A case makes only allowed moves, with a note, and shows who moved it; the audit has it.
func TestCaseMovesByForms(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		form   []string
		status int
		want   []string
	}{
		"told by phone":          {[]string{"to", "contacted", "from", "flagged", "via", "phone", "note", "spoke to Ada"}, http.StatusOK, []string{"The case was moved.", "spoke to Ada", "operator"}},
		"told by e-mail":         {[]string{"to", "contacted", "from", "flagged", "via", "email", "note", "wrote"}, http.StatusOK, []string{"an e-mail is being sent to the account holder"}},
		"with an offer":          {[]string{"to", "contacted", "from", "flagged", "via", "phone", "note", "spoke", "offered", "training", "offered", "plan"}, http.StatusOK, []string{"training</span>", "plan</span>"}},
		"without a way":          {[]string{"to", "contacted", "from", "flagged", "note", "kept words"}, http.StatusUnprocessableEntity, []string{"Say how the account holder was contacted", "kept words"}},
		"without a note":         {[]string{"to", "contacted", "from", "flagged", "via", "phone", "note", "  "}, http.StatusUnprocessableEntity, []string{"write what was done or decided"}},
		"too far":                {[]string{"to", "charged", "from", "flagged", "note", "at once"}, http.StatusConflict, []string{"from flagged it goes to contacted or closed"}},
		"an unknown offer":       {[]string{"to", "contacted", "from", "flagged", "via", "phone", "note", "x", "offered", "a pony"}, http.StatusUnprocessableEntity, []string{"screen-sharing, training or plan"}},
		"seen where it is not":   {[]string{"to", "closed", "from", "watching", "note", "done"}, http.StatusConflict, []string{"it was watching when you looked, and is flagged; supportline moved it to flagged"}},
		"closed from everywhere": {[]string{"to", "closed", "from", "flagged", "note", "a mistake"}, http.StatusOK, []string{"The case was moved.", "closed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := browsertest.NewPlace(t)
			p.Enrol(t, holder)
			caseOf(t, p, holder)
			p.As(t, users.Viewer).Post("/fair-use/cases/1/moves", row.form...).Want(t, http.StatusForbidden)
			p.As(t, users.Operator).Post("/fair-use/cases/1/moves", row.form...).Want(t, row.status, row.want...)
			moved, err := p.Store.Case(t.Context(), "1")
			if err != nil {
				t.Fatal(err)
			}
			if did := len(moved.Moves) == 2; did != (row.status == http.StatusOK) {
				t.Errorf("status %d, and the moves are %+v", row.status, moved.Moves)
			}
		})
	}
}

// The second of two people who move one case is told what the first one did, and loses nothing of what was written.
func TestTwoPeopleMoveOneCase(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	p.Enrol(t, holder)
	caseOf(t, p, holder, policy.CaseContacted, policy.CaseDiscussed, policy.CaseWatching)
	first, second := p.As(t, users.Admin), p.As(t, users.Operator)
	first.Post("/fair-use/cases/1/moves", "to", "restricted", "from", "watching", "note", "no change").Want(t, http.StatusOK)
	second.Post("/fair-use/cases/1/moves", "to", "charged", "from", "watching", "note", "three tickets over").
		Want(t, http.StatusConflict, "it was watching when you looked, and is restricted; admin moved it to restricted", "three tickets over")
	wantLast(t, p.Audit(t), "case-move 1 by admin: from watching to restricted no change")
}

// Without a mail server the page says that no e-mail was sent; without an address it offers none.
func TestMoveByEmailSaysWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t, func(d *console.Deps) {
		cases := d.Cases.(figures.Casework)
		cases.Addressed = func(policy.Notice) []policy.Notice { return nil }
		d.Cases = cases
	})
	other := holder
	other.Number, other.Email = "204519", ""
	p.Enrol(t, holder, other)
	caseOf(t, p, holder)
	caseOf(t, p, other)
	operator := p.As(t, users.Operator)
	operator.Post("/fair-use/cases/1/moves", "to", "contacted", "from", "flagged", "via", "email", "note", "wrote").Want(t, http.StatusOK, "No mail server is configured, so no e-mail was sent")
	operator.Get("/fair-use/cases/2").Without(t, "send an e-mail now")
	operator.Post("/fair-use/cases/2/moves", "to", "contacted", "from", "flagged", "via", "email", "note", "wrote").Want(t, http.StatusUnprocessableEntity, "The account has no e-mail address")
	operator.Get("/fair-use/cases/9").Want(t, http.StatusNotFound, "No such case")
}

// A move to restricted tells the account holder by e-mail unless the person says not to; the page says that somebody must phone an account without an
// address, and does not show the number.
func TestRestrictionTellsTheHolder(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		email string
		form  []string
		want  []string
		not   string
	}{
		"told by e-mail":   {"office@northwind.example", nil, []string{"an e-mail is being sent to the account holder"}, "told nobody"},
		"silent":           {"office@northwind.example", []string{"silent", "yes"}, []string{"The case was moved.", "<td>not told</td>"}, "told nobody"},
		"without address":  {"", nil, []string{"The case was moved.", "The move to restricted told nobody", "somebody must phone Ada", `href="/accounts/204518"`}, "+442079460018"},
		"it was phoned":    {"", []string{"via", "phone"}, []string{"The case was moved."}, "told nobody"},
		"contradictory":    {"office@northwind.example", []string{"via", "email", "silent", "yes"}, []string{"An e-mail that is asked for is not silent"}, ""},
		"asked for, alone": {"", []string{"via", "email"}, []string{"The account has no e-mail address"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := browsertest.NewPlace(t)
			c := holder
			c.Email, c.AccountHolder, c.Phone = row.email, "Ada", "+442079460018"
			p.Enrol(t, c)
			caseOf(t, p, c, policy.CaseContacted, policy.CaseDiscussed, policy.CaseWatching)
			operator := p.As(t, users.Operator)
			form := operator.Get("/fair-use/cases/1?to=restricted")
			form.Want(t, http.StatusOK, `name="silent"`, map[bool]string{true: "send an e-mail now", false: "there is no e-mail address"}[row.email != ""])
			page := operator.Post("/fair-use/cases/1/moves", append([]string{"to", "restricted", "from", "watching", "note", "no change"}, row.form...)...)
			for _, want := range row.want {
				if !page.Has(want) {
					t.Errorf("no %q in\n%s", want, page.Body)
				}
			}
			if row.not != "" {
				page.Without(t, row.not)
			}
		})
	}
}

// A case is opened by hand from the board and from the account, once.
func TestCaseIsOpenedByHand(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	p.Enrol(t, holder)
	loaded(t, p, 2)
	operator := p.As(t, users.Operator)
	operator.Post("/fair-use/cases", "customer", "999999", "note", "why").Want(t, http.StatusUnprocessableEntity, "No such customer", `value="999999"`)
	operator.Post("/fair-use/cases", "customer", "204518", "note", " ", "from", "account").Want(t, http.StatusUnprocessableEntity, "say why the case", "Latest calls")
	operator.Post("/fair-use/cases", "customer", "204518", "note", "they train on the phone").Want(t, http.StatusOK, "The case is open.", "they train on the phone", "2026-10")
	operator.Post("/fair-use/cases", "customer", "204518", "note", "again").Want(t, http.StatusConflict, "The account has an open case", `value="again"`)
	wantLast(t, p.Audit(t), "case-open 1 by operator:  they train on the phone")
	p.As(t, users.Viewer).Post("/fair-use/cases", "customer", "204518", "note", "x").Want(t, http.StatusForbidden)
}

// The proposal of a month is that of "supportline charges", on the page and as a file, which only some may take, and the audit names.
func TestChargesAreProposed(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	p.Enrol(t, holder)
	loaded(t, p, 4)
	viewer := p.As(t, users.Viewer)
	page := viewer.Get("/fair-use/charges")
	page.Want(t, http.StatusOK, "Charges of 2026-10", "Northwind Flex Offices", "12.50", "2.50", "1 account, 15.00 GBP in all.")
	page.Without(t, "As CSV", "will grow", "No rate is set", "Left out", "not sustained")
	viewer.Get("/fair-use/charges?month=2026-11").Want(t, http.StatusOK, "is not over yet")
	viewer.Get("/fair-use/charges?month=2026-01").Want(t, http.StatusOK, "Every account stayed within the limits")
	viewer.Get("/fair-use/charges?month=2027-01").Want(t, http.StatusUnprocessableEntity, "has not begun")
	viewer.Get("/fair-use/charges.csv").Want(t, http.StatusForbidden)
	file := p.As(t, users.Operator).Get("/fair-use/charges.csv?month=2026-10")
	want := "month,customer,account,kind,quantity,rate,amount,currency,sustained\n" +
		"2026-10,204518,Northwind Flex Offices,tickets,1,12.50,12.50,GBP,true\n2026-10,204518,Northwind Flex Offices,minutes,5,0.50,2.50,GBP,true\n"
	if file.Body != want || !strings.Contains(file.Header.Get("Content-Disposition"), "charges-2026-10.csv") {
		t.Errorf("the file is %q as %q", file.Body, file.Header.Get("Content-Disposition"))
	}
	wantLast(t, p.Audit(t), "export  by operator: the charges of 2026-10, 2 lines")
}

// Of more charges than the page has room for it shows whole accounts, and says how many lines are left; the file has all.
func TestManyCharges(t *testing.T) {
	t.Parallel()
	const accounts = 60 // of two lines each
	p := browsertest.NewPlace(t, func(d *console.Deps) { d.Policy.FairUse.TicketsPerMonth = 1 })
	var calls []policy.Call
	for n := range accounts {
		account := holder
		account.Number = policy.CustomerNumber(fmt.Sprint(400000 + n))
		p.Enrol(t, account)
		for i, talked := range []int{60, 1500} {
			c := browsertest.Served(policy.CallSID(fmt.Sprintf("CA%04d%d", n, i)), browsertest.Monday.AddDate(0, -1, 0).Add(time.Duration(i)*time.Hour), talked)
			c.Customer, c.Ticket = account.Number, policy.Ticket(fmt.Sprint(1000+i))
			calls = append(calls, c)
		}
	}
	p.Load(t, calls...)
	operator := p.As(t, users.Operator)
	page := operator.Get("/fair-use/charges?all=yes")
	page.Want(t, http.StatusOK, "/accounts/400000", "/accounts/400049", "And 20 more lines, which the CSV has.", "60 accounts").Without(t, "/accounts/400050")
	if file := operator.Get("/fair-use/charges.csv?all=yes"); strings.Count(file.Body, "\n") != 1+2*accounts {
		t.Errorf("the file has %d lines, want a heading and %d", strings.Count(file.Body, "\n"), 2*accounts)
	}
}

// Accounts whose load is not sustained are left out, and counted, until a person asks for them. What costs nothing says how a rate is set.
func TestChargesLeaveOutWhatIsNotSustained(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t, func(d *console.Deps) { d.Policy.FairUse.PerTicket, d.Policy.FairUse.PerMinute = 0, 0 })
	p.Enrol(t, holder)
	loaded(t, p, 2)
	operator := p.As(t, users.Operator)
	page := operator.Get("/fair-use/charges")
	page.Want(t, http.StatusOK, "No account is under sustained load in 2026-10", "Left out: 1 account", `href="/fair-use/charges?all=yes&amp;month=2026-10"`, "No rate is set", "per_minute_over_tickets")
	page.Without(t, "Northwind Flex Offices", "As CSV")
	page = operator.Get("/fair-use/charges?month=2026-10&all=yes")
	page.Want(t, http.StatusOK, "Northwind Flex Offices", "not sustained", "minutes over the call limit", "1 account, 0.00 GBP in all.", `href="/fair-use/charges.csv?all=yes&amp;month=2026-10"`, "Only accounts under sustained load")
	page.Without(t, "Left out")
	if file := operator.Get("/fair-use/charges.csv?month=2026-10"); strings.Count(file.Body, "\n") != 1 {
		t.Errorf("the file without them is %q", file.Body)
	}
	if file := operator.Get("/fair-use/charges.csv?month=2026-10&all=yes"); strings.Count(file.Body, ",false\n") != 2 {
		t.Errorf("the file of all is %q", file.Body)
	}
}

// Other limits show whom they would touch, and say what was looked at.
func TestWhatIf(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t)
	p.Enrol(t, holder)
	loaded(t, p, 3)
	viewer := p.As(t, users.Viewer)
	viewer.Get("/fair-use/what-if").Want(t, http.StatusOK, "These are the present limits.", "from 2026-06 to 2026-11", `name="tickets" value="16"`)
	viewer.Get("/fair-use/what-if?tickets=17&call=20").Want(t, http.StatusOK, "1 account would differ: 0 months worse, 3 better.", "Northwind", "2026-09")
	viewer.Get("/fair-use/what-if?tickets=20&call=4&over-long=17&span=3").Want(t, http.StatusOK, "No account would differ", "from 2026-09 to 2026-11")
	viewer.Get("/fair-use/what-if?tickets=none").Want(t, http.StatusUnprocessableEntity, "write a whole number above 0", `value="none"`)
	viewer.Get("/fair-use/what-if?months=7&within=6").Want(t, http.StatusUnprocessableEntity, "cannot be")
	viewer.Get("/fair-use/what-if?within=100").Want(t, http.StatusUnprocessableEntity, "further back than this page looks")
}

// While figures are derived the pages say so, and look again, with and without scripts.
func TestFiguresThatAreBeingDerived(t *testing.T) {
	t.Parallel()
	p := browsertest.NewPlace(t, func(d *console.Deps) { d.Usage = unready{} })
	operator := p.As(t, users.Operator)
	for _, path := range []string{"/fair-use/charges", "/fair-use/what-if?tickets=12"} {
		operator.Get(path).Want(t, http.StatusOK, "being calculated", `http-equiv="refresh"`, `hx-trigger="load delay:1s"`)
	}
	operator.Get("/fair-use/charges.csv").Want(t, http.StatusServiceUnavailable, "The figures are being calculated")
}

// unready are reports that are still being derived.
type unready struct{}

func (unready) Report(context.Context, policy.Month, int) (policy.UsageReport, bool, error) {
	return nil, false, nil
}

func (unready) Near() ([]policy.Usage, time.Time) { return nil, time.Time{} }
