package server

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/alarms"
	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/link"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/figures"
)

// Jobs is the work that the server does by itself besides answering calls. Each is a plain function of the log and a time, and may run at any
// moment and any number of times: nothing is done twice, because everything that a job knows follows from the log.
type Jobs struct {
	Store    *store.Store
	Settings policy.Settings
	Notices  notices.Settings
	Log      *zap.Logger
	Wake     func() // notices wait to be sent
}

// LiveLimits sends a notice, once for each call, when a specialist has talked for longer than the call limit. No call is cut off.
func (j *Jobs) LiveLimits(ctx context.Context, now time.Time) error {
	talking, err := j.Store.TalkingSince(ctx, now.Add(-j.Settings.FairUse.CallLimit))
	if err != nil {
		return err
	}
	var failed error
	for _, sid := range talking {
		told := false
		_, err := j.Store.AdvanceAndNotify(ctx, sid, func(c policy.Call) (policy.Call, []policy.Notice) {
			after, found, tell := policy.CallLimitNotice(c, now, j.Settings)
			told = tell
			if since, talking := c.Talking(); talking && len(found) > 0 {
				if event, asked := remedy.AtLimit(c, now.Sub(since), j.Settings, now); asked {
					found = append(found, event)
				}
			}
			return after, j.addressed(found)
		})
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if told {
			j.Log.Info("a talk passed the call limit", zap.String("call", string(sid)))
			j.Wake()
		}
	}
	return failed
}

// Review examines one account in one month: it warns near the limits, and opens the case of sustained load (rule 8).
func (j *Jobs) Review(ctx context.Context, customer policy.CustomerNumber, month policy.Month, now time.Time) error {
	verdict, err := j.Store.Review(ctx, customer, month, j.Settings.FairUse, func(s policy.ReviewInput) policy.Verdict {
		v := policy.Review(s, j.Settings.FairUse, now)
		v.Notices = j.addressed(v.Notices)
		return v
	})
	switch {
	case errors.Is(err, policy.ErrNoCustomer): // erased meanwhile
		return nil
	case err != nil:
		return err
	case verdict.Open != nil:
		j.Log.Info("sustained load opened a case", zap.String("case", string(verdict.Open.ID)))
	}
	if len(verdict.Notices) > 0 {
		j.Wake()
	}
	return nil
}

// ReviewAll reviews every account of the directory in the month that its home line is in, and in the one before, whose last calls may have
// been reported late.
func (j *Jobs) ReviewAll(ctx context.Context, now time.Time) error {
	for c, err := range j.Store.Customers(ctx) {
		if err != nil {
			return err
		}
		month := policy.MonthOf(now, j.Settings.LineZone(c.Line))
		for _, m := range []policy.Month{month.Plus(-1), month} {
			if err := j.Review(ctx, c.Number, m, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// Summary sends ops the last month's usage, from the month's first working day on. It is sent once; a server that was down on that day sends it
// when it is back. A month without calls has no summary.
func (j *Jobs) Summary(ctx context.Context, now time.Time) error {
	home := j.Settings.Lines[0]
	this := policy.MonthOf(now, home.Zone)
	if !j.Notices.Summary || now.Before(firstWorkingDay(home, this)) {
		return nil
	}
	accounts, err := figures.Accounts{Store: j.Store, FairUse: j.Settings.FairUse}.AllMonths(ctx, this.Plus(-1), 1)
	if err != nil {
		return err
	}
	var used []policy.Usage
	calls := 0
	for _, a := range accounts {
		if u := a.Last(); u.Calls > 0 || u.Sustained {
			used = append(used, u)
			calls += u.Calls
		}
	}
	if calls == 0 {
		return nil
	}
	if err := j.Store.Tell(ctx, policy.SummaryNotice(this.Plus(-1), used, j.Settings.FairUse, now)); err != nil {
		return err
	}
	j.Wake()
	return nil
}

// firstWorkingDay returns the start of the first day of a month on which a line opens, or the month's end if it never does.
func firstWorkingDay(line policy.Line, month policy.Month) time.Time {
	from, to := month.Bounds(line.Zone)
	if line.At(from).Open {
		return from
	}
	opens, ok := line.NextOpening(from)
	if !ok || opens.After(to) {
		return to
	}
	y, m, d := opens.In(line.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, line.Zone)
}

// Retain removes what is past its retention (rule 13), except what a case rests on, and the console's sessions that are over.
func (j *Jobs) Retain(ctx context.Context, now time.Time) error {
	gone, err := j.Store.Expire(ctx, now.Add(-j.Settings.Retention))
	if err == nil && (gone.Calls > 0 || gone.Notices > 0) {
		j.Log.Info("past their time", zap.Int("calls", gone.Calls), zap.Int("kept", gone.Kept), zap.Int("notices", gone.Notices), zap.Int("recordings", gone.Recordings))
	}
	_, over := j.Store.ExpireSessions(ctx, now)
	return errors.Join(err, over)
}

// addressed returns the notices that name their channel, each with its recipients, and the others as they are: events, which the store tells.
func (j *Jobs) addressed(found []policy.Notice) []policy.Notice {
	var all []policy.Notice
	for _, n := range found {
		if n.Channel == "" {
			all = append(all, n)
		} else {
			all = append(all, j.Notices.Addressed(n)...)
		}
	}
	return all
}

// accountMonth is an account in a month.
type accountMonth struct {
	customer policy.CustomerNumber
	month    policy.Month
}

// endedCalls holds the accounts that wait for a review because a call of theirs ended in this process. Those lost with it are reviewed when its death is
// seen, or at the next start.
type endedCalls struct {
	mu      sync.Mutex
	waiting map[accountMonth]bool
}

func (e *endedCalls) add(c policy.Call) {
	if c.Customer == "" || c.Month == "" || c.End().IsZero() {
		return
	}
	e.again(accountMonth{c.Customer, c.Month})
}

// again makes an account wait for a review.
func (e *endedCalls) again(a accountMonth) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.waiting == nil {
		e.waiting = map[accountMonth]bool{}
	}
	e.waiting[a] = true
}

func (e *endedCalls) take() map[accountMonth]bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	taken := e.waiting
	e.waiting = nil
	return taken
}

// NotifyingLog returns the log as everything that learns of calls writes to it, so that calls without a person are followed up, and people are told of
// them, whoever brings the news.
func NotifyingLog(s *store.Store, settings policy.Settings, told notices.Settings) store.NotifyingLog {
	return store.NotifyingLog{Store: s, Settings: settings, Link: told.CallLink}
}

// callLog returns the log of the server, which sends at once what is to be told.
func (a *App) callLog() store.NotifyingLog {
	log := NotifyingLog(a.Store, a.Conf.Settings, a.Conf.Notices)
	log.Told, log.OfferLink = a.wake, a.offerLink()
	return log
}

// wake has the sender look at once for what is to be told.
func (a *App) wake() {
	select {
	case a.toSend <- struct{}{}:
	default: // it will look anyway
	}
}

// acting is the store of a server for those who act on follow-ups and alarms. The sender looks at once for what an act withdrew, and for what chats and
// pagers show.
type acting struct {
	*store.Store
	wake func()
}

func (s acting) TakeAlarm(ctx context.Context, id alarm.ID, act followup.Act) (alarm.Alarm, error) {
	defer s.wake()
	return s.Store.TakeAlarm(ctx, id, act)
}

func (s acting) FinishAlarm(ctx context.Context, id alarm.ID, act followup.Act) (alarm.Alarm, error) {
	defer s.wake()
	return s.Store.FinishAlarm(ctx, id, act)
}

func (s acting) TakeFollowUp(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error) {
	defer s.wake()
	return s.Store.TakeFollowUp(ctx, id, act)
}

func (s acting) FinishFollowUp(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error) {
	defer s.wake()
	return s.Store.FinishFollowUp(ctx, id, act)
}

func (s acting) ReopenFollowUp(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error) {
	defer s.wake()
	return s.Store.ReopenFollowUp(ctx, id, act)
}

func (s acting) AskCallBack(ctx context.Context, id followup.ID, to policy.Target, act followup.Act) (followup.CallBack, error) {
	defer s.wake()
	return s.Store.AskCallBack(ctx, id, to, act)
}

// watchedLog is the log as the webhooks use it. It records which calls ended.
type watchedLog struct {
	store.NotifyingLog
	ended *endedCalls
}

// Advance advances the call in the store.
func (l watchedLog) Advance(ctx context.Context, sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error) {
	uncounted := func(c policy.Call, _ policy.WrongNumbers) policy.Call { return change(c) }
	return l.AdvanceCounting(ctx, sid, policy.WrongNumberCount{}, uncounted)
}

// AdvanceCounting advances the call in the store, by how many wrong customer numbers were entered.
func (l watchedLog) AdvanceCounting(
	ctx context.Context, sid policy.CallSID, count policy.WrongNumberCount, change func(policy.Call, policy.WrongNumbers) policy.Call,
) (policy.Call, error) {
	after, err := l.NotifyingLog.AdvanceCounting(ctx, sid, count, change)
	if err == nil {
		l.ended.add(after)
	}
	return after, err
}

// follow sets how the store tells people of events, how letters offer pages of the company, and when follow-ups are due.
func follow(s *store.Store, told notices.Settings, conf config.Config, lines *store.Lines) {
	teller := TellerOf(conf, told, s, lines.InForce)
	s.TellBy(teller.Tell)
	s.OfferBy(func() store.Offering {
		return store.Offering{Settings: lines.InForce(), Link: offerLink(teller.Key, teller.PublicURL)}
	})
	s.FollowBy(conf.FollowUps, lines.InForce)
}

// TellerOf returns who is told of events by a configuration, through these channels. settings returns those in force, whose Roster answers who is on
// call.
func TellerOf(conf config.Config, channels notices.Settings, s *store.Store, settings func() policy.Settings) alarms.Teller {
	t := alarms.Teller{Rules: conf.Alarms, Channels: channels, Settings: settings, PublicURL: strings.TrimSuffix(conf.PublicURL, "/")}
	if secret := s.Secret(); secret != nil {
		t.Key, _ = link.Key(secret) // it fails for a key of thousands of bytes alone
	}
	return t
}

// teller returns who is told by the server, which has the channels of the provider too.
func (a *App) teller() alarms.Teller {
	return TellerOf(a.Conf, a.channels(a.Conf.Notices), a.Store, a.lines.InForce)
}

// newRounds returns what tells the steps of alarms as they become due. The first of several failures is logged; each is counted.
func (a *App) newRounds() *alarms.Rounds {
	failing := false
	return alarms.NewRounds(a.Store, a.teller(), a.Now, a.wake, func(err error) {
		if err != nil {
			a.Counters.jobFailed(jobAlarms)
		}
		if err != nil && !failing {
			a.Log.Error("the alarms that are due could not be told; it is tried on", zap.Error(err))
		}
		failing = err != nil
	})
}

// delivered counts an attempt to deliver a notice. One that failed may have made the next step of an alarm due; one that was no longer wanted is none.
func (a *App) delivered(channel policy.Channel, class string) {
	if class == notices.Unwanted {
		return
	}
	a.Counters.told(channel, class)
	if class != "sent" {
		a.rounds.Wake()
	}
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
