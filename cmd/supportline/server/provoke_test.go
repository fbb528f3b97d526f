package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
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

// feedOnce has the calendars of rotas asked for once, at a server that answers so.
func (w *watched) feedOnce(answer http.HandlerFunc) {
	at := w.serves(answer)
	for i := range w.Conf.Rotas {
		w.Conf.Rotas[i].Feed = at + "/night.ics"
	}
	w.feeds(func() {}).Once(w.Context())
}
