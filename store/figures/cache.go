package figures

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

const (
	// freshFor is how old the latest month may become while the log changes, and settledFor the months before, which only a late report or a
	// person's act changes.
	freshFor   = 30 * time.Second
	settledFor = 5 * time.Minute
	// keptFor is how long a month is kept that nobody asks for, and followedFor how long it is kept up to date.
	keptFor     = 30 * time.Minute
	followedFor = 10 * time.Minute
	// patience is how long a caller of Report waits for a month that is not there. A small log is through by then.
	patience = 60 * time.Millisecond
	// refreshEvery is how often Run looks for months that have become too old.
	refreshEvery = 5 * time.Second
)

// Cache holds the usage of all accounts in the months that people look at. A month is one pass over its entries in the index, which takes a
// second at ten million calls: too long for a page. So Run makes the passes in the background, one at a time, and pages take what is there with
// the time at which it was derived. Everything follows from the log; nothing is counted here.
type Cache struct {
	store    *store.Store
	settings policy.Settings
	failed   func(error)
	wake     chan struct{}

	mu     sync.Mutex
	months map[policy.Month]*cachedMonth
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

// cachedMonth is one month, and how it is asked for.
type cachedMonth struct {
	report  policy.MonthReport
	ready   bool
	commits uint64 // of the store, when the pass began: while there are no more, nothing can have changed, unless other processes write too
	asked   time.Time
}

// NewCache returns an empty cache. failed is told what could not be read, which is tried again later.
func NewCache(s *store.Store, settings policy.Settings, failed func(error)) *Cache {
	return &Cache{
		store: s, settings: settings, failed: failed, wake: make(chan struct{}, 1), months: map[policy.Month]*cachedMonth{}, news: make(chan struct{}),
	}
}

// Report returns the n months that end with last, as they were when they were derived. Months that are not there are derived now; ready is false
// where that takes longer than a page can wait.
func (c *Cache) Report(ctx context.Context, last policy.Month, n int) (report policy.UsageReport, ready bool, err error) {
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		report, news := c.ask(monthsTo(last, n))
		if report != nil {
			return report, true, nil
		}
		c.refreshSoon()
		select {
		case <-news:
		case <-wait.Done():
			return nil, false, ctx.Err()
		}
	}
}

// ask returns the report of the months if all of them are there, or nil and a channel that is closed when there is one more.
func (c *Cache) ask(months []policy.Month) (policy.UsageReport, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	report := make(policy.UsageReport, 0, len(months))
	for _, m := range months {
		if c.months[m] == nil {
			c.months[m] = &cachedMonth{}
		}
		c.months[m].asked = c.store.Now()
		if c.months[m].ready {
			report = append(report, c.months[m].report)
		}
	}
	if len(report) < len(months) {
		return nil, c.news
	}
	return report, nil
}

// Near returns the accounts near or over a limit in the present month, with their names and the states of their cases, those with the most
// tickets first, and when that was derived; the zero time: not yet. It is put together once for each time the month is derived.
func (c *Cache) Near() ([]policy.Usage, time.Time) {
	fair, month := c.settings.FairUse, c.settings.ThisMonth(c.store.Now())
	report, _ := c.ask(monthsTo(month, 1+fair.Lead()))
	c.mu.Lock()
	near := c.near
	c.mu.Unlock()
	if report == nil {
		c.refreshSoon()
		return near.accounts, near.at
	}
	latest := report[len(report)-1].DerivedAt
	if near.month == month && near.latest.Equal(latest) {
		return near.accounts, near.at
	}
	near = nearAccounts{month, report.DerivedAt(), latest, report.Near(fair)}
	if err := describe(context.Background(), c.store, near.accounts); err != nil {
		c.failed(fmt.Errorf("the accounts near their limits: %w", err))
		return nil, time.Time{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.near = near
	return near.accounts, near.at
}

// refreshSoon makes Run look at once.
func (c *Cache) refreshSoon() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Run derives what is due until ctx ends.
func (c *Cache) Run(ctx context.Context) {
	pace := time.NewTicker(refreshEvery)
	defer pace.Stop()
	for ctx.Err() == nil {
		c.Refresh(ctx)
		select {
		case <-ctx.Done():
		case <-pace.C:
		case <-c.wake:
		}
	}
}

// Refresh derives what is due at this moment.
func (c *Cache) Refresh(ctx context.Context) {
	for c.derive(ctx) {
	}
}

// derive derives one month that is due, and reports whether there was one.
func (c *Cache) derive(ctx context.Context) bool {
	month, ok := c.due()
	if !ok || ctx.Err() != nil {
		return false
	}
	commits, at := c.store.Commits(), c.store.Now()
	report, err := policy.NewMonthReport(month, c.store.MonthSummaries(ctx, month), at)
	if err != nil {
		if ctx.Err() == nil {
			c.failed(fmt.Errorf("the usage of %s: %w", month, err))
		}
		return false // it stays due, at the next look
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if kept := c.months[month]; kept != nil {
		kept.report, kept.ready, kept.commits = report, true, commits
	}
	close(c.news)
	c.news = make(chan struct{})
	return true
}

// due returns the month to derive next: one that somebody waits for, latest first, or one that is followed and too old. It forgets what nobody
// asks for any more.
func (c *Cache) due() (policy.Month, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, commits := c.store.Now(), c.store.Commits()
	var waited, old []policy.Month
	latest := policy.Month("")
	for m, kept := range c.months {
		if now.Sub(kept.asked) > keptFor {
			delete(c.months, m)
			continue
		}
		latest = max(latest, m)
	}
	for m, kept := range c.months {
		age, bound := now.Sub(kept.report.DerivedAt), settledFor
		if m == latest {
			bound = freshFor
		}
		switch {
		case !kept.ready:
			waited = append(waited, m)
		case (kept.commits != commits || c.store.Shared()) && age >= bound && now.Sub(kept.asked) <= followedFor:
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
