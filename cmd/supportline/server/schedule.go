package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// tickEvery is the scheduler's pace, and so the longest delay of the notice of a talk over the limit.
const tickEvery = 5 * time.Second

// nightHour is when the nightly work is done, in the zone of the first line.
const nightHour = 2

// scheduler decides when each job runs. Its caller paces it and passes the time, so that it is tested without waiting.
type scheduler struct {
	jobs  *Jobs
	ended *endedCalls
	night string // the day whose nightly work is done; "" at the start, when it is done at once
}

// tick runs what is due. A job that fails is logged and runs again: at the next tick, or the next night if it is a nightly one.
func (s *scheduler) tick(ctx context.Context, now time.Time) {
	s.try("live limits", s.jobs.LiveLimits(ctx, now))
	for a := range s.ended.take() {
		s.try("review", s.jobs.Review(ctx, a.customer, a.month, now))
	}
	local := now.In(s.jobs.Settings.Lines[0].Zone)
	day := local.Add(-nightHour * time.Hour).Format(time.DateOnly)
	if day != s.night {
		s.night = day
		s.try("nightly review", s.jobs.ReviewAll(ctx, now))
		s.try("monthly summary", s.jobs.Summary(ctx, now))
		s.try("retention", s.jobs.Retain(ctx, now))
	}
}

func (s *scheduler) try(job string, err error) {
	if err != nil {
		s.jobs.Log.Error("a job failed", zap.String("job", job), zap.Error(err))
	}
}

// channels adds announcements to the settings where calls have conferences.
func (a *App) channels(s notices.Settings) notices.Settings {
	if a.account != nil {
		s.Channels = append(slices.Clip(s.Channels), notices.Announcement(a.announce))
	}
	return s
}

func (a *App) sender(s notices.Settings) *notices.Sender {
	return notices.New(s, a.Store, notices.Options{Now: a.Now, Logger: a.Log, Told: a.Counters.told})
}

// announce lets the specialist of a call hear that it passed the limit.
func (a *App) announce(ctx context.Context, n policy.Notice) (over bool, err error) {
	err = a.account.Announce(ctx, n.Facts["sid"], n.To, ivr.AnnounceURL(a.Conf.PublicURL, policy.Phone(n.Facts["line"])))
	var refused *twilio.Err
	return errors.As(err, &refused) && refused.Status == http.StatusNotFound, err
}

// work runs the jobs and sends the notices until ctx ends, and returns when nothing of it runs any more.
func (a *App) work(ctx context.Context) {
	tell := a.channels(a.Conf.Notices)
	sender := a.sender(tell)
	scheduler := &scheduler{ended: a.ended, jobs: &Jobs{
		Store: a.Store, Settings: a.Conf.Settings, Notices: tell, Log: a.Log, Wake: sender.Wake,
	}}
	var all sync.WaitGroup
	all.Go(func() { sender.Run(ctx) })
	all.Go(func() { wakeFor(ctx, a.toSend, sender) })
	all.Go(func() { a.reconcile(ctx) })
	all.Go(func() { a.Usage.Run(ctx) })
	all.Go(func() { a.Archive.Run(ctx) })
	if keeper := a.keeper(sender.Wake); keeper != nil {
		all.Go(func() { keeper.Run(ctx) })
	}
	all.Go(func() { every(ctx, tickEvery, func() { scheduler.tick(ctx, a.Now()) }) })
	all.Go(func() { every(ctx, notHeldEvery, func() { a.watched.look(ctx, a.Log) }) })
	all.Wait()
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
	at, err := Account(a.Conf, a.Counters.asked)
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
