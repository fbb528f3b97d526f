package config

import (
	"cmp"
	"net/url"
	"path/filepath"
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
