package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// A Store is where the log is kept: a file on this machine, or a database that speaks PostgreSQL's protocol. Printed, as text or JSON, it shows no
// password.
type Store struct {
	File string // as seen from the working directory; "" for a database
	URL  string `json:"-"` // of the database, with its password: postgres://user:password@host:5432/database?parameters
	// Unset names the environment variable that the store needs and that is not set. Only a configuration that was read offline has one, and such a
	// store cannot be opened.
	Unset string
}

// Missing returns an error where the store needs something that is not there: an environment variable, or a file with a certificate or a key.
func (s Store) Missing() error {
	if s.Unset != "" {
		return fmt.Errorf("store needs the environment variable %s, which is not set: export %s=..., or read the env file that the service is started with", s.Unset, s.Unset)
	}
	u, err := url.Parse(oneHost(s.URL))
	if err != nil {
		return nil // of a URL that the check did not see, the engine says it
	}
	for name, values := range u.Query() {
		if storeParameters[name].file && values[0] != systemRoots {
			if _, err := ReadFile(values[0]); err != nil {
				return fmt.Errorf("store names %s=%s, and %w: name a file that this user can read", name, values[0], err)
			}
		}
	}
	return nil
}

// IsDatabase reports whether the store is a database, which any number of processes share.
func (s Store) IsDatabase() bool { return s.File == "" }

// IsNear reports whether the store is on this machine or its own network.
func (s Store) IsNear() bool {
	for h := range strings.SplitSeq(hostsOf(s.URL), ",") {
		if h != "" && !near(h) {
			return false
		}
	}
	return true
}

// String returns the store as the configuration has it, without the password and the parameters of a database.
func (s Store) String() string {
	if !s.IsDatabase() {
		return "bolt:" + s.File
	}
	u, err := url.Parse(oneHost(s.URL))
	if err != nil || s.URL == "" {
		return "a database"
	}
	authority := hostsOf(s.URL)
	if name := u.User.Username(); name != "" {
		authority = url.User(name).String() + "@" + authority
	}
	return u.Scheme + "://" + cmp.Or(authority, u.Query().Get("host")) + u.EscapedPath()
}

// GoString keeps the password out of %#v as well.
func (s Store) GoString() string { return s.String() }

// hostsOf returns the hosts of a URL with their ports, as it has them.
func hostsOf(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	authority := rest[:endOf(rest, "/?#")]
	return authority[strings.LastIndex(authority, "@")+1:]
}

// oneHost returns a URL with its first host alone: net/url knows no list of hosts.
func oneHost(address string) string {
	hosts := hostsOf(address)
	first, _, several := strings.Cut(hosts, ",")
	if !several {
		return address
	}
	return strings.Replace(address, hosts, first, 1)
}

// endOf returns where the first of some characters is in a text, or the text's length.
func endOf(s, any string) int {
	if i := strings.IndexAny(s, any); i >= 0 {
		return i
	}
	return len(s)
}

// ParseStore reads a store that a person names outside of the configuration: bolt:FILE, the file seen from the working directory, or the URL of a
// database. The error names what is wrong and what to write instead, and never shows the text.
func ParseStore(text string) (Store, error) {
	r := storeReader{template: text, path: func(name string) string { return name }, inFile: true}
	s := r.read()
	if len(r.wrong) == 0 {
		return s, nil
	}
	var all []error
	for _, w := range r.wrong {
		all = append(all, fmt.Errorf("it %s: %s", w.what, w.instead))
	}
	return Store{}, errors.Join(all...)
}
