package config

import (
	"net/url"
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

// remark is a sentence about a value, and the one to write instead.
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

func isDatabase(scheme string) bool { return scheme == "postgres" || scheme == "postgresql" }

var (
	keyWord = regexp.MustCompile(`^[a-z][a-z_]{1,40}$`)
	word    = regexp.MustCompile(`^[a-z][a-z0-9]{1,15}$`)
	tooFew  = regexp.MustCompile(`(?i)^postgres(ql)?(:/?[^/]|/)`)
	pairs   = regexp.MustCompile(`(?i)(^|\s)(host|dbname|user|password)\s*=`)
)

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
