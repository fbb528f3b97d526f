package config

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

func (c *checker) console(f consoleFile, lines list[line]) console.Settings {
	s := console.Settings{
		Settings: signin.Settings{
			URL: c.consoleURL(f.URL), Proxies: c.proxies(f.Proxies), Idle: c.seconds(f.Idle, 60, 24*60*60), Session: c.seconds(f.Session, 60, 7*24*60*60),
			SSO: c.sso(f.SSO),
		},
		Permissions: users.Permissions{users.Viewer: c.granted(f.Permissions.Viewer), users.Operator: c.granted(f.Permissions.Operator)},
		TestLines:   c.testLines(f.TestLines, lines),
	}
	if f.SSO.At != (place{}) && s.URL == "" && f.URL.Value == "" {
		c.add(f.SSO.At, "console has sso and no url, so that the provider cannot send people back", "add url: https://console.example.com")
	}
	if s.Idle > s.Session && s.Session > 0 {
		what := "console has idle " + f.Idle.Value + ", and session " + f.Session.Value + " ends before that"
		c.add(either(f.Idle, f.Session), what, "write idle no longer than session")
	}
	return s
}

// consoleURL returns an address without a path: cookies and redirects of the console are for all of its host.
func (c *checker) consoleURL(t text) string {
	address := c.optionalURL(t)
	if u, err := url.Parse(address); err == nil && strings.Trim(u.Path, "/") != "" {
		c.wrong(t, "is "+quoted(t.Value)+", which has a path", "write it like https://console.example.com")
		return ""
	}
	return address
}

// thisMachine are the proxies where the file names none.
var thisMachine = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// proxies returns the addresses from which the word of a proxy is taken about where a visitor comes from.
func (c *checker) proxies(l list[text]) []netip.Prefix {
	if !l.Given {
		return slices.Clone(thisMachine)
	}
	return distinct(c, l, func(t text) (network netip.Prefix, shown string, ok bool) {
		if t.silent() {
			return network, "", false
		}
		network, err := netip.ParsePrefix(t.Value)
		if address, single := netip.ParseAddr(t.Value); single == nil {
			network, err = netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen()), nil
		}
		switch {
		case err != nil:
			c.wrong(t, "holds "+quoted(t.Value)+", which is not an address", "write an address or a network, such as 10.0.0.6 or 10.0.0.0/24")
		case network.Bits() == 0:
			c.wrong(t, "holds "+quoted(t.Value)+", which is everybody", "write the address of the proxy, such as 10.0.0.6")
			return network, "", false
		}
		return network.Masked(), quoted(t.Value), err == nil
	})
}

// granted returns permissions in the order of users.Grantable.
func (c *checker) granted(l list[text]) []users.Permission {
	admins := []users.Permission{users.ManageLines, users.ManageUsers, users.SeeAudit, users.UsePhone}
	named := distinct(c, l, func(t text) (permission users.Permission, shown string, ok bool) {
		permission, shown = users.Permission(t.Value), quoted(t.Value)
		switch {
		case t.silent():
		case slices.Contains(admins, permission):
			c.wrong(t, "holds "+shown+", which only admins have", "give the person the role admin, or leave it out")
		case !slices.Contains(users.Grantable(), permission):
			c.wrong(t, "holds "+shown+", which is not a permission", meant(t.Value, words(users.Grantable())))
		default:
			ok = true
		}
		return permission, shown, ok
	})
	return slices.DeleteFunc(users.Grantable(), func(p users.Permission) bool { return !slices.Contains(named, p) })
}

// testLines returns lines of the configuration, in their order there.
func (c *checker) testLines(l list[text], lines list[line]) []policy.Phone {
	var known []string
	for _, line := range lines.Items {
		known = append(known, line.Number.Value)
	}
	named := distinct(c, l, func(t text) (number, shown string, ok bool) {
		ok = slices.Contains(known, t.Value) && !t.silent()
		if !ok && !t.silent() {
			c.wrong(t, "holds "+quoted(t.Value)+", which is not a line", meant(t.Value, known))
		}
		return t.Value, quoted(t.Value), ok
	})
	var found []policy.Phone
	for _, number := range known {
		if slices.Contains(named, number) {
			found = append(found, policy.Phone(number))
		}
	}
	return found
}

// sso returns the identity provider, empty where the file has none. Its problems do not show the secret.
func (c *checker) sso(s sso) signin.SSO {
	if s.At == (place{}) {
		return signin.SSO{}
	}
	const shown = "write what the identity provider shows for this application"
	checked := signin.SSO{Issuer: c.issuer(s.Issuer), ClientID: s.ClientID.Value, ClientSecret: s.ClientSecret.Value, RoleClaim: s.RoleClaim.Value}
	c.sound(s.ClientID, nil, shown)
	c.credential(s.ClientSecret, secret, false, "the secret of this application, as the identity provider shows it")
	c.sound(s.RoleClaim, nil, shown)
	for _, t := range []text{s.Issuer, s.ClientID, s.ClientSecret} {
		if t.Given && t.Value == "" && !c.offline {
			c.wrong(t, "is empty", shown)
		}
	}
	if s.RoleClaim.Given && s.RoleClaim.Value == "" {
		c.wrong(s.RoleClaim, "is empty, so nobody has a role", "write the claim that names a person's groups, such as groups or realm_access.roles")
	}
	checked.Roles = c.groups(s.Roles)
	return checked
}

// issuer returns an identity provider's address exactly: a slash at its end is part of it.
func (c *checker) issuer(t text) string {
	if t.Value == "" || !c.sound(t, nil, "") || c.url(t) == "" {
		return ""
	}
	before, _, found := strings.Cut(t.Value, "/.well-known")
	switch {
	case found:
		c.wrong(t, "is "+quoted(t.Value)+", which is where the provider describes itself", "write "+before)
		return ""
	case strings.HasSuffix(t.Value, "/"):
		c.note(t.At, "issuer ends with a slash, and few providers call themselves so", "leave it out, unless \"supportline doctor\" says that it belongs there")
	}
	return t.Value
}

// groups returns the roles of groups. Two names of one group could mean two roles.
func (c *checker) groups(t table[text]) map[string]users.Role {
	if t.Given && len(t.Rows) == 0 {
		c.add(t.At, "roles names no group, so nobody can sign in by sso", "write roles: { support: operator }")
	}
	roles, seen := map[string]users.Role{}, map[string]string{}
	for _, r := range t.Rows {
		name := r.Key.Value
		key := signin.GroupKey(name)
		first, again := seen[key]
		switch {
		case key == "":
			c.add(r.Key.At, "roles has "+quoted(name)+", which is no group", "write the name of a group: roles: { support: operator }")
		case again:
			what := "roles has " + quoted(first) + " and " + quoted(name) + ", which are the same group: case and slashes at the ends do not count"
			c.add(r.Key.At, what, "keep one of the two")
		}
		seen[key] = name
		roles[name] = users.Role(c.oneOf(r.Value, "viewer", "operator", "admin"))
	}
	return roles
}
