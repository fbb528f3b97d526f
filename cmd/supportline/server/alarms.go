package server

import (
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/alarms"
	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/store"
)

// follow sets how the store tells people of events, and when follow-ups are due.
func follow(s *store.Store, conf config.Config, lines *store.Lines) {
	s.TellBy(TellerOf(conf, conf.Notices, s, lines.InForce).Tell)
	s.FollowBy(conf.FollowUps, lines.InForce)
}

// TellerOf returns who is told of events by a configuration, through these channels. settings returns those in force, whose Roster answers who is on
// call.
func TellerOf(conf config.Config, channels notices.Settings, s *store.Store, settings func() policy.Settings) alarms.Teller {
	t := alarms.Teller{Rules: conf.Alarms, Channels: channels, Settings: settings, PublicURL: strings.TrimSuffix(conf.PublicURL, "/")}
	if secret := s.Secret(); secret != nil {
		t.Key, _ = followup.LinkKey(secret) // it fails for a key of thousands of bytes alone
	}
	return t
}

// teller returns who is told by the server, which has the channels of the provider too.
func (a *App) teller() alarms.Teller {
	return TellerOf(a.Conf, a.channels(a.Conf.Notices), a.Store, a.lines.InForce)
}

// rounds returns what tells the steps of alarms as they become due. The first of several failures is logged; each is counted.
func (a *App) rounds(told func()) *alarms.Rounds {
	failing := false
	return alarms.NewRounds(a.Store, a.teller(), a.Now, told, func(err error) {
		if err != nil {
			a.Counters.jobFailed(jobAlarms)
		}
		if err != nil && !failing {
			a.Log.Error("the alarms that are due could not be told; it is tried on", zap.Error(err))
		}
		failing = err != nil
	})
}

// troubled counts as metrics do, and has people told of a store that fails.
type troubled struct {
	*metrics
	trouble *alarms.Trouble
}

// StoreFailed counts a webhook that was answered without the log, and has people told. It returns at once.
func (t troubled) StoreFailed(err error) {
	t.metrics.StoreFailed(err)
	t.trouble.Saw(policy.NoticeStoreTrouble, err.Error())
}

// databaseWent has people told that the database went away.
func (a *App) databaseWent() {
	a.trouble.Saw(policy.NoticeStoreTrouble, "the database does not answer")
}

// heldBack is how a request to the provider ends that was not made, because those before it failed.
const heldBack = "held back"

// asked counts a request to the provider, and has people told when its API fails for good.
func (a *App) asked(what, how string, took time.Duration) {
	a.Counters.asked(what, how, took)
	if how == heldBack {
		a.trouble.Saw(policy.NoticeProviderTrouble, "requests to the provider fail one after the other: "+what+" was not tried")
	}
}
