package twilio

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
)

// Connection overrides follow the # of an address. The provider neither sends nor signs them. By its documentation a document has 15 seconds,
// retries included, which two times 1.5 seconds to connect and 5.5 seconds to answer fit. Our answer takes 5 seconds at most, when the log does
// not commit and the caller is served without it. A connection or an answer that fails is tried once more, since a repeated webhook gets the
// same answer.
const (
	// Overrides are those of the voice URL. An error is not retried, since the fallback does better.
	Overrides = "#rc=1&rp=ct,rt&ct=1500&rt=5500"
	// FallbackOverrides are those of the fallback URL. An error is retried too, since nothing follows.
	FallbackOverrides = "#rc=1&rp=ct,rt,5xx&ct=1500&rt=5500"
)

// Wanted is a number as it should be at the provider.
type Wanted struct {
	Number, Name string // Number in E.164
	VoiceSettings
}

// Difference is a setting of a number that is not as wanted.
type Difference struct {
	Setting  string // in words: "voice URL"
	Is, Want string // "": not set
}

// NumberPlan compares one number as it is with how it is wanted.
type NumberPlan struct {
	Wanted
	Owned       OwnedNumber  // its SID is "" if the account has no such number
	Differences []Difference // that a change puts right
	Blocked     []string     // what no change puts right, and what to do
}

// Missing reports whether the account does not own the number.
func (p NumberPlan) Missing() bool { return p.Owned.SID == "" }

// Done reports whether the number is as wanted.
func (p NumberPlan) Done() bool {
	return !p.Missing() && len(p.Differences) == 0 && len(p.Blocked) == 0
}

// Plan compares the numbers of an account with the wanted ones and returns a plan for each of these, in their order, and the account's other
// numbers.
func Plan(wanted []Wanted, owned []OwnedNumber) (plans []NumberPlan, others []OwnedNumber) {
	byNumber := map[string]OwnedNumber{}
	for _, n := range owned {
		byNumber[n.Number] = n
	}
	for _, w := range wanted {
		plans = append(plans, PlanOne(w, byNumber[w.Number]))
		delete(byNumber, w.Number)
	}
	for _, n := range owned {
		if _, left := byNumber[n.Number]; left {
			others = append(others, n)
		}
	}
	return plans, others
}

// PlanOne compares one number. The zero OwnedNumber is one that the account does not have.
func PlanOne(w Wanted, n OwnedNumber) NumberPlan {
	p := NumberPlan{Wanted: w, Owned: n}
	if !p.Missing() {
		p.Differences, p.Blocked = differences(w, n), blocked(n)
	}
	return p
}

// setting is one setting of a number that is compared and changed.
type setting struct {
	name   string
	of     func(*OwnedNumber) *string
	change func(*NumberChange) **string
}

// settings are all of them, in the order in which they are shown. Those that take precedence over the voice URL come first.
var settings = []setting{
	{
		"application", func(n *OwnedNumber) *string { return &n.ApplicationSID },
		func(c *NumberChange) **string { return &c.ApplicationSID },
	},
	{
		"trunk", func(n *OwnedNumber) *string { return &n.TrunkSID },
		func(c *NumberChange) **string { return &c.TrunkSID },
	},
	{
		"receive mode", func(n *OwnedNumber) *string { return &n.ReceiveMode },
		func(c *NumberChange) **string { return &c.ReceiveMode },
	},
	{
		"voice URL", func(n *OwnedNumber) *string { return &n.VoiceURL },
		func(c *NumberChange) **string { return &c.VoiceURL },
	},
	{
		"voice method", func(n *OwnedNumber) *string { return &n.VoiceMethod },
		func(c *NumberChange) **string { return &c.VoiceMethod },
	},
	{
		"fallback URL", func(n *OwnedNumber) *string { return &n.FallbackURL },
		func(c *NumberChange) **string { return &c.FallbackURL },
	},
	{
		"fallback method", func(n *OwnedNumber) *string { return &n.FallbackMethod },
		func(c *NumberChange) **string { return &c.FallbackMethod },
	},
	{
		"status callback", func(n *OwnedNumber) *string { return &n.StatusURL },
		func(c *NumberChange) **string { return &c.StatusURL },
	},
	{
		"status method", func(n *OwnedNumber) *string { return &n.StatusMethod },
		func(c *NumberChange) **string { return &c.StatusMethod },
	},
}

func differences(w Wanted, n OwnedNumber) (found []Difference) {
	n.ReceiveMode = cmp.Or(n.ReceiveMode, "voice") // which it is if the provider leaves it out
	wanted := OwnedNumber{VoiceSettings: w.VoiceSettings, ReceiveMode: "voice"}
	for _, s := range settings {
		if is, want := *s.of(&n), *s.of(&wanted); !sameSetting(is, want) {
			found = append(found, Difference{s.name, is, want})
		}
	}
	return found
}

// sameSetting reports whether a and b are the same text or address. The provider may change the host's case and the escapes.
func sameSetting(a, b string) bool {
	if a == b {
		return true
	}
	x, errA := url.Parse(a)
	y, errB := url.Parse(b)
	if errA != nil || errB != nil || x.Host == "" || y.Host == "" {
		return false
	}
	for _, u := range []*url.URL{x, y} {
		u.Host, u.RawPath, u.RawFragment = strings.ToLower(u.Host), "", ""
	}
	return x.String() == y.String()
}

// Change returns the change that puts the differences right and leaves everything else.
func (p NumberPlan) Change() NumberChange {
	var c NumberChange
	for _, d := range p.Differences {
		for _, s := range settings {
			if s.name == d.Setting {
				*s.change(&c) = new(d.Want)
			}
		}
	}
	return c
}

// blocked returns what keeps calls from a number, whatever its settings.
func blocked(n OwnedNumber) (why []string) {
	if !n.Voice {
		why = append(why, "it can't take calls (no voice capability): release it and buy one that can")
	}
	if n.Status != "" && n.Status != "in-use" {
		why = append(why, fmt.Sprintf("the provider holds it as %q: do what the console asks for under Phone Numbers, Active numbers", n.Status))
	}
	if n.AddressNeeded != "" && n.AddressNeeded != "none" && n.AddressSID == "" && n.BundleSID == "" {
		why = append(why, fmt.Sprintf("it needs an address (requirement %q): add one in the console under Phone Numbers, Regulatory Compliance, "+
			"and assign it to the number", n.AddressNeeded))
	}
	if strings.HasSuffix(n.EmergencyAddress, "-failure") {
		why = append(why, fmt.Sprintf("its emergency address was refused (%s): correct it in the console under Phone Numbers, Active numbers, "+
			"the number, Emergency Calling", n.EmergencyAddress))
	}
	return why
}
