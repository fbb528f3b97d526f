package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

const (
	// freshFor is how old the figures of the latest month may become while the log changes, and settledFor those of the months before, which
	// only a late report or a person's act changes.
	freshFor   = 30 * time.Second
	settledFor = 5 * time.Minute
	// keptFor is how long a month is kept that nobody asks for, and followedFor how long it is kept up to date.
	keptFor     = 30 * time.Minute
	followedFor = 10 * time.Minute
	// patience is how long somebody who asks waits for a month that is not there. A small log is through by then.
	patience = 60 * time.Millisecond
)

// standings are the figures of all accounts in the months that people look at. A month is one pass over its entries in the index, which takes a
// second at ten million calls: too long for a page. So the passes run beside, one at a time, and pages take what is there with the time at which
// it was derived. Everything follows from the log; nothing is counted here.
type standings struct {
	store   *store.Store
	policy  policy.Settings
	now     func() time.Time
	log     *zap.Logger
	commits atomic.Uint64 // of the store: while there are none, nothing can have changed
	wake    chan struct{}

	mu     sync.Mutex
	months map[policy.Month]*keptMonth
	news   chan struct{} // closed when a month is there, and replaced
	near   nearAccounts
}

// nearAccounts are the accounts near or over a limit, as a report said.
type nearAccounts struct {
	month    policy.Month
	at       time.Time // the report's; zero: nothing was derived yet
	latest   time.Time // when the present month of it was derived
	accounts []policy.Usage
}

// keptMonth is one month, and how it is asked for.
type keptMonth struct {
	figures policy.MonthReport
	ready   bool
	commits uint64 // when the pass began
	asked   time.Time
}

func newStandings(settings policy.Settings, now func() time.Time, log *zap.Logger) *standings {
	return &standings{policy: settings, now: now, log: log, wake: make(chan struct{}, 1), months: map[policy.Month]*keptMonth{}, news: make(chan struct{})}
}

// committed hears of the store's commits, and returns at once.
func (s *standings) committed() { s.commits.Add(1) }

// Report returns the totals of the n months that end with last, as they were when they were derived. Months that are not there are derived now; ready
// is false where that takes longer than a page can wait.
func (s *standings) Report(ctx context.Context, last policy.Month, n int) (report policy.UsageReport, ready bool, err error) {
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		report, news := s.ask(monthsTo(last, n))
		if report != nil {
			return report, true, nil
		}
		s.rouse()
		select {
		case <-news:
		case <-wait.Done():
			return nil, false, ctx.Err()
		}
	}
}

// ask is a report of months that are there, all of them, or nil and what is closed when there is one more.
func (s *standings) ask(months []policy.Month) (policy.UsageReport, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	report := make(policy.UsageReport, 0, len(months))
	for _, m := range months {
		if s.months[m] == nil {
			s.months[m] = &keptMonth{}
		}
		s.months[m].asked = s.now()
		if s.months[m].ready {
			report = append(report, s.months[m].figures)
		}
	}
	if len(report) < len(months) {
		return nil, s.news
	}
	return report, nil
}

// Near are the accounts near or over a limit in the present month, with their names and the states of their cases, those with the most tickets
// first, and when that was derived; the zero time: not yet. It is put together once for each time the month is derived.
func (s *standings) Near() ([]policy.Usage, time.Time) {
	fair, month := s.policy.FairUse, s.policy.ThisMonth(s.now())
	report, _ := s.ask(monthsTo(month, 1+fair.Lead()))
	s.mu.Lock()
	near := s.near
	s.mu.Unlock()
	if report == nil || near.month == month && near.latest.Equal(report[len(report)-1].DerivedAt) {
		if report == nil {
			s.rouse()
		}
		return near.accounts, near.at
	}
	near = nearAccounts{month, report.DerivedAt(), report[len(report)-1].DerivedAt, report.Near(fair)}
	if err := s.name(near.accounts); err != nil {
		s.log.Error("the accounts near their limits could not be read", zap.Error(err))
		return nil, time.Time{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.near = near
	return near.accounts, near.at
}

// name writes into months what the directory and the cases say of their accounts.
func (s *standings) name(months []policy.Usage) error {
	cases, err := s.store.OpenCases(context.Background())
	if err != nil {
		return err
	}
	open := states(cases)
	for i, u := range months {
		c, err := s.store.Customer(context.Background(), u.Customer)
		if err != nil && !errors.Is(err, policy.ErrNoCustomer) {
			return err
		}
		months[i].Account, months[i].Line = c.Name, c.Line.Full()
		if state, under := open[u.Customer]; under {
			months[i].Case = &state
		}
	}
	return nil
}

// rouse lets run look at once, unless it does.
func (s *standings) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run derives what is due until ctx ends.
func (s *standings) run(ctx context.Context) {
	pace := time.NewTicker(lookEvery)
	defer pace.Stop()
	for ctx.Err() == nil {
		for s.derive(ctx) {
		}
		select {
		case <-ctx.Done():
		case <-pace.C:
		case <-s.wake:
		}
	}
}

// derive derives one month that is due, and says whether there was one.
func (s *standings) derive(ctx context.Context) bool {
	month, ok := s.due()
	if !ok || ctx.Err() != nil {
		return false
	}
	commits, at := s.commits.Load(), s.now()
	figures, err := policy.NewMonthReport(month, s.store.MonthSummaries(ctx, month), at)
	if err != nil {
		if ctx.Err() == nil {
			s.log.Error("the figures of a month could not be derived", zap.String("month", string(month)), zap.Error(err))
		}
		return false // it stays due, at the next look
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept := s.months[month]; kept != nil {
		kept.figures, kept.ready, kept.commits = figures, true, commits
	}
	close(s.news)
	s.news = make(chan struct{})
	return true
}

// due is the month to derive next: one that somebody waits for, latest first, or one that is followed and too old. What nobody asks for any more
// is forgotten.
func (s *standings) due() (policy.Month, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, commits := s.now(), s.commits.Load()
	var waited, old []policy.Month
	latest := policy.Month("")
	for m, kept := range s.months {
		if now.Sub(kept.asked) > keptFor {
			delete(s.months, m)
			continue
		}
		latest = max(latest, m)
	}
	for m, kept := range s.months {
		age, bound := now.Sub(kept.figures.DerivedAt), settledFor
		if m == latest {
			bound = freshFor
		}
		switch {
		case !kept.ready:
			waited = append(waited, m)
		case kept.commits != commits && age >= bound && now.Sub(kept.asked) <= followedFor:
			old = append(old, m)
		}
	}
	for _, list := range [][]policy.Month{waited, old} {
		if len(list) > 0 {
			return slices.Max(list), true
		}
	}
	return "", false
}
