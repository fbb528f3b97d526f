package server

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/copies"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/postgres"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

var withBackups = func(c *config.Config) {
	file := filepath.Join(filepath.Dir(c.Store.File), "taken") // where the folder would have to be
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		panic(err)
	}
	c.Backups = copies.Settings{Folder: file, Every: 24 * time.Hour, At: -1, Keep: 3}
}

// withFeeds is a rota whose calendar is nowhere.
var withFeeds = func(c *config.Config) {
	c.Rotas = append(c.Rotas, oncall.Rota{Name: "night", Feed: "http://127.0.0.1:1/night.ics"})
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
		answered := w.proxy.AwayAfter("INSERT INTO supportline.marks")
		defer func() { <-answered }()
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
	"FollowUpsLate": {do: func(w *watched) {
		must(w.callLog().Advance(w.Context(), "CA1", func(c policy.Call) policy.Call {
			c.Line, c.From, c.Answered, c.Intent, c.Exhausted = w.Conf.Settings.Lines[0].Number, "+12125550142", true, policy.Critical, true
			c.StartedAt, c.HuntingAt, c.LeftAt = w.Now().Add(-time.Hour), w.Now().Add(-time.Hour), w.Now().Add(-20*time.Minute)
			return c
		}))
		w.stand(w.Context())
	}},
	"AlarmUntaken": {change: func(c *config.Config) {
		c.Alarms = alarm.Rules{{
			On: []policy.NoticeKind{policy.NoticeStoreTrouble}, To: []alarm.Receiver{{Channel: policy.ChannelOps}},
			Then: []alarm.Step{{After: 2 * time.Hour, To: []alarm.Receiver{{Channel: policy.ChannelOps}}}},
		}}
	}, do: func(w *watched) {
		if err := w.Store.Tell(w.Context(), policy.Notice{Key: "store-trouble/1", Kind: policy.NoticeStoreTrouble, At: w.Now()}); err != nil {
			w.Error(err)
		}
		began := w.Now()
		w.App.Now = func() time.Time { return began.Add(61 * time.Minute) }
		w.stand(w.Context())
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
	"FeedOld":      {change: withFeeds, do: func(w *watched) { w.feedOnce(http.NotFound) }},
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
