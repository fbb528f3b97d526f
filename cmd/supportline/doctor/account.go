package doctor

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// configuration names what was read. It is right, else nothing would be examined; its voices were compared with the provider's list.
func (d *Doctor) configuration(context.Context) []Finding {
	lines := d.Conf.Settings.Lines
	found := []Finding{ok("configuration", "%s, version %s", control.Plural(len(lines), "line"), d.Conf.Settings.Version)}
	for _, l := range lines {
		found = append(found, ok("voice", "%s speaks %s on %s", l.Voice, l.Language, l.Number.Full()))
	}
	return found
}

// maxSkew is how far our clock may be off: the provider's times and ours meet in the log.
const maxSkew = 30 * time.Second

// credentials examines the account, how it is asked, and the provider's clock.
func (d *Doctor) credentials(ctx context.Context) []Finding {
	info, err := d.info(ctx)
	now := d.Now()
	if err != nil {
		return []Finding{d.uncredited(err)}
	}
	whose := "account"
	if info.OwnerSID != "" && info.OwnerSID != info.SID {
		whose = "subaccount"
	}
	return []Finding{
		ok("credentials", "%s of the %s %s (%s)", d.Account.Credentials(), whose, info.Name, info.SID),
		statusOfAccount(info), d.demoClock(clock(info.Date, now)),
	}
}

// uncredited returns why the account could not be looked at, and what rests on it.
func (d *Doctor) uncredited(err error) Finding {
	f := unasked("credentials", err)
	if statusFrom(err) == 0 && d.firsts.tells("numbers") {
		f.Found += "; without it nobody knows whether the auth token, the numbers and the specialists' countries are right"
	}
	return f
}

// demoClock adds to what was found of the clock that it is a demo's, with a time of its own.
func (d *Doctor) demoClock(f Finding) Finding {
	if d.shifted != 0 {
		f.Found += fmt.Sprintf("; this demo's clock has a time of its own: %s", d.Now().UTC().Format(time.DateTime))
	}
	return f
}

// unasked returns what to do when the provider refused to answer, or did not answer.
func unasked(check string, err error) Finding {
	switch statusFrom(err) {
	case 0:
		return wrong(check, "let this machine reach the provider's REST API (HTTPS out), and look at twilio.api_url, edge and region", "the provider could not be asked: %s", cause(err))
	case http.StatusUnauthorized:
		return wrong(check, "copy account_sid, and auth_token or api_key and api_secret, from the console again: Admin, Account management, API keys & "+
			"tokens; credentials of a region need twilio.region", "%v", err)
	case http.StatusForbidden:
		return wrong(check, "give the API key the rights of a standard key", "%v", err)
	case http.StatusNotFound:
		return wrong(check, "account_sid must be the account that the key was made in", "%v", err)
	}
	return wrong(check, "try again; https://status.twilio.com tells of failures", "%v", err)
}

func statusOfAccount(info twilio.AccountInfo) Finding {
	switch {
	case info.Status == "suspended":
		return wrong("account", "the console says why: mostly the balance; add funds under Billing", "the provider has suspended it: no call comes in")
	case info.Status != "active":
		return wrong("account", "use an account that is open", "it is %s: no call comes in", info.Status)
	case info.Type == "Trial":
		return warning("account", "upgrade it in the console under Billing before customers call",
			"it is a trial: callers hear a trial message first, only verified numbers can be rung, and calls end after 10 minutes")
	}
	return ok("account", "active, and not a trial")
}

func clock(theirs, ours time.Time) Finding {
	if theirs.IsZero() {
		return warning("clock", "compare this machine's clock by hand", "the provider's answer had no date")
	}
	skew := ours.Sub(theirs).Truncate(time.Second) // their clock is told in whole seconds
	direction := "ahead of"
	if skew < 0 {
		direction = "behind"
	}
	if skew.Abs() > maxSkew {
		return wrong("clock", "let this machine set its clock from the network: timedatectl set-ntp true",
			"it is %v %s the provider's", skew.Abs(), direction)
	}
	return ok("clock", "within %v of the provider's", maxSkew)
}

// token examines the auth token if an API key asks: webhooks are signed with the token alone.
func (d *Doctor) token(ctx context.Context) []Finding {
	if d.Signer == nil || d.unasked(ctx) {
		return nil
	}
	_, err := d.Signer.Info(ctx)
	switch {
	case statusFrom(err) == http.StatusUnauthorized:
		return []Finding{wrong("auth token", "copy auth_token from the console's first page, Account Info; the provider signs with the primary token",
			"the provider does not know it: every webhook would be refused")}
	case err != nil:
		return []Finding{unasked("auth token", err)}
	}
	return []Finding{ok("auth token", "the provider knows it")}
}

// rotation warns of a change of the auth token that is under way.
func (d *Doctor) rotation(context.Context) []Finding {
	if d.Conf.Twilio.NextAuthToken == "" {
		return nil
	}
	return []Finding{warning("token rotation", "\"supportline rotate-token promote\" goes on, and says what is to be done afterwards",
		"next_auth_token is set: requests signed with either token are accepted")}
}

// specialists examines whether the people of the teams can be rung: each country needs a permission of the account.
func (d *Doctor) specialists(ctx context.Context) (found []Finding) {
	countries, odd := d.countries()
	for _, number := range odd {
		whose := d.names([]string{number})
		if whose != number {
			whose = "the number of " + whose
		}
		found = append(found, warning("specialists", "write a number that rings somebody", "%s is in no range that is in use: is it made up?", whose))
	}
	if d.unasked(ctx) {
		return found
	}
	for _, country := range slices.Sorted(maps.Keys(countries)) {
		numbers := d.names(countries[country])
		switch allowed, err := d.Account.DialingAllowed(ctx, country); {
		case err != nil: // it would be the same for the others
			return append(found, unasked("specialists", err))
		case !allowed:
			found = append(found, wrong("specialists", "allow "+country+" in the console under Voice, Settings, Geo permissions",
				"the account may not ring %s (%s)", country, numbers))
		default:
			found = append(found, ok("specialists", "the account may ring %s (%s)", country, numbers))
		}
	}
	return found
}

// names returns who is at numbers, and the numbers where nobody is.
func (d *Doctor) names(numbers []string) string {
	names := make([]string, len(numbers))
	for i, number := range numbers {
		names[i] = d.Conf.Settings.WhoIsAt(number)
	}
	return strings.Join(names, ", ")
}

// countries returns the specialists' numbers by country, and those that no operator has. SIP addresses need no permission.
func (d *Doctor) countries() (by map[string][]string, odd []string) {
	by = map[string][]string{}
	for _, to := range d.rung() {
		number, err := phonenumbers.Parse(to.Full(), "ZZ")
		if err != nil {
			continue
		}
		country := phonenumbers.GetRegionCodeForNumber(number)
		if country == "" {
			country = phonenumbers.GetRegionCodeForCountryCode(int(number.GetCountryCode()))
		}
		if slices.Contains(by[country], to.Full()) {
			continue
		}
		by[country] = append(by[country], to.Full())
		if !phonenumbers.IsValidNumber(number) {
			odd = append(odd, to.Full())
		}
	}
	return by, odd
}

// rung returns the addresses that may be rung: those of the teams, then those of everybody, who may be on call by an override.
func (d *Doctor) rung() (all []policy.Phone) {
	s := d.Conf.Settings
	for _, name := range slices.Sorted(maps.Keys(s.Teams)) {
		for _, step := range s.Teams[name].Steps {
			for _, r := range s.MayReach(step.To) {
				all = append(all, r.Phone)
			}
		}
	}
	for _, p := range s.People {
		all = append(all, p.Phone)
	}
	return all
}
