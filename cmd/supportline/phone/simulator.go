package phone

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio/fake"
)

// The bounds of the calls in browsers.
const (
	callsEach = 2  // of one person at once
	callsAll  = 8  // at once
	callsKept = 32 // with those that are over, which people can still read
	longest   = 30 * time.Minute
	away      = 2 * time.Minute // after which a call that nobody looks at ends
)

// Simulator carries the calls that people make in their browsers, each with a fake provider of its own, in real time. It is safe for concurrent use.
// The fields are set before the first call, and Close ends it.
type Simulator struct {
	Account   Account
	Transport http.RoundTripper // fake.Straight(webhooks) for a server in the same process
	Provider  *fake.Account     // that the server uses over the REST API; nil: it uses another, which does not know these calls
	Now       func() time.Time
	Numbers   []policy.Phone // the lines that may be called
	Demo      bool           // callers choose their number; otherwise a call comes from policy.TestCaller
	// After replaces time.After in tests.
	After func(time.Duration) <-chan time.Time

	mu     sync.Mutex
	calls  []*browserCall // newest last
	going  sync.WaitGroup
	closed bool
}

// Lines returns the lines that may be called.
func (s *Simulator) Lines() []policy.Phone { return s.Numbers }

// Free reports whether callers choose their number.
func (s *Simulator) Free() bool { return s.Demo }

// Dial begins a call and returns its ID. Errors: console.ErrNotTestLine, console.ErrPhonesBusy.
func (s *Simulator) Dial(by string, line, from policy.Phone, attested bool) (id string, err error) {
	if !slices.Contains(s.Numbers, line) {
		return "", console.ErrNotTestLine
	}
	if !s.Demo {
		from, attested = policy.TestCaller(by), false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.room(by); err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(context.Background())
	now := s.Now()
	c := &browserCall{
		simulator: s, by: by, ctx: ctx, cancel: cancel, wake: make(chan struct{}, 1), stirred: make(chan struct{}),
		answers: map[string]fake.Specialist{}, seen: now, view: console.PhoneCall{
			ID: strings.ToLower(rand.Text()), Line: line, From: from, Attested: attested, State: console.PhoneDialling, StartedAt: now,
		},
	}
	s.calls = append(s.calls, c)
	s.going.Go(func() {
		defer cancel()
		c.run()
	})
	return c.view.ID, nil
}

// room returns an error where no call can be added. It removes calls that are over to make room.
func (s *Simulator) room(by string) error {
	theirs, all := 0, 0
	for _, c := range s.calls {
		if !c.snapshot().EndedAt.IsZero() {
			continue
		}
		all++
		if c.by == by {
			theirs++
		}
	}
	switch {
	case s.closed:
		return fmt.Errorf("%w: the server is being stopped", console.ErrPhonesBusy)
	case theirs >= callsEach:
		return fmt.Errorf("%w: %d of them are yours; hang up first", console.ErrPhonesBusy, theirs)
	case all >= callsAll:
		return fmt.Errorf("%w: %d go on at this moment; try again when one has ended", console.ErrPhonesBusy, all)
	}
	for len(s.calls) >= callsKept {
		over := slices.IndexFunc(s.calls, func(c *browserCall) bool { return !c.snapshot().EndedAt.IsZero() })
		s.calls = slices.Delete(s.calls, over, over+1) // callsAll is less than callsKept, so there is one
	}
	return nil
}

func (s *Simulator) find(by, id string) (*browserCall, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.calls, func(c *browserCall) bool { return c.by == by && c.view.ID == id })
	if i < 0 {
		return nil, console.ErrNoPhoneCall
	}
	return s.calls[i], nil
}

// PhoneCalls returns the calls of a person, newest first.
func (s *Simulator) PhoneCalls(by string) []console.PhoneCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	var theirs []console.PhoneCall
	for _, c := range slices.Backward(s.calls) {
		if c.by == by {
			theirs = append(theirs, c.snapshot())
		}
	}
	return theirs
}

// PhoneCall returns the present state of a call of a person.
func (s *Simulator) PhoneCall(by, id string) (console.PhoneCall, error) {
	c, err := s.find(by, id)
	if err != nil {
		return console.PhoneCall{}, err
	}
	c.looked(0)
	return c.snapshot(), nil
}

// Act does something in a call, and returns when it has had its effect.
func (s *Simulator) Act(ctx context.Context, by, id string, act console.PhoneAct) error {
	c, err := s.find(by, id)
	if err != nil {
		return err
	}
	c.looked(0)
	c.take(act)
	c.settle(ctx)
	return nil
}

// Moved returns when the version of a call is no longer the given one.
func (s *Simulator) Moved(ctx context.Context, by, id string, version int) error {
	c, err := s.find(by, id)
	if err != nil {
		return err
	}
	c.looked(1)
	defer c.looked(-1)
	c.await(ctx, func() bool { return c.view.Version != version })
	return nil
}

// Close hangs up every call, and returns when all are over. No call can begin any more.
func (s *Simulator) Close() {
	s.mu.Lock()
	s.closed = true
	for _, c := range s.calls {
		c.cancel()
	}
	s.mu.Unlock()
	s.going.Wait()
}

func (s *Simulator) after(d time.Duration) <-chan time.Time {
	if s.After != nil {
		return s.After(d)
	}
	return time.After(d)
}
