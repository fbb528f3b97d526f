package main

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/store/postgres/postgrestest"
)

// onDatabase returns the configuration of a demo whose store is something else.
func onDatabase(t testing.TB, store string) []byte {
	t.Helper()
	return regexp.MustCompile(`(?m)^store: \S+`).ReplaceAllLiteral(config.Demo(freeAddress(t), freeAddress(t)), []byte("store: "+store))
}

// TestCommandsOnADatabase are sessions at a terminal, with servers and commands on one database, and with databases that can't be used.
func TestCommandsOnADatabase(t *testing.T) {
	database := postgrestest.Database(t)
	password, _ := must(url.Parse(database)).User.Password()
	stores := refusedStores(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/database",
		Setup: func(e *testscript.Env) error {
			e.Setenv("STORE", database)
			e.Setenv("PASSWORD", password)
			write := func(name string, text []byte) error { return os.WriteFile(filepath.Join(e.WorkDir, name), text, 0o600) }
			all := []error{
				write("supportline.yaml", onDatabase(t, "${STORE}")), write("customers.csv", config.ExampleCustomers()),
				write("second.yaml", sameAccount(t, e.WorkDir)),
			}
			for name, store := range stores {
				all = append(all, write(name+".yaml", onDatabase(t, store)))
			}
			return errors.Join(all...)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "terminate": terminate, "sids": sids,
			"newer": func(*testscript.TestScript, bool, []string) {
				postgrestest.SQL(t, stores["newer"], "UPDATE supportline.meta SET v = '99' WHERE k = 'schema'")
			},
		},
	})
}

// sameAccount returns the configuration in a folder with other ports: of a second server behind the same address.
func sameAccount(t testing.TB, folder string) []byte {
	text := string(must(os.ReadFile(filepath.Join(folder, "supportline.yaml"))))
	for _, key := range []string{"webhooks", "console"} {
		text = regexp.MustCompile(`(?m)^  `+key+`: \S+`).ReplaceAllString(text, "  "+key+": "+freeAddress(t))
	}
	return []byte(text)
}

// refusedStores returns databases that can't be used, by what is wrong with them.
func refusedStores(t *testing.T) map[string]string {
	t.Helper()
	wrong := func(database string, change func(*url.URL)) string {
		u := must(url.Parse(database))
		change(u)
		return u.String()
	}
	sound, other, newer := postgrestest.Database(t), postgrestest.Database(t), postgrestest.Database(t)
	postgrestest.SQL(t, other, "CREATE TABLE orders (id int)")
	password, _ := must(url.Parse(sound)).User.Password()
	postgrestest.SQL(t, postgrestest.As(t, "postgres", sound), "CREATE ROLE guest LOGIN PASSWORD '"+password+"'")
	folder := must(os.MkdirTemp("", "supportline-rules-")) // of a test's own folder the server's user could read nothing
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	rules := filepath.Join(folder, "pg_hba.conf")
	if err := errors.Join(os.Chmod(folder, 0o755), os.WriteFile(rules, []byte("local all all trust\nhostssl all all 127.0.0.1/32 password\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	strict := postgrestest.NewServer(t, "hba_file="+rules).Database(t)
	return map[string]string{
		"unset":    "postgres://supportline:${NOT_THERE}@127.0.0.1/supportline",
		"nobody":   "postgres://supportline:" + password + "@127.0.0.1:1/supportline",
		"password": wrong(sound, func(u *url.URL) { u.User = url.UserPassword("supportline", "hush") }),
		"nowhere":  wrong(sound, func(u *url.URL) { u.Path = "/nowhere" }),
		"other":    other,
		"guest":    postgrestest.As(t, "guest", sound),
		"tls":      strict,
		"notls":    strings.Replace(sound, "sslmode=disable", "sslmode=require", 1),
		"newer":    newer,
	}
}
