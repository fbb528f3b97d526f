package config

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// storeParameter is what a parameter of a database's address may be.
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
