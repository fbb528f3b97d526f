package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/officernd/supportline/twilio"
)

// configuration says what was read. It is right, else nothing else would be looked at; voices were held against the provider's list.
func (d *doctor) configuration(context.Context) []finding {
	lines := d.conf.Settings.Lines
	found := []finding{ok("configuration", "%s, version %s", plural(len(lines), "line"), d.conf.Settings.Version)}
	for _, l := range lines {
		found = append(found, ok("voice", "%s speaks %s on %s", l.Voice, l.Language, l.Number.Full()))
	}
	return found
}

// maxSkew is how far our clock may be off: the provider's times and ours meet in the log.
const maxSkew = 30 * time.Second

// credentials looks at the account, at how it is asked, and at the provider's clock.
func (d *doctor) credentials(ctx context.Context) []finding {
	info, err := d.account.Info(ctx)
	now := d.now()
	if err != nil {
		return []finding{unasked("credentials", err)}
	}
	whose := "account"
	if info.OwnerSID != "" && info.OwnerSID != info.SID {
		whose = "subaccount"
	}
	return []finding{
		ok("credentials", "%s of the %s %s (%s)", d.account.Credentials(), whose, info.Name, info.SID),
		statusOfAccount(info), clock(info.Date, now),
	}
}

// unasked is what to do when the provider refused to answer, or did not.
func unasked(check string, err error) finding {
	var refused *twilio.Err
	errors.As(err, &refused)
	switch {
	case refused == nil:
		return wrong(check, "let this machine reach the provider's REST API (HTTPS out), and look at twilio.api_url, edge and region", "%v", err)
	case refused.Status == http.StatusUnauthorized:
		return wrong(check, "copy account_sid, and auth_token or api_key and api_secret, from the console again: Admin, Account management, API keys & "+
			"tokens; credentials of a region need twilio.region", "%v", err)
	case refused.Status == http.StatusForbidden:
		return wrong(check, "give the API key the rights of a standard key", "%v", err)
	case refused.Status == http.StatusNotFound:
		return wrong(check, "account_sid must be the account that the key was made in", "%v", err)
	}
	return wrong(check, "try again; https://status.twilio.com tells of failures", "%v", err)
}

func statusOfAccount(info twilio.AccountInfo) finding {
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

func clock(theirs, ours time.Time) finding {
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

// token looks at the auth token, where something else is used for asking: webhooks are signed with it and nothing else.
func (d *doctor) token(ctx context.Context) []finding {
	if d.signer == nil {
		return nil
	}
	_, err := d.signer.Info(ctx)
	var refused *twilio.Err
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusUnauthorized:
		return []finding{wrong("auth token", "copy auth_token from the console's first page, Account Info; the provider signs with the primary token",
			"the provider does not know it: every webhook would be refused")}
	case err != nil:
		return []finding{unasked("auth token", err)}
	}
	return []finding{ok("auth token", "the provider knows it")}
}

// rotation warns of a change of the auth token that is under way.
func (d *doctor) rotation(context.Context) []finding {
	if d.conf.Twilio.NextAuthToken == "" {
		return nil
	}
	return []finding{warning("token rotation", "\"supportline rotate-token promote\" goes on, and says what is to be done afterwards",
		"next_auth_token is set: requests signed with either token are accepted")}
}

// numbers sees the lines as provision does.
func (d *doctor) numbers(ctx context.Context) (found []finding) {
	owned, err := d.account.Numbers(ctx)
	if err != nil {
		return []finding{unasked("numbers", err)}
	}
	wanted := wantedNumbers(d.conf)
	plans, others := twilio.Plan(wanted, owned)
	for _, plan := range plans {
		found = append(found, planned(plan)...)
	}
	for _, n := range others {
		if (provision{wanted: wanted}).callsUs(n) {
			found = append(found, warning("numbers", "add it to lines, or send its calls elsewhere",
				"%s is no line of the configuration, and its calls come to us", n.Number))
		}
	}
	return found
}

func planned(plan twilio.NumberPlan) (found []finding) {
	name := fmt.Sprintf("%s %s", plan.Number, plan.Name)
	switch {
	case plan.Missing():
		return []finding{wrong("numbers", "buy it in the console under Phone Numbers, Buy a number, or take the line out of the configuration",
			"%s is not in the account", name)}
	case plan.Done():
		return []finding{ok("numbers", "%s is as it should be", name)}
	}
	for _, d := range plan.Differences {
		found = append(found, wrong("numbers", "supportline provision --apply",
			"%s: %s is %s and should be %s", name, d.Setting, orNothing(d.Is), orNothing(d.Want)))
	}
	for _, why := range plan.Blocked {
		what, fix, _ := strings.Cut(why, ": ")
		found = append(found, wrong("numbers", fix, "%s: %s", name, what))
	}
	return found
}

// specialists looks whether the people of the teams can be rung: each country needs a permission of the account.
func (d *doctor) specialists(ctx context.Context) (found []finding) {
	countries, odd := d.countries()
	for _, number := range odd {
		found = append(found, warning("specialists", "write a number that rings somebody", "%s is in no range that is in use: is it made up?", number))
	}
	for _, country := range slices.Sorted(maps.Keys(countries)) {
		numbers := strings.Join(countries[country], ", ")
		switch allowed, err := d.account.DialingAllowed(ctx, country); {
		case err != nil:
			found = append(found, unasked("specialists", err))
		case !allowed:
			found = append(found, wrong("specialists", "allow "+country+" in the console under Voice, Settings, Geo permissions",
				"the account may not ring %s (%s)", country, numbers))
		default:
			found = append(found, ok("specialists", "the account may ring %s (%s)", country, numbers))
		}
	}
	return found
}

// countries are the specialists' numbers by country, and those that no operator has. SIP addresses need no permission.
func (d *doctor) countries() (by map[string][]string, odd []string) {
	by = map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(d.conf.Settings.Teams)) {
		for _, step := range d.conf.Settings.Teams[name].Steps {
			for _, to := range step.To {
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
		}
	}
	return by, odd
}
