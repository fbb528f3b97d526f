package notices

import (
	"maps"
	"net/url"
	"slices"

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
