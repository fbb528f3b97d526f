package config

import (
	"cmp"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/officernd/supportline/policy"
)

const (
	likeADatabase = "postgres://supportline:${STORE_PASSWORD}@db.example.com:5432/supportline"
	likeAStore    = "write bolt:data/supportline.db, or " + likeADatabase
)

// store checks where the log is kept. Its problems do not show the value, which may hold a password.
func (c *checker) store(t text) Store {
	r := storeReader{template: t.Template, replaced: t.Replaced, path: c.path, inFile: true, offline: c.offline}
	switch {
	case t.silent():
		return Store{}
	case !t.Given: // the default
		r.template = t.Value
	case t.Unset != "":
		if !r.fillIn() {
			return Store{Unset: t.Unset}
		}
	case len(t.Replaced) > 0 && !c.sound(t, nil, ""):
		return Store{}
	}
	s := r.read()
	s.Unset = t.Unset
	for _, w := range r.wrong {
		c.add(t.At, t.named(w.variable || !r.inFile)+" "+w.what, w.instead)
	}
	for _, n := range r.notes {
		c.note(t.At, t.named(!r.inFile)+" "+n.what, n.instead)
	}
	return s
}

// named returns the key, and the variable that the value comes from where that matters.
func (t text) named(variable bool) string {
	if variable {
		return t.origin()
	}
	return t.Key
}

// remark is what is to be said of a value, and what to write instead.
type remark struct {
	what, instead string
	variable      bool // what came from a variable is meant
}

// storeReader reads the value of store. What a reference to the environment stands for is a part of the address as it is: nothing in it has to be
// escaped, and it never becomes structure, unless the whole address comes from one variable.
type storeReader struct {
	template string
	replaced []string
	path     func(string) string // of a file that the value names
	inFile   bool                // the value stands in the file, password included
	offline  bool                // secrets may be empty
	wrong    []remark
	notes    []remark
}

func (r *storeReader) reject(what, instead string) {
	r.wrong = append(r.wrong, remark{what: what, instead: instead})
}

func (r *storeReader) rejectPassword(what, instead string) {
	r.wrong = append(r.wrong, remark{"has a password that " + what, instead, len(r.replaced) > 0})
}

func (r *storeReader) value() string { return unmarked(r.template, r.replaced) }

// fillIn puts something in the place of variables that are not set, so that the rest can be checked. It returns false where too much depends on
// them: only in the user and the password anything can stand.
func (r *storeReader) fillIn() bool {
	_, rest, address := strings.Cut(r.template, "://")
	if !address || strings.Contains(rest[strings.LastIndex(rest, "@")+1:], markBegin) {
		return false
	}
	r.replaced = slices.Repeat([]string{"unset"}, len(r.replaced))
	return true
}

func (r *storeReader) read() Store {
	if file, bolt := strings.CutPrefix(r.value(), "bolt:"); bolt {
		if file == "" || strings.HasSuffix(file, "/") {
			r.reject("is neither a file nor a database", likeAStore)
		}
		return Store{File: r.path(file)}
	}
	if !strings.Contains(r.template, "://") && len(r.replaced) > 0 {
		r.template, r.replaced, r.inFile = r.value(), nil, false
	}
	scheme, rest, _ := strings.Cut(r.template, "://")
	if scheme = strings.ToLower(scheme); !isDatabase(scheme) || rest == "" {
		r.reject(otherScheme(r.template, scheme))
		return Store{}
	}
	return Store{URL: r.database(rest)}
}

// database reads what comes after postgres://, and returns the URL in a form that every reader of such URLs takes.
func (r *storeReader) database(rest string) string {
	authority, path, query := r.split(rest)
	if len(r.wrong) > 0 {
		return ""
	}
	parameters := r.parameters(query)
	user := ""
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		user = r.user(authority[:at])
		authority = authority[at+1:]
	}
	hosts := r.hosts(authority, parameters)
	if len(hosts) > 1 && parameters.Get("target_session_attrs") == "" {
		parameters.Set("target_session_attrs", "read-write") // the one that takes writes, whichever it is
	}
	name := r.decoded(strings.Trim(path, "/"), "database's name")
	switch {
	case name == "":
		r.reject("names no database", "write its name at the end: /supportline")
	case strings.Contains(name, "/"):
		r.reject("has a / in the name of its database", "write /supportline at the end")
	}
	r.secured(hosts, parameters.Get("sslmode"))
	return "postgres://" + user + strings.Join(hosts, ",") + "/" + url.PathEscape(name) + encoded(parameters)
}

// split returns the parts of an address. In one whose password has a /, ? or # the authority ends too early.
func (r *storeReader) split(rest string) (authority, path, query string) {
	end := endOf(rest, "/?#")
	authority, path = rest[:end], rest[end:]
	path, query, _ = strings.Cut(path, "?")
	switch known := knownParameters(query); {
	case !strings.Contains(authority, "@") && (strings.Contains(path, "@") || strings.Contains(query, "@") && !known):
		r.reject("has a /, ? or # in its user or password, which ends them",
			"write / as %2F, ? as %3F and # as %23, or take the password from ${STORE_PASSWORD}, where nothing has to be escaped")
	case strings.Contains(rest, "#"):
		r.reject("has a # in it, which begins what no database is told", "write it as %23")
	}
	return authority, path, query
}

// user returns the user and the password, escaped.
func (r *storeReader) user(written string) string {
	name, password, has := strings.Cut(written, ":")
	if r.inFile && has && password != "" && !strings.Contains(password, markBegin) {
		r.notes = append(r.notes, remark{what: "has its password in clear in the file", instead: "write ${STORE_PASSWORD} in its place, and set that variable"})
	}
	name = r.decoded(name, "user")
	if !has {
		return url.User(name).String() + "@"
	}
	password = r.decoded(password, "password")
	switch what, instead := oddity(password, ""); {
	case what != "":
		r.rejectPassword(what, instead)
	case password == "" && !r.offline:
		r.rejectPassword("is empty", "set the variable to it, or write no : after the user where none is needed")
	}
	return url.UserPassword(name, password).String() + "@"
}

// decoded returns a part of the address without its escapes, and with what its references stand for.
func (r *storeReader) decoded(part, noun string) string {
	plain, err := url.PathUnescape(part)
	if err != nil {
		r.reject("has a % in its "+noun+" that begins no escape", "write % itself as %25")
		return part
	}
	return unmarked(plain, r.replaced)
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

func isDatabase(scheme string) bool { return scheme == "postgres" || scheme == "postgresql" }

var (
	keyWord = regexp.MustCompile(`^[a-z][a-z_]{1,40}$`)
	word    = regexp.MustCompile(`^[a-z][a-z0-9]{1,15}$`)
	tooFew  = regexp.MustCompile(`(?i)^postgres(ql)?(:/?[^/]|/)`)
	pairs   = regexp.MustCompile(`(?i)(^|\s)(host|dbname|user|password)\s*=`)
)

// shownKey returns the name of a parameter as a problem shows it. What is no word may be a part of a password.
func shownKey(key string) string {
	if keyWord.MatchString(key) {
		return ": " + key
	}
	return ""
}

// otherScheme returns what is wrong with an address that is no database's.
func otherScheme(address, scheme string) (what, instead string) {
	switch near := policy.Nearest(scheme, []string{"postgres", "postgresql"}, 3); {
	case address == "":
		return "is empty", likeAStore
	case isDatabase(scheme):
		return "names no host and no database", "write it like " + likeADatabase
	case tooFew.MatchString(address):
		return "lacks a slash or the colon after postgres", "write postgres://, and then user, password, host and database: " + likeADatabase
	case pairs.MatchString(address) && !strings.Contains(address, "://"):
		return "is a list of settings, and no address", "write it as one: " + likeADatabase
	case scheme == "jdbc:postgresql" || scheme == "jdbc:postgres":
		return "is an address for Java programs", "write it like " + likeADatabase
	case slices.Contains([]string{"cockroachdb", "cockroach", "crdb", "yugabytedb", "yugabyte", "pgx", "psql", "pg"}, scheme):
		return "begins with " + scheme + "://", "write postgres:// instead"
	case strings.Contains(address, "://") && word.MatchString(scheme) && near != "":
		return "begins with " + scheme + "://", "write " + near + ":// instead"
	case strings.Contains(address, "://") && word.MatchString(scheme):
		return "is of the kind " + scheme + "://, which is no file and no PostgreSQL database", likeAStore
	}
	return "is neither a file nor a database", likeAStore
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
