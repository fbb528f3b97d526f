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

// The bounds of the calls that people make in their browsers.
const (
	callsEach = 2  // of one person at once
	callsAll  = 8  // at once
	callsKept = 32 // those that are over included, for their people to read
	longest   = 30 * time.Minute
	away      = 2 * time.Minute // a call that nobody looks at for so long ends
)

// Simulator carries the calls that people make in their browsers, each with a provider of its own, in real time. It is safe for concurrent use. The
// fields are set before the first call, and Close ends it.
type Simulator struct {
	Account   Account
	Transport http.RoundTripper // fake.Straight(webhooks) for a house in the same process
	Provider  *fake.Account     // what the house asks over the REST API; nil: somebody else, who knows nothing of these calls
	Now       func() time.Time
	Numbers   []policy.Phone // the lines that may be called
	Demo      bool           // callers choose their number; otherwise a call comes from policy.TestCaller
	// After is time.After, but for tests; nil: time.After.
	After func(time.Duration) <-chan time.Time

	mu     sync.Mutex
	calls  []*browserCall // newest last
	going  sync.WaitGroup
	closed bool
}

// Lines are those that may be called.
func (x *Simulator) Lines() []policy.Phone { return x.Numbers }

// Free says that callers choose their number.
func (x *Simulator) Free() bool { return x.Demo }

// Dial begins a call.
func (x *Simulator) Dial(by string, line, from policy.Phone, attested bool) (id string, err error) {
	if !slices.Contains(x.Numbers, line) {
		return "", policy.ErrNotTestLine
	}
	if !x.Demo {
		from, attested = policy.TestCaller(by), false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.room(by); err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := newBrowserCall(ctx, cancel, x, by, console.PhoneCall{
		ID: strings.ToLower(rand.Text()), Line: line, From: from, Attested: attested, State: console.PhoneDialling, StartedAt: x.Now(),
	})
	x.calls = append(x.calls, c)
	x.going.Go(func() {
		defer cancel()
		c.run(ctx)
	})
	return c.view.ID, nil
}

// room is an error where no call can be added, and makes room among those that are over.
func (x *Simulator) room(by string) error {
	theirs, all := 0, 0
	for _, c := range x.calls {
		if !c.snapshot().EndedAt.IsZero() {
			continue
		}
		all++
		if c.by == by {
			theirs++
		}
	}
	switch {
	case x.closed:
		return fmt.Errorf("%w: the server is being stopped", policy.ErrPhonesBusy)
	case theirs >= callsEach:
		return fmt.Errorf("%w: %d of them are yours; hang up first", policy.ErrPhonesBusy, theirs)
	case all >= callsAll:
		return fmt.Errorf("%w: %d go on at this moment; try again when one has ended", policy.ErrPhonesBusy, all)
	}
	for len(x.calls) >= callsKept {
		over := slices.IndexFunc(x.calls, func(c *browserCall) bool { return !c.snapshot().EndedAt.IsZero() })
		x.calls = slices.Delete(x.calls, over, over+1) // callsAll is less than callsKept, so there is one
	}
	return nil
}

// find is a person's call.
func (x *Simulator) find(by, id string) (*browserCall, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	i := slices.IndexFunc(x.calls, func(c *browserCall) bool { return c.by == by && c.view.ID == id })
	if i < 0 {
		return nil, policy.ErrNoPhoneCall
	}
	return x.calls[i], nil
}

// PhoneCalls are a person's calls, newest first.
func (x *Simulator) PhoneCalls(by string) []console.PhoneCall {
	x.mu.Lock()
	defer x.mu.Unlock()
	var theirs []console.PhoneCall
	for _, c := range slices.Backward(x.calls) {
		if c.by == by {
			theirs = append(theirs, c.snapshot())
		}
	}
	return theirs
}

// PhoneCall is one of a person's calls as it stands.
func (x *Simulator) PhoneCall(by, id string) (console.PhoneCall, error) {
	c, err := x.find(by, id)
	if err != nil {
		return console.PhoneCall{}, err
	}
	c.looked(0)
	return c.snapshot(), nil
}

// Act does something in a call.
func (x *Simulator) Act(ctx context.Context, by, id string, act console.PhoneAct) error {
	c, err := x.find(by, id)
	if err != nil {
		return err
	}
	c.looked(0)
	c.take(act)
	c.settle(ctx)
	return nil
}

// Moved waits for a change.
func (x *Simulator) Moved(ctx context.Context, by, id string, version int) error {
	c, err := x.find(by, id)
	if err != nil {
		return err
	}
	c.looked(1)
	defer c.looked(-1)
	c.await(ctx, func() bool { return c.view.Version != version })
	return nil
}

// Close lets everybody hang up, and returns when every call is over. Nobody can dial any more.
func (x *Simulator) Close() {
	x.mu.Lock()
	x.closed = true
	for _, c := range x.calls {
		c.cancel()
	}
	x.mu.Unlock()
	x.going.Wait()
}

func (x *Simulator) after(d time.Duration) <-chan time.Time {
	if x.After != nil {
		return x.After(d)
	}
	return time.After(d)
}
