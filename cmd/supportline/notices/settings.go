package notices

import (
	"maps"
	"net/url"
	"slices"

	"github.com/officernd/supportline/policy"
)

// Settings are the channels of an installation and its words. The zero Settings tell nobody anything.
type Settings struct {
	Channels  []Channel
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

// Addressed returns the notices by which one event is told: those of every channel, or of the one that the event names. Without a receiver
// there are none.
func (s Settings) Addressed(event policy.Notice) []policy.Notice {
	var all []policy.Notice
	event.Facts = s.facts(event)
	for _, c := range s.Channels {
		if event.Channel == "" || event.Channel == c.Name() {
			all = append(all, c.Address(event)...)
		}
	}
	return all
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
	return slices.ContainsFunc(s.Channels, func(c Channel) bool { return c.Name() == channel })
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
