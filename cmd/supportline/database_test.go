package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

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
	stores["pooled"] = postgrestest.PgBouncer(t, database)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/database",
		Setup: func(e *testscript.Env) error {
			onPath(t, e)
			e.Setenv("STORE", database)
			e.Setenv("PASSWORD", password)
			e.Setenv("EMPTY", postgrestest.Database(t))
			write := func(name string, text []byte) error { return os.WriteFile(filepath.Join(e.WorkDir, name), text, 0o600) }
			all := []error{
				write("supportline.yaml", onDatabase(t, "${STORE}")), write("customers.csv", config.ExampleCustomers()),
				write("second.yaml", sameAccount(t, e.WorkDir)),
				write("file.yaml", onDatabase(t, "bolt:supportline.db")), write("empty.yaml", onDatabase(t, "${EMPTY}")),
			}
			for name, store := range stores {
				all = append(all, write(name+".yaml", onDatabase(t, store)))
			}
			return errors.Join(all...)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "terminate": terminate, "sids": sids,
			// newer makes the content that of version 99, which admits programs of a version and later ones: newer OLDEST.
			"newer": func(_ *testscript.TestScript, _ bool, args []string) {
				postgrestest.SQL(t, stores["newer"], "UPDATE supportline.meta SET v = '99' WHERE k = 'schema'", "DELETE FROM supportline.meta WHERE k = 'oldest'",
					"INSERT INTO supportline.meta (k, v) VALUES ('oldest', '"+args[0]+"')")
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
	strict, authority := encrypted(t)
	over := func(parameters string) string { return strings.Replace(strict, "sslmode=disable", parameters, 1) }
	return map[string]string{
		"unset":    "postgres://supportline:${NOT_THERE}@127.0.0.1/supportline",
		"nobody":   "postgres://supportline:" + password + "@127.0.0.1:1/supportline",
		"password": wrong(sound, func(u *url.URL) { u.User = url.UserPassword("supportline", "hush") }),
		"nowhere":  wrong(sound, func(u *url.URL) { u.Path = "/nowhere" }),
		"other":    other,
		"guest":    postgrestest.As(t, "guest", sound),
		"tls":      strict,
		"verified": over("sslmode=verify-full&sslrootcert=" + authority),
		"unknown":  over("sslmode=verify-full&sslrootcert=system"),
		"renamed":  strings.Replace(over("sslmode=verify-full&sslrootcert="+authority), "127.0.0.1", "localhost", 1),
		"nofile":   over("sslmode=verify-full&sslrootcert=nowhere.pem"),
		"notls":    strings.Replace(sound, "sslmode=disable", "sslmode=require", 1),
		"newer":    newer,
	}
}

// encrypted returns a database on a server that admits nobody without TLS, and the file of the authority of its certificate, which is for 127.0.0.1.
func encrypted(t *testing.T) (database, authority string) {
	t.Helper()
	folder := must(os.MkdirTemp("", "supportline-tls-")) // of a test's own folder the server's user could read nothing
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	sheet := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	made := must(x509.CreateCertificate(rand.Reader, sheet, sheet, key.Public(), key))
	file := func(name string, mode os.FileMode, text []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, text, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	block := func(kind string, bytes []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes})
	}
	authority = file("authority.pem", 0o644, block("CERTIFICATE", made))
	secret := file("key.pem", 0o600, block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key))))
	rules := file("pg_hba.conf", 0o644, []byte("local all all trust\nhostssl all all 127.0.0.1/32 password\n"))
	err := os.Chmod(folder, 0o755)
	if owner, lookup := user.Lookup("postgres"); os.Getuid() == 0 && lookup == nil { // as whom the server runs then
		err = errors.Join(err, os.Chown(secret, must(strconv.Atoi(owner.Uid)), must(strconv.Atoi(owner.Gid))))
	}
	if err != nil {
		t.Fatal(err)
	}
	return postgrestest.NewServer(t, "ssl=on", "ssl_cert_file="+authority, "ssl_key_file="+secret, "hba_file="+rules).Database(t), authority
}
