package notices

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// Channel is one way of delivering notices. A value of it holds the settings of this installation and is safe to share.
type Channel interface {
	// Name returns the name of the channel in the outbox.
	Name() policy.Channel
	// Address returns the notices that tell an event, one for each receiver, with the channel's name and a key of the event and the
	// receiver. A key shows no address and stays the same as long as the receiver does. An event whose To is set has that receiver alone.
	Address(event policy.Notice) []policy.Notice
	// Send makes one attempt to deliver n, which ends with ctx. A failure tells whether the next attempt makes sense; any other error is
	// temporary.
	Send(ctx context.Context, n policy.Notice, w Words, now time.Time) error
	// Pauses returns the times between the attempts to deliver one notice. When they are used up, it is given up until a person retries it.
	Pauses() []time.Duration
}

// Live is a channel whose receivers are kept up to date: a chat's message that is changed as people take an alarm, an incident of a pager.
type Live interface {
	Channel
	// Show makes one attempt to bring the receiver from n.Shown ("" for nothing yet) to n.State, in the order of the states: what shows nothing yet
	// and shall be taken is opened and then taken. Where both are the same, n.Count or a fact has changed, and what is shown is changed in its place.
	// n.Receipt is what an earlier Show returned, in which the channel keeps what it needs to find what it showed; nil keeps it. Errors are as of
	// Send. A notice without State is sent by Send.
	Show(ctx context.Context, n policy.Notice, w Words, now time.Time) (receipt map[string]string, err error)
}

// soon are the pauses of an alarm's notices, of which the last one repeats. They are given up when their alarm tells others (policy.Notice.Until),
// not after days.
var soon = []time.Duration{
	5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second,
	time.Minute, time.Minute, time.Minute, time.Minute, time.Minute, time.Minute, time.Minute, time.Minute, 5 * time.Minute,
}

// next returns when a notice is tried again after an attempt that failed at a time; zero: never. random returns numbers in [0, 1).
func next(c Channel, n policy.Notice, at time.Time, random func() float64) time.Time {
	pauses, failed := c.Pauses(), n.Attempts+1
	if !n.Until.IsZero() {
		pauses, failed = soon, min(failed, len(soon))
	}
	wait, ok := pause(pauses, failed, random)
	again := at.Add(wait)
	if !ok || !n.Until.IsZero() && again.After(n.Until) {
		return time.Time{}
	}
	return again
}

// threeDays are the pauses of channels whose receivers have time: eleven attempts in nearly three days.
var threeDays = []time.Duration{
	time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour,
	12 * time.Hour, 12 * time.Hour, 12 * time.Hour, 12 * time.Hour, 12 * time.Hour,
}

// oneDay are the pauses of channels that people look at while they work: twelve attempts in about a day.
var oneDay = []time.Duration{
	15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour,
	6 * time.Hour, 12 * time.Hour,
}

// pause returns how long to wait after so many failed attempts; ok is false when there have been enough. The pause is spread by a tenth to
// both sides, so that what failed together does not come back together. random returns numbers in [0, 1).
func pause(pauses []time.Duration, failed int, random func() float64) (wait time.Duration, ok bool) {
	if failed > len(pauses) {
		return 0, false
	}
	wait = pauses[max(failed, 1)-1]
	return wait + time.Duration((random()*2-1)*float64(wait)/10), true
}

// Kind is a channel that the configuration can have: what it asks for there, and how the answers become a Channel.
type Kind struct {
	Name   policy.Channel
	Key    string  // its block in notices: "smtp"; for a channel of channels, the key that only its kind has
	Noun   string  // what the block describes: "a mail server"
	Fields []Field // the keys of the block
	Shared []Field // its keys beside the block, in notices itself; a channel of channels has none
	// Check returns the channel, and reports what is wrong to the form. It is called without a block too, for the shared keys; what it
	// returns is used only when there is a block, and nothing is wrong.
	Check func(*Form) Channel
}

// Kinds returns the channels that the configuration can have. A new one takes a file of its own and a line here.
func Kinds() []Kind {
	return []Kind{
		emailKind,
		webhookKind,
	}
}

// NamedKinds returns the channels that the configuration can have any number of, each under a name of its own in channels. A new one takes a file of
// its own and a line here.
func NamedKinds() []Kind {
	return []Kind{
		namedEmailKind,
		slackKind,
		pagerDutyKind,
		namedWebhookKind,
	}
}

// Example returns a block with the keys that must not be missing.
func (k Kind) Example() string {
	var needed []string
	for _, f := range k.Fields {
		if f.Need != "" {
			needed = append(needed, f.Key+": "+f.Need)
		}
	}
	return fmt.Sprintf("%s: { %s }", k.Key, strings.Join(needed, ", "))
}

// unconfigured stands for a channel of which the configuration has nothing any more. What still waits for it is given up, so that a person
// sees it.
type unconfigured struct{ Kind }

func (u unconfigured) Name() policy.Channel                  { return u.Kind.Name }
func (u unconfigured) Address(policy.Notice) []policy.Notice { return nil }
func (u unconfigured) Pauses() []time.Duration               { return nil }

func (u unconfigured) Send(context.Context, policy.Notice, Words, time.Time) error {
	_, noun, _ := strings.Cut(u.Noun, " ")
	return refused("unconfigured", fmt.Sprintf("the configuration names no %s (notices.%s)", noun, u.Key))
}

// removed stands for a named channel that the configuration does not have any more.
type removed policy.Channel

func (r removed) Name() policy.Channel                  { return policy.Channel(r) }
func (r removed) Address(policy.Notice) []policy.Notice { return nil }
func (r removed) Pauses() []time.Duration               { return nil }

func (r removed) Send(context.Context, policy.Notice, Words, time.Time) error {
	return refused("unconfigured", fmt.Sprintf("the configuration has no channel %s", string(r)))
}
