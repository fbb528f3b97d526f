package console_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
)

// A person signs in, finds a call, understands it and waives it, in a real browser; every page on the way is accessible and keeps to the policy.
func TestInTheBrowser(t *testing.T) {
	p := mustPlace(t)
	var calls []policy.Call
	for i := range 12 {
		calls = append(calls, served(policy.CallSID(fmt.Sprintf("CA%032d", i)), monday.Add(-time.Duration(i)*97*time.Minute), 300*(i%6)))
	}
	p.load(t, calls...)
	tab := browsertest.Open(t)
	tab.Go(p.server.URL + "/calls")
	tab.Check("signin")
	signIn(tab, "admin")
	tab.See("Calls", "Northwind Flex Offices", "+44********18")
	tab.Check("calls")
	tab.Fill("[name=outcome]", "voicemail")
	tab.Wait(".empty")
	tab.See("No call matches")
	tab.Check("calls-empty")
	tab.Go(p.server.URL + "/calls")
	tab.Follow(`a[href$="05"]`)
	tab.See("over-long", "hours.week", "+15*******01 accepted the call")
	tab.Fill("[name=reason]", "the platform was down")
	tab.Follow(`[aria-label="Waive"] button`)
	tab.See("The call is waived.", "admin waived the call as necessary", "waived as necessary, so not over-long")
	tab.Check("call")
	tab.Go(p.server.URL + "/users")
	tab.Check("users")
	tab.Go(p.server.URL + "/profile")
	tab.Check("profile")
	if status := tab.Go(p.server.URL + "/nowhere"); status != http.StatusNotFound {
		t.Errorf("a page that is not there has status %d", status)
	}
	tab.Check("error")
}

// A person whose session ended meanwhile is led to the sign-in and back, also where a script asked for a part of the page.
func TestSignedOutMeanwhile(t *testing.T) {
	p := mustPlace(t)
	p.load(t, served("CA1", monday.Add(-time.Hour), 1500))
	tab := browsertest.Open(t)
	tab.Go(p.server.URL + "/calls")
	signIn(tab, "viewer")
	if _, err := p.store.ChangeUser(t.Context(), "viewer", policy.SignedOutEverywhere("admin", monday)); err != nil {
		t.Fatal(err)
	}
	tab.Fill("[name=customer]", "204518")
	tab.Wait("[name=password]")
	signIn(tab, "viewer")
	tab.See("Northwind Flex Offices")
	if got, want := tab.Address(), p.server.URL+"/calls?customer=204518"; got != want {
		t.Errorf("the sign-in led to %s, want %s", got, want)
	}
}

// Everything that a person does works in a browser without scripts.
func TestWithoutScripts(t *testing.T) {
	p := mustPlace(t)
	p.load(t, served("CA1", monday.Add(-time.Hour), 1500))
	tab := browsertest.Open(t)
	tab.Scripts(false)
	tab.Go(p.server.URL + "/calls")
	signIn(tab, "operator")
	tab.Fill("[name=customer]", "204518")
	tab.Follow(".filter button")
	tab.Follow("tbody a")
	tab.Follow(`[action$=reveal] button`)
	tab.See("+442079460018")
	tab.Follow(`[aria-label="Training"] button`)
	tab.See("The call is marked as training.")
	tab.Follow(`[aria-label="Training"] button`)
	tab.See("The training mark is taken back.")
	tab.Follow(".top button")
	tab.See("You are signed out.")
}

func signIn(tab *browsertest.Tab, name string) {
	tab.Fill("[name=name]", name)
	tab.Fill("[name=password]", password)
	tab.Follow("main button")
}
