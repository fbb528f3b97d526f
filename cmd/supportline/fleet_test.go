package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/figures"
	"github.com/officernd/supportline/store/postgres/postgrestest"
	"github.com/officernd/supportline/twilio"
)

// The fleet's figures. With SUPPORTLINE_FLEET_RUNS=20 in the environment the test runs so many times, and longer each time.
const (
	processesOfFleet = 3
	callsAtATime     = 200
	fleetRuns        = "SUPPORTLINE_FLEET_RUNS"
	runFor           = 11 * time.Second // each process is killed, and one of them twice
	runForLong       = 20 * time.Second
	runForShort      = 8 * time.Second
	killEvery        = 2500 * time.Millisecond
	answeredWithin   = 14 * time.Second // the provider's patience
)

// TestThreeProcessesOnOneDatabase: any process answers any webhook of any call. Three of them share a database behind a proxy that passes each webhook
// to the next one, and to another one where the process died over it. One is killed every few seconds and started again. Every call hears what it
// would hear from one process, ends as it should, and is counted once; every notice of a message is there, and goes out once, or twice under one key
// where its sender was killed.
func TestThreeProcessesOnOneDatabase(t *testing.T) {
	runs, _ := strconv.Atoi(os.Getenv(fleetRuns))
	long := runFor
	switch {
	case testing.Short():
		long = runForShort
	case runs > 0:
		long = runForLong
	}
	for n := range max(1, runs) {
		t.Run(strconv.Itoa(n+1), func(t *testing.T) {
			f := newFleet(t)
			f.run(long)
			if !testing.Short() {
				f.settles()
			}
			f.check()
		})
	}
}

// fleet is some processes on one database, the proxy in front of them, and what was sent through it.
type fleet struct {
	*testing.T
	conf    config.Config
	file    string
	members []*member
	proxy   *httptest.Server
	turn    atomic.Int64
	hook    *hook
	scripts []script
	calls   atomic.Int64 // begun, for SIDs
	did     sync.Map     // of what was sent: SID -> *made
	again   atomic.Int64 // webhooks that were given to another process
	kills   int
	outside *outside // by which people are told of critical calls; nil: by nothing
}

// member is one process, which is killed and started again.
type member struct {
	address, private string // of its listeners
	cmd              *exec.Cmd
	log              *os.File
}

// script is a call as it was recorded from one process that nobody disturbs.
type script struct {
	name    string
	sent    []sent
	states  []state // of the call in the log, after each webhook
	outcome policy.Outcome
	counted bool
	missed  bool // a critical call that nobody answered
}

// made is a call that was sent.
type made struct {
	script   script
	sids     *strings.Replacer // of the script to those of the call
	recorded *strings.Replacer // and back
	answered atomic.Int64      // how many of its webhooks were answered
	waits    atomic.Bool       // the next one was sent, and was not answered
	left     atomic.Bool       // the caller was rung through without the log
}

// hook receives the notices, and counts them by their keys.
type hook struct {
	mu   sync.Mutex
	came map[string]int
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.came[r.Header.Get(notices.KeyHeader)]++
	w.WriteHeader(http.StatusNoContent)
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{T: t}
	f.proxy = httptest.NewServer(f)
	t.Cleanup(f.proxy.Close)
	f.configure(f.proxy.URL, postgrestest.Database(t), processesOfFleet)
	importExamples(t, f.open())
	f.record()
	for _, m := range f.members {
		m.start(f)
	}
	return f
}

// configure writes the configuration of some processes, which do not run yet.
func (f *fleet) configure(publicURL, place string, processes int) {
	f.Helper()
	f.hook = &hook{came: map[string]int{}}
	told := httptest.NewServer(f.hook)
	f.Cleanup(told.Close)
	text := string(config.Demo("${WEBHOOKS}", "${CONSOLE}"))
	for key, value := range map[string]string{
		"public_url": publicURL, "store": place, "recordings": "{}", "  api_url": "http://127.0.0.1:1",
		"    hours": `{ mon-sun: "00:00-24:00" }`, "  tickets_per_month": "100000",
	} {
		text = regexp.MustCompile(`(?m)^`+key+`: .*$`).ReplaceAllLiteralString(text, key+": "+value)
	}
	text = strings.Replace(text, "\nrecordings: {}\n", "\n", 1)
	if f.outside != nil {
		text = f.outside.configured(text)
	}
	text += "\nnotices:\n  webhook: { url: \"" + told.URL + "\", secret: \"0123456789abcdef\" }\n"
	f.file = filepath.Join(f.TempDir(), "supportline.yaml")
	if err := os.WriteFile(f.file, []byte(text), 0o600); err != nil {
		f.Fatal(err)
	}
	for i := range processes {
		m := &member{address: freeAddress(f), private: freeAddress(f)}
		m.log = must(os.Create(filepath.Join(f.TempDir(), strconv.Itoa(i)+".log")))
		f.Cleanup(func() { _ = m.stop(syscall.SIGKILL) })
		f.members = append(f.members, m)
	}
	f.conf = f.members[0].config(f.T, f.file)
}

func (m *member) config(t *testing.T, file string) config.Config {
	t.Helper()
	env := map[string]string{"WEBHOOKS": m.address, "CONSOLE": m.private}
	conf, problems := config.Load(file, func(name string) (string, bool) { value, set := env[name]; return value, set }, config.Options{})
	for _, p := range problems {
		t.Fatal(p)
	}
	return conf
}

// start starts the process, and waits until it answers.
func (m *member) start(f *fleet) {
	f.Helper()
	m.launch(f)
	f.await(30*time.Second, "the process answers", func() bool { return m.ready(f) })
}

// launch starts the process.
func (m *member) launch(f *fleet) {
	f.Helper()
	m.cmd = exec.Command(binary(f), "serve", "--config", f.file)
	m.cmd.Env = append(os.Environ(), "WEBHOOKS="+m.address, "CONSOLE="+m.private)
	if f.outside != nil {
		m.cmd.Env = append(m.cmd.Env, f.outside.env...)
	}
	m.cmd.Stderr = m.log
	if err := m.cmd.Start(); err != nil {
		f.Fatal(err)
	}
}

// ready reports whether the process answers, and can write.
func (m *member) ready(f *fleet) bool {
	_, err := server.AskHealth(f.Context(), m.private, "/readyz")
	return err == nil
}

// stop ends the process with a signal, unless it is over, and waits for it.
func (m *member) stop(with syscall.Signal) error {
	if m.cmd == nil {
		return nil
	}
	_ = m.cmd.Process.Signal(with) // it may be over
	err := m.cmd.Wait()
	m.cmd = nil
	return err
}

// await waits for something that other processes do.
func (f *fleet) await(within time.Duration, what string, so func() bool) {
	f.Helper()
	for end := time.Now().Add(within); !so(); <-time.After(20 * time.Millisecond) {
		if time.Now().After(end) {
			f.Fatalf("not within %v: %s", within, what)
		}
	}
}

// open opens the database's log in this process.
func (f *fleet) open() *store.Store {
	f.Helper()
	engine := must(server.OpenEngine(f.Context(), f.conf.Store, server.EngineOptions{Connections: 4}))
	s := must(store.Open(f.Context(), engine, store.Options{}))
	f.Cleanup(func() { _ = s.Close() })
	return s
}

// ServeHTTP passes a webhook to the process whose turn it is, and to another one while the connection to it fails.
func (f *fleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for turn := f.turn.Add(1); r.Context().Err() == nil; turn++ {
		q := must(http.NewRequestWithContext(r.Context(), r.Method, "http://"+f.members[turn%processesOfFleet].address+r.RequestURI, bytes.NewReader(body)))
		q.Header, q.Host = r.Header.Clone(), r.Host
		answer, err := http.DefaultTransport.RoundTrip(q)
		if err == nil {
			var text []byte
			text, err = io.ReadAll(answer.Body)
			answer.Body.Close()
			if err == nil {
				w.WriteHeader(answer.StatusCode)
				_, _ = w.Write(text) // a provider that is gone needs no answer
				return
			}
		}
		f.again.Add(1)
		<-time.After(time.Millisecond) // both others may be starting
	}
}

// run sends calls for a while, and kills a process from time to time.
func (f *fleet) run(long time.Duration) {
	f.Helper()
	over, cancel := context.WithTimeout(f.Context(), long)
	defer cancel()
	var callers sync.WaitGroup
	for range callsAtATime {
		callers.Go(func() {
			for over.Err() == nil && !f.Failed() {
				f.call(f.scripts[rand.IntN(len(f.scripts))])
			}
		})
	}
	for next := 0; over.Err() == nil; next++ {
		select {
		case <-over.Done():
		case <-time.After(killEvery):
			m := f.members[next%processesOfFleet]
			_ = m.stop(syscall.SIGKILL)
			f.kills++
			m.start(f)
		}
	}
	callers.Wait()
}

// settles waits until the work of those that were killed is taken over, and until everything is sent that nobody claimed who died over it.
func (f *fleet) settles() {
	f.Helper()
	log := f.open()
	f.await(30*time.Second, "all work has a process that lives", func() bool { return len(f.holders(log)) == worksOfFleet })
	f.await(20*time.Second, "all notices are sent", func() bool {
		due, err := log.DueNotices(f.Context(), policy.ChannelWebhook, time.Now(), 1)
		return err == nil && len(due) == 0
	})
}

// worksOfFleet is how many kinds of work one process does for all.
const worksOfFleet = 8

// holders returns which process does what for all.
func (f *fleet) holders(log *store.Store) map[string]store.Process {
	f.Helper()
	all, err := log.Processes(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	does := map[string]store.Process{}
	for _, p := range all {
		for _, work := range p.Work {
			does[work] = p
		}
	}
	return does
}

// begin is one call more, of which nothing was sent yet.
func (f *fleet) begin(s script) (policy.CallSID, *made) {
	n := f.calls.Add(1)
	sid, leg, sound := fmt.Sprintf("CA%032x", n*7919), fmt.Sprintf("CAff%030x", n), fmt.Sprintf("RE%032x", n)
	m := &made{
		script: s, sids: strings.NewReplacer(recordedCall, sid, recordedLeg, leg, recordedSound, sound, recordedAccount, accountOf(n)),
		recorded: strings.NewReplacer(sid, recordedCall, leg, recordedLeg, sound, recordedSound, accountOf(n), recordedAccount),
	}
	f.did.Store(policy.CallSID(sid), m)
	return policy.CallSID(sid), m
}

// call sends the webhooks of one call, each when the last one was answered, as the provider does.
func (f *fleet) call(s script) {
	sid, m := f.begin(s)
	for i, webhook := range s.sent {
		got, err := f.post(webhook, m.sids)
		if want := m.sids.Replace(webhook.answer); err != nil || got != want {
			f.Errorf("%s, call %s, webhook %d %s: %v\nheard %s\nwant  %s", s.name, sid, i+1, webhook.path, err, got, want)
			return
		}
		<-time.After(time.Duration(rand.IntN(100)) * time.Millisecond)
	}
}

func (f *fleet) post(webhook sent, sids *strings.Replacer) (answer string, err error) {
	return f.postTo(f.conf.PublicURL, webhook, sids)
}

// postTo sends a webhook to an address, signed for the public one.
func (f *fleet) postTo(base string, webhook sent, sids *strings.Replacer) (answer string, err error) {
	params := url.Values{}
	for name, values := range webhook.params {
		params.Set(name, sids.Replace(values[0]))
	}
	ctx, cancel := context.WithTimeout(context.Background(), answeredWithin)
	defer cancel()
	path := sids.Replace(webhook.path)
	q := must(http.NewRequestWithContext(ctx, http.MethodPost, base+path, strings.NewReader(params.Encode())))
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	q.Header.Set(twilio.SignatureHeader, twilio.Sign(f.conf.Twilio.AuthToken, f.conf.PublicURL+path, params))
	response, err := http.DefaultClient.Do(q)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode/100 != 2 {
		err = errors.New(response.Status)
	}
	return string(text), err
}

// check compares the log with what was sent, and the notices with the log.
func (f *fleet) check() {
	f.Helper()
	for _, m := range f.members {
		if err := m.stop(syscall.SIGTERM); err != nil {
			f.Errorf("a process that was to stop ended with %v:\n%s", err, tail(m.log.Name()))
		}
	}
	log := f.open()
	var served, messages, logged int
	wanted := map[string]bool{}
	for c, err := range log.Calls(f.Context(), policy.Filter{}) {
		if err != nil {
			f.Fatal(err)
		}
		logged++
		did, sent := f.did.Load(c.SID)
		if !sent {
			f.Errorf("call %s was never made", c.SID)
			continue
		}
		s := did.(*made).script
		if c.Outcome() != s.outcome {
			f.Errorf("call %s (%s) ended as %s, want %s", c.SID, s.name, c.Outcome(), s.outcome)
		}
		if s.counted {
			served++
		}
		if s.outcome == "voicemail" {
			messages++
			wanted[string(c.SID)] = true
		}
	}
	if n := int(f.calls.Load()); logged != n {
		f.Errorf("%d calls are in the log, %d were made", logged, n)
	}
	f.checkUsage(log, served)
	sent, waiting, twice := f.checkNotices(log, wanted)
	f.Logf("%d notices sent, %d waiting, %d came twice", sent, waiting, twice)
	f.Logf("%d calls, %d served, %d messages; %d kills, %d webhooks given to another process", logged, served, messages, f.kills, f.again.Load())
}

// checkUsage compares what is counted of the account with what was served.
func (f *fleet) checkUsage(log *store.Store, served int) {
	f.Helper()
	if got := f.figures(log); got.calls != served || got.tickets != served {
		f.Errorf("%d calls and %d tickets are counted, %d were served", got.calls, got.tickets, served)
	}
}

// fleetFigures are those of the account's usage.
type fleetFigures struct{ calls, tickets, talkSeconds int }

func (f *fleet) figures(log *store.Store) (all fleetFigures) {
	f.Helper()
	month := f.conf.Settings.ThisMonth(time.Now())
	accounts := figures.Accounts{Store: log, FairUse: f.conf.Settings.FairUse}
	account, err := accounts.Months(f.Context(), "204518", month, 2) // it may have been the month before a minute ago
	if err != nil {
		f.Fatal(err)
	}
	for _, u := range account.Months {
		all.add(fleetFigures{u.Calls, u.Tickets, u.TalkSeconds})
	}
	return all
}

func (u *fleetFigures) add(more fleetFigures) {
	u.calls += more.calls
	u.tickets += more.tickets
	u.talkSeconds += more.talkSeconds
}

// checkNotices wants one notice for each message, and none delivered twice except where its sender was killed over it.
func (f *fleet) checkNotices(log *store.Store, wanted map[string]bool) (sent, waiting, twice int) {
	f.Helper()
	f.hook.mu.Lock()
	defer f.hook.mu.Unlock()
	for n, err := range log.Notices(f.Context()) {
		if err != nil {
			f.Fatal(err)
		}
		if n.Kind != policy.NoticeVoicemail {
			continue
		}
		delete(wanted, n.Facts["sid"])
		came := f.hook.came[n.Key]
		switch {
		case n.SentAt.IsZero():
			waiting++
		default:
			sent++
			if came == 0 {
				f.Errorf("notice %s was sent, and never came", n.Key)
			}
		}
		if came > 1 {
			twice++
		}
	}
	if len(wanted) > 0 {
		f.Errorf("%d messages were told to nobody", len(wanted))
	}
	if twice > f.kills {
		f.Errorf("%d notices came twice, with %d kills", twice, f.kills)
	}
	return sent, waiting, twice
}

// TestAProcessThatStandsStillLosesItsWork: a process that is stopped for longer than its term finds its work taken over when it wakes up, and gives it up.
func TestAProcessThatStandsStillLosesItsWork(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	log := f.open()
	f.await(20*time.Second, "all work is done", func() bool { return len(f.holders(log)) == worksOfFleet })
	for _, m := range f.members {
		f.await(30*time.Second, "the process sees all of them", func() bool {
			h, err := server.AskHealth(f.Context(), m.private, "/healthz")
			return err == nil && h.Processes == processesOfFleet && h.Differ == nil
		})
	}
	first := f.holders(log)["night"]
	stopped := f.members[slices.IndexFunc(f.members, func(m *member) bool { return m.cmd.Process.Pid == first.Number })]
	if err := stopped.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	taken := func() bool {
		does := f.holders(log)
		return len(does) == worksOfFleet && !slices.ContainsFunc(slices.Collect(maps.Values(does)), func(p store.Process) bool { return p.ID == first.ID })
	}
	f.await(30*time.Second, "others have taken all of it over", taken)
	t.Logf("taken over after %v", time.Since(began).Round(time.Second))
	if err := stopped.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	f.await(10*time.Second, "it has given everything up", func() bool {
		return strings.Count(string(must(os.ReadFile(stopped.log.Name()))), `"work is given up"`) == worksOfFleet
	})
	if !taken() {
		t.Error("it has work again")
	}
}

// TestEditsAreInForceInAllProcesses within five seconds: a day that is closed at one is closed for the next caller of each.
func TestEditsAreInForceInAllProcesses(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	line, _ := f.conf.Settings.Line("+448000668187")
	sids := strings.NewReplacer()
	hears := func(m *member) string {
		webhook := f.scripts[0].sent[0]
		webhook.params = maps.Clone(webhook.params)
		webhook.params.Set("CallSid", fmt.Sprintf("CA%032x", f.calls.Add(1)))
		return must(f.postTo("http://"+m.address, webhook, sids))
	}
	for _, m := range f.members {
		if heard := hears(m); strings.Contains(heard, "closed") {
			t.Fatalf("before the edit the line is closed: %s", heard)
		}
	}
	now := time.Now()
	edit := policy.DateOverride{Date: policy.DateOf(now.In(line.Zone)), Kind: policy.DateClosed, Reason: "Moving house", By: "mila", At: now}
	must(f.open().ChangeDates(t.Context(), line.Number, 0, policy.OverrideDate(line, edit)))
	for i, m := range f.members {
		f.await(5*time.Second-time.Since(now), fmt.Sprintf("process %d has the edit", i), func() bool { return strings.Contains(hears(m), "closed") })
	}
}

func tail(file string) string {
	text, _ := os.ReadFile(file)
	return string(text[max(0, len(text)-4000):])
}
