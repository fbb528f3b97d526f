package console_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// A person signs in, finds a call, understands it and waives it, in a real browser; every page on the way is accessible and keeps to the policy.
func TestInTheBrowser(t *testing.T) {
	p := browsertest.NewPlace(t)
	var calls []policy.Call
	for i := range 12 {
		calls = append(calls, browsertest.Served(policy.CallSID(fmt.Sprintf("CA%032d", i)), browsertest.Monday.Add(-time.Duration(i)*97*time.Minute), 300*(i%6)))
	}
	p.Load(t, calls...)
	tab := browsertest.Open(t)
	tab.Go(p.Server.URL + "/calls")
	tab.Check("signin")
	tab.SignIn("admin")
	tab.See("Calls", "Northwind Flex Offices", "+44********18")
	tab.Check("calls")
	tab.Fill("[name=outcome]", "voicemail")
	tab.Wait(".empty")
	tab.See("No call matches")
	tab.Check("calls-empty")
	tab.Go(p.Server.URL + "/calls")
	tab.Follow(`a[href$="05"]`)
	tab.See("over-long", "hours.week", "+15*******01 accepted the call")
	tab.Fill("[name=reason]", "the platform was down")
	tab.Follow(`[aria-label="Waive"] button`)
	tab.See("The call is waived.", "admin waived the call as necessary", "waived as necessary, so not over-long")
	tab.Check("call")
	tab.Go(p.Server.URL + "/users")
	tab.Check("users")
	tab.Go(p.Server.URL + "/profile")
	tab.Check("profile")
	if status := tab.Go(p.Server.URL + "/nowhere"); status != http.StatusNotFound {
		t.Errorf("a page that is not there has status %d", status)
	}
	tab.Check("error")
}

// A person whose session ended meanwhile is led to the sign-in and back, also where a script asked for a part of the page.
func TestSignedOutMeanwhile(t *testing.T) {
	p := browsertest.NewPlace(t)
	p.Load(t, browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 1500))
	tab := browsertest.Open(t)
	tab.Go(p.Server.URL + "/calls")
	tab.SignIn("viewer")
	if _, err := p.Store.ChangeUser(t.Context(), "viewer", users.SignedOutEverywhere("admin", browsertest.Monday)); err != nil {
		t.Fatal(err)
	}
	tab.Fill("[name=customer]", "204518")
	tab.Wait("[name=password]")
	tab.SignIn("viewer")
	tab.See("Northwind Flex Offices")
	if got, want := tab.Address(), p.Server.URL+"/calls?customer=204518"; got != want {
		t.Errorf("the sign-in led to %s, want %s", got, want)
	}
}

// Everything that a person does works in a browser without scripts.
func TestWithoutScripts(t *testing.T) {
	p := browsertest.NewPlace(t)
	p.Load(t, browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 1500))
	tab := browsertest.Open(t)
	tab.Scripts(false)
	tab.Go(p.Server.URL + "/calls")
	tab.SignIn("operator")
	tab.Fill("[name=customer]", "204518")
	tab.Follow(".filter button")
	tab.Follow("tbody a")
	tab.Follow(`[action$=reveal] button`)
	tab.See("+442079460018")
	tab.Follow(`[aria-label="Training"] button`)
	tab.See("The call is marked as training.")
	tab.Follow(`[aria-label="Training"] button`)
	tab.See("The training mark was removed.")
	tab.Follow(".top button")
	tab.See("You are signed out.")
}

// A person makes a token, sees it once and revokes it, without scripts too; the API's document is a page that everybody can read.
func TestTokensInTheBrowser(t *testing.T) {
	p := browsertest.NewFilled(t)
	tab := browsertest.Open(t)
	tab.Go(p.Server.URL + "/profile")
	tab.SignIn("operator")
	tab.See("You have no tokens yet.")
	tab.Fill("[name=name]", "-")
	tab.Fill("[name=password]", browsertest.Password)
	tab.Follow(`[aria-label="New token"] button`)
	tab.See("Invalid token name", "write 1 to 40 letters and digits")
	tab.Fill("[name=name]", "nightly report")
	tab.Fill("[name=password]", browsertest.Password)
	tab.Follow(`[aria-label="New token"] button`)
	tab.See("The token nightly report is created.")
	tab.Check("profile-token")
	tab.Go(p.Server.URL + "/profile")
	tab.See("nightly report", "not yet", "2027-02-21")
	tab.Scripts(false)
	tab.Go(p.Server.URL + "/profile")
	tab.Follow(`[aria-label="Revoke nightly report"]`)
	tab.See("The token is revoked", "You have no tokens yet.")
	p.Program(t, "operator", func(k *users.Token) { k.Name = "of an older version" }) // it never ends
	p.As(t, users.Operator)
	tab.Scripts(true)
	tab.Go(p.Server.URL + "/profile")
	tab.See("of an older version", "never longer than a year", "put new ones in their place", "this one", "Another browser")
	tab.Check("profile-sessions")
	tab.Scripts(false)
	tab.Go(p.Server.URL + "/profile")
	tab.Follow(`tr:not(:has(.ok)) [name=session]`)
	tab.See("The session is ended.")
	tab.Click("[name=tokens]")
	tab.Follow(`[aria-label="Sign out everywhere"] button`)
	tab.See("You are signed out.")
	tab.SignIn("operator")
	tab.Go(p.Server.URL + "/profile")
	tab.See("You have no tokens yet.")
	tab.Scripts(true)
	tab.Go(p.Server.URL + "/api")
	tab.See("Authorization: Bearer", "/api/v1/openapi.yaml", "nothing-to-waive")
	tab.Check("api")
	tab.Go(p.Server.URL + "/calls")
	tab.See("Export all: CSV JSON")
	tab.Check("calls-export")
}
