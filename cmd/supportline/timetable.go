package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// lookEvery is how often the clock is compared with what is to be done: the time by which a talk over the limit is told late.
const lookEvery = 5 * time.Second

// nightHour is when the nightly work is done, in the zone of the first line.
const nightHour = 2

// timetable says when each job is run. It is paced from outside and told the time, and so tested without waiting.
type timetable struct {
	jobs  *jobs
	ended *endedCalls
	night string // the day whose nightly work is done; "" at the start, when it is done at once
}

// look runs what is due. A job that fails is logged and comes again: at the next look, and the nightly ones the next night.
func (t *timetable) look(ctx context.Context, now time.Time) {
	t.try("live limits", t.jobs.liveLimits(ctx, now))
	for a := range t.ended.take() {
		t.try("review", t.jobs.review(ctx, a.customer, a.month, now))
	}
	local := now.In(t.jobs.settings.Lines[0].Zone)
	day := local.Add(-nightHour * time.Hour).Format(time.DateOnly)
	if day != t.night {
		t.night = day
		t.try("nightly review", t.jobs.reviewAll(ctx, now))
		t.try("monthly summary", t.jobs.summary(ctx, now))
		t.try("retention", t.jobs.retain(ctx, now))
	}
}

func (t *timetable) try(job string, err error) {
	if err != nil {
		t.jobs.log.Error("a job failed", zap.String("job", job), zap.Error(err))
	}
}

// channels adds announcements to the settings where calls have conferences.
func (h *house) channels(s notices.Settings) notices.Settings {
	if h.account != nil {
		s.Channels = append(slices.Clip(s.Channels), notices.Announcement(h.announce))
	}
	return s
}

func (h *house) sender(s notices.Settings) *notices.Sender {
	return notices.New(s, h.store, notices.Options{Now: h.now, Logger: h.log, Told: h.counters.told})
}

// announce lets the specialist of a call hear that it passed the limit.
func (h *house) announce(ctx context.Context, n policy.Notice) (over bool, err error) {
	err = h.account.Announce(ctx, n.Facts["sid"], n.To, ivr.AnnounceURL(h.conf.PublicURL, policy.Phone(n.Facts["line"])))
	var refused *twilio.Err
	return errors.As(err, &refused) && refused.Status == http.StatusNotFound, err
}

// work runs the jobs and sends the notices until ctx ends, and returns when nothing of it runs any more.
func (h *house) work(ctx context.Context) {
	tell := h.channels(h.conf.Notices)
	sender := h.sender(tell)
	table := &timetable{ended: h.ended, jobs: &jobs{
		store: h.store, settings: h.conf.Settings, notices: tell, log: h.log, wake: sender.Wake,
	}}
	var all sync.WaitGroup
	all.Go(func() { sender.Run(ctx) })
	all.Go(func() { h.reconcile(ctx, table.jobs) })
	all.Go(func() { h.usage.Run(ctx) })
	all.Go(func() { h.archive.Run(ctx) })
	all.Go(func() {
		pace := time.NewTicker(lookEvery)
		defer pace.Stop()
		for ctx.Err() == nil {
			table.look(ctx, h.now())
			select {
			case <-ctx.Done():
			case <-pace.C:
			}
		}
	})
	all.Wait()
}

// reconcile compares the log with the provider's list at the start and from time to time. It has a pace of its own: the provider may take a
// minute to answer. The first of several failures is logged, and that they are over; each is counted.
func (h *house) reconcile(ctx context.Context, j *jobs) {
	at, err := server.Account(h.conf, h.counters.asked)
	if err != nil {
		h.log.Error("the log is not compared with the provider's list", zap.Error(err))
		return
	}
	pace := time.NewTicker(reconcileEvery)
	defer pace.Stop()
	for failing := false; ctx.Err() == nil; {
		err := j.reconcile(ctx, at, h.counters.repaired, h.now())
		if ctx.Err() != nil {
			return
		}
		h.counters.reconciled(h.now(), err)
		switch {
		case err != nil && !failing:
			h.log.Error("the log could not be compared with the provider's list; it is tried on", zap.Error(err))
		case err == nil && failing:
			h.log.Info("the log is compared with the provider's list again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-pace.C:
		}
	}
}
