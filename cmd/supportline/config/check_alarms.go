package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
)

// events are the names of what alarms can be about, in the order of the manual. A kind is stored under a name of its own where the two differ.
var events = []struct {
	name string
	kind policy.NoticeKind
}{
	{"critical-ringing", policy.NoticeCriticalRinging},
	{"critical-missed", policy.NoticeCriticalMissed},
	{"missed", policy.NoticeMissed},
	{"voicemail", policy.NoticeVoicemail},
	{"call-limit", policy.NoticeCallLimit},
	{"tickets", policy.NoticeTickets},
	{"case", policy.NoticeCase},
	{"store-trouble", policy.NoticeStoreTrouble},
	{"provider-trouble", policy.NoticeProviderTrouble},
	{"rota-gap", policy.NoticeRotaGap},
	{"feed-failed", policy.NoticeFeedFailed},
	{"backup-old", policy.NoticeBackup},
}

// The ways of reaching a person or a number, which stand before it: "sms:ada".
const (
	bySMS   = "sms"
	byCall  = "call"
	byEmail = "email"
	bySlack = "slack"
)

var ways = []string{bySMS, byCall, byEmail, bySlack}

// alarms returns the rules. People, rotas and channels are known by then.
func (c *checker) alarms(f *file, sent notices.Settings, lines []policy.Line) alarm.Rules {
	means := meansOf(f, sent)
	named := map[policy.NoticeKind]place{}
	var rules alarm.Rules
	for _, raw := range f.Alarms.Items {
		rule := alarm.Rule{On: c.events(raw.On, named), To: c.receivers(raw.To, means)}
		for _, s := range raw.Then.Items {
			rule.Then = append(rule.Then, alarm.Step{After: c.seconds(s.After, 60, 24*60*60), To: c.receivers(s.To, means)})
		}
		rule.Quiet = c.quiet(raw.Quiet, firstZone(lines))
		c.aboutCritical(raw, rule)
		rules = append(rules, rule)
	}
	return rules
}

// events returns the kinds that a rule names. An event goes to the first rule that names it, so that a second one would wait in vain.
func (c *checker) events(l list[text], named map[policy.NoticeKind]place) (kinds []policy.NoticeKind) {
	if l.Given && len(l.Items) == 0 {
		c.add(l.At, "on names no event", "write at least one: on: [critical-missed]")
	}
	var names []string
	kindOf := map[string]policy.NoticeKind{}
	for _, e := range events {
		names, kindOf[e.name] = append(names, e.name), e.kind
	}
	for _, t := range l.Items {
		kind, known := kindOf[t.Value]
		before, twice := named[kind]
		switch {
		case t.silent():
		case !known:
			c.wrong(t, "names "+quoted(t.Value)+", which is not an event", meant(t.Value, names))
		case twice:
			c.wrong(t, fmt.Sprintf("names %s, which line %d of the file does already: an event goes to the first rule that names it", t.Value, before.Line), "keep one of the two")
		default:
			named[kind] = t.At
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// means is what an alarm can go out by.
type means struct {
	channels          []string
	sms, email, slack bool
	lines             list[line]
}

func meansOf(f *file, sent notices.Settings) means {
	return means{
		channels: channelNames(f, sent), sms: f.Twilio.SMSFrom.Value != "" || f.Twilio.SMSFrom.At != (place{}) && !f.Twilio.SMSFrom.Given,
		email: sent.Reaches(policy.ChannelEmail), slack: hasSlack(f), lines: f.Lines,
	}
}

// hasSlack reports whether the file has a channel through whose bot people are written to.
func hasSlack(f *file) bool {
	return slices.ContainsFunc(f.Channels.Rows, func(r row[namedChannel]) bool { return r.Value.Kind != nil && r.Value.Kind.Key == bySlack })
}

// channelNames returns the names of the channels of the file. The addresses of notices.ops are a channel, its mail server alone is none.
func channelNames(f *file, sent notices.Settings) (names []string) {
	for _, ch := range sent.Channels {
		if ch.Name() != policy.ChannelEmail {
			names = append(names, string(ch.Name()))
		} else if len(ch.Address(policy.Notice{})) > 0 {
			names = append(names, "ops")
		}
	}
	for _, r := range f.Channels.Rows {
		names = append(names, r.Key.Value)
	}
	return names
}

func (c *checker) receivers(l list[text], m means) []alarm.Receiver {
	if l.Given && len(l.Items) == 0 {
		c.add(l.At, "to names nobody", `write at least one channel, or a way and a person: to: ["sms:ada"]`)
	}
	return distinct(c, l, func(t text) (alarm.Receiver, string, bool) {
		if t.silent() {
			return alarm.Receiver{}, "", false
		}
		r, ok := c.receiver(t, m)
		return r, quoted(t.Value), ok
	})
}

func (c *checker) receiver(t text, m means) (alarm.Receiver, bool) {
	way, _, targeted := strings.Cut(t.Value, ":")
	switch {
	case slices.Contains(m.channels, t.Value):
		return alarm.Receiver{Channel: policy.Channel(t.Value)}, true
	case targeted && slices.Contains(ways, way):
		return c.reached(t, way, m)
	case slices.Contains(ways, t.Value):
		c.wrong(t, "is "+quoted(t.Value)+", which says how and not whom", "write whom too, such as "+t.Value+":"+c.somebody())
	case slices.Contains(c.personIDs(), t.Value) || slices.Contains(c.rotaNames(), strings.TrimPrefix(t.Value, "rota:")):
		c.wrong(t, "is "+quoted(t.Value)+", which says whom and not how", "write sms:"+t.Value+" or call:"+t.Value)
	case len(m.channels) == 0:
		c.wrong(t, "is "+quoted(t.Value)+", which is not a channel: the file has none", "add it to channels, or write a way and a person, such as call:"+c.somebody())
	default:
		c.wrong(t, "is "+quoted(t.Value)+", which is not a channel", meant(t.Value, slices.Concat(m.channels, []string{"call:" + c.somebody()})))
	}
	return alarm.Receiver{}, false
}

// somebody returns a specialist for an example.
func (c *checker) somebody() string {
	if len(c.staff) > 0 {
		return string(c.staff[0].ID)
	}
	return "ada"
}

// reached returns a receiver that is a way and a target, and reports whom it cannot reach.
func (c *checker) reached(t text, way string, m means) (alarm.Receiver, bool) {
	if missing := m.lacks(way); missing != "" {
		c.wrong(t, "is "+quoted(t.Value)+", and "+missing, m.instead(way))
		return alarm.Receiver{}, false
	}
	target, ok := c.target(t, way+":")
	r := alarm.Receiver{Channel: policy.Channel(way), Target: target}
	if !ok {
		return r, false
	}
	if to, bare := target.Phone(); bare {
		return r, c.takes(t, way, to, m)
	}
	return r, c.reachable(t, way, target)
}

// lacks returns what the file lacks for a way of telling people, "" for nothing.
func (m means) lacks(way string) string {
	switch {
	case way == bySMS && !m.sms:
		return "twilio has no sms_from, so no text can be sent"
	case way == byEmail && !m.email:
		return "there is no mail server"
	case way == bySlack && !m.slack:
		return "there is no channel for Slack"
	}
	return ""
}

func (means) instead(way string) string {
	return map[string]string{
		bySMS:   `add sms_from: "+15550100099" to twilio, a number of the account that sends texts`,
		byEmail: "add notices: { smtp: ... }",
		bySlack: `add channels: { ops-slack: { slack: "#support-line", token: ... } }`,
	}[way]
}

// takes reports whether a bare number can be reached in a way.
func (c *checker) takes(t text, way string, to policy.Phone, m means) bool {
	switch {
	case way == byEmail || way == bySlack:
		c.wrong(t, "is "+quoted(t.Value)+", and a number has no "+map[string]string{byEmail: "mailbox", bySlack: "chat"}[way], "write a person, such as "+way+":"+c.somebody())
		return false
	case way == bySMS && !to.IsNumber():
		c.wrong(t, "is "+quoted(t.Value)+", and a SIP address takes no texts", "write the number of a mobile phone, or call:"+to.Full())
		return false
	}
	bare := t
	bare.Value = to.Full()
	return c.notALine(bare, m.lines)
}

// reachable reports whether a way leads to somebody whom a target can mean. Where it leads to some of a rota only, the others are noted.
func (c *checker) reachable(t text, way string, target policy.Target) bool {
	people, isRota := c.meantBy(target)
	var whys, names []string
	var key string
	for _, p := range people {
		if why, add := missing(p, way); why != "" {
			whys, names, key = append(whys, why), append(names, string(p.ID)), add
		}
		c.landline(t, way, p)
	}
	what, instead := "is "+quoted(t.Value)+", and "+strings.Join(whys, ", "), "add "+key+": to "+strings.Join(names, ", ")
	switch {
	case len(whys) == 0:
		return true
	case len(whys) == len(people):
		c.wrong(t, what, instead)
		return false
	case isRota && !c.fromCalendar(target):
		c.note(t.At, t.Key+" "+what+": in such a turn the next step follows at once", instead)
	}
	return true
}

// missing returns what a person lacks for a way of being told, and the key to add; "" for nothing.
func missing(p policy.Person, way string) (why, key string) {
	name := string(p.ID)
	switch {
	case way == bySMS && p.SMS == "" && p.Phone != "":
		return name + " has a SIP phone, which takes no texts", "sms"
	case way == bySMS && p.SMS == "":
		return name + " has no number for texts", "sms"
	case way == byCall && p.Phone == "":
		return name + " has no phone", "phone"
	case way == byEmail && p.Email == "":
		return name + " has no e-mail address", "email"
	case way == bySlack && p.Slack == "":
		return name + " has no member ID in Slack", "slack"
	}
	return "", ""
}

// landline notes a person whose texts would go to a phone that most likely takes none.
func (c *checker) landline(t text, way string, p policy.Person) {
	if way == bySMS && kindOf(p.SMS) == phonenumbers.FIXED_LINE {
		c.note(t.At, t.Key+" is "+quoted(t.Value)+", and the number of "+string(p.ID)+" is a landline, which takes no texts", "add sms: with the number of a mobile phone to "+string(p.ID))
	}
}

// quiet returns the hours in which people are left alone, nil where the rule has none. usual is the zone where the file names none.
func (c *checker) quiet(q quiet, usual *time.Location) *alarm.Quiet {
	if q.At == (place{}) {
		return nil
	}
	checked := &alarm.Quiet{Zone: usual}
	if q.Zone.At != (place{}) {
		checked.Zone = c.zone(q.Zone)
	}
	if q.Hours.silent() {
		return checked
	}
	first, last, _ := strings.Cut(q.Hours.Value, "-")
	if last == "24:00" {
		last = "00:00"
	}
	from, err := time.Parse("15:04", first)
	to, err2 := time.Parse("15:04", last)
	switch {
	case err != nil || err2 != nil || len(q.Hours.Value) != len("22:00-07:00"):
		c.wrong(q.Hours, "is "+quoted(q.Hours.Value)+", which is not a time from and to", `write it like "22:00-07:00"`)
	case from.Equal(to):
		c.wrong(q.Hours, "is "+quoted(q.Hours.Value)+", which is all day or never", "write two different times, or remove quiet")
	}
	midnight, _ := time.Parse("15:04", "00:00")
	checked.From, checked.To = from.Sub(midnight), to.Sub(midnight)
	return checked
}

// aboutCritical notes what a rule about critical calls may not be meant to do.
func (c *checker) aboutCritical(raw alarmRule, rule alarm.Rule) {
	if slices.Contains(rule.On, policy.NoticeCriticalMissed) && len(raw.Then.Items) == 0 {
		c.note(raw.At, "critical-missed is told once, and nobody is woken again", `add then: [{ after: 3m, to: ["call:`+c.somebody()+`"] }]`)
	}
	critical := slices.ContainsFunc(rule.On, func(k policy.NoticeKind) bool {
		return k == policy.NoticeCriticalMissed || k == policy.NoticeCriticalRinging
	})
	if critical && rule.Quiet != nil {
		c.note(raw.Quiet.At, "quiet hours hold up nothing that is critical: people are told of critical calls all the same", "give the other events a rule of their own, with quiet")
	}
}

// followUps returns by when people get back to callers.
func (c *checker) followUps(t table[text], menu []policy.MenuKey) followup.Clock {
	if !t.Given {
		return followup.UsualClock()
	}
	clock := followup.Clock{ByIntent: map[policy.Intent]time.Duration{}}
	c.reasons(t, menu, func(intent policy.Intent, value text) {
		within := c.seconds(value, 60, 7*24*60*60)
		if intent == "" {
			clock.Default = within
		} else {
			clock.ByIntent[intent] = within
		}
	}, "followups does not say by when most callers are called back", "add default: 8h")
	return clock
}

// wrapUp returns how specialists are asked what a call was, and notes whom that does not reach, and that they have nothing to send.
func (c *checker) wrapUp(f *file, sent notices.Settings, pages policy.Links) policy.Channel {
	w := f.WrapUp
	way := c.oneOf(w.To, bySMS, bySlack, "off")
	if w.At == (place{}) || way == "" || way == "off" {
		return ""
	}
	means := meansOf(f, sent)
	if missing := means.lacks(way); missing != "" {
		c.wrong(w.To, "is "+quoted(way)+", and "+missing, means.instead(way))
		return ""
	}
	if len(c.staff) == 0 {
		c.note(w.At, "wrap_up asks specialists, and the file names none", "add specialists: { ada: { name: Ada Moreau, phone: ... } }")
	}
	if pages.ScreenSharing == "" && pages.Training == "" && !f.Links.ScreenSharing.Given && !f.Links.Training.Given {
		c.note(w.At, "specialists can say what a call was, and have no page to send to the caller: links names neither screen_sharing nor training",
			"add links: { screen_sharing: https://example.com/book-session }, or leave it so")
	}
	for _, p := range c.staff {
		why, key := missing(p, way)
		if other, _ := missing(p, map[string]string{bySMS: bySlack, bySlack: bySMS}[way]); why != "" && other != "" {
			c.note(w.To.At, "wrap_up does not reach everybody: "+why, "add "+key+": to "+string(p.ID))
		}
		c.landline(w.To, way, p)
	}
	return policy.Channel(way)
}
