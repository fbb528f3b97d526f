package twilio_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio"
)

var theNumber = twilio.Wanted{Number: "+448000668187", Name: "United Kingdom", VoiceSettings: twilio.VoiceSettings{
	VoiceURL: "https://support.example.com/voice" + twilio.Overrides, VoiceMethod: "POST",
	FallbackURL: "https://support.example.com/fallback" + twilio.FallbackOverrides, FallbackMethod: "POST",
	StatusURL: "https://support.example.com/status", StatusMethod: "POST",
}}

// asWanted returns the number as it is wanted.
func asWanted() twilio.OwnedNumber {
	return twilio.OwnedNumber{SID: "PN1", Number: theNumber.Number, Voice: true, VoiceSettings: theNumber.VoiceSettings, Status: "in-use"}
}

// TestPlanTakesOneSpellingForAnother: those that the provider may return for an address.
func TestPlanTakesOneSpellingForAnother(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*twilio.OwnedNumber)
		same   bool
	}{
		"to the letter":     {func(*twilio.OwnedNumber) {}, true},
		"host in capitals":  {func(n *twilio.OwnedNumber) { n.VoiceURL = strings.Replace(n.VoiceURL, "support", "SUPPORT", 1) }, true},
		"escaped comma":     {func(n *twilio.OwnedNumber) { n.VoiceURL = strings.Replace(n.VoiceURL, ",", "%2C", 1) }, true},
		"mode left out":     {func(n *twilio.OwnedNumber) { n.ReceiveMode = "" }, true},
		"other fragment":    {func(n *twilio.OwnedNumber) { n.VoiceURL = strings.Replace(n.VoiceURL, "rc=1", "rc=2", 1) }, false},
		"without fragment":  {func(n *twilio.OwnedNumber) { n.VoiceURL, _, _ = strings.Cut(n.VoiceURL, "#") }, false},
		"path in capitals":  {func(n *twilio.OwnedNumber) { n.VoiceURL = strings.Replace(n.VoiceURL, "/voice", "/Voice", 1) }, false},
		"http":              {func(n *twilio.OwnedNumber) { n.VoiceURL = strings.Replace(n.VoiceURL, "https", "http", 1) }, false},
		"no address at all": {func(n *twilio.OwnedNumber) { n.VoiceURL = "%" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			n := asWanted()
			row.change(&n)
			if p := twilio.PlanOne(theNumber, n); p.Done() != row.same {
				t.Errorf("the plan is %+v", p.Differences)
			}
		})
	}
}

// TestChangeWritesWhatDiffersAlone; an application and a trunk are cleared by an empty value.
func TestChangeWritesWhatDiffersAlone(t *testing.T) {
	n := asWanted()
	n.TrunkSID, n.StatusMethod = "TK1", "GET"
	none, post := "", "POST"
	p := twilio.PlanOne(theNumber, n)
	if diff := cmp.Diff(twilio.NumberChange{TrunkSID: &none, StatusMethod: &post}, p.Change()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want := []twilio.Difference{{Setting: "trunk", Is: "TK1"}, {Setting: "status method", Is: "GET", Want: "POST"}}
	if diff := cmp.Diff(want, p.Differences); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPlanTellsWhoseNumberIsWhose, in the orders of the configuration and of the account.
func TestPlanTellsWhoseNumberIsWhose(t *testing.T) {
	missing := twilio.Wanted{Number: "+18883071053"}
	owned := []twilio.OwnedNumber{{SID: "PN8", Number: "+15550100008"}, asWanted(), {SID: "PN9", Number: "+1888"}}
	plans, others := twilio.Plan([]twilio.Wanted{missing, theNumber}, owned)
	if len(plans) != 2 || !plans[0].Missing() || plans[0].Done() || plans[1].Missing() || !plans[1].Done() {
		t.Errorf("the plan is %+v", plans)
	}
	if len(others) != 2 || others[0].SID != "PN8" || others[1].SID != "PN9" {
		t.Errorf("others are %+v", others)
	}
}

// TestNumberThatTakesNoCalls: what keeps calls from a number, whatever its settings, is told with what to do.
func TestNumberThatTakesNoCalls(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*twilio.OwnedNumber)
		why    string // "": nothing
	}{
		"in use":                       {func(*twilio.OwnedNumber) {}, ""},
		"of an unknown state":          {func(n *twilio.OwnedNumber) { n.Status = "" }, ""},
		"emergency address taken":      {func(n *twilio.OwnedNumber) { n.EmergencyAddress = "registered" }, ""},
		"without voice":                {func(n *twilio.OwnedNumber) { n.Voice = false }, "release it"},
		"held":                         {func(n *twilio.OwnedNumber) { n.Status = "pending-review" }, `"pending-review"`},
		"emergency address refused":    {func(n *twilio.OwnedNumber) { n.EmergencyAddress = "registration-failure" }, "(registration-failure)"},
		"emergency address not undone": {func(n *twilio.OwnedNumber) { n.EmergencyAddress = "unregistration-failure" }, "(unregistration-failure)"},
	} {
		n := asWanted()
		row.change(&n)
		p := twilio.PlanOne(theNumber, n)
		if why := strings.Join(p.Blocked, "; "); p.Done() != (row.why == "") || !strings.Contains(why, row.why) || len(p.Differences) > 0 {
			t.Errorf("%s: blocked by %q", name, why)
		}
	}
}

// TestOverridesFit into the provider's 15 seconds for a document, and leave the 5 seconds that our answer may take.
func TestOverridesFit(t *testing.T) {
	for _, overrides := range []string{twilio.Overrides, twilio.FallbackOverrides} {
		q, err := url.ParseQuery(strings.TrimPrefix(overrides, "#"))
		if err != nil {
			t.Fatal(err)
		}
		number := func(key string) int {
			n, err := strconv.Atoi(q.Get(key))
			if err != nil {
				t.Errorf("%s: %v", overrides, err)
			}
			return n
		}
		tries, connect, answer := 1+number("rc"), number("ct"), number("rt")
		if tries*(connect+answer) > 15000 || answer <= 5000 || connect < 100 || connect > 10000 {
			t.Errorf("%s takes %d ms", overrides, tries*(connect+answer))
		}
	}
	if strings.Contains(twilio.Overrides, "5xx") || !strings.Contains(twilio.FallbackOverrides, "5xx") {
		t.Error("an error goes to the fallback at once, and the fallback's own is asked for again")
	}
}

// TestNumberThatNeedsAnAddress: a number takes calls once an address, or a bundle with one, is assigned to it.
func TestNumberThatNeedsAnAddress(t *testing.T) {
	for name, row := range map[string]struct {
		needed, address, bundle string
		blocked                 bool
	}{
		"none is needed":       {needed: "none"},
		"unknown":              {},
		"needed":               {needed: "local", blocked: true},
		"with an address":      {needed: "local", address: "AD1"},
		"with a bundle":        {needed: "foreign", bundle: "BU1"},
		"with the two of them": {needed: "any", address: "AD1", bundle: "BU1"},
	} {
		n := asWanted()
		n.AddressNeeded, n.AddressSID, n.BundleSID = row.needed, row.address, row.bundle
		if p := twilio.PlanOne(theNumber, n); p.Done() == row.blocked || (len(p.Blocked) > 0) != row.blocked {
			t.Errorf("%s: blocked by %q", name, p.Blocked)
		}
	}
}
