package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// Every script finds a checked configuration with ports of its own in its folder, a second one for the same store with other ports, and the
// shipped examples.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			onPath(t, e)
			webhooks, private := freeAddress(t), freeAddress(t)
			e.Setenv("WEBHOOKS", webhooks)
			e.Setenv("PRIVATE", private)
			write := func(name string, text []byte) error { return os.WriteFile(filepath.Join(e.WorkDir, name), text, 0o600) }
			return errors.Join(
				write("supportline.yaml", config.Demo(webhooks, private)),
				write("second.yaml", config.Demo(freeAddress(t), freeAddress(t))),
				write("example.yaml", config.Example()),
				write("customers.csv", config.ExampleCustomers()),
			)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "terminate": terminate, "seed": seed, "mode": mode, "occupy": occupy, "sids": sids, "seedfair": seedfair, "retoken": retoken,
			"editdate": editDate, "damage": damage, "emptystore": emptyStore, "seedwaiting": seedWaiting, "ahead": ahead, "receive": receive,
		},
	})
}

// nextPort walks through ports that the system never gives to outgoing connections.
var nextPort atomic.Int64

// freeAddress is a loopback address that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	for range 1000 {
		port := 20000 + (int64(os.Getpid())*17+nextPort.Add(1))%12000
		address := "127.0.0.1:" + strconv.FormatInt(port, 10)
		if free(address) {
			return address
		}
	}
	t.Fatal("no free port between 20000 and 32000")
	return ""
}

// exits runs a command and wants an exit status: exits 2 supportline serve.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if args[0] != strconv.Itoa(got) {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
}

// terminate sends SIGTERM to every command in the background.
func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, c := range ts.BackgroundCmds() {
		if c.ProcessState == nil {
			ts.Check(c.Process.Signal(syscall.SIGTERM))
		}
	}
}

// mode wants the permissions of a file: mode 600 FILE.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := strconv.FormatUint(uint64(info.Mode().Perm()), 8); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}

// occupy listens on an address until the script ends.
func occupy(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", args[0])
	ts.Check(err)
	ts.Defer(func() { l.Close() })
}

// retoken writes the token in a file into a configuration, and sets $OLD and $NEW: retoken CONFIG KEY FILE. Without a file it empties the key.
func retoken(ts *testscript.TestScript, _ bool, args []string) {
	text, token := ts.ReadFile(args[0]), `""`
	line := regexp.MustCompile(`(?m)^  ` + args[1] + `: (\S+)`)
	if len(args) == 3 {
		token = strings.TrimSpace(ts.ReadFile(args[2]))
		ts.Setenv("OLD", line.FindStringSubmatch(text)[1])
		ts.Setenv("NEW", token)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(line.ReplaceAllString(text, "  "+args[1]+": "+token)), 0o600))
}

// sids sets $SID to the newest call in the store, as another process would see it.
func sids(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(ts.Exec("supportline", "calls", "--limit", "1", "--format", "csv"))
	var sid string
	if _, err := fmt.Sscanf(ts.ReadFile("stdout"), callHead+"\n%34s,", &sid); err != nil {
		ts.Fatalf("no call in the log: %v", err)
	}
	ts.Setenv("SID", sid)
}

const callHead = "sid,line,from,customer,account,intent,ticket,outcome,started_at,answered_at,ended_at,talk_seconds," +
	"wait_seconds,total_seconds,specialist,specialist_name,over_long,waived,training,counted,month,on_file,callback_of"

// ahead sets a variable to the date so many days from today: ahead NEXT 10.
func ahead(ts *testscript.TestScript, _ bool, args []string) {
	days, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Setenv(args[0], time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly))
}

// receive takes whatever is posted on a loopback address until the script ends, and sets a variable to it: receive ADDRESS.
func receive(ts *testscript.TestScript, _ bool, args []string) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	ts.Defer(s.Close)
	ts.Setenv(args[0], s.Listener.Addr().String())
}

// emptyStore makes the script's store, with nothing in it.
func emptyStore(ts *testscript.TestScript, _ bool, _ []string) {
	s, err := bolt.OpenStore(ts.MkAbs("supportline.db"), 1<<20, store.Options{})
	ts.Check(err)
	ts.Check(s.Close())
}

// seed writes the calls of seeded into the script's store.
func seed(ts *testscript.TestScript, _ bool, _ []string) {
	s, err := bolt.OpenStore(ts.MkAbs("supportline.db"), 1<<20, store.Options{})
	ts.Check(err)
	for _, c := range seeded() {
		_, err := s.Advance(context.Background(), c.SID, func(policy.Call) policy.Call { return c })
		ts.Check(err)
	}
	ts.Check(s.Close())
}

// seedWaiting writes three calls into the script's store that ended without a person: a critical one an hour ago, which is late, one about a question
// a minute ago, and one of a caller without a number two minutes ago.
func seedWaiting(ts *testscript.TestScript, _ bool, _ []string) {
	s, err := bolt.OpenStore(ts.MkAbs("supportline.db"), 1<<20, store.Options{})
	ts.Check(err)
	log, now := store.NotifyingLog{Store: s, Link: func(policy.CallSID) string { return "" }}, time.Now().UTC()
	wait := func(n int, ago time.Duration, customer policy.CustomerNumber, account string, intent policy.Intent) {
		c := policy.Call{
			SID: sid(n), Line: "+448000668187", From: policy.Phone(fmt.Sprintf("+44207946000%d", n)), StartedAt: now.Add(-ago - time.Minute), Answered: true,
			Customer: customer, Account: account, Intent: intent, HuntingAt: now.Add(-ago - time.Minute), Exhausted: true, EndedAt: now.Add(-ago), Status: "completed",
		}
		_, err := log.Advance(context.Background(), c.SID, func(policy.Call) policy.Call { return c })
		ts.Check(err)
	}
	wait(1, time.Minute, "204518", "Northwind Flex Offices", policy.Question)
	wait(2, time.Hour, "310022", "Harbor Cowork", policy.Critical)
	wait(3, 2*time.Minute, "", "", policy.Question)
	ts.Check(s.Close())
}

// editDate edits a date of the United Kingdom's line in the script's store: editdate 2026-12-23 closed 'Moving house'.
func editDate(ts *testscript.TestScript, _ bool, args []string) {
	s, err := bolt.OpenStore(ts.MkAbs("supportline.db"), 1<<20, store.Options{})
	ts.Check(err)
	date, err := policy.ParseDate(args[0])
	ts.Check(err)
	edit := policy.DateOverride{Date: date, Kind: policy.DateKind(args[1]), Reason: args[2], By: "mila", At: time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)}
	_, err = s.ChangeDates(context.Background(), "+448000668187", 0, policy.OverrideDate(policy.Line{Zone: time.UTC}, edit))
	ts.Check(err)
	ts.Check(s.Close())
}

// damage makes a file that is no store.
func damage(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("not a store, however long one looks at it"), 0o600))
}

// seeded are five calls of November 2026: a served one about a ticket, another about the same ticket that is over-long, an abandoned one
// of a caller without a number, one whose account has a name that a spreadsheet would take for a formula, and one without an end.
func seeded() []policy.Call {
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC) }
	served := func(n, day, talk int) policy.Call {
		start := at(day, 10, 0)
		seconds, total := talk+4, talk+40
		return policy.Call{
			SID: sid(n), Line: "+448000668187", From: "+442079460018", StartedAt: start, Answered: true, Config: "0123456789ab",
			Customer: "204518", Account: "Northwind Flex Offices", Month: "2026-11", Intent: policy.TicketStatus, Ticket: "4711",
			HuntingAt: start.Add(20 * time.Second),
			Trace: []policy.Decision{{
				At: start, Rule: "hours.week", Result: "open", Inputs: []policy.Fact{{Name: "zone", Value: "Europe/London"}}, Config: "0123456789ab",
			}},
			Exchanges: []policy.Exchange{{Key: "number/1", At: start.Add(5 * time.Second), Heard: "204518"}},
			Legs: []policy.Leg{{
				SID: sid(n + 100), To: "+15550100003", Status: "completed", RangAt: start.Add(21 * time.Second),
				AnsweredAt: start.Add(25 * time.Second), ScreenedAt: start.Add(26 * time.Second), AcceptedAt: start.Add(30 * time.Second),
				EndedAt: start.Add(time.Duration(30+talk) * time.Second), Seconds: &seconds,
			}},
			Status: "completed", EndedAt: start.Add(time.Duration(40+talk) * time.Second), TotalSeconds: &total,
		}
	}
	formula := served(4, 13, 60)
	formula.Customer, formula.Account, formula.Ticket = "310022", "=Harbor Cowork", ""
	left := policy.Call{SID: sid(3), Line: "+18883071053", From: "anonymous", StartedAt: at(12, 15, 0), Answered: true, LeftAt: at(12, 15, 1)}
	endless := policy.Call{SID: sid(5), Line: "+18883071053", From: "+12125550142", StartedAt: at(14, 15, 0), Answered: true}
	return []policy.Call{served(1, 10, 180), served(2, 11, 1201), left, formula, endless}
}

func sid(n int) policy.CallSID { return policy.CallSID(fmt.Sprintf("CA%032d", n)) }

// free reports whether nothing listens on an address.
func free(address string) bool {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	return l.Close() == nil
}
