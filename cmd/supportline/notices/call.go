package notices

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/officernd/supportline/policy"
)

// Unsent is why a telephone call or a text message could not be placed.
type Unsent struct {
	Class   string // in a word or two, for logs and counters
	Reason  string // for the person who looks at the notice
	ForGood bool   // the same notice would meet it again
	Down    bool   // the provider does not answer, so that other notices would meet it as well
}

// Unwanted is the class of what was not sent because somebody had taken the alarm when its turn came: nothing failed.
const Unwanted = "unwanted"

// Error returns the reason.
func (u *Unsent) Error() string { return u.Reason }

// placed returns the error of a Channel that what the provider was asked ended in.
func placed(err error) error {
	u, ok := errors.AsType[*Unsent](err)
	switch {
	case err == nil:
		return nil
	case !ok:
		return later("provider", err.Error())
	}
	return &failure{class: u.Class, reason: oneLine(u.Reason), forGood: u.ForGood, down: u.Down}
}

// Call is the channel by which specialists are told by telephone. The function places the call of a notice, to n.To, and returns once the provider has
// it; an Unsent where it could not be. It may be asked again for a notice whose call was placed without an answer, and does not ring twice.
type Call func(ctx context.Context, n policy.Notice) error

// Name returns the channel's name.
func (c Call) Name() policy.Channel { return policy.ChannelCall }

// Address returns the event for the number that it names. What names none is told by nobody's telephone.
func (c Call) Address(event policy.Notice) []policy.Notice { return personal(event, c.Name()) }

// Pauses returns those of channels that people look at while they work.
func (c Call) Pauses() []time.Duration { return oneDay }

// Send has the call placed. What is said in it is the call's own matter.
func (c Call) Send(ctx context.Context, n policy.Notice, _ Words, _ time.Time) error {
	return placed(c(ctx, n))
}

// personal returns an event for the one receiver that it names, under a key that does not show the address.
func personal(event policy.Notice, name policy.Channel) []policy.Notice {
	if event.To == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(event.To))
	event.Key, event.Channel = event.Key+"/"+string(name)+"/"+hex.EncodeToString(sum[:4]), name
	return []policy.Notice{event}
}
