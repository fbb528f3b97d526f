package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/feeds"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/twilio"
)

// tickEvery is the scheduler's pace, and so the longest delay of the notice of a talk over the limit.
const tickEvery = 5 * time.Second

// nightHour is when the nightly work is done, in the zone of the first line.
const nightHour = 2

// scheduler decides when each job runs. Its callers pace it and pass the time, so that it is tested without waiting.
type scheduler struct {
	jobs  *Jobs
	ended *endedCalls
	gone  func(context.Context) ([]string, error) // the processes that died lately; nil where there can be no others
	// reviewAll is Jobs.ReviewAll.
	reviewAll func(ctx context.Context, now time.Time) error
	failed    func(job string)   // is told of each run that failed
	done      func(at time.Time) // is told of nightly work that went through
}

// The jobs, as they are logged and counted.
const (
	jobLimits    = "live limits"
	jobReview    = "review"
	jobReports   = "rows for SQL"
	jobFigures   = "figures of specialists"
	jobDied      = "look for processes that died"
	jobNight     = "nightly review"
	jobSummary   = "monthly summary"
	jobRetention = "retention"
	jobAlarms    = "alarms"
	jobCallBacks = "call-backs"
)

var jobNames = []string{jobLimits, jobReview, jobReports, jobFigures, jobDied, jobNight, jobSummary, jobRetention, jobAlarms, jobCallBacks}

// limits and reviews run what is due. A job that fails is logged and runs again at the next tick.
func (s *scheduler) limits(ctx context.Context, now time.Time) {
	s.try(ctx, jobLimits, s.jobs.LiveLimits(ctx, now))
}

// reviews reviews the accounts whose calls ended in this process.
func (s *scheduler) reviews(ctx context.Context, now time.Time) {
	for a := range s.ended.take() {
		err := s.jobs.Review(ctx, a.customer, a.month, now)
		if err != nil {
			s.ended.again(a)
		}
		s.try(ctx, jobReview, err)
	}
}

// reports makes sure, once, that those who read with SQL see all calls, and which of them are over-long under the limits of this process.
func (s *scheduler) reports(ctx context.Context) {
	s.once(ctx, jobReports, func(ctx context.Context) error {
		return errors.Join(s.jobs.Store.ReportUnder(ctx, s.jobs.Settings), s.jobs.Store.FillReports(ctx))
	})
}

// once runs a job until it has gone through once.
func (s *scheduler) once(ctx context.Context, job string, do func(context.Context) error) {
	complete := false
	every(ctx, tickEvery, func() {
		if complete {
			return
		}
		err := do(ctx)
		complete = err == nil
		s.try(ctx, job, err)
	})
}

// nights is the nightly work of one process, from when it takes it over.
type nights struct {
	*scheduler
	last    string    // the day whose work is done; "" at the start, when it is done at once
	again   time.Time // when work that failed is done again; zero: none failed
	mourned map[string]bool
}

// nightRetry is how long after nightly work that failed, such as in an outage of the database, it is done again.
const nightRetry = 10 * time.Minute

// tick does the nightly work once a day, and again after a while if a part of it failed. What a process had to review when it died is reviewed with
// everything else.
func (n *nights) tick(ctx context.Context, now time.Time) {
	died, err := n.died(ctx)
	n.try(ctx, jobDied, err)
	local := now.In(n.jobs.Settings.Lines[0].Zone)
	day := local.Add(-nightHour * time.Hour).Format(time.DateOnly)
	due := day != n.last || !n.again.IsZero() && !now.Before(n.again)
	if due || len(died) > 0 {
		err = n.reviewAll(ctx, now)
		n.try(ctx, jobNight, err)
		n.mourn(died, err)
	}
	if !due {
		return
	}
	n.last, n.again = day, time.Time{}
	summary, retention := n.jobs.Summary(ctx, now), n.jobs.Retain(ctx, now)
	n.try(ctx, jobSummary, summary)
	n.try(ctx, jobRetention, retention)
	if errors.Join(err, summary, retention) != nil {
		n.again = now.Add(nightRetry)
		return
	}
	n.done(now)
}

// died returns the processes that died and whose reviews were not made up for.
func (n *nights) died(ctx context.Context) ([]string, error) {
	if n.gone == nil {
		return nil, nil
	}
	all, err := n.gone(ctx)
	return slices.DeleteFunc(all, func(id string) bool { return n.mourned[id] }), err
}

func (n *nights) mourn(died []string, err error) {
	if err != nil {
		return
	}
	if n.mourned == nil {
		n.mourned = map[string]bool{}
	}
	for _, id := range died {
		n.mourned[id] = true
	}
}

func (s *scheduler) try(ctx context.Context, job string, err error) {
	if err != nil && ctx.Err() == nil { // a job whose lease is over goes on elsewhere
		s.failed(job)
		s.jobs.Log.Error("a job failed", zap.String("job", job), zap.Error(err))
	}
}

// channels adds to the settings calls and texts, and announcements where calls have conferences.
func (a *App) channels(s notices.Settings) notices.Settings {
	return a.announcements(a.outbound().addedTo(s))
}

func (a *App) announcements(s notices.Settings) notices.Settings {
	if a.Ringer != nil {
		s.Channels = append(slices.Clip(s.Channels), notices.Announcement(a.announce))
	}
	return s
}

// callBacks returns what places the call-backs that people ask for.
func (a *App) callBacks() *ivr.CallBacker {
	return ivr.NewCallBacker(a.callLog(), a.queue, a.account, a.Conf.PublicURL, a.Now, a.Log)
}

func (a *App) sender(s notices.Settings) *notices.Sender {
	o := notices.Options{Now: a.Now, Logger: a.Log, Told: a.delivered, By: a.process.ID}
	if a.Store.Shared() { // nobody wakes the sender for what other processes write
		o.Every = othersEvery
	}
	return notices.New(s, a.Store, o)
}

// announce lets the specialist of a call hear that it passed the limit.
func (a *App) announce(ctx context.Context, n policy.Notice) (over bool, err error) {
	address := ivr.AnnounceURL(a.Conf.PublicURL, policy.Phone(n.Facts["line"]), a.linked(ctx, n))
	err = a.account.Announce(ctx, n.Facts["sid"], n.To, address)
	var refused *twilio.Err
	return errors.As(err, &refused) && refused.Status == http.StatusNotFound, err
}

// linked reports whether the specialist who hears an announcement is sent a link at the same time.
func (a *App) linked(ctx context.Context, n policy.Notice) bool {
	call, err := a.Store.Call(ctx, policy.CallSID(n.Facts["sid"]))
	_, told := remedy.AtLimit(call, 0, a.Conf.Settings, n.At)
	return err == nil && told
}

// The work that one process at a time does, by the names of its leases.
const (
	workNotices    = "notices"
	workLimits     = "limits"
	workNight      = "night"
	workRecordings = "recordings"
	workReconcile  = "reconcile"
	workBackups    = "backups"
	workReports    = "reports"
	workAlarms     = "alarms"
	workFeeds      = "feeds"
	workCallBacks  = "callbacks"
)

// work runs the jobs and sends the notices until ctx ends, and returns when nothing of it runs any more. What must not be done by several processes
// at once is done under leases.
func (a *App) work(ctx context.Context) {
	tell := a.channels(a.Conf.Notices)
	sender := a.sender(tell)
	s := a.scheduler(tell, sender.Wake)
	var all sync.WaitGroup
	all.Go(func() { a.trouble.Run(ctx) })
	all.Go(func() { wakeFor(ctx, a.toSend, sender) })
	all.Go(func() { a.Usage.Run(ctx) })
	all.Go(func() {
		followOutages(ctx, func() time.Duration { return a.watched.stats().Away }, a.databaseWent, a.Log)
	})
	all.Go(func() { every(ctx, notHeldEvery, func() { a.watched.look(ctx, a.Log) }) })
	all.Go(func() { every(ctx, tickEvery, func() { s.reviews(ctx, a.Now()) }) })
	all.Go(func() { a.followOthers(ctx) })
	all.Go(func() { s.once(ctx, jobFigures, s.jobs.Store.FillFigures) })
	all.Go(func() { every(ctx, standingEvery, func() { a.stand(ctx) }) })
	all.Go(func() {
		duties := []store.Duty{
			{Work: workNotices, Do: sender.Run},
			{Work: workAlarms, Do: a.rounds.Run},
			{Work: workReconcile, Do: a.reconcile},
			{Work: workRecordings, Do: a.Archive.Run},
			{Work: workLimits, Do: func(ctx context.Context) { every(ctx, tickEvery, func() { s.limits(ctx, a.Now()) }) }},
			{Work: workCallBacks, Do: func(ctx context.Context) {
				b := a.callBacks()
				every(ctx, ivr.CallBackPace, func() { s.try(ctx, jobCallBacks, b.Once(ctx)) })
			}},
			{Work: workNight, Do: func(ctx context.Context) {
				n := &nights{scheduler: s}
				every(ctx, tickEvery, func() { n.tick(ctx, a.Now()) })
			}},
		}
		if a.Store.Reports() {
			duties = append(duties, store.Duty{Work: workReports, Do: s.reports})
		}
		if job := a.feeds(sender.Wake); job != nil {
			duties = append(duties, store.Duty{Work: workFeeds, Do: job.Run})
		}
		if keeper := a.keeper(sender.Wake); keeper != nil {
			duties = append(duties, store.Duty{Work: workBackups, Do: keeper.Run})
		}
		a.leases().Run(ctx, duties...)
	})
	all.Wait()
}

// expectWork makes the series of the work that this server has by its configuration and its store.
func (a *App) expectWork() {
	if a.Store.Reports() {
		a.Counters.holds(workReports, false)
	}
	if a.Conf.Backups.On() {
		a.Counters.holds(workBackups, false)
	}
	if fed := feeds.Fed(a.Conf.Rotas); len(fed) > 0 {
		a.Counters.holds(workFeeds, false)
		a.Counters.expectFeeds(fed)
	}
}

// feeds returns what asks for the calendars of rotas; nil where no rota has one.
func (a *App) feeds(wake func()) *feeds.Job {
	if len(feeds.Fed(a.Conf.Rotas)) == 0 {
		return nil
	}
	shifts := func(rota string, from, until time.Time) []oncall.Shift {
		return a.rotas.Roster().Shifts(rota, from, until)
	}
	return feeds.New(a.Conf.Rotas, a.rotas, waking{a.Store, wake}, feeds.Options{Now: a.Now, Logger: a.Log, Asked: a.Counters.feedAsked, Shifts: shifts})
}

// waking tells people of events, and lets what they are told be sent at once.
type waking struct {
	*store.Store
	wake func()
}

func (w waking) Tell(ctx context.Context, events ...policy.Notice) error {
	err := w.Store.Tell(ctx, events...)
	if err == nil {
		w.wake()
	}
	return err
}

func (a *App) scheduler(tell notices.Settings, wake func()) *scheduler {
	a.Store.TellBy(TellerOf(a.Conf, tell, a.Store, a.lines.InForce).Tell)
	jobs := &Jobs{Store: a.Store, Settings: a.Conf.Settings, Notices: tell, Log: a.Log, Wake: wake}
	s := &scheduler{jobs: jobs, ended: a.ended, reviewAll: jobs.ReviewAll, failed: a.Counters.jobFailed, done: a.Counters.nightDone}
	if a.Store.Shared() {
		s.gone = a.goneProcesses
	}
	return s
}

// reviewLast reviews the accounts whose calls ended since the last tick, before the process ends: no other one knows of them.
func (a *App) reviewLast(ctx context.Context) {
	a.scheduler(a.channels(a.Conf.Notices), func() {}).reviews(ctx, a.Now())
}

// wakeFor wakes the sender when steps of calls left notices, until ctx ends.
func wakeFor(ctx context.Context, toSend <-chan struct{}, sender *notices.Sender) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-toSend:
			sender.Wake()
		}
	}
}

// every calls do at once, and then at a pace until ctx ends.
func every(ctx context.Context, pace time.Duration, do func()) {
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for ctx.Err() == nil {
		do()
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// reconcile compares the log with the provider's list at the start and from time to time. It has a pace of its own: the provider may take a
// minute to answer. The first of several failures is logged, and that they are over; each is counted.
func (a *App) reconcile(ctx context.Context) {
	at, err := Account(a.Conf, a.asked)
	if err != nil {
		a.Log.Error("the log is not compared with the provider's list", zap.Error(err))
		return
	}
	failing := false
	every(ctx, reconcileEvery, func() {
		err := a.reconcileOnce(ctx, at, a.Now())
		if ctx.Err() != nil {
			return
		}
		a.Counters.reconciled(a.Now(), err)
		switch {
		case err != nil && !failing:
			a.Log.Error("the log could not be compared with the provider's list; it is tried on", zap.Error(err))
		case err == nil && failing:
			a.Log.Info("the log is compared with the provider's list again")
		}
		failing = err != nil
	})
}
