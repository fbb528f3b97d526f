package alarm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

const (
	// repeatsFor is how long the last step is told at its own distance. After that it is told once an hour.
	repeatsFor = 2 * time.Hour
	slowly     = time.Hour
	// shortly is how long after others were told a notice is still tried.
	shortly = 10 * time.Minute
)

// Address returns the notices by which receivers are told of an alarm at a time, and the receivers that lead to nobody then. The keys of the notices
// begin with those of the alarm (Alarm.Key).
type Address func(a Alarm, to []Receiver, at time.Time) (told []policy.Notice, nobody []Receiver)

// For returns the rule to which an event goes: the first that names its kind.
func (rs Rules) For(kind policy.NoticeKind) (Rule, bool) {
	i := slices.IndexFunc(rs, func(r Rule) bool { return slices.Contains(r.On, kind) })
	if i < 0 {
		return Rule{}, false
	}
	return rs[i], true
}

// Raise returns the alarm of an event, and the notices by which people are told of it at once. In quiet hours there are none yet.
func (r Rule) Raise(id ID, event policy.Notice, at time.Time, address Address) (Alarm, []policy.Notice) {
	a := Alarm{ID: id, Event: event, Count: 1, StartedAt: at.UTC(), State: policy.AlarmOpen, NextAt: at.UTC()}
	if event.FollowUp != "" {
		a.FollowUps = []followup.ID{followup.ID(event.FollowUp)}
	}
	return r.Step(a, at, address)
}

// With returns the alarm with one more event of the kind. Its steps go on as they were.
func (a Alarm) With(event policy.Notice) Alarm {
	a.Count++
	if id := followup.ID(event.FollowUp); id != "" && !slices.Contains(a.FollowUps, id) {
		a.FollowUps = append(slices.Clip(a.FollowUps), id)
	}
	return a
}

// Key begins the keys of the notices of the step that is told next.
func (a Alarm) Key() string { return fmt.Sprintf("alarm/%s/%d/%d", a.ID, a.Step, a.Told) }

// Critical reports whether the alarm is about a critical call, for which there are no quiet hours.
func (a Alarm) Critical() bool {
	kind := a.Event.Kind
	return kind == policy.NoticeCriticalMissed || kind == policy.NoticeCriticalRinging || a.Event.Facts["intent"] == string(policy.Critical)
}

// Step returns the alarm after what is due of it at a time, and the notices by which people are told: of the next step, and, where that names people and
// leads to none, of those after it up to one that does. That a receiver led to nobody is told once, as an event without a channel. An alarm that nobody
// has to take, of a rule without further steps and of no follow-up, is told once and done. In quiet hours an alarm waits for their end.
func (r Rule) Step(a Alarm, at time.Time, address Address) (Alarm, []policy.Notice) {
	if a.State != policy.AlarmOpen || a.NextAt.IsZero() || at.Before(a.NextAt) {
		return a, nil
	}
	if until, quiet := r.Quiet.until(at); quiet && !a.Critical() {
		a.Held, a.NextAt = true, until.UTC()
		return a, nil
	}
	a.Held = false
	var out []policy.Notice
	for found := false; !found; {
		var told []policy.Notice
		a, told, found = r.tell(a, at, address)
		out = append(out, told...)
	}
	for i := range out {
		out[i].Until = until(a)
	}
	return a, out
}

// tell tells one step. found is false where the next one has to be told at once.
func (r Rule) tell(a Alarm, at time.Time, address Address) (next Alarm, out []policy.Notice, found bool) {
	a.Step = min(a.Step, len(r.Then)) // the rule may have become shorter
	to := r.To
	if a.Step > 0 {
		to = r.Then[a.Step-1].To
	}
	out, nobody := address(a, to, at)
	a.Hoped = 0
	for _, n := range out {
		if personal(n) {
			a.Hoped++
		}
	}
	if len(nobody) > 0 && !a.Gap && a.Event.Kind != policy.NoticeRotaGap {
		a.Gap = true
		out = append(out, a.gap(nobody, at))
	}
	last := a.Step == len(r.Then)
	namesPeople := slices.ContainsFunc(to, func(r Receiver) bool { return r.Target != "" })
	a = r.advanced(a, at)
	if a.NextAt.IsZero() && len(a.FollowUps) == 0 {
		a, out = a.Finished(at), once(out)
	}
	return a, out, last || !namesPeople || a.Hoped > 0
}

// advanced returns the alarm after its step was told.
func (r Rule) advanced(a Alarm, at time.Time) Alarm {
	switch {
	case len(r.Then) == 0:
		a.Told, a.NextAt = 1, time.Time{}
	case a.Step < len(r.Then):
		a.NextAt = at.Add(r.Then[a.Step].After).UTC()
		a.Step++
	default:
		if a.Told == 0 || a.LastAt.IsZero() {
			a.LastAt = at.UTC()
		}
		wait := max(r.Then[a.Step-1].After, time.Minute)
		if at.Sub(a.LastAt) >= repeatsFor {
			wait = max(wait, slowly)
		}
		a.Told++
		a.NextAt = at.Add(wait).UTC()
	}
	return a
}

// until returns how long a notice of a step is tried: until others were told after it. A notice that nothing follows is tried as its channel does.
func until(a Alarm) time.Time {
	if a.NextAt.IsZero() {
		return time.Time{}
	}
	return a.NextAt.Add(shortly)
}

// once returns notices of what nobody has to take: no receiver is kept up to date, and no link takes anything.
func once(out []policy.Notice) []policy.Notice {
	for i := range out {
		out[i].State, out[i].Count = "", 0
		out[i].Facts = maps.Clone(out[i].Facts)
		delete(out[i].Facts, TakeLink)
	}
	return out
}

// TakeLink is the fact of a notice that holds the address by which its receiver takes the alarm.
const TakeLink = "take_link"

// personal reports whether a notice is to somebody, not to a channel that some may read.
func personal(n policy.Notice) bool {
	return n.Person != "" || n.Channel == policy.ChannelSMS || n.Channel == policy.ChannelCall
}

// gap returns the event that receivers led to nobody.
func (a Alarm) gap(nobody []Receiver, at time.Time) policy.Notice {
	var who []string
	for _, r := range nobody {
		who = append(who, string(r.Channel)+":"+string(r.Target))
	}
	return policy.Notice{
		Key: string(policy.NoticeRotaGap) + "/" + string(a.ID), Kind: policy.NoticeRotaGap, At: at.UTC(),
		Facts: map[string]string{"receivers": strings.Join(who, ", "), "event": string(a.Event.Kind), "alarm": string(a.ID)},
	}
}

// Undelivered returns the alarm after a notice of it turned out not to reach anybody ever, such as a text to a landline. When that is so of all people
// whom the step told, the next step is due at once. The last step keeps its distance.
func (a Alarm) Undelivered(n policy.Notice, at time.Time) Alarm {
	told := a
	told.Step--
	if a.State != policy.AlarmOpen || a.NextAt.IsZero() || a.Told > 0 || a.Hoped == 0 || !personal(n) || !strings.HasPrefix(n.Key, told.Key()+"/") {
		return a
	}
	if a.Hoped--; a.Hoped == 0 && at.Before(a.NextAt) {
		a.NextAt = at.UTC()
	}
	return a
}

// until returns when the quiet hours end in which a time is.
func (q *Quiet) until(at time.Time) (end time.Time, quiet bool) {
	if q == nil || q.From == q.To {
		return time.Time{}, false
	}
	local := at.In(q.Zone)
	h, m, s := local.Clock()
	clock := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
	if q.From < q.To {
		quiet = q.From <= clock && clock < q.To
	} else {
		quiet = q.From <= clock || clock < q.To
	}
	if !quiet {
		return time.Time{}, false
	}
	y, month, d := local.Date()
	if clock >= q.To {
		d++
	}
	end = time.Date(y, month, d, int(q.To/time.Hour), int(q.To%time.Hour/time.Minute), int(q.To%time.Minute/time.Second), 0, q.Zone)
	for !end.After(at) { // in a doubled hour
		end = end.Add(time.Hour)
	}
	return end, true
}
