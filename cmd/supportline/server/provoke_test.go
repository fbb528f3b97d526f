package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/copies"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/postgres"
	"github.com/officernd/supportline/store/postgres/postgrestest"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// provoked is how an alert is made to fire.
type provoked struct {
	change   func(*config.Config)
	database string // "": the store is a file; else parameters of a database's URL, or "plain"
	slow     bool   // it waits, beside the others
	virtual  bool   // on the provider's clock
	do       func(*watched)
}

// watched is a server that has just started, with a provider that can be asked.
type watched struct {
	*testing.T
	*App
	provider *fake.Account
	clock    *fake.Virtual // nil: that of the machine
	proxy    *postgrestest.Proxy
	began    time.Time
	then     []func() // when the failure was seen

	// What no test can bring about: values that are set by hand, of one series all of them, and one that is gone.
	byHand scrape
	values map[string]string
	gone   string
}

func newWatched(t *testing.T, p provoked) *watched {
	t.Helper()
	w := &watched{T: t, byHand: scrape{}, values: map[string]string{}}
	conf := mustConfig(t)
	conf.Settings.Announce = false
	now := time.Now
	if p.virtual {
		w.clock = fake.NewVirtual(tuesday)
		now = w.clock.Now
	}
	w.provider = fake.NewAccount(conf.Twilio.AccountSID, conf.Twilio.AuthToken, now)
	for _, line := range conf.Settings.Lines {
		w.provider.AddNumber(line.Number.Full())
	}
	conf.Twilio.APIURL = w.serves(w.provider)
	if p.database != "" {
		w.proxy = postgrestest.NewProxy(t, postgrestest.Database(t))
		conf.Store = config.Store{URL: w.proxy.URL + map[bool]string{true: "&" + p.database}[strings.Contains(p.database, "=")]}
	}
	if p.change != nil {
		p.change(&conf)
	}
	w.App = must(Open(conf, now, zap.NewNop(), 1<<20))
	t.Cleanup(func() { _ = w.Close() })
	w.disk = func(string) (free, size uint64, ok bool) { return 50 << 30, 100 << 30, true } // whatever this machine's has
	w.stand(t.Context())
	w.began = now()
	return w
}

// serves serves a handler until the test ends, and returns its URL.
func (w *watched) serves(h http.Handler) string {
	s := httptest.NewServer(h)
	w.Cleanup(s.Close)
	return s.URL
}

// settle ends what a failure needed as long as it was looked at.
func (w *watched) settle() {
	w.Cleanup(func() {
		for _, do := range w.then {
			do()
		}
	})
}

// post sends a webhook that the provider signed.
func (w *watched) post(path string, pairs ...string) int {
	form := url.Values{"AccountSid": {w.Conf.Twilio.AccountSID}, "CallSid": {"CA00000000000000000000000000000001"}, "From": {"+442079460018"}, "To": {w.Conf.Settings.Lines[0].Number.Full()}, "CallStatus": {"in-progress"}, "Direction": {"inbound"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return w.send(path, form, twilio.Sign(w.Conf.Twilio.AuthToken, w.Conf.PublicURL+path, form))
}

func (w *watched) send(path string, form url.Values, signature string) int {
	r := httptest.NewRequest(http.MethodPost, w.Conf.PublicURL+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set(twilio.SignatureHeader, signature)
	answer := httptest.NewRecorder()
	w.Webhooks.ServeHTTP(answer, r)
	return answer.Code
}

func (w *watched) strangers(n int) {
	for range n {
		w.send("/voice", url.Values{"CallSid": {"CA1"}}, "of nobody")
	}
}

// call has a caller without a customer number call a line.
func (w *watched) call(people fake.People) {
	clock := w.clock
	if clock == nil {
		clock = fake.NewVirtual(tuesday)
	}
	p := &fake.Provider{AccountSID: w.Conf.Twilio.AccountSID, Token: w.Conf.Twilio.AuthToken, Transport: fake.Straight(w.Webhooks), Clock: clock, People: people, Seed: fmt.Sprint(clock.Now())}
	base := w.Conf.PublicURL
	in := fake.Incoming{From: "+442079460018", To: w.Conf.Settings.Lines[0].Number.Full(), Number: fake.Number{Voice: base + "/voice", Fallback: base + "/fallback", Status: base + "/status"}}
	if _, err := p.Call(w.Context(), in); err != nil {
		w.Error(err)
	}
}

// accepting are people of whom the caller wants to know whether the platform is down, and a specialist takes the call.
type accepting struct{}

func (accepting) Caller(m fake.Moment) fake.Act {
	switch m.Kind {
	case fake.Asked:
		return fake.Press("1")
	case fake.Talking:
		return fake.PartnerHangsUp()
	}
	return fake.Listen()
}

func (accepting) Specialist(string) fake.Specialist {
	return fake.Specialist{PicksUp: time.Second, Presses: []string{"1"}}
}
func (accepting) Note(fake.Event) {}

// nobody are people of whom no specialist picks up, and the caller leaves no message.
type nobody struct{ accepting }

func (nobody) Specialist(string) fake.Specialist { return fake.Specialist{Status: "no-answer"} }
func (nobody) Caller(m fake.Moment) fake.Act {
	if m.Kind == fake.Recording {
		return fake.HangUp()
	}
	return accepting{}.Caller(m)
}

func (w *watched) unanswered() {
	for range 3 {
		w.call(nobody{})
	}
}

// full makes every commit fail, as a disk without room does.
func (w *watched) full() { w.Store.FailWrites(errors.New("no space left on device")) }

// refuse makes the provider answer everything with a status.
func (w *watched) refuse(status int) {
	w.provider.Change(func(s *fake.State) {
		s.Interfere = func(answer http.ResponseWriter, _ *http.Request) bool { answer.WriteHeader(status); return true }
	})
}

// compare compares the log with the provider's list once.
func (w *watched) compare() error {
	err := w.reconcileOnce(w.Context(), must(Account(w.Conf, w.Counters.asked)), w.Now())
	w.Counters.reconciled(w.Now(), err)
	return err
}

// night does the nightly work once.
func (w *watched) night() {
	n := &nights{scheduler: w.scheduler(w.Conf.Notices, func() {})}
	n.tick(w.Context(), w.Now())
}

// tell has a notice of a failed backup told by a webhook that answers with a status.
func (w *watched) tell(status int) {
	to := w.serves(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) { answer.WriteHeader(status) }))
	told := notices.Settings{Channels: []notices.Channel{notices.Webhook{URL: to, Secret: "0123456789abcdef"}}}
	w.put(told, w.Now())
	w.sender(told).Once(w.Context())
	w.stand(w.Context())
}

func (w *watched) put(told notices.Settings, at time.Time) {
	n := policy.BackupNotice(at.Add(-48*time.Hour), at, "no room")
	if err := w.Store.PutNotices(w.Context(), told.Addressed(n)); err != nil {
		w.Fatal(err)
	}
}

// holding holds the store's only writer while something is done.
func (w *watched) holding(d time.Duration, do func()) {
	var held sync.WaitGroup
	began := make(chan struct{})
	held.Go(func() {
		_ = w.Store.Engine().Update(w.Context(), func(store.Writer) error {
			close(began)
			<-time.After(d)
			return nil
		})
	})
	<-began
	do()
	held.Wait()
}

// reading holds so many reads of the database open until the test ends.
func (w *watched) reading(n int) {
	over := make(chan struct{})
	var reads sync.WaitGroup
	for range n {
		began := make(chan struct{})
		var once sync.Once
		reads.Go(func() {
			_ = w.Store.Engine().View(context.WithoutCancel(w.Context()), func(r store.Reader) error {
				r.Count(store.Span{Bucket: store.Buckets()[0]}, 1)
				once.Do(func() { close(began) })
				<-over
				return nil
			})
		})
		<-began
	}
	w.then = append(w.then, func() { close(over); reads.Wait() })
}

// away cuts the database off.
func (w *watched) away() {
	w.proxy.Refuse(true)
	w.proxy.Cut()
	if status, _ := asked(w.T, w.App, "/readyz"); status != http.StatusServiceUnavailable {
		w.Errorf("the database is away, and /readyz answers %d", status)
	}
}

// beside has another process work on the database beside this one, which sees it.
func (w *watched) beside(self, other store.Process, o store.LeaseOptions) {
	ctx, stop := context.WithCancel(context.WithoutCancel(w.Context()))
	var running sync.WaitGroup
	w.then = append(w.then, func() { stop(); running.Wait() })
	b := must(Open(w.Conf, time.Now, zap.NewNop(), 0))
	w.Cleanup(func() { _ = b.Close() })
	running.Go(func() { w.Store.Leases(self, o).Run(ctx) })
	running.Go(func() { b.Store.Leases(other, store.LeaseOptions{}).Run(ctx) })
	for deadline := time.Now().Add(20 * time.Second); len(must(w.Store.Processes(w.Context()))) < 2; {
		if time.Now().After(deadline) {
			w.Fatal("the other process is not seen")
		}
	}
	if err := w.lookAround(w.Context()); err != nil {
		w.Error(err)
	}
}

func (w *watched) other(change func(*store.Process)) store.Process {
	o := w.process
	o.ID, o.Host = "another", "another"
	change(&o)
	return o
}

// page asks the console for a page with a token that nobody has.
func (w *watched) page(path string) int {
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:2"+path, http.NoBody)
	r.Header.Set("Authorization", "Bearer of-nobody")
	r.AddCookie(&http.Cookie{Name: "supportline", Value: "of nobody"})
	answer := httptest.NewRecorder()
	w.Private.ServeHTTP(answer, r)
	return answer.Code
}

var withBackups = func(c *config.Config) {
	file := filepath.Join(filepath.Dir(c.Store.File), "taken") // where the folder would have to be
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		panic(err)
	}
	c.Backups = copies.Settings{Folder: file, Every: 24 * time.Hour, At: -1, Keep: 3}
}

// provocations provoke each alert. "By hand" is said where something of the process is set and not brought about.
var provocations = map[string]provoked{
	"Down": {do: func(w *watched) {
		s, stop := mustServe(w.T, w.App)
		reached := func() float64 {
			r, err := http.Get("http://" + s.Private.Addr().String() + "/metrics")
			if err != nil {
				return 0
			}
			r.Body.Close()
			return 1
		}
		if reached() != 1 {
			w.Error("the server cannot be scraped")
		}
		if err := stop(); err != nil {
			w.Error(err)
		}
		w.byHand[series("up", "")] = reached()
	}},
	"Absent": {do: func(w *watched) { w.gone = series("up", "") }}, // by hand: Prometheus's own configuration
	"Restarting": {do: func(w *watched) { // by hand: the times of four starts
		w.values[series("process_start_time_seconds", "")] = "100 200 300 400+0x100"
	}},
	"NotReady":        {do: func(w *watched) { w.full(); w.post("/voice"); w.stand(w.Context()) }},
	"StoreErrors":     {do: func(w *watched) { w.full(); w.post("/voice") }},
	"WebhooksFailing": {do: func(w *watched) { w.full(); w.post("/status", "CallStatus", "completed") }},
	"Panics": {do: func(w *watched) { // a log that is nil
		verifier := must(twilio.NewVerifier(w.Conf.PublicURL, w.Conf.Twilio.AccountSID, w.Conf.Twilio.AuthToken))
		w.Webhooks = ivr.NewWebhooks(ivr.Deps{Settings: w.lines.Settings, Words: w.Conf.Words, Verifier: verifier, PublicURL: w.Conf.PublicURL, Now: w.Now, Logger: zap.NewNop(), Observer: w.Counters})
		w.post("/voice")
	}},
	"WebhooksNearLimit": {slow: true, do: func(w *watched) { // the machine stands still in a webhook
		verifier := must(twilio.NewVerifier(w.Conf.PublicURL, w.Conf.Twilio.AccountSID, w.Conf.Twilio.AuthToken))
		late := func() *policy.Settings { <-time.After(6600 * time.Millisecond); return w.lines.Settings() }
		w.Webhooks = ivr.NewWebhooks(ivr.Deps{Settings: late, Words: w.Conf.Words, Log: w.callLog(), Directory: w.Store, Verifier: verifier, PublicURL: w.Conf.PublicURL, Now: w.Now, Logger: zap.NewNop(), Observer: w.Counters})
		w.post("/voice")
	}},
	"WebhooksSlow":        {slow: true, do: func(w *watched) { w.holding(2500*time.Millisecond, func() { w.post("/voice") }) }},
	"StoreSlow":           {slow: true, do: func(w *watched) { w.holding(1500*time.Millisecond, func() { w.post("/voice") }) }},
	"SignaturesRefused":   {do: func(w *watched) { w.strangers(101) }},
	"EveryWebhookRefused": {do: func(w *watched) { w.strangers(6) }},
	"NobodyAnswers":       {virtual: true, do: (*watched).unanswered},
	"CallersUnanswered":   {virtual: true, do: (*watched).unanswered},
	"CallsFailed": {do: func(w *watched) {
		w.post("/voice", "To", "+15550100")
		w.post("/status", "To", "+15550100", "CallStatus", "failed")
	}},
	"FallbackUsed": {do: func(w *watched) {
		w.post("/voice")
		w.post("/fallback", "ErrorCode", "11200", "ErrorUrl", w.Conf.PublicURL+"/voice")
	}},
	"Loops": {do: func(w *watched) { w.post("/voice", "From", w.Conf.Settings.Lines[1].Number.Full()) }},
	"NumbersGuessed": {virtual: true, change: func(c *config.Config) { c.Settings.Identification.WrongNumbersInAll = 2 }, do: func(w *watched) {
		for n := range 8 {
			sid, from := fmt.Sprintf("CA%032d", n), fmt.Sprintf("+44207946%04d", n)
			w.post("/voice", "CallSid", sid, "From", from)
			w.post("/voice/number/1", "CallSid", sid, "From", from, "Digits", fmt.Sprint(990000+n))
		}
	}},
	"CallsMissed": {virtual: true, do: func(w *watched) {
		seconds := 60
		w.provider.Change(func(s *fake.State) {
			s.Calls = append(s.Calls, twilio.ListedCall{
				SID: "CA00000000000000000000000000000009", From: "+442079460018", To: w.Conf.Settings.Lines[0].Number.Full(), Direction: "inbound", Status: "completed",
				Seconds: &seconds, StartedAt: tuesday.Add(-30 * time.Minute), EndedAt: tuesday.Add(-29 * time.Minute),
			})
		})
		if err := w.compare(); err != nil {
			w.Error(err)
		}
	}},
	"DatabaseAway":         {database: "plain", do: (*watched).away},
	"NoStandby":            {database: "plain", do: func(*watched) {}},                                                               // the tests' server has none
	"DatabaseLosesCommits": {database: "plain", do: func(w *watched) { w.watched.notHeld = []postgres.Warning{{Setting: "fsync"}} }}, // by hand: others use the server
	"ConnectionsExhausted": {database: "pool_max_conns=2", do: func(w *watched) { w.reading(2) }},
	"OldSnapshot":          {database: "plain", do: func(w *watched) { w.reading(1) }},
	"OutcomesUnknown": {database: "plain", slow: true, do: func(w *watched) {
		answered := w.proxy.CutAfter("INSERT INTO supportline.marks")
		go func() {
			<-answered
			w.proxy.Refuse(true)
			w.proxy.Cut()
		}()
		if _, err := w.Store.Advance(w.Context(), "CA1", func(c policy.Call) policy.Call { c.Line = "+448000668187"; return c }); !errors.Is(err, store.ErrUnknown) {
			w.Errorf("the outcome is known: %v", err)
		}
	}},
	// By hand: the room on the disk, as the system would report it.
	"DiskFull": {do: func(w *watched) {
		w.disk = func(string) (free, size uint64, ok bool) { return 100 << 20, 100 << 30, true }
		w.stand(w.Context())
	}},
	"DiskLow": {do: func(w *watched) {
		w.disk = func(string) (free, size uint64, ok bool) { return 9 << 30, 100 << 30, true }
		w.stand(w.Context())
	}},
	"WorkNotDone":     {do: func(*watched) {}}, // the server's own work was never begun
	"JobsFailing":     {do: func(w *watched) { _ = w.Store.Close(); w.night() }},
	"NightOverdue":    {do: func(w *watched) { _ = w.Store.Close(); w.night() }},
	"ReconcileLate":   {slow: true, do: func(w *watched) { w.refuse(http.StatusUnauthorized); _ = w.compare() }},
	"ProviderFailing": {slow: true, do: func(w *watched) { w.refuse(http.StatusInternalServerError); _, _ = w.compare(), w.compare() }},
	"ProviderRefuses": {do: func(w *watched) { w.refuse(http.StatusUnauthorized); _ = w.compare() }},
	"SpecialistsNotRung": {change: func(c *config.Config) { c.Settings.Announce = true }, do: func(w *watched) {
		w.refuse(http.StatusBadRequest)
		if _, err := w.account.Ring(w.Context(), twilio.OutboundLeg{From: w.Conf.Settings.Lines[0].Number.Full(), To: "+15550101", Seconds: 10, URL: w.Conf.PublicURL + "/leg"}); err == nil {
			w.Error("the provider placed the call")
		}
	}},
	"NoticesFailing": {do: func(w *watched) { w.tell(http.StatusInternalServerError) }},
	"NoticesGivenUp": {do: func(w *watched) { w.tell(http.StatusGone) }},
	"NoticesWaiting": {do: func(w *watched) {
		w.put(notices.Settings{Channels: []notices.Channel{notices.Webhook{URL: "http://127.0.0.1:1", Secret: "0123456789abcdef"}}}, w.Now().Add(-10*time.Minute))
		w.stand(w.Context())
	}},
	"RecordingsFailing": {slow: true, do: func(w *watched) {
		w.refuse(http.StatusInternalServerError)
		served(w.T, w.Store, w.Conf.Settings, "CA1", "204518", w.Now().Add(-time.Hour))
		must(w.Store.Advance(w.Context(), "CA1", func(c policy.Call) policy.Call {
			return c.Learn(policy.Report{Message: &policy.Recording{SID: "RE00000000000000000000000000000001", URL: "https://api.twilio.com/RE1", Seconds: 4, At: w.Now()}})
		}))
		if did := must(w.Archive.Pass(w.Context())); did.Failed != 1 {
			w.Errorf("%+v", did)
		}
	}},
	"BackupFailed": {change: withBackups, do: func(w *watched) { w.keeper(func() {}).Tick(w.Context()) }},
	"BackupOld":    {change: withBackups, do: func(w *watched) { w.keeper(func() {}).Tick(w.Context()) }},
	"ConfigurationsDiffer": {database: "plain", do: func(w *watched) {
		w.beside(w.process, w.other(func(p *store.Process) { p.Config = "of yesterday" }), store.LeaseOptions{})
	}},
	"VersionsDiffer": {database: "plain", do: func(w *watched) {
		w.beside(w.process, w.other(func(p *store.Process) { p.Version = "of yesterday" }), store.LeaseOptions{})
	}},
	"ProcessGone": {database: "plain", do: func(w *watched) { // by hand: others are sure of a death after a minute
		w.Counters.around([]store.Process{w.process, w.other(func(p *store.Process) { p.Gone = true })}, w.process.ID)
	}},
	"ClockWrong": {database: "plain", do: func(w *watched) {
		ahead := store.LeaseOptions{Clock: func() time.Time { return time.Now().Add(2 * time.Minute) }}
		w.beside(w.process, w.other(func(*store.Process) {}), ahead)
	}},
	"Goroutines": {do: func(w *watched) {
		over := make(chan struct{})
		var all sync.WaitGroup
		for range 10001 {
			all.Go(func() { <-over })
		}
		w.then = append(w.then, func() { close(over); all.Wait() })
	}},
	"Descriptors": {do: func(w *watched) {
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			w.Fatal(err)
		}
		few := limit
		few.Cur = 400
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
			w.Fatal(err)
		}
		w.then = append(w.then, func() { _ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) })
		for range 330 {
			f := must(os.Open(os.DevNull))
			w.then = append(w.then, func() { f.Close() })
		}
	}},
	"ConsoleFailing": {do: func(w *watched) {
		_ = w.Store.Close()
		if status := w.page("/calls"); status < 500 {
			w.Errorf("without a store the console answers %d", status)
		}
	}},
	"SignInsRefused": {do: func(w *watched) {
		for range 25 {
			if status := w.page("/api/v1/calls"); status != http.StatusUnauthorized && status != http.StatusTooManyRequests {
				w.Errorf("a wrong token gets %d", status)
			}
		}
	}},
}
