package alarms

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/link"
)

// Teller knows who is told of an event, and how.
type Teller struct {
	Rules     alarm.Rules
	Channels  notices.Settings
	Settings  func() policy.Settings // those in force; its Roster answers who is on call
	PublicURL string                 // begins the links by which people take an alarm; "": there are none
	Key       []byte                 // of the links (link.Key); nil: there are none
}

// untold are the kinds of events that nobody is told of unless a rule names them.
var untold = []policy.NoticeKind{
	policy.NoticeCriticalRinging, policy.NoticeMissed, policy.NoticeStoreTrouble, policy.NoticeProviderTrouble, policy.NoticeRotaGap, policy.NoticeFeedFailed,
}

// Tell returns the alarm that an event makes, or the running one with it, and the notices by which people are told now. An event that no rule names makes
// no alarm and is told once by each channel of notices. It has the form of store.Tell.
func (t Teller) Tell(event policy.Notice, running *alarm.Alarm, fresh alarm.ID, at time.Time) (*alarm.Alarm, []policy.Notice) {
	rule, named := t.Rules.For(event.Kind)
	switch {
	case event.Person != "":
		return nil, t.toPerson(event, at)
	case !named && slices.Contains(untold, event.Kind):
		return nil, nil
	case !named:
		return nil, t.Channels.Addressed(event)
	case running != nil && running.State == policy.AlarmOpen:
		joined := running.With(event)
		return &joined, nil
	}
	a, out := rule.Raise(fresh, event, at, t.address)
	return &a, out
}

// toPerson returns the notice by which a specialist is told of what concerns nobody else, with a link of that person's own: in the way that the
// configuration names (wrap_up), or in the other where that does not reach the person.
func (t Teller) toPerson(event policy.Notice, at time.Time) []policy.Notice {
	s := t.Settings()
	who, known := s.Person(event.Person)
	if !known || s.WrapUp == "" || t.Key == nil || t.PublicURL == "" {
		return nil
	}
	other := policy.ChannelSMS
	if s.WrapUp == other {
		other = policy.ChannelSlack
	}
	for _, way := range []policy.Channel{s.WrapUp, other} {
		name, _ := t.way(way)
		to := addressOf(alarm.Receiver{Channel: way, Target: policy.Target(who.ID)}, policy.Reached{Person: who, Phone: who.Phone})
		if _, has := t.Channels.Channel(name); !has || to == "" {
			continue
		}
		facts := s.LetterFacts()
		maps.Copy(facts, event.Facts)
		facts["person"] = who.Name
		facts[alarm.TakeLink] = link.New(link.WrapUp, event.Facts["sid"], who.ID, at).Address(t.PublicURL, t.Key)
		event.Facts, event.Key, event.Channel, event.To = facts, event.Key+"/"+string(who.ID), name, to
		return []policy.Notice{event}
	}
	return nil
}

// Step returns the next state of an alarm that is due, and the notices of that step. An alarm whose rule is gone waits for a person, and tells nobody.
func (t Teller) Step(a alarm.Alarm, at time.Time) (alarm.Alarm, []policy.Notice) {
	rule, named := t.Rules.For(a.Event.Kind)
	if !named {
		a.NextAt = time.Time{}
		return a, nil
	}
	return rule.Step(a, at, t.address)
}

// address is an alarm.Address. Whom a target means is asked of the settings of the moment.
func (t Teller) address(a alarm.Alarm, to []alarm.Receiver, at time.Time) (told []policy.Notice, nobody []alarm.Receiver) {
	keys := map[string]bool{}
	for _, r := range to {
		found := t.reached(a, r, at)
		if len(found) == 0 {
			nobody = append(nobody, r)
		}
		for _, n := range found {
			if !keys[n.Key] {
				told = append(told, n)
			}
			keys[n.Key] = true
		}
	}
	return told, nobody
}

// reached returns the notices to one receiver of an alarm.
func (t Teller) reached(a alarm.Alarm, r alarm.Receiver, at time.Time) (told []policy.Notice) {
	if r.Target == "" {
		return t.named(a, r.Channel, at)
	}
	name, channel := t.way(r.Channel)
	if name == "" {
		return nil
	}
	for _, who := range t.Settings().Reach([]policy.Target{r.Target}, at) {
		to := addressOf(r, who)
		if to == "" {
			continue
		}
		n := t.notice(a, who.Person, at)
		sum := sha256.Sum256([]byte(to))
		n.Key += "/" + string(name) + "/" + hex.EncodeToString(sum[:4])
		n.Channel, n.To, n.Person = name, to, who.Person.ID
		told = append(told, kept(channel, n, a))
	}
	return told
}

// named returns the notices to a channel that the configuration names.
func (t Teller) named(a alarm.Alarm, name policy.Channel, at time.Time) []policy.Notice {
	channel, ok := t.Channels.Channel(name)
	if !ok {
		return nil
	}
	told := channel.Address(t.notice(a, policy.Person{}, at))
	for i := range told {
		told[i] = kept(channel, told[i], a)
	}
	return told
}

// way returns the channel by which people are reached: that of texts, calls or e-mail, or the first of Slack, whose bot writes to members too. A
// process that has no channel of texts leaves them to one that does.
func (t Teller) way(name policy.Channel) (policy.Channel, notices.Channel) {
	if name != policy.ChannelSlack {
		channel, _ := t.Channels.Channel(name)
		return name, channel
	}
	for _, c := range t.Channels.All() {
		if slack, is := c.(notices.Slack); is {
			return slack.Name(), slack
		}
	}
	return "", nil
}

// addressOf returns where somebody is reached in a way, "" for nowhere.
func addressOf(r alarm.Receiver, who policy.Reached) string {
	_, bare := r.Target.Phone()
	switch r.Channel {
	case policy.ChannelCall:
		return who.Phone.Full()
	case policy.ChannelSMS:
		number := who.Person.SMS
		if bare {
			number = who.Phone
		}
		if number == "" || number[0] != '+' { // a SIP address takes no texts
			return ""
		}
		return number.Full()
	case policy.ChannelEmail:
		return who.Person.Email
	case policy.ChannelSlack:
		return who.Person.Slack
	}
	return ""
}

// kept returns a notice of an alarm as one that is kept up to date, where its channel does so.
func kept(c notices.Channel, n policy.Notice, a alarm.Alarm) policy.Notice {
	if _, live := c.(notices.Live); live {
		n.State, n.Count = policy.AlarmOpen, a.Count
	}
	return n
}

// notice returns a notice of an alarm without its receiver.
func (t Teller) notice(a alarm.Alarm, to policy.Person, at time.Time) policy.Notice {
	n := policy.Notice{Key: a.Key(), Kind: a.Event.Kind, At: a.Event.At, Customer: a.Event.Customer, Alarm: string(a.ID), FollowUp: a.Event.FollowUp}
	n.Facts = maps.Clone(t.Channels.Facts)
	if n.Facts == nil {
		n.Facts = map[string]string{}
	}
	maps.Copy(n.Facts, a.Event.Facts)
	n.Facts["alarm"] = string(a.ID)
	if a.Count > 1 {
		n.Facts["count"] = strconv.Itoa(a.Count)
	}
	if to.Name != "" {
		n.Facts["person"] = to.Name
	}
	if t.Key != nil && t.PublicURL != "" {
		n.Facts[alarm.TakeLink] = link.New(link.Alarm, string(a.ID), to.ID, at).Address(t.PublicURL, t.Key)
	}
	return n
}
