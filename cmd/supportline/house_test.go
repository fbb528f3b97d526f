package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/officernd/supportline"

// mayImport are the arrows between the rooms, all that there are. A room's tests may also import what mayTestWith says.
var mayImport = map[string][]string{
	"cmd/supportline":             {"policy/remedy", "store/figures", "cmd/supportline/flags", "cmd/supportline/duty", "cmd/supportline/alarms", "policy/alarm", "policy/followup", "policy/oncall", "cmd/supportline/config", "cmd/supportline/control", "cmd/supportline/copies", "cmd/supportline/demo", "cmd/supportline/doctor", "cmd/supportline/load", "cmd/supportline/notices", "cmd/supportline/phone", "cmd/supportline/recordings", "cmd/supportline/server", "console", "console/signin", "ivr", "policy", "policy/directory", "policy/users", "store", "store/bolt", "twilio", "twilio/fake"},
	"cmd/supportline/control":     {"policy/remedy", "store/figures", "cmd/supportline/alarms", "policy/followup", "policy/oncall", "cmd/supportline/notices", "cmd/supportline/recordings", "policy", "policy/directory", "policy/users", "store", "twilio"},
	"cmd/supportline/copies":      {"cmd/supportline/control", "cmd/supportline/recordings", "policy", "policy/users", "store", "store/bolt", "store/transfer"},
	"cmd/supportline/demo":        {"policy/remedy", "cmd/supportline/notices", "policy/followup", "cmd/supportline/config", "cmd/supportline/control", "cmd/supportline/phone", "cmd/supportline/server", "console/signin", "policy", "policy/directory", "policy/users", "store", "store/bolt", "twilio/fake"},
	"cmd/supportline/server":      {"policy/remedy", "policy/link", "store/figures", "console/links", "cmd/supportline/alarms", "cmd/supportline/feeds", "policy/alarm", "policy/followup", "policy/oncall", "cmd/supportline/config", "cmd/supportline/control", "cmd/supportline/copies", "cmd/supportline/notices", "cmd/supportline/phone", "cmd/supportline/recordings", "console", "console/signin", "ivr", "policy", "policy/users", "store", "store/bolt", "store/postgres", "twilio", "twilio/fake"},
	"cmd/supportline/doctor":      {"cmd/supportline/feeds", "cmd/supportline/notices", "policy/followup", "policy/oncall", "cmd/supportline/config", "cmd/supportline/control", "cmd/supportline/server", "console/signin", "ivr", "policy", "store", "store/bolt", "store/postgres", "twilio"},
	"cmd/supportline/config":      {"policy/alarm", "policy/followup", "policy/oncall", "cmd/supportline/copies", "cmd/supportline/notices", "cmd/supportline/recordings", "console", "console/signin", "ivr", "policy", "policy/users"},
	"cmd/supportline/duty":        {"policy/remedy", "cmd/supportline/control", "cmd/supportline/flags", "policy", "policy/followup", "policy/oncall"},
	"cmd/supportline/flags":       {"policy/remedy", "cmd/supportline/control", "policy", "policy/followup", "policy/users"},
	"cmd/supportline/load":        {"cmd/supportline/config", "cmd/supportline/control", "policy", "twilio"},
	"cmd/supportline/notices":     {"policy/alarm", "policy/followup", "policy"},
	"cmd/supportline/phone":       {"console", "policy", "twilio", "twilio/fake"},
	"cmd/supportline/recordings":  {"policy", "twilio"},
	"console":                     {"policy/remedy", "policy/alarm", "policy/followup", "policy/oncall", "console/api", "console/signin", "policy", "policy/directory", "policy/users"},
	"console/links":               {"policy/remedy", "policy/link", "policy", "policy/alarm", "policy/followup"},
	"console/api":                 {"policy/remedy", "policy/followup", "policy/oncall", "policy", "policy/users"},
	"console/browsertest":         {"policy/remedy", "store/figures", "console", "console/signin", "policy", "policy/users", "store", "store/bolt"},
	"console/signin":              {"policy", "policy/users"},
	"ivr":                         {"policy/alarm", "policy/followup", "ivr/speech", "policy", "twilio"},
	"ivr/speech":                  {},
	"policy":                      {},
	"policy/directory":            {"policy"},
	"policy/alarm":                {"policy", "policy/followup"},
	"policy/followup":             {"policy"},
	"policy/link":                 {"policy"},
	"policy/remedy":               {"policy", "policy/followup"},
	"policy/oncall":               {"policy"},
	"policy/users":                {"policy"},
	"cmd/supportline/alarms":      {"policy/link", "cmd/supportline/notices", "policy", "policy/alarm", "policy/followup"},
	"cmd/supportline/feeds":       {"cmd/supportline/notices", "policy", "policy/oncall"},
	"store":                       {"policy/remedy", "policy/alarm", "policy/followup", "policy/oncall", "policy", "policy/directory", "policy/users"},
	"store/bolt":                  {"policy", "store"},
	"store/bolt/disktest":         {},
	"store/postgres":              {"policy", "store"},
	"store/postgres/postgrestest": {},
	"store/transfer":              {"store"},
	"store/figures":               {"policy", "store"},
	"store/storetest":             {"policy/remedy", "policy/alarm", "policy/followup", "policy/oncall", "policy", "policy/directory", "policy/users", "store"},
	"twilio":                      {},
	"twilio/fake":                 {"twilio"},
}

// tools are the rooms that all tests may import, and nothing else.
var tools = []string{"store/postgres/postgrestest"}

var mayTestWith = map[string][]string{"store/figures": {"policy/users", "store/bolt"}, "ivr": {"twilio/fake"}, "store": {"store/figures", "store/bolt", "store/bolt/disktest", "store/postgres", "store/storetest"}, "store/bolt": {"store/bolt/disktest", "store/storetest"}, "store/postgres": {"store/figures", "store/postgres/postgrestest", "store/storetest"}, "cmd/supportline/notices": {"cmd/supportline/config", "store", "store/bolt"}, "cmd/supportline/alarms": {"store", "store/bolt"}, "cmd/supportline/recordings": {"store", "store/bolt", "twilio/fake"}, "console": {"store/figures", "console/browsertest", "store"}, "console/api": {"policy/remedy", "console", "console/browsertest", "store"}, "console/links": {"console/browsertest", "store", "store/bolt"}, "console/signin": {"console", "console/browsertest"}, "cmd/supportline": {"console/browsertest", "store/postgres/postgrestest", "store/transfer"}, "cmd/supportline/demo": {"policy/remedy", "console/browsertest"}, "cmd/supportline/server": {"store/postgres/postgrestest"}, "cmd/supportline/copies": {"policy/alarm", "policy/followup", "store/bolt/disktest", "store/postgres", "store/postgres/postgrestest"}, "cmd/supportline/doctor": {"cmd/supportline/demo", "cmd/supportline/notices", "cmd/supportline/recordings", "store/bolt", "store/postgres/postgrestest", "twilio/fake"}}

// owners are the rooms that may import a library, tests included.
var owners = map[string][]string{
	"github.com/twilio/twilio-go":     {"twilio"},
	"github.com/cenkalti/backoff":     {"twilio"},
	"github.com/sony/gobreaker":       {"twilio"},
	"go.etcd.io/bbolt":                {"store", "store/bolt", "cmd/supportline"}, // the last: a server that ours is compared with, in benchmarks
	"github.com/hanwen/go-fuse":       {"store/bolt/disktest"},                    // a file system that fails, in tests
	"github.com/jackc/pgx":            {"store/postgres"},
	"github.com/pressly/goose":        {"store/postgres"},
	"golang.org/x/sys":                {"store/postgres"}, // how long a silent peer is waited for
	"github.com/labstack/echo":        {"ivr", "console", "console/api", "cmd/supportline"},
	"github.com/alexedwards":          {"console/signin"},
	"github.com/chromedp":             {"console/browsertest"},
	"github.com/coreos/go-oidc":       {"console/signin"},
	"golang.org/x/oauth2":             {"console/signin"},
	"golang.org/x/sync":               {"console/signin"},
	"github.com/go-jose":              {"console/signin"}, // an identity provider, in tests
	"github.com/compose-spec":         {"cmd/supportline"},
	"github.com/nyaruka":              {"policy/directory", "policy/followup", "cmd/supportline/doctor", "cmd/supportline/config"},
	"github.com/rickar":               {"policy"},
	"github.com/arran4/golang-ical":   {"policy/oncall"}, // the lines of a calendar
	"github.com/teambition/rrule-go":  {"policy/oncall"}, // its recurrences
	"github.com/alecthomas/kong":      {"cmd/supportline", "cmd/supportline/flags"},
	"github.com/prometheus":           {"cmd/supportline/server"},
	"github.com/rogpeppe":             {"cmd/supportline"},
	"github.com/agnivade/levenshtein": {"policy"},
	"github.com/fxamacker/cbor":       {"store"},
	"golang.org/x/term":               {"cmd/supportline/control", "cmd/supportline/phone"},
	"go.yaml.in/yaml":                 {"ivr", "cmd/supportline/config", "cmd/supportline/server", "console/api"}, // in server: alert rules, in tests
	"golang.org/x/text":               {"policy", "policy/directory", "policy/oncall"},                            // normal forms and encodings of Unicode: the tables are its own
	"github.com/rivo/uniseg":          {"policy", "cmd/supportline/control"},                                      // letters as people see them, and how wide they are
	"golang.org/x/time":               {"console/links", "console/signin"},
	"github.com/santhosh-tekuri":      {"console/api"}, // schemas of the API, in tests
	"go.uber.org/zap":                 {"console/links", "cmd/supportline/demo", "cmd/supportline/doctor", "cmd/supportline/feeds", "cmd/supportline/server", "cmd/supportline/control", "ivr", "console", "console/api", "console/browsertest", "console/signin", "cmd/supportline", "cmd/supportline/alarms", "cmd/supportline/notices", "cmd/supportline/recordings", "cmd/supportline/copies"},
	"github.com/HdrHistogram":         {"cmd/supportline/load"},
	"github.com/minio":                {"cmd/supportline/recordings"},
	"github.com/johannesboyne":        {"cmd/supportline/recordings"}, // a store that speaks S3, in tests
	"github.com/wneessen/go-mail":     {"cmd/supportline/notices"},
	"github.com/emersion":             {"cmd/supportline", "cmd/supportline/demo", "cmd/supportline/notices"}, // a mail server, in demos and tests
	"github.com/google/go-cmp":        nil,                                                                    // nil: everyone
	"pgregory.net/rapid":              nil,
}

// worldly packages reach out of the process. Policy imports none of them: what it knows was passed in.
var worldly = []string{"net", "os", "log", "syscall", "database", "embed", "plugin", "io/fs", "path/filepath", "context", "math/rand"}

// room is a package as "go list -json" describes it; only what is looked at.
type room struct {
	ImportPath, Dir                    string
	Standard                           bool
	GoFiles, IgnoredGoFiles            []string
	Imports, TestImports, XTestImports []string
}

func (r room) name() string { return strings.TrimPrefix(r.ImportPath, module+"/") }

// rooms are the packages of the module, with their imports; deps says for each path of the build whether it is the standard library's.
func rooms(t *testing.T) (ours []room, standard map[string]bool) {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-test", "-json=ImportPath,Dir,Standard,GoFiles,IgnoredGoFiles,Imports,TestImports,XTestImports", "./...")
	list.Dir = "../.."
	var said bytes.Buffer
	list.Stderr = &said
	out, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", list, err, &said)
	}
	standard = map[string]bool{"C": true}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var r room
		if err := decoder.Decode(&r); errors.Is(err, io.EOF) {
			return ours, standard
		} else if err != nil {
			t.Fatal(err)
		}
		standard[r.ImportPath] = r.Standard
		// Test binaries and packages built again for a test are listed too, under names with a space or a suffix.
		if strings.HasPrefix(r.ImportPath, module+"/") && !strings.ContainsAny(r.ImportPath, " ") && !strings.HasSuffix(r.ImportPath, ".test") {
			ours = append(ours, r)
		}
	}
}

func TestArrowsBetweenRooms(t *testing.T) {
	var wrong []string
	ours, standard := rooms(t)
	for _, r := range ours {
		arrows, known := mayImport[r.name()]
		if !known {
			wrong = append(wrong, r.name()+" is a room that nobody knows of")
		}
		tests := slices.Concat(arrows, mayTestWith[r.name()], tools, []string{r.name()})
		for _, path := range r.Imports {
			wrong = append(wrong, arrow(r, path, arrows, standard)...)
		}
		for _, path := range slices.Concat(r.TestImports, r.XTestImports) {
			wrong = append(wrong, arrow(r, path, tests, standard)...)
		}
	}
	if diff := cmp.Diff([]string(nil), wrong); diff != "" {
		t.Errorf("imports that the arrows do not allow (-want +got):\n%s", diff)
	}
	if len(ours) < len(mayImport) {
		t.Errorf("%d rooms are there, %d have arrows", len(ours), len(mayImport))
	}
}

// The bounds of a room, tests aside: past them it wants to be two, or what it does belongs elsewhere.
const (
	maxRoomFiles = 30
	maxMainLines = 4000
)

// TestRoomsStaySmall holds how many files a room has, and how long package main is: it parses, calls and prints.
func TestRoomsStaySmall(t *testing.T) {
	ours, _ := rooms(t)
	for _, r := range ours {
		if n := len(r.GoFiles) + len(r.IgnoredGoFiles); n > maxRoomFiles {
			t.Errorf("%s has %d files, %d at most", r.name(), n, maxRoomFiles)
		}
		if r.name() != "cmd/supportline" {
			continue
		}
		lines := 0
		for _, name := range r.GoFiles {
			text, err := os.ReadFile(filepath.Join(r.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			lines += bytes.Count(text, []byte("\n"))
		}
		if lines > maxMainLines {
			t.Errorf("package main has %d lines, %d at most", lines, maxMainLines)
		}
	}
}

// arrow says what is wrong with one import of a room.
func arrow(r room, path string, allowed []string, standard map[string]bool) []string {
	if other, ours := strings.CutPrefix(path, module+"/"); ours {
		if !slices.Contains(allowed, other) {
			return []string{r.name() + " -> " + other}
		}
		return nil
	}
	if standard[path] {
		return nil
	}
	for library, rooms := range owners {
		if strings.HasPrefix(path, library) {
			if rooms == nil || slices.Contains(rooms, r.name()) {
				return nil
			}
			return []string{r.name() + " -> " + path}
		}
	}
	return []string{r.name() + " -> " + path + ", which no room owns"}
}

func TestPolicyImportsNothingWorldly(t *testing.T) {
	ours, _ := rooms(t)
	for _, r := range ours {
		if !strings.HasPrefix(r.name(), "policy") {
			continue
		}
		for _, path := range r.Imports {
			if slices.ContainsFunc(worldly, func(w string) bool { return path == w || strings.HasPrefix(path, w+"/") }) {
				t.Errorf("%s imports %s", r.name(), path)
			}
		}
	}
}

// TestClockIsReadAtTheEdge: policy and the machine are told the time. Only the file of the webhooks, and it alone imports echo, measures
// how long an answer took.
func TestClockIsReadAtTheEdge(t *testing.T) {
	ours, _ := rooms(t)
	for _, r := range ours {
		if !strings.HasPrefix(r.name(), "policy") && r.name() != "ivr" {
			continue
		}
		for _, name := range r.GoFiles {
			if strings.HasPrefix(name, "webhooks") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(r.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range file.Imports {
				if strings.Contains(spec.Path.Value, "labstack/echo") {
					t.Errorf("%s/%s imports echo", r.name(), name)
				}
			}
			for _, call := range clockReads(file) {
				t.Errorf("%s/%s uses time.%s: pass the time in", r.name(), name, call)
			}
		}
	}
}

// clockReads names the functions of package time by which a file reads or waits for the clock.
func clockReads(file *ast.File) (names []string) {
	readers := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	ast.Inspect(file, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if from, ok := s.X.(*ast.Ident); ok && from.Name == "time" && slices.Contains(readers, s.Sel.Name) {
			names = append(names, s.Sel.Name)
		}
		return true
	})
	return names
}

// TestTopLevelIsFixed: a new room, or a new file beside the rooms, wants a reason. What git does not know is nobody's business.
func TestTopLevelIsFixed(t *testing.T) {
	fixed := []string{
		".ci", ".dockerignore", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile", "LICENSE", "Makefile", "README.md", "SECURITY.md", "cmd", "console", "docker-compose.yml", "docs", "go.mod",
		"go.sum", "ivr", "policy", "store", "supportline.example.yaml", "testdata", "tools.mod", "tools.sum", "twilio",
	}
	list := exec.Command("git", "ls-files")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %v", list, err)
	}
	for path := range strings.Lines(string(out)) {
		if top, _, _ := strings.Cut(strings.TrimSpace(path), "/"); !slices.Contains(fixed, top) {
			t.Errorf("%s does not belong at the top level", path)
		}
	}
}
