package config

import (
	"cmp"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// storeParameter has the values that a parameter of a database's address may have.
type storeParameter struct {
	check   func(string) bool // nil: any value
	instead string
	known   []string // all values that it can have; nil: see check
	file    bool     // names a file, relative to the configuration's folder
}

// systemRoots is the value of sslrootcert that means the authorities that the system knows.
const systemRoots = "system"

// storeParameters are the parameters that PostgreSQL's URLs have and that mean something here. Any other would go to the server as a setting of the
// session, which poolers refuse.
var storeParameters = map[string]storeParameter{
	"sslmode":        amongWords("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
	"sslrootcert":    {file: true},
	"sslcert":        {file: true},
	"sslkey":         {file: true},
	"sslnegotiation": amongWords("postgres", "direct"),
	"sslsni":         amongWords("0", "1"),

	"channel_binding":      amongWords("disable", "prefer", "require"),
	"target_session_attrs": amongWords("read-write", "primary", "any"),
	"connect_timeout":      wholeNumber(1, 60),
	"application_name":     {check: func(s string) bool { return len(s) <= 63 }, instead: "write a name of at most 63 characters"},
	"host":                 {check: func(s string) bool { return strings.HasPrefix(s, "/") }, instead: "write the folder of the server's socket, such as host=/run/postgresql; other hosts stand before the database"},

	"pool_max_conns":                wholeNumber(1, 1000),
	"pool_min_conns":                wholeNumber(0, 1000),
	"pool_min_idle_conns":           wholeNumber(0, 1000),
	"pool_max_conn_lifetime":        duration("1h"),
	"pool_max_conn_lifetime_jitter": duration("5m"),
	"pool_max_conn_idle_time":       duration("30m"),
	"pool_health_check_period":      duration("1m"),
}

// advice returns what to write instead of a value.
func (p storeParameter) advice(value string) string {
	if p.known != nil {
		return meant(value, p.known)
	}
	return p.instead
}

func amongWords(known ...string) storeParameter {
	return storeParameter{check: func(s string) bool { return slices.Contains(known, s) }, known: known}
}

func wholeNumber(low, high int) storeParameter {
	within := func(s string) bool {
		n, err := strconv.Atoi(s)
		return err == nil && n >= low && n <= high
	}
	return storeParameter{check: within, instead: "write a whole number from " + strconv.Itoa(low) + " to " + strconv.Itoa(high)}
}

func duration(like string) storeParameter {
	positive := func(s string) bool {
		d, err := time.ParseDuration(s)
		return err == nil && d > 0
	}
	return storeParameter{check: positive, instead: "write a time with its unit, such as " + like}
}

// parameters reads what comes after the ?.
func (r *storeReader) parameters(query string) url.Values {
	values := url.Values{}
	if query == "" {
		return values
	}
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		key, value = r.decoded(key, "parameters"), r.decoded(value, "parameters")
		rule, known := storeParameters[key]
		switch {
		case key == "password" || key == "user":
			r.reject("has the "+key+" among its parameters", "write it before the host: "+likeADatabase)
		case !known:
			r.reject("has a parameter that is not known here"+shownKey(key), meant(key, parameterNames()))
		case rule.check != nil && !rule.check(value) && strings.Contains(pair, markBegin): // which may be a secret in the wrong place
			r.reject("has a wrong "+key, rule.advice(value))
		case rule.check != nil && !rule.check(value):
			r.reject("has "+key+"="+quoted(value), rule.advice(value))
		}
		if rule.file && value != systemRoots {
			value = r.file(key, value)
		}
		values.Set(key, value)
	}
	return values
}

// file returns the path of a file that a parameter names.
func (r *storeReader) file(key, name string) string {
	if !filepath.IsAbs(name) {
		name = r.path(name)
	}
	if !r.offline {
		if _, err := ReadFile(name); err != nil {
			r.reject("names a file with "+key+" that cannot be read: "+err.Error(), "name one that the service's user can read")
		}
	}
	return name
}

// encoded returns parameters as a URL has them. PostgreSQL's programs take + for itself.
func encoded(parameters url.Values) string {
	if len(parameters) == 0 {
		return ""
	}
	return "?" + strings.ReplaceAll(parameters.Encode(), "+", "%20")
}

// shownKey returns the name of a parameter as a problem shows it. What is no word may be a part of a password.
func shownKey(key string) string {
	if keyWord.MatchString(key) {
		return ": " + key
	}
	return ""
}

func parameterNames() []string {
	var names []string
	for name := range storeParameters {
		names = append(names, name)
	}
	slices.SortFunc(names, cmp.Compare[string])
	return names
}

// knownParameters reports whether a query has known parameters alone.
func knownParameters(query string) bool {
	for pair := range strings.SplitSeq(query, "&") {
		key, _, _ := strings.Cut(pair, "=")
		if _, known := storeParameters[key]; !known {
			return false
		}
	}
	return true
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$`)

// hosts returns the hosts, each with its port if it has one. A folder of a socket becomes a parameter.
func (r *storeReader) hosts(written string, parameters url.Values) []string {
	written = unmarked(written, r.replaced)
	if folder, err := url.PathUnescape(written); err == nil && strings.HasPrefix(folder, "/") {
		parameters.Set("host", folder)
		return nil
	}
	if written == "" {
		if parameters.Get("host") == "" {
			r.reject("names no host", "write it like "+likeADatabase)
		}
		return nil
	}
	if strings.Contains(written, "@") {
		r.reject("has a user in what stands for its host", "write user and password on their own: "+likeADatabase)
		return nil
	}
	hosts := strings.Split(written, ",")
	for _, h := range hosts {
		if what, instead := wrongHost(h); what != "" {
			r.reject(what, instead)
			break // the others are likely wrong in the same way
		}
	}
	return hosts
}

// wrongHost returns what is wrong with a host and its port.
func wrongHost(written string) (what, instead string) {
	host, port := written, ""
	if i := strings.LastIndex(written, ":"); i > strings.LastIndex(written, "]") {
		host, port = written[:i], written[i+1:]
		if port == "" || port == "0" || !validPort(port) {
			return "has a port that does not exist", "write a number from 1 to 65535 after the host, usually :5432"
		}
	}
	bare, bracketed := strings.CutPrefix(host, "[")
	switch {
	case host == "":
		return "names no host", "write it like " + likeADatabase
	case bracketed && net.ParseIP(strings.TrimSuffix(bare, "]")) != nil:
	case strings.Count(host, ":") > 0:
		return "has more than one port, or an IPv6 address without brackets", "write host:5432, or [2001:db8::1]:5432"
	case !hostName.MatchString(host):
		return "has a character in its host that no host's name has", "write the name or the address of the host alone, such as db.example.com"
	}
	return "", ""
}

// secured notes that somebody on the way could read along.
func (r *storeReader) secured(hosts []string, mode string) {
	public := func(h string) bool { return !near(h) }
	if slices.Contains([]string{"", "disable", "allow", "prefer"}, mode) && slices.ContainsFunc(hosts, public) {
		r.notes = append(r.notes, remark{
			what:    "leaves it to the server whether the connection is encrypted, to a host that is not of this network",
			instead: "add ?sslmode=verify-full, and &sslrootcert=FILE if the certificate is of an authority of your own",
		})
	}
}

// near reports whether a host, with its port or without, is on this machine or its own network.
func near(host string) bool {
	if _, _, err := net.SplitHostPort(host); err != nil {
		host += ":5432"
	}
	return private(host)
}
