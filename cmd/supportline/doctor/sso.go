package doctor

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/officernd/supportline/console/signin"
)

// sso examines the identity provider, if people sign in at one: how it describes itself, and what is to be registered there. Whether it knows the
// client's secret can only be seen at a sign-in.
func (d *Doctor) sso(ctx context.Context) []Finding {
	const check = "single sign-on"
	issuer := d.Conf.Console.SSO.Issuer
	if issuer == "" {
		return nil
	}
	var found []Finding
	if description, failed := d.description(ctx, check, issuer); failed != nil {
		found = append(found, *failed)
	} else if found = describedProblems(check, issuer, description); len(found) == 0 {
		found = append(found, ok(check, "%s describes itself, and has what is needed", issuer))
	}
	return append(found, ok(check, "the redirect address to register there, to the letter: %s%s", d.Conf.Console.URL, signin.BackPath))
}

// description fetches the description of an issuer's provider, or returns why there is none.
func (d *Doctor) description(ctx context.Context, check, issuer string) (description signin.Description, failed *Finding) {
	fail := func(f Finding) (signin.Description, *Finding) { return signin.Description{}, &f }
	const fix = "write console.sso.issuer as the provider shows it, the part before /.well-known/openid-configuration"
	address := signin.DescriptionURL(issuer)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fail(wrong(check, fix, "%v", err))
	}
	got, err := d.ask(r)
	switch {
	case err != nil:
		return fail(wrong(check, "let this machine reach it (HTTPS out), or correct console.sso.issuer", "%v", err))
	case got.status >= http.StatusInternalServerError:
		return fail(wrong(check, "try again in a minute, or ask those who run it", "%s answers %d", address, got.status))
	case got.status != http.StatusOK:
		return fail(wrong(check, fix, "%s answers %d", address, got.status))
	}
	if description, err = signin.ParseDescription(got.body); err != nil {
		return fail(wrong(check, fix, "%s: %v", address, err))
	}
	return description, nil
}

// describedProblems returns what a sign-in would miss in a description.
func describedProblems(check, issuer string, d signin.Description) (found []Finding) {
	if err := d.Check(issuer); err != nil {
		fix := "ask those who run the provider: its description must name this address"
		if d.Issuer != issuer && d.Issuer != "" {
			fix = "write console.sso.issuer: " + d.Issuer + ", if that is your company's provider"
		}
		found = append(found, wrong(check, fix, "%v", err))
	}
	if len(d.ResponseTypes) > 0 && !slices.Contains(d.ResponseTypes, "code") {
		const fix = "allow the code flow (response type code) at the provider"
		found = append(found, wrong(check, fix, "it lists %s, and not the code flow", strings.Join(d.ResponseTypes, ", ")))
	}
	switch {
	case len(d.Challenges) == 0:
		found = append(found, warning(check, "nothing, if people can sign in: some providers know PKCE and do not list it", "it does not list PKCE with S256"))
	case !slices.Contains(d.Challenges, "S256"):
		found = append(found, wrong(check, "allow PKCE with S256 at the provider", "it lists PKCE with %s, and not with S256", strings.Join(d.Challenges, ", ")))
	}
	if len(d.Signatures()) == 0 {
		const fix = "let it sign ID tokens with RS256, or another key of its own"
		found = append(found, wrong(check, fix, "it signs ID tokens with %s alone", strings.Join(d.Algorithms, ", ")))
	}
	return found
}
