package console

import (
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// Settings are the company's decisions about the console, checked.
type Settings struct {
	// URL is where people reach the console through a proxy with TLS: https, no trailing slash, no path. Empty: straight, over plain http.
	URL         string
	Idle        time.Duration // a session without a page ends after so long
	Session     time.Duration // every session ends after so long
	Permissions users.Permissions
	TestLines   []policy.Phone // that an admin may call from the console; in a demo, all may be
	SSO         SSO
}

// SSO is single sign-on with an OpenID Connect provider; without an Issuer there is none. Printing it leaves the secret out.
type SSO struct {
	Issuer       string // its address, exactly as the provider calls itself
	ClientID     string
	ClientSecret string `json:"-"`
	RoleClaim    string // the claim that names a person's groups, a text or a list of texts
	// Roles give each group a role. A person has the highest of their groups, and no way in without one.
	Roles map[string]users.Role
}

// String keeps the secret out of logs.
func (s SSO) String() string { return s.Issuer }

// GoString keeps the secret out of %#v as well.
func (s SSO) GoString() string { return s.String() }

// secure says that cookies travel over TLS alone.
func (s Settings) secure() bool { return strings.HasPrefix(s.URL, "https://") }
