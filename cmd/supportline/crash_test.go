package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// What the environment may say: how long each engine's crashes go on, and the seed that repeats the order of the kills.
const (
	crashFor  = "SUPPORTLINE_CRASH_FOR"
	crashSeed = "SUPPORTLINE_CRASH_SEED"
)

const (
	crashUsual  = 6 * time.Second
	crashShort  = 3 * time.Second
	callers     = 32 // calls at a time
	killsOfFile = 25 // after which a new file is begun
	// readyAim is how soon a process should answer after it was killed, and readyAtMost how soon it has to.
	readyAim    = 300 * time.Millisecond
	readyAtMost = 5 * time.Second
)

// TestCrash: nothing that was answered is lost or doubled, whenever the process is killed, and whenever the database's server is. After each kill the log
// is compared with what was sent: every call is as it was after the last webhook that was answered, or after the one that was under way; the usage is the
// sum of that; the file is whole, and its indexes are those that follow from its records.
func TestCrash(t *testing.T) {
	long, err := time.ParseDuration(cmp.Or(os.Getenv(crashFor), "0"))
	if err != nil {
		t.Fatalf("%s: %v", crashFor, err)
	}
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv(crashSeed), strconv.FormatInt(time.Now().UnixNano()%1_000_000, 10)), 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", crashSeed, err)
	}
	t.Run("bolt", func(t *testing.T) {
		usual := map[bool]time.Duration{true: crashShort, false: crashUsual}[testing.Short()]
		newCrash(t, "bolt:supportline.db", seed).runFile(cmp.Or(long, usual))
	})
	t.Run("postgres", func(t *testing.T) {
		usual := map[bool]time.Duration{true: crashShort, false: crashUsual}[testing.Short()]
		runDatabase(t, seed, cmp.Or(long, usual))
	})
}

// crash is one process under load, which is killed, or loses its database.
type crash struct {
	*fleet
	seed    uint64
	random  *rand.Rand // of the kills
	checker string     // the program that checks a file
	// gate is held for reading while a webhook is under way, so that who holds it for writing sees what was answered.
	gate  sync.RWMutex
	older bool         // the file's upgrade was killed, and may not be over
	over  atomic.Bool  // no more calls are begun
	away  atomic.Int64 // answers to what was sent before it need no log: the time at which the database was back

	sent, answered, withoutLog, longest atomic.Int64

	how        map[string]int // kills by their kind
	restarts   int
	readyIn    []time.Duration
	compared   int                    // calls with the log
	acted      sync.Map               // by links: the path -> whether it was finished; else it was taken
	told       map[policy.Channel]int // of alarms, in the files before this one
	rung       map[string]followup.ID // by call-backs: a number -> the follow-up
	calledBack int                    // calls of call-backs at the provider
	callsMade  int                    // in the files before this one
}

func newCrash(t *testing.T, place string, seed uint64) *crash {
	t.Helper()
	c := &crash{fleet: &fleet{T: t, outside: newOutside(t)}, told: map[policy.Channel]int{}, rung: map[string]followup.ID{}, seed: seed, random: rand.New(rand.NewPCG(seed, 1)), checker: fileChecker(t), how: map[string]int{}}
	c.configure("http://${WEBHOOKS}", place, 1)
	c.record()
	return c
}

// kill is a moment to kill a process at.
type kill struct {
	name   string
	weight int
	up     bool // the process answers before it
	do     func(*crash)
}

// Those that are not under load fall into a start, which may be that after a kill a moment ago.
var killsOfProcess = []kill{
	{"under load", 10, true, func(c *crash) {
		c.wait(10, 400)
		c.end()
	}},
	{"while it stops", 2, true, func(c *crash) {
		c.wait(10, 200)
		_ = c.members[0].cmd.Process.Signal(syscall.SIGTERM) // a process that is over is noticed by its end
		c.wait(0, 60)
		c.end()
	}},
	{"while it starts", 5, false, func(c *crash) {
		c.members[0].launch(c.fleet)
		c.wait(0, 120)
		c.end()
	}},
	{"while it upgrades", 3, false, func(c *crash) {
		c.makeOlder()
		c.members[0].launch(c.fleet)
		if c.random.IntN(4) == 0 {
			c.wait(0, 120)
		} else { // the file was copied, and is being upgraded
			c.awaitCopy()
			c.wait(0, 15)
		}
		c.end()
	}},
}

// wait waits for a random time, in milliseconds.
func (c *crash) wait(from, to int) {
	<-time.After(time.Duration(from)*time.Millisecond + time.Duration(c.random.IntN((to-from)*1000))*time.Microsecond)
}

// awaitCopy waits for the copy that is made of an older file before it is upgraded.
func (c *crash) awaitCopy() {
	c.Helper()
	for end := time.Now().Add(readyAtMost); ; <-time.After(time.Millisecond) {
		if _, err := os.Stat(c.conf.Store.File + ".schema-1"); err == nil {
			return
		}
		if time.Now().After(end) {
			c.Fatalf("no upgrade is begun within %v (seed %d):\n%s", readyAtMost, c.seed, tail(c.members[0].log.Name()))
		}
	}
}

// end kills the process.
func (c *crash) end() { _ = c.members[0].stop(syscall.SIGKILL) }

// choose returns a random kill by their weights.
func (c *crash) choose(from []kill) kill {
	all := 0
	for _, k := range from {
		all += k.weight
	}
	n := c.random.IntN(all)
	for _, k := range from {
		if n -= k.weight; n < 0 {
			return k
		}
	}
	panic("unreachable")
}

// runFile kills the process for a while, on one file after the other.
func (c *crash) runFile(long time.Duration) {
	c.Helper()
	for end := time.Now().Add(long); time.Now().Before(end) && !c.Failed(); {
		c.newFile()
		wait := c.load()
		for n := 0; n < killsOfFile && time.Now().Before(end) && !c.Failed(); n++ {
			k := c.choose(killsOfProcess)
			if k.up {
				c.start()
			}
			k.do(c)
			c.how[k.name]++
			c.kills++
			c.locked(func() { c.checkFile(k.name); c.asks() })
		}
		if c.Failed() { // nothing answers any more
			break
		}
		c.start()
		wait()
		if err := c.members[0].stop(syscall.SIGTERM); err != nil {
			c.Errorf("the process that was to stop ended with %v", err)
		}
		c.checkFile("after its end")
		c.settleOutside()
	}
	c.over.Store(true)
	c.report()
}

// newFile begins a file with the customers in it, and forgets the calls of the one before.
func (c *crash) newFile() {
	c.Helper()
	for _, old := range must(filepath.Glob(c.conf.Store.File + "*")) {
		if err := os.RemoveAll(old); err != nil {
			c.Fatal(err)
		}
	}
	c.callsMade += c.forget()
	c.beginOutside()
	s := c.open()
	importExamples(c, s)
	c.importCriticals(s)
	if err := s.Close(); err != nil {
		c.Fatal(err)
	}
}

// forget forgets the calls that were made, and returns how many.
func (c *crash) forget() (n int) {
	c.did.Range(func(key, _ any) bool {
		c.did.Delete(key)
		n++
		return true
	})
	return n
}

// start starts the process, and measures how long it takes until it answers.
func (c *crash) start() {
	c.Helper()
	began := time.Now()
	c.members[0].launch(c.fleet)
	c.restarts++
	c.comesBack(began)
	c.older = false
}

// comesBack measures how long it takes from a moment until the process is ready.
func (c *crash) comesBack(since time.Time) {
	c.Helper()
	for !c.members[0].ready(c.fleet) {
		if time.Since(since) > readyAtMost {
			c.Fatalf("the process is not ready after %v (seed %d):\n%s", readyAtMost, c.seed, tail(c.members[0].log.Name()))
		}
		<-time.After(5 * time.Millisecond)
	}
	c.readyIn = append(c.readyIn, time.Since(since))
}

// locked runs a function while no webhook is under way.
func (c *crash) locked(do func()) {
	c.gate.Lock()
	defer c.gate.Unlock()
	do()
}

// report prints what was done.
func (c *crash) report() {
	c.Helper()
	kills := 0
	var kinds []string
	for name, n := range c.how {
		kills += n
		kinds = append(kinds, fmt.Sprintf("%d %s", n, name))
	}
	slices.Sort(kinds)
	c.callsMade += c.forget()
	c.Logf("seed %d: %d kills (%s), %d restarts", c.seed, kills, strings.Join(kinds, ", "), c.restarts)
	c.Logf("%d calls; %d webhooks sent, %d answered, %d of them without the log, the longest after %v; %d calls compared with the log",
		c.callsMade, c.sent.Load(), c.answered.Load(), c.withoutLog.Load(), time.Duration(c.longest.Load()).Round(time.Millisecond), c.compared)
	c.Logf("people were told of alarms: %v; %d call-backs", c.told, c.calledBack)
	if len(c.readyIn) == 0 {
		return
	}
	slices.Sort(c.readyIn)
	at := func(part float64) time.Duration {
		return c.readyIn[int(part*float64(len(c.readyIn)-1))].Round(time.Millisecond)
	}
	c.Logf("ready after %10s %10s %10s   the aim is %v\n%*s%10v %10v %10v", "median", "p99", "largest", readyAim, len("    crash_test.go:000: ready after"), "", at(0.5), at(0.99), at(1))
}
