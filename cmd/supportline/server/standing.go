package server

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// standing are the gauges of what a server looks at by itself, so that its state is known while nobody calls.
type standing struct {
	ready, givenUp, overdue, cases, alarms, untaken prometheus.Gauge
	free, size, waiting, late                       *prometheus.GaugeVec
}

func newStanding(auto promauto.Factory) standing {
	gauge := func(name, help string) prometheus.Gauge {
		return auto.NewGauge(prometheus.GaugeOpts{Name: "supportline_" + name, Help: help})
	}
	followUps := func(name, help string) *prometheus.GaugeVec {
		all := auto.NewGaugeVec(prometheus.GaugeOpts{Name: "supportline_followups_" + name, Help: help}, []string{"severity"})
		for _, severity := range followup.Severities() {
			all.WithLabelValues(string(severity))
		}
		return all
	}
	disk := func(name, help string) *prometheus.GaugeVec {
		return auto.NewGaugeVec(prometheus.GaugeOpts{Name: "supportline_disk_" + name, Help: help}, []string{"of"})
	}
	return standing{
		ready:   gauge("ready", "1 while the store can be read and written, as /readyz answers."),
		givenUp: gauge("notices_given_up", "Notices that could not be delivered and wait for a person."),
		overdue: gauge("notices_overdue_seconds", "For how long the notice that is due for longest has not been tried; 0 if none is due."),
		cases:   gauge("cases_open", "Cases that are not closed."),
		alarms:  gauge("alarms_open", "Alarms that are not done: some wait until somebody takes them."),
		untaken: gauge("alarms_untaken_seconds", "For how long the oldest alarm that people are still told of has not been taken; 0 if there is none."),
		waiting: followUps("open", "Calls that ended without a person and wait for one, by severity."),
		late:    followUps("late", "Those of them whose time is over, by severity."),
		free:    disk("free_bytes", "Room that is left on the disk of a folder or file on this machine."),
		size:    disk("size_bytes", "Size of the disk of a folder or file on this machine."),
	}
}

// standingEvery is how often the gauges are brought up to date.
const standingEvery = 15 * time.Second

// channels are the ways of a notice out of every server.
var channels = []policy.Channel{policy.ChannelEmail, policy.ChannelWebhook, policy.ChannelAnnouncement, policy.ChannelCall, policy.ChannelSMS}

// waysOut returns all ways of a notice out of this server.
func (a *App) waysOut() []policy.Channel {
	all := slices.Clone(channels)
	for _, c := range a.Conf.Notices.Named {
		all = append(all, c.Name())
	}
	return all
}

// stand brings the gauges up to date. What cannot be read stays as it was: that the store does not answer is a gauge of its own.
func (a *App) stand(ctx context.Context) {
	looking, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	s := a.Counters.standing
	err := a.Store.Ping(looking)
	if ctx.Err() != nil {
		return
	}
	s.ready.Set(map[bool]float64{true: 1}[err == nil])
	if n, err := a.Store.FailedNotices(looking); err == nil {
		s.givenUp.Set(float64(n))
	}
	if overdue, err := a.overdue(looking); err == nil {
		s.overdue.Set(overdue.Seconds())
	}
	if open, err := a.Store.OpenCases(looking); err == nil {
		s.cases.Set(float64(len(open)))
	}
	if n, err := a.Store.CountAlarms(looking); err == nil {
		s.alarms.Set(float64(n))
	}
	if untaken, err := a.untaken(looking); err == nil {
		s.untaken.Set(untaken.Seconds())
	}
	if counts, err := a.Store.CountFollowUps(looking, a.Now()); err == nil {
		for severity, n := range counts {
			s.waiting.WithLabelValues(string(severity)).Set(float64(n.Waiting))
			s.late.WithLabelValues(string(severity)).Set(float64(n.Late))
		}
	}
	a.disks()
}

// overdue returns for how long the notice that is due for longest has not been tried.
func (a *App) overdue(ctx context.Context) (longest time.Duration, err error) {
	now := a.Now()
	for _, channel := range a.waysOut() {
		due, err := a.Store.DueNotices(ctx, channel, now, 1)
		if err != nil {
			return 0, err
		}
		for _, n := range due {
			at := n.NextAt
			if at.IsZero() {
				at = n.At
			}
			longest = max(longest, now.Sub(at))
		}
	}
	return longest, nil
}

// manyAlarms bounds the alarms that are looked at for the oldest. Where there are more, the figure may be short, and is long enough.
const manyAlarms = 1000

// untaken returns for how long the oldest alarm that people are still told of has not been taken. One that waits for the end of its quiet hours, or that
// its rule told once, is none of them.
func (a *App) untaken(ctx context.Context) (longest time.Duration, err error) {
	now := a.Now()
	all, err := a.Store.DueAlarms(ctx, now.AddDate(1, 0, 0), manyAlarms)
	for _, one := range all {
		if !one.Held {
			longest = max(longest, now.Sub(one.StartedAt))
		}
	}
	return longest, err
}

// disks brings the gauges of the disks up to date.
func (a *App) disks() {
	for of, path := range a.kept() {
		if free, size, ok := a.disk(path); ok {
			a.Counters.standing.free.WithLabelValues(of).Set(float64(free))
			a.Counters.standing.size.WithLabelValues(of).Set(float64(size))
		}
	}
}

// kept returns the places on this machine that grow, by what is there.
func (a *App) kept() map[string]string {
	places := map[string]string{}
	if !a.Conf.Store.IsDatabase() {
		places["store"] = filepath.Dir(a.Conf.Store.File)
	}
	if folder := a.Conf.Recordings.Folder; folder != "" {
		places["recordings"] = folder
	}
	if folder := a.Conf.Backups.Folder; folder != "" {
		places["backups"] = folder
	}
	return places
}
