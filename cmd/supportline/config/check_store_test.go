package config_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/cmd/supportline/config"
)

const (
	likeADatabase = "postgres://supportline:${STORE_PASSWORD}@db.example.com:5432/supportline"
	likeAStore    = "write bolt:data/supportline.db, or " + likeADatabase
)

// stored reads a configuration with a store.
func stored(t *testing.T, store string, o config.Options, pairs ...string) (config.Config, []string) {
	t.Helper()
	return parse(changed(t, "store: bolt:data/supportline.db", "store: "+store), env(pairs...), o)
}

// TestStoreIsAFileOrADatabase: what is taken, and the address that it is opened by.
func TestStoreIsAFileOrADatabase(t *testing.T) {
	for _, row := range []struct {
		name, store string
		env         []string
		want        config.Store
		shown       string
	}{
		{"a file", "bolt:data/supportline.db", nil, config.Store{File: "data/supportline.db"}, "bolt:data/supportline.db"},
		{"a file elsewhere", "bolt:/srv/log.db", nil, config.Store{File: "/srv/log.db"}, "bolt:/srv/log.db"},
		{
			"a database", "postgres://supportline:${PW}@db:5432/log",
			[]string{"PW", "hush"},
			config.Store{URL: "postgres://supportline:hush@db:5432/log"},
			"postgres://supportline@db:5432/log",
		},
		{"its other name", "postgresql://db/log", nil, config.Store{URL: "postgres://db/log"}, "postgres://db/log"},
		{"in capitals", "POSTGRES://db/log", nil, config.Store{URL: "postgres://db/log"}, "postgres://db/log"},
		{
			"a password with everything in it", "postgres://me:${PW}@db/log",
			[]string{"PW", "p@s:s/w?o#r%d%40+&é"},
			config.Store{URL: "postgres://me:p%40s%3As%2Fw%3Fo%23r%25d%2540+&%C3%A9@db/log"},
			"postgres://me@db/log",
		},
		{
			"escapes in what is written", "postgres://me%40here:${PW}@db/my%20log",
			[]string{"PW", "x"},
			config.Store{URL: "postgres://me%40here:x@db/my%20log"},
			"postgres://me%40here@db/my%20log",
		},
		{
			"the whole address from one variable", "${DATABASE_URL}",
			[]string{"DATABASE_URL", "postgres://me:p%40ss@db.internal:6432/log?sslmode=require"},
			config.Store{URL: "postgres://me:p%40ss@db.internal:6432/log?sslmode=require"},
			"postgres://me@db.internal:6432/log",
		},
		{
			"each part from a variable", "postgres://${U}:${PW}@${H}:${P}/${D}?sslmode=${M}",
			[]string{"U", "me", "PW", "x", "H", "db", "P", "5433", "D", "my log", "M", "require"},
			config.Store{URL: "postgres://me:x@db:5433/my%20log?sslmode=require"},
			"postgres://me@db:5433/my%20log",
		},
		{
			"several hosts, of which one takes writes", "postgres://me:${PW}@a:5432,b:5433/log?pool_max_conns=20",
			[]string{"PW", "x"},
			config.Store{URL: "postgres://me:x@a:5432,b:5433/log?pool_max_conns=20&target_session_attrs=read-write"},
			"postgres://me@a:5432,b:5433/log",
		},
		{"an address of version 6", "postgres://[2001:db8::1]:5432/log?sslmode=require", nil, config.Store{URL: "postgres://[2001:db8::1]:5432/log?sslmode=require"}, "postgres://[2001:db8::1]:5432/log"},
		{"a socket", "postgres://me@/log?host=/run/postgresql", nil, config.Store{URL: "postgres://me@/log?host=%2Frun%2Fpostgresql"}, "postgres://me@/log"},
		{"a socket as PostgreSQL's programs write it", "postgres://me@%2Frun%2Fpostgresql/log", nil, config.Store{URL: "postgres://me@/log?host=%2Frun%2Fpostgresql"}, "postgres://me@/log"},
		{
			"a certificate beside the configuration", "postgres://db/log?sslmode=verify-full&sslrootcert=testdata/ca.pem&application_name=phone%20line", nil,
			config.Store{URL: "postgres://db/log?application_name=phone%20line&sslmode=verify-full&sslrootcert=testdata%2Fca.pem"},
			"postgres://db/log",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, problems := stored(t, row.store, config.Options{}, row.env...)
			if diff := cmp.Diff([]string{}, problems); diff != "" {
				t.Fatal(diff)
			}
			if diff := cmp.Diff(row.want, got.Store); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got.Store.String() != row.shown {
				t.Errorf("shown as %s, want %s", got.Store, row.shown)
			}
		})
	}
}

func TestStoreOfAnotherKind(t *testing.T) {
	row := func(name, written, want string) mistake {
		return one(name, "store: bolt:data/supportline.db", "store: ^"+written, "store "+want)
	}
	const escape = "has a /, ? or # in its user or password, which ends them; " +
		"write / as %2F, ? as %3F and # as %23, or take the password from ${STORE_PASSWORD}, where nothing has to be escaped"
	check(t, []mistake{
		row("another database, its password unsaid", "mysql://root:secret@host/x", "is of the kind mysql://, which is no file and no PostgreSQL database; "+likeAStore),
		row("a file without a name", `"bolt:"`, "is neither a file nor a database; "+likeAStore),
		row("a folder", "bolt:data/", "is neither a file nor a database; "+likeAStore),
		row("a path alone", "data/supportline.db", "is neither a file nor a database; "+likeAStore),
		row("nothing", `""`, "is empty; "+likeAStore),
		row("a slash too few", "postgres:/me@db/log", "lacks a slash or the colon after postgres; write postgres://, and then user, password, host and database: "+likeADatabase),
		row("both slashes forgotten", "postgres:me@db/log", "lacks a slash or the colon after postgres; write postgres://, and then user, password, host and database: "+likeADatabase),
		row("the colon forgotten", "postgresql//me@db/log", "lacks a slash or the colon after postgres; write postgres://, and then user, password, host and database: "+likeADatabase),
		row("a scheme misspelled", "postgress://me@db/log", "begins with postgress://; write postgres:// instead"),
		row("a sister's scheme", "cockroachdb://me@db/log", "begins with cockroachdb://; write postgres:// instead"),
		row("Java's", "jdbc:postgresql://db/log", "is an address for Java programs; write it like "+likeADatabase),
		row("settings", "host=db user=me password=hush dbname=log", "is a list of settings, and no address; write it as one: "+likeADatabase),
		row("a scheme alone", "postgres://", "names no host and no database; write it like "+likeADatabase),
		row("no host", "postgres://me@/log", "names no host; write it like "+likeADatabase),
		row("no database", "postgres://me@db:5432", "names no database; write its name at the end: /supportline"),
		row("no database after the slash", "postgres://me@db:5432/?sslmode=require", "names no database; write its name at the end: /supportline"),
		row("a path", "postgres://me@db/log/public", "has a / in the name of its database; write /supportline at the end"),
		row("a port of letters", "postgres://me@db:psql/log", "has a port that does not exist; write a number from 1 to 65535 after the host, usually :5432"),
		row("a port too high", "postgres://me@db:70000/log", "has a port that does not exist; write a number from 1 to 65535 after the host, usually :5432"),
		row("no port after the colon", "postgres://me@db:/log", "has a port that does not exist; write a number from 1 to 65535 after the host, usually :5432"),
		row("a bare address of version 6", "postgres://me@2001:db8::1/log", "has more than one port, or an IPv6 address without brackets; write host:5432, or [2001:db8::1]:5432"),
		row("an odd host", "postgres://me@d*b/log", "has a character in its host that no host's name has; write the name or the address of the host alone, such as db.example.com"),
		row("an empty host of several", "postgres://me@a,,b/log", "names no host; write it like "+likeADatabase),
		row("sslmode misspelled", "postgres://me@db/log?sslmode=verifyfull", `has sslmode="verifyfull"; write verify-full`),
		row("sslmode of another world", "postgres://me@db/log?sslmode=true", `has sslmode="true"; write disable, allow, prefer, require, verify-ca or verify-full`),
		row("a parameter misspelled", "postgres://me@db/log?ssl_mode=require", "has a parameter that is not known here: ssl_mode; write sslmode"),
		row("no connections", "postgres://me@db/log?pool_max_conns=0", `has pool_max_conns="0"; write a whole number from 1 to 1000`),
		row("a time without a unit", "postgres://me@db/log?pool_max_conn_lifetime=30", `has pool_max_conn_lifetime="30"; write a time with its unit, such as 1h`),
		row("a certificate that is not there", "postgres://me@db/log?sslrootcert=nowhere.pem", "names a file with sslrootcert that cannot be read: there is no such file; name one that the service's user can read"),
		row("a standby", "postgres://me@db/log?target_session_attrs=standby", `has target_session_attrs="standby"; write read-write, primary or any`),
		row("a password among the parameters", "postgres://me@db/log?password=hush", "has the password among its parameters; write it before the host: "+likeADatabase),
		row("a slash in the password", "postgres://me:hu/sh@db/log", escape),
		row("a slash after a number in the password", "postgres://me:12/sh@db/log", escape),
		row("a question mark in the password", "postgres://me:12?sh@db/log", escape),
		row("a hash in the password", `"postgres://me:12#sh@db/log"`, escape),
		row("a hash at the end", `"postgres://me@db/log#main"`, "has a # in it, which begins what no database is told; write it as %23"),
		row("a percent in the password", "postgres://me:hu%sh@db/log", "has a % in its password that begins no escape; write % itself as %25"),
		{
			"everything at once",
			[]string{"store: bolt:data/supportline.db", "store: ^^^postgres://me@db:0/?sslmode=no"},
			[]string{
				`store has sslmode="no"; write disable, allow, prefer, require, verify-ca or verify-full`,
				"store has a port that does not exist; write a number from 1 to 65535 after the host, usually :5432",
				"store names no database; write its name at the end: /supportline",
			},
		},
	})
}

// TestPasswordOfTheStoreIsChecked: what came along on its way into the environment is found in it.
func TestPasswordOfTheStoreIsChecked(t *testing.T) {
	for _, row := range []struct{ name, store, value, want string }{
		{"quotes", "postgres://me:${PW}@db/log", `"hush"`, "has a password that has quotation marks around it; write it without them: env files keep quotation marks as part of the value"},
		{"a line end", "postgres://me:${PW}@db/log", "hush\n", "has a line end in it; write the value alone; a file with Windows line ends leaves one after each value"},
		{"a blank", "postgres://me:${PW}@db/log", "hush ", "has a password that begins or ends with a blank; write it without"},
		{"nothing", "postgres://me:${PW}@db/log", "", "has a password that is empty; set the variable to it, or write no : after the user where none is needed"},
		{"quotes around the whole", "${PW}", `"postgres://me:hush@db/log"`, "has quotation marks around it; write it without them: env files keep quotation marks as part of the value"},
		{"another database", "${PW}", "mysql://me:hush@db/log", "is of the kind mysql://, which is no file and no PostgreSQL database; " + likeAStore},
		{"nothing at all", "${PW}", "", "is empty; " + likeAStore},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, got := stored(t, row.store, config.Options{}, "PW", row.value)
			want := []string{"supportline.yaml:19:8: store (environment variable PW) " + row.want}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if strings.Contains(strings.Join(got, ""), "hush") {
				t.Errorf("the password is shown: %s", got)
			}
		})
	}
}

// TestVariablesAreNoStructure: what a variable brings into a part of the address stays in that part.
func TestVariablesAreNoStructure(t *testing.T) {
	for store, want := range map[string]string{
		"postgres://${PART}/log":               "store has a user in what stands for its host; write user and password on their own: " + likeADatabase,
		"postgres://me@db/${PART}":             "store has a / in the name of its database; write /supportline at the end",
		"postgres://me@db/log?sslmode=${PART}": "store has a wrong sslmode; write disable, allow, prefer, require, verify-ca or verify-full",
	} {
		_, got := stored(t, store, config.Options{}, "PART", "me:x@db/log")
		if diff := cmp.Diff([]string{"supportline.yaml:19:8: " + want}, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", store, diff)
		}
	}
}

// TestStoreIsNoted: what works, and is better otherwise.
func TestStoreIsNoted(t *testing.T) {
	for _, row := range []struct {
		name, store string
		want        []string
	}{
		{"a password in the file", "postgres://me:hush@db/log", []string{
			"supportline.yaml:19:8: note: store has its password in clear in the file; write ${STORE_PASSWORD} in its place, and set that variable",
		}},
		{"a default that is in the file", "postgres://me:${NOT_THERE:-hush}@db/log", []string{
			"supportline.yaml:19:8: note: store has its password in clear in the file; write ${STORE_PASSWORD} in its place, and set that variable",
		}},
		{"to a host far away", "postgres://me:${PW}@db.example.com/log", []string{
			"supportline.yaml:19:8: note: store leaves it to the server whether the connection is encrypted, to a host that is not of this network; " +
				"add ?sslmode=verify-full, and &sslrootcert=FILE if the certificate is of an authority of your own",
		}},
		{"encrypted", "postgres://me:${PW}@db.example.com/log?sslmode=verify-full", nil},
		{"on this network", "postgres://me:${PW}@10.0.0.7:5432/log", nil},
		{"on this machine", "postgres://me:${PW}@localhost/log", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, problems := stored(t, row.store, config.Options{}, "PW", "hush")
			if diff := cmp.Diff([]string{}, problems); diff != "" {
				t.Fatal(diff)
			}
			if diff := cmp.Diff(append([]string{}, row.want...), problemLines(got.Notes)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestStoreWithoutItsVariable: offline it is checked as far as it can be, and never opened.
func TestStoreWithoutItsVariable(t *testing.T) {
	const missing = "store needs the environment variable PW, which is not set: export PW=..., or read the env file that the service is started with"
	for _, store := range []string{"postgres://me:${PW}@db/log", "${PW}", "postgres://me@${PW}:5432/log"} {
		got, problems := stored(t, store, config.Options{Offline: true})
		if len(problems) > 0 {
			t.Errorf("%s: %s", store, problems)
		}
		if err := got.Store.Missing(); err == nil || err.Error() != missing {
			t.Errorf("%s: %v, want %s", store, err, missing)
		}
	}
	_, got := stored(t, "postgres://me:${PW}@db/log?sslmode=yes", config.Options{Offline: true})
	want := []string{`supportline.yaml:19:8: store has sslmode="yes"; write disable, allow, prefer, require, verify-ca or verify-full`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	_, got = stored(t, "postgres://me:${PW}@db/log", config.Options{})
	want = []string{"supportline.yaml:19:8: store needs the environment variable PW, which is not set; export PW=..., or write that line into the env file that the service is started with"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestStoreWithoutItsCertificate is not opened either.
func TestStoreWithoutItsCertificate(t *testing.T) {
	got, problems := stored(t, "postgres://me@a,b/log?sslmode=verify-full&sslrootcert=nowhere.pem", config.Options{Offline: true})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	const missing = "store names sslrootcert=nowhere.pem, and there is no such file: name a file that this user can read"
	if err := got.Store.Missing(); err == nil || err.Error() != missing {
		t.Errorf("%v, want %s", err, missing)
	}
	if got, _ := stored(t, "postgres://me@a,b/log?sslmode=verify-full&sslrootcert=system", config.Options{}); got.Store.Missing() != nil {
		t.Error(got.Store.Missing())
	}
}

// TestStoreShowsNoPassword however it is printed.
func TestStoreShowsNoPassword(t *testing.T) {
	conf, problems := stored(t, "postgres://me:${PW}@a,b/log?sslmode=require", config.Options{}, "PW", "hush")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	text, err := json.Marshal(conf.Store)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprint(conf.Store), fmt.Sprintf("%+v", conf.Store), fmt.Sprintf("%#v", conf.Store), fmt.Sprintf("%+v", &conf), string(text)} {
		if strings.Contains(shown, "hush") {
			t.Error("the password is shown:", shown)
		}
	}
}

// TestStoreNamedByAPerson is read as the configuration reads it, and a path is the person's own.
func TestStoreNamedByAPerson(t *testing.T) {
	got, err := config.ParseStore("bolt:" + filepath.Join("data", "copy.db"))
	if err != nil || got.File != filepath.Join("data", "copy.db") {
		t.Errorf("%v, %v", got, err)
	}
	got, err = config.ParseStore("postgres://me:hu%25sh@db:5432/log")
	if err != nil || got.URL != "postgres://me:hu%25sh@db:5432/log" {
		t.Errorf("%v, %v", got, err)
	}
	_, err = config.ParseStore("postgres://me:hush@db:0/")
	const want = "it has a port that does not exist: write a number from 1 to 65535 after the host, usually :5432\n" +
		"it names no database: write its name at the end: /supportline"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestStoresOfTheManual: every store that docs/configuration.md shows passes the check, and every parameter is explained there.
func TestStoresOfTheManual(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("(?m)^store: (.*)$").FindAllStringSubmatch(string(text), -1)
	if len(shown) < 5 {
		t.Errorf("the manual shows %d stores", len(shown))
	}
	for _, s := range shown {
		got, problems := stored(t, s[1], config.Options{Offline: true}, "STORE_PASSWORD", "hush")
		if len(problems) > 0 || len(got.Notes) > 0 {
			t.Errorf("%s: %s %s", s[1], problems, got.Notes)
		}
	}
	for _, name := range config.StoreParameters() {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("the manual does not explain %s", name)
		}
	}
}

// TestAnyPasswordArrives: whatever a password has in it, the database gets exactly that, and nobody sees it.
func TestAnyPasswordArrives(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		password := rapid.StringMatching(`[!-~é€]{8,30}`).Draw(r, "password")
		got, problems := stored(t, "postgres://me:${PW}@a:5432,b/log?sslmode=require", config.Options{}, "PW", password)
		if len(problems) > 0 { // it looks like a mistake, such as one with quotation marks around it
			if strings.Contains(strings.Join(problems, ""), password) {
				r.Fatalf("shown: %s", problems)
			}
			return
		}
		u, err := url.Parse(strings.Replace(got.Store.URL, "a:5432,b", "a:5432", 1))
		if err != nil {
			r.Fatal(err)
		}
		if arrived, _ := u.User.Password(); arrived != password || u.Hostname() != "a" || u.Path != "/log" || strings.Contains(got.Store.String(), password) {
			r.Fatalf("%s arrived as %q", got.Store, arrived)
		}
	})
}

// TestAnyStoreIsReadOrRefused: no text makes the check fail in another way than with a problem.
func TestAnyStoreIsReadOrRefused(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{
			"postgres://", "postgresql:", "bolt:", "mysql", "//", "/", "@", ":", "?", "#", "&", "=", "%", "%2F", "%zz", ",", "[", "]", "5432", "db", "log", "sslmode", "require", " ", "é",
		}), 0, 12).Draw(r, "parts"), "")
		s, err := config.ParseStore(text)
		if err != nil || !s.IsDatabase() {
			return
		}
		if _, err := url.Parse(regexp.MustCompile(`,[^/]*`).ReplaceAllString(s.URL, "")); err != nil || s.String() == "a database" {
			r.Fatalf("%q is read as %q: %v", text, s.URL, err)
		}
	})
}
