package console_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
)

// town fills a place with accounts of every kind, and cases in several states.
func town(t testing.TB, p *browsertest.Place) {
	t.Helper()
	names := []string{"Harbour Desks", "Maple Cowork", "Copper Studios", "Willow Works", "Beacon Hub", "Foundry Collective", "Quay Offices", "Summit Loft"}
	p.Enrol(t, holder)
	loaded(t, p, 4)
	for i, name := range names {
		c := policy.Customer{Number: policy.CustomerNumber(fmt.Sprint(300000 + i)), Name: name, Package: "Ultimate", Line: browsertest.Company(t).Lines[i%2].Number, Email: "office@example.com"}
		if i == 7 {
			c.Package = "Essential"
		}
		p.Enrol(t, c)
		for n := range i * 2 {
			call := browsertest.Served(policy.CallSID(fmt.Sprintf("CB%016d%016d", i, n)), browsertest.Monday.Add(-time.Duration(n*7+i)*time.Hour), 200+90*n)
			call.Customer, call.Account, call.Ticket = c.Number, c.Name, policy.Ticket(fmt.Sprint(n/2*2))
			p.Load(t, call)
		}
	}
	caseOf(t, p, holder)
	for i, to := range [][]policy.CaseState{
		{policy.CaseContacted},
		{policy.CaseContacted, policy.CaseDiscussed},
		{policy.CaseContacted, policy.CaseDiscussed, policy.CaseWatching},
		{policy.CaseContacted, policy.CaseDiscussed, policy.CaseWatching, policy.CaseRestricted},
		{policy.CaseClosed},
	} {
		c, err := p.Store.Customer(t.Context(), policy.CustomerNumber(fmt.Sprint(300000+i)))
		if err != nil {
			t.Fatal(err)
		}
		caseOf(t, p, c, to...)
	}
}

// A person finds the account that is over, understands why, carries its case on, looks at what it would cost and at other limits, in a real
// browser; every page on the way is accessible and keeps to the policy.
func TestFairUseInTheBrowser(t *testing.T) {
	p := browsertest.NewPlace(t)
	town(t, p)
	tab := browsertest.Open(t)
	tab.Go(p.Server.URL + "/accounts")
	tab.SignIn("admin")
	tab.See("Northwind Flex Offices", "17 of 16", "sustained")
	tab.Check("accounts")
	tab.Follow(`a[href="/accounts/204518"]`)
	tab.See("Over, and sustained", "counted: the first call of the month about this ticket")
	tab.Check("account")
	tab.Go(p.Server.URL + "/fair-use")
	tab.Check("board")
	tab.Follow(`a[href="/fair-use/cases/1?to=contacted#move-contacted"]`)
	tab.Check("case")
	tab.Fill("#move-contacted [name=via]", "phone")
	tab.Fill("#move-contacted [name=note]", "spoke to Ada")
	tab.Follow("#move-contacted button")
	tab.See("The case was moved.", "spoke to Ada")
	tab.Go(p.Server.URL + "/fair-use/cases/4?to=restricted#move-restricted")
	tab.Click("#move-restricted [name=silent]")
	tab.Check("case-restricted")
	tab.Fill("#move-restricted [name=note]", "no change")
	tab.Follow("#move-restricted button")
	tab.See("The case was moved.", "not told")
	tab.Go(p.Server.URL + "/fair-use/closed")
	tab.Check("closed")
	tab.Go(p.Server.URL + "/fair-use/charges")
	tab.See("15.00 GBP in all")
	tab.Check("charges")
	tab.Fill("[name=all]", "yes")
	tab.Follow("form.filter button")
	tab.See("minutes over the call limit")
	tab.Check("charges-all")
	tab.Go(p.Server.URL + "/fair-use/what-if?tickets=12&call=15")
	tab.See("Quay Offices", "would differ")
	tab.Check("what-if")
}

// A customers file is uploaded, looked at and imported without scripts; a wrong one is refused with what to write.
func TestImportInTheBrowserWithoutScripts(t *testing.T) {
	p := browsertest.NewPlace(t)
	p.Enrol(t, holder)
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tab := browsertest.Open(t)
	tab.Go(p.Server.URL + "/accounts/import")
	tab.SignIn("operator")
	tab.Choose("[name=file]", write("wrong.csv", header+"2045,Northwind,Ultimate,+448000668187,,ada,,\n"))
	tab.Follow("main form button")
	tab.See("write exactly 6 digits")
	tab.Check("import")
	odd := file + "600003,Near Co,Ultimat,+448000668187,,,+442079460018 ext. 12,\n600004,Basic Co,Basic,+448000668187,,,,\n,,,,,,,\n"
	tab.Choose("[name=file]", write("customers.csv", odd))
	tab.Follow("main form button")
	tab.See("3 new, 1 changed, 0 unchanged.", "Northwind Offices", "2 of 4 rows have no phone support", "1 empty row was skipped.", "is left out")
	tab.Check("preview")
	tab.Scripts(false)
	tab.Follow("main form button")
	tab.See("The customers are imported", "Harbour Desks")
}

// A month of an account is printed on one sheet, however many calls it has.
func TestAccountMonthPrintsOnOneSheet(t *testing.T) {
	p := browsertest.NewPlace(t)
	p.Enrol(t, holder)
	for i := range 60 {
		c := browsertest.Served(policy.CallSID(fmt.Sprintf("CA%032d", i)), browsertest.Monday.Add(-time.Duration(i)*4*time.Hour), 60*(i%25))
		c.Ticket = policy.Ticket(fmt.Sprint(i / 2))
		p.Load(t, c)
	}
	tab := browsertest.Open(t)
	tab.Go(p.Server.URL + "/accounts/204518")
	tab.SignIn("viewer")
	for name, size := range map[string][2]float64{"A4": {8.27, 11.69}, "Letter": {8.5, 11}} {
		if sheets := tab.Print("account-"+name, size[0], size[1]); sheets != 1 {
			t.Errorf("a month takes %d sheets of %s, want 1", sheets, name)
		}
	}
}
