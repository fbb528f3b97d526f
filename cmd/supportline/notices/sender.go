package notices

import (
	"context"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
)

// Outbox is where notices wait. A notice that is gone by now, because its customer was erased, is policy.ErrNoNotice.
type Outbox interface {
	// DueNotices gives at most limit notices that are neither sent nor given up and whose time has come, the longest due first.
	DueNotices(ctx context.Context, now time.Time, limit int) ([]policy.Notice, error)
	// NoticeSent writes down that a notice was delivered.
	NoticeSent(ctx context.Context, key string, at time.Time) error
	// NoticeFailed writes down a failed try with its cause. The notice is due again at next, or, where next is zero, given up.
	NoticeFailed(ctx context.Context, key string, at time.Time, cause error, next time.Time) error
}

// Options are what a Sender takes from its surroundings. Zero fields have the defaults named.
type Options struct {
	Now     func() time.Time                       // time.Now
	After   func(time.Duration) <-chan time.Time   // time.After
	Random  func() float64                         // in [0, 1); math/rand
	Timeout time.Duration                          // of one delivery; 30 seconds
	Roots   *x509.CertPool                         // who vouches for the servers; the system's
	Logger  *zap.Logger                            // none
	Told    func(policy.Channel, string /*class*/) // after each try, for counting: class is "sent" or why not; nothing
	// Announce lets a specialist hear a notice; over is that nobody is there any more to hear it. nil: there are no announcements.
	Announce func(context.Context, policy.Notice) (over bool, err error)
}

const (
	// lookEvery is how often the outbox is looked at when nobody calls Wake.
	lookEvery = 15 * time.Second
	// atOnce is how many notices are asked for at a time.
	atOnce = 100
	// grace is how long a delivery under way may take when the sender is stopped: cut off, it would come twice.
	grace = 3 * time.Second
)

// Sender delivers what is due in an outbox.
type Sender struct {
	outbox    Outbox
	templates *Templates
	o         Options
	channels  []*channel
	posts     *http.Transport
}

// channel is one way out, with what it delivered and could not write down yet: that is not delivered again.
type channel struct {
	name      policy.Channel
	deliver   func(context.Context, policy.Notice, Words, time.Time) *failure
	delivered map[string]time.Time
	wake      chan struct{}
}

// New makes a Sender. It starts nothing.
func New(s Settings, outbox Outbox, o Options) *Sender {
	o.fill()
	if s.Templates == nil {
		s.Templates = DefaultTemplates()
	}
	posts := http.DefaultTransport.(*http.Transport).Clone()
	posts.TLSClientConfig.RootCAs = o.Roots
	post, mail := newPoster(s.Webhook, posts), &mailer{from: s.From, smtp: s.SMTP, roots: o.Roots}
	made := &Sender{
		outbox: outbox, templates: s.Templates, o: o, posts: posts,
		channels: []*channel{newChannel(policy.ChannelEmail, mail.deliver), newChannel(policy.ChannelWebhook, post.deliver)},
	}
	if o.Announce != nil {
		made.channels = append(made.channels, newChannel(policy.ChannelWhisper, announcer(o.Announce)))
	}
	return made
}

// announcer is the way into a specialist's ear.
func announcer(announce func(context.Context, policy.Notice) (bool, error)) func(context.Context, policy.Notice, Words, time.Time) *failure {
	return func(ctx context.Context, n policy.Notice, _ Words, _ time.Time) *failure {
		over, err := announce(ctx, n)
		switch {
		case over:
			return refused("over", "the talk was over before it could be announced")
		case err != nil:
			return later("provider", err.Error())
		}
		return nil
	}
}

// Once delivers what is due, and returns.
func (s *Sender) Once(ctx context.Context) {
	for _, c := range s.channels {
		s.pass(ctx, c)
	}
}

func newChannel(name policy.Channel, deliver func(context.Context, policy.Notice, Words, time.Time) *failure) *channel {
	return &channel{name: name, deliver: deliver, delivered: map[string]time.Time{}, wake: make(chan struct{}, 1)}
}

func (o *Options) fill() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	if o.Told == nil {
		o.Told = func(policy.Channel, string) {}
	}
}

// Wake makes a running Sender look at the outbox at once. It never waits.
func (s *Sender) Wake() {
	for _, c := range s.channels {
		select {
		case c.wake <- struct{}{}:
		default: // a look is coming already
		}
	}
}

// Run delivers until ctx is over, each channel on its own, and returns when nothing of it runs any more: at once, or, while a delivery is
// under way, after three seconds at most. It must run once only.
func (s *Sender) Run(ctx context.Context) {
	defer s.posts.CloseIdleConnections()
	var all sync.WaitGroup
	for _, c := range s.channels {
		all.Go(func() {
			for ctx.Err() == nil {
				s.pass(ctx, c)
				select {
				case <-ctx.Done():
				case <-c.wake:
				case <-s.o.After(lookEvery):
				}
			}
		})
	}
	all.Wait()
}

// pass delivers what is due on one channel until nothing is, or the other side or the outbox is down.
func (s *Sender) pass(ctx context.Context, c *channel) {
	for ctx.Err() == nil {
		due, err := s.due(ctx, c)
		if err != nil {
			s.o.Logger.Warn("the outbox cannot be read", zap.String("channel", string(c.name)), zap.Error(err))
			return
		}
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

// due looks past the notices of other channels, however many wait there.
func (s *Sender) due(ctx context.Context, c *channel) ([]policy.Notice, error) {
	for limit := atOnce; ; limit *= 4 {
		all, err := s.outbox.DueNotices(ctx, s.o.Now(), limit)
		if err != nil {
			return nil, err
		}
		var mine []policy.Notice
		for _, n := range all {
			if n.Channel == c.name {
				mine = append(mine, n)
			}
		}
		if len(mine) > 0 || len(all) < limit {
			return mine, nil
		}
	}
}

// one tries a notice and writes down how it went. It gives false when the next one had better wait.
func (s *Sender) one(ctx context.Context, c *channel, n policy.Notice) bool {
	if ctx.Err() != nil {
		return false
	}
	at, before := c.delivered[n.Key]
	var failed *failure
	if !before {
		failed = s.try(ctx, c, n)
		at = s.o.Now()
		if failed != nil && ctx.Err() != nil {
			return false // we broke it off ourselves, which is no failure of the notice
		}
		s.report(c, n, failed)
	}
	// What happened is written down even while we are stopped.
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.Timeout)
	defer cancel()
	if err := s.write(writing, c, n, at, failed); errors.Is(err, policy.ErrNoNotice) {
		delete(c.delivered, n.Key)
	} else if err != nil {
		s.o.Logger.Warn("a try to deliver cannot be written down", zap.String("key", n.Key), zap.Error(err))
		return false
	}
	return failed == nil || !failed.down
}

func (s *Sender) try(ctx context.Context, c *channel, n policy.Notice) *failure {
	words, err := s.templates.Render(n)
	if err != nil {
		return refused("words", err.Error())
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
	return c.deliver(under, n, words, s.o.Now())
}

func (s *Sender) write(ctx context.Context, c *channel, n policy.Notice, at time.Time, failed *failure) error {
	if failed == nil {
		c.delivered[n.Key] = at
		err := s.outbox.NoticeSent(ctx, n.Key, at)
		if err == nil {
			delete(c.delivered, n.Key)
		}
		return err
	}
	var next time.Time
	if pause, ok := again(n.Attempts+1, s.o.Random()); ok && !failed.forGood {
		next = at.Add(pause)
	}
	return s.outbox.NoticeFailed(ctx, n.Key, at, failed, next)
}

func (s *Sender) report(c *channel, n policy.Notice, failed *failure) {
	fields := []zap.Field{
		zap.String("key", n.Key), zap.String("kind", string(n.Kind)), zap.String("channel", string(c.name)), zap.Int("try", n.Attempts+1),
	}
	if failed == nil {
		s.o.Told(c.name, "sent")
		s.o.Logger.Info("a notice was delivered", fields...)
		return
	}
	s.o.Told(c.name, failed.class)
	s.o.Logger.Warn("a notice was not delivered", append(fields, zap.String("why", failed.class), zap.Bool("for_good", failed.forGood))...)
}
