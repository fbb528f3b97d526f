package notices

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
)

// Settings are the channels of an installation and its words. The zero Settings tell nobody anything.
type Settings struct {
	Channels  []Channel  // those of notices, by which people are told of what no alarm rule names
	Named     []Channel  // those of channels, by which people are told of what names them
	Templates *Templates // nil: the shipped ones
	Summary   bool       // the month that ended is summed up
	Console   string     // address of the console, for links; "": notices have none
	// Facts are those that every notice has besides its own: policy.Settings.LetterFacts.
	Facts map[string]string
}

// CallLink returns the address of a call in the console, or "" where the configuration names no console.
func (s Settings) CallLink(sid policy.CallSID) string {
	if s.Console == "" {
		return ""
	}
	return s.Console + "/calls/" + url.PathEscape(string(sid))
}

// Addressed returns the notices by which one event is told: those of every channel of notices, or of the one channel of any name that the event names.
// Without a receiver there are none.
func (s Settings) Addressed(event policy.Notice) []policy.Notice {
	event.Facts = s.facts(event)
	if event.Channel != "" {
		if c, ok := s.Channel(event.Channel); ok {
			return c.Address(event)
		}
		return nil
	}
	var all []policy.Notice
	for _, c := range s.Channels {
		all = append(all, c.Address(event)...)
	}
	return all
}

// All returns the channels of notices and the named ones.
func (s Settings) All() []Channel { return slices.Concat(s.Channels, s.Named) }

// Channel returns the channel of a name. "ops" is the mail server of notices, which tells its ops of an event that has no receiver of its own, and
// "slack", which writes to members, is the first of Slack's channels.
func (s Settings) Channel(name policy.Channel) (Channel, bool) {
	if name == policy.ChannelOps {
		name = policy.ChannelEmail
	}
	all := s.All()
	i := slices.IndexFunc(all, func(c Channel) bool {
		_, isSlack := c.(Slack)
		return c.Name() == name || name == policy.ChannelSlack && isSlack
	})
	if i >= 0 {
		return all[i], true
	}
	return nil, false
}

// Deliver makes one attempt to deliver a notice that is in no outbox, as a Sender does.
func (s Settings) Deliver(ctx context.Context, n policy.Notice, now time.Time) error {
	c, words, err := s.prepared(n)
	if err != nil {
		return err
	}
	return c.Send(ctx, n, words, now)
}

// Show makes one attempt to bring the receiver of such a notice up to date, on a channel that does so (Live).
func (s Settings) Show(ctx context.Context, n policy.Notice, now time.Time) (receipt map[string]string, err error) {
	c, words, err := s.prepared(n)
	if err != nil {
		return nil, err
	}
	live, ok := c.(Live)
	if !ok {
		return nil, refused("unconfigured", fmt.Sprintf("%s does not keep its receivers up to date", n.Channel))
	}
	return live.Show(ctx, n, words, now)
}

// prepared returns the channel and the words of a notice.
func (s Settings) prepared(n policy.Notice) (Channel, Words, error) {
	c, ok := s.Channel(n.Channel)
	if !ok {
		return nil, Words{}, refused("unconfigured", fmt.Sprintf("the configuration has no channel %s", n.Channel))
	}
	templates := s.Templates
	if templates == nil {
		templates = DefaultTemplates()
	}
	words, err := templates.Render(n)
	if err != nil {
		return nil, Words{}, refused("words", err.Error())
	}
	return c, words, nil
}

// facts returns those of every notice and, before them, the event's own.
func (s Settings) facts(event policy.Notice) map[string]string {
	if len(s.Facts) == 0 {
		return event.Facts
	}
	all := maps.Clone(s.Facts)
	maps.Copy(all, event.Facts)
	return all
}

// HasReceivers reports whether anybody learns of an event that names nobody.
func (s Settings) HasReceivers() bool { return len(s.Addressed(policy.Notice{})) > 0 }

// Reaches reports whether there is the channel, which an event that names its receiver needs.
func (s Settings) Reaches(channel policy.Channel) bool {
	_, found := s.Channel(channel)
	return found
}

// unconfigured returns the kinds of channels that are not among those of the settings, as channels that give up what waits for them.
func (s Settings) unconfigured() (absent []Channel) {
	names := map[policy.Channel]bool{}
	for _, c := range s.Channels {
		names[c.Name()] = true
	}
	for _, k := range Kinds() {
		if !names[k.Name] {
			absent = append(absent, unconfigured{k})
		}
	}
	return absent
}
