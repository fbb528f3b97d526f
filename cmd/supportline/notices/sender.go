package notices

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	random "math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
)

// Outbox holds the notices. Writing about one that is gone, because its customer was erased, returns policy.ErrNoNotice.
type Outbox interface {
	// DueNotices returns at most limit notices of one channel that are neither sent nor given up and whose time has come, the longest due first.
	DueNotices(ctx context.Context, channel policy.Channel, now time.Time, limit int) ([]policy.Notice, error)
	// NoticeChannels returns the channels on which notices wait.
	NoticeChannels(ctx context.Context) ([]policy.Channel, error)
	// ClaimNotice stores who delivers a notice, which nobody else does then until a time, and returns false where somebody else does or did.
	ClaimNotice(ctx context.Context, key, by string, now, until time.Time) (claimed bool, err error)
	// ReleaseNotice makes a notice due at once that was claimed and not attempted.
	ReleaseNotice(ctx context.Context, key, by string, now time.Time) error
	// NoticeSent stores that a notice was delivered.
	NoticeSent(ctx context.Context, key string, at time.Time) error
	// NoticeShown stores that a receiver that is kept up to date shows the state and the count of a notice, and its receipt.
	NoticeShown(ctx context.Context, shown policy.Notice, receipt map[string]string, at time.Time) error
	// NoticeFailed stores a failed attempt with its cause. The notice is due again at next, or, where next is zero, given up.
	NoticeFailed(ctx context.Context, key string, at time.Time, cause error, next time.Time) error
}

// Options hold what a Sender takes from the program. Zero fields have the defaults named.
type Options struct {
	Now     func() time.Time                       // time.Now
	After   func(time.Duration) <-chan time.Time   // time.After
	Random  func() float64                         // in [0, 1); math/rand
	Timeout time.Duration                          // of one delivery; 30 seconds
	Every   time.Duration                          // how often the outbox is read when nobody calls Wake; 15 seconds
	By      string                                 // the process that delivers, as the outbox knows it; a name of its own
	Logger  *zap.Logger                            // none
	Told    func(policy.Channel, string /*class*/) // after each attempt, for counting: class is "sent" or why not; nothing
}

const (
	// atOnce bounds how many notices are read at a time.
	atOnce = 100
	// lookEvery is the default of Options.Every.
	lookEvery = 15 * time.Second
	// claimSlack is how much longer than a delivery its claim lasts. The clocks of processes may differ by as much.
	claimSlack = 90 * time.Second
	// grace is how long a delivery under way may take when the sender is stopped: cut off, it could arrive twice.
	grace = 3 * time.Second
)

// Sender delivers what is due in an outbox.
type Sender struct {
	outbox    Outbox
	templates *Templates
	o         Options
	workers   []*worker
}

// worker delivers on one channel, independently of the others. It remembers what it delivered and could not store yet, so that it is not
// delivered again.
type worker struct {
	Channel
	delivered map[string]delivery
	wake      chan struct{}
	dueFor    time.Duration // how old a notice is before it is looked at
	until     time.Time     // the server wants nothing of the channel before
}

// delivery is an attempt that succeeded.
type delivery struct {
	notice  policy.Notice
	at      time.Time
	receipt map[string]string // of a channel that keeps its receivers up to date
}

// shows reports whether a channel keeps the receiver of a notice up to date.
func (w *worker) shows(n policy.Notice) (Live, bool) {
	live, ok := w.Channel.(Live)
	return live, ok && n.State != ""
}

// New returns a Sender over the channels of s. It starts nothing.
func New(s Settings, outbox Outbox, o Options) *Sender {
	o.fill()
	if s.Templates == nil {
		s.Templates = DefaultTemplates()
	}
	made := &Sender{outbox: outbox, templates: s.Templates, o: o}
	for _, c := range slices.Concat(s.All(), s.unconfigured()) {
		made.workers = append(made.workers, &worker{Channel: c, delivered: map[string]delivery{}, wake: make(chan struct{}, 1)})
	}
	return made
}

// Once delivers what is due, and returns.
func (s *Sender) Once(ctx context.Context) {
	for _, c := range s.workers {
		s.pass(ctx, c)
	}
	s.strays(ctx)
}

func (o *Options) fill() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.Random == nil {
		o.Random = random.Float64
	}
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.Every, o.By = cmp.Or(o.Every, lookEvery), cmp.Or(o.By, rand.Text())
	o.Logger = cmp.Or(o.Logger, zap.NewNop())
	if o.Told == nil {
		o.Told = func(policy.Channel, string) {}
	}
}

// Wake makes a running Sender read the outbox at once. It never blocks.
func (s *Sender) Wake() {
	for _, c := range s.workers {
		select {
		case c.wake <- struct{}{}:
		default: // it will be read anyway
		}
	}
}

// Run delivers until ctx is over, each channel in a goroutine of its own, and returns when none of them is running any more: at once, or, while a
// delivery is under way, after three seconds at most. It must be called once only.
func (s *Sender) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, c := range s.workers {
		all.Go(func() {
			for ctx.Err() == nil {
				s.pass(ctx, c)
				select {
				case <-ctx.Done():
				case <-c.wake:
				case <-s.o.After(s.o.Every):
				}
			}
		})
	}
	all.Go(func() {
		for ctx.Err() == nil {
			s.strays(ctx)
			select {
			case <-ctx.Done():
			case <-s.o.After(strayFor):
			}
		}
	})
	all.Wait()
}

// strayFor is how long a notice waits for a channel that nobody delivers on before it is given up: a process that is about to be started may have the
// channel.
const strayFor = time.Hour

// strays gives up what waits for channels that the configuration does not have any more, so that a person sees it.
func (s *Sender) strays(ctx context.Context) {
	all, err := s.outbox.NoticeChannels(ctx)
	if err != nil {
		s.o.Logger.Warn("the channels of the outbox cannot be read", zap.Error(err))
		return
	}
	for _, name := range all {
		if !slices.ContainsFunc(s.workers, func(w *worker) bool { return w.Name() == name }) {
			s.pass(ctx, &worker{Channel: removed(name), delivered: map[string]delivery{}, dueFor: strayFor})
		}
	}
}

// pass delivers what is due on one channel until nothing is, or the other side or the outbox is down.
func (s *Sender) pass(ctx context.Context, c *worker) {
	for _, d := range c.delivered {
		if !s.store(ctx, c, d, nil) {
			return
		}
	}
	for ctx.Err() == nil && !s.o.Now().Before(c.until) {
		due, err := s.outbox.DueNotices(ctx, c.Name(), s.o.Now(), atOnce)
		if err != nil {
			s.o.Logger.Warn("the outbox cannot be read", zap.String("channel", string(c.Name())), zap.Error(err))
			return
		}
		due = slices.DeleteFunc(due, func(n policy.Notice) bool { return s.o.Now().Sub(n.At) < c.dueFor })
		if len(due) == 0 {
			return
		}
		for _, n := range due {
			if !s.one(ctx, c, n) {
				return
			}
		}
	}
}

// one claims a notice, attempts to deliver it, and stores the result. It returns false when the next one should wait.
func (s *Sender) one(ctx context.Context, c *worker, n policy.Notice) bool {
	if ctx.Err() != nil {
		return false
	}
	now := s.o.Now()
	claimed, err := s.outbox.ClaimNotice(ctx, n.Key, s.o.By, now, now.Add(s.o.Timeout+claimSlack))
	switch {
	case errors.Is(err, policy.ErrNoNotice), err == nil && !claimed:
		return true
	case err != nil:
		s.o.Logger.Warn("a notice cannot be claimed", zap.String("key", event(n)), zap.Error(err))
		return false
	case s.o.Now().Sub(now) > claimSlack/2: // the process stood still, and somebody else may have the notice by the time it is sent
		return false
	}
	receipt, failed := s.try(ctx, c, n)
	at := s.o.Now()
	if failed != nil && ctx.Err() != nil { // we stopped it ourselves, which is no failure of the notice
		s.release(ctx, n, at)
		return false
	}
	if failed != nil && failed.after > 0 {
		c.until = at.Add(failed.after)
	}
	stored := s.store(ctx, c, delivery{n, at, receipt}, failed)
	s.report(c, n, failed)
	return stored && (failed == nil || !failed.down)
}

// release lets others deliver a notice at once.
func (s *Sender) release(ctx context.Context, n policy.Notice, at time.Time) {
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.Timeout)
	defer cancel()
	if err := s.outbox.ReleaseNotice(writing, n.Key, s.o.By, at); err != nil && !errors.Is(err, policy.ErrNoNotice) {
		s.o.Logger.Warn("a notice waits until its claim is over", zap.String("key", event(n)), zap.Error(err))
	}
}

// store stores the result of an attempt, even while the program stops. It returns false when that failed.
func (s *Sender) store(ctx context.Context, c *worker, d delivery, failed *failure) bool {
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.Timeout)
	defer cancel()
	err := s.write(writing, c, d, failed)
	if errors.Is(err, policy.ErrNoNotice) {
		delete(c.delivered, d.notice.Key)
		return true
	}
	if err != nil {
		s.o.Logger.Warn("the result of a delivery cannot be stored", zap.String("key", event(d.notice)), zap.Error(err))
	}
	return err == nil
}

func (s *Sender) try(ctx context.Context, c *worker, n policy.Notice) (receipt map[string]string, failed *failure) {
	words, err := s.templates.Render(n)
	if err != nil {
		return nil, refused("words", err.Error())
	}
	under, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.Timeout)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		select {
		case <-s.o.After(grace):
			cancel()
		case <-under.Done():
		}
	})()
	if live, ok := c.shows(n); ok {
		receipt, err = live.Show(under, n, words, s.o.Now())
	} else {
		err = c.Send(under, n, words, s.o.Now())
	}
	return receipt, failureOf(c, err)
}

// failureOf returns the failure that an error of a channel is, nil for none.
func failureOf(c Channel, err error) *failure {
	failed, ok := errors.AsType[*failure](err)
	if err != nil && !ok {
		failed = later(string(c.Name()), err.Error())
	}
	return failed
}

func (s *Sender) write(ctx context.Context, c *worker, d delivery, failed *failure) (err error) {
	n := d.notice
	if failed != nil {
		var again time.Time
		if !failed.forGood {
			again = failed.notBefore(d.at, n.Until, next(c, n, d.at, s.o.Random))
		}
		return s.outbox.NoticeFailed(ctx, n.Key, d.at, failed, again)
	}
	c.delivered[n.Key] = d
	if _, ok := c.shows(n); ok {
		err = s.outbox.NoticeShown(ctx, n, d.receipt, d.at)
	} else {
		err = s.outbox.NoticeSent(ctx, n.Key, d.at)
	}
	if err == nil {
		delete(c.delivered, n.Key)
	}
	return err
}

// event returns the key of a notice without what names its receiver, so that no log can be searched for an address.
func event(n policy.Notice) string {
	key, _, _ := strings.Cut(n.Key, "/"+string(n.Channel)+"/")
	return key
}

func (s *Sender) report(c *worker, n policy.Notice, failed *failure) {
	fields := []zap.Field{
		zap.String("key", event(n)), zap.String("kind", string(n.Kind)), zap.String("channel", string(c.Name())), zap.Int("try", n.Attempts+1),
	}
	if failed == nil {
		s.o.Told(c.Name(), "sent")
		s.o.Logger.Info("a notice was delivered", fields...)
		return
	}
	s.o.Told(c.Name(), failed.class)
	s.o.Logger.Warn("a notice was not delivered", append(fields, zap.String("why", failed.class), zap.Bool("for_good", failed.forGood))...)
}
