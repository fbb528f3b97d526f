package alarm_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
)

var (
	london = zone("Europe/London")
	night  = time.Date(2026, 12, 1, 2, 0, 0, 0, london)
)

func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

// missed is a critical call of an account that nobody took, which has a follow-up.
func missed(number int) policy.Notice {
	return policy.Notice{Key: fmt.Sprintf("critical-missed/CA%d", number), Kind: policy.NoticeCriticalMissed, At: night, Customer: "204518", FollowUp: fmt.Sprint(number)}
}

func voicemail() policy.Notice {
	return policy.Notice{Key: "voicemail/CA1", Kind: policy.NoticeVoicemail, At: night, FollowUp: "1"}
}

func to(written ...string) (all []alarm.Receiver) {
	for _, w := range written {
		way, target, _ := strings.Cut(w, ":")
		all = append(all, alarm.Receiver{Channel: policy.Channel(way), Target: policy.Target(target)})
	}
	return all
}

// waking is the rule of the example: a chat and a text, a call after three minutes, and another six minutes after that.
func waking() alarm.Rule {
	return alarm.Rule{
		On: []policy.NoticeKind{policy.NoticeCriticalMissed}, To: to("ops-slack", "sms:rota:primary"),
		Then: []alarm.Step{{After: 3 * time.Minute, To: to("call:rota:primary")}, {After: 6 * time.Minute, To: to("call:rota:backup")}},
	}
}

// everybody addresses each receiver as one person or channel, but for those that lead to nobody.
func everybody(nobody ...string) alarm.Address {
	return func(a alarm.Alarm, to []alarm.Receiver, _ time.Time) (told []policy.Notice, without []alarm.Receiver) {
		for _, r := range to {
			if slices.Contains(nobody, string(r.Target)) {
				without = append(without, r)
				continue
			}
			n := policy.Notice{Key: a.Key() + "/" + string(r.Channel), Channel: r.Channel, Alarm: string(a.ID), State: policy.AlarmOpen, Facts: map[string]string{alarm.TakeLink: "x"}}
			if r.Target != "" {
				n.Key, n.To, n.Person, n.State = n.Key+"/"+string(r.Target), string(r.Target), policy.PersonID(r.Target), ""
			}
			told = append(told, n)
		}
		return told, without
	}
}

// telling is what is told of an alarm, by the minutes since it began, until a time.
func telling(r alarm.Rule, a alarm.Alarm, first []policy.Notice, for_ time.Duration, address alarm.Address) (told []string) {
	say := func(at time.Time, list []policy.Notice) {
		for _, n := range list {
			told = append(told, fmt.Sprintf("%d %s:%s", int(at.Sub(a.StartedAt).Minutes()), n.Channel, n.To))
		}
	}
	say(a.StartedAt, first)
	for at := a.StartedAt; at.Before(a.StartedAt.Add(for_)); at = at.Add(5 * time.Second) {
		var out []policy.Notice
		started := a.StartedAt
		a, out = r.Step(a, at, address)
		a.StartedAt = started
		say(at, out)
	}
	return told
}

func TestNextPersonIsToldUntilSomebodyTakesIt(t *testing.T) {
	a, out := waking().Raise("1", missed(1), night, everybody())
	got := telling(waking(), a, out, 28*time.Minute, everybody())
	want := []string{"0 ops-slack:", "0 sms:rota:primary", "3 call:rota:primary", "9 call:rota:backup", "15 call:rota:backup", "21 call:rota:backup", "27 call:rota:backup"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The last step is told at its own distance for two hours, and once an hour from then on.
func TestLastStepIsToldHourlyAfterTwoHours(t *testing.T) {
	a, out := waking().Raise("1", missed(1), night, everybody())
	told := telling(waking(), a, out, 8*time.Hour, everybody())
	got := told[len(told)-7:]
	want := []string{"117", "123", "129", "189", "249", "309", "369", "429"}
	for i := range got {
		if !strings.HasPrefix(got[i], want[i+1]+" ") {
			t.Fatalf("at the end it is told at %v, want the minutes %v", got, want[1:])
		}
	}
	slow := waking()
	slow.Then = []alarm.Step{{After: 3 * time.Hour, To: to("call:ada")}}
	a, out = slow.Raise("1", missed(1), night, everybody())
	if got := telling(slow, a, out, 9*time.Hour+time.Minute, everybody()); !slices.Equal(got[2:], []string{"180 call:ada", "360 call:ada", "540 call:ada"}) {
		t.Errorf("a distance of three hours: %v", got)
	}
}

func TestTakenOrDoneAlarmTellsNobody(t *testing.T) {
	a, _ := waking().Raise("1", missed(1), night, everybody())
	taken, err := a.Taken(followup.Act{At: night.Add(time.Minute), By: "Ada Moreau", Via: followup.ViaPhone})
	if err != nil {
		t.Fatal(err)
	}
	for what, a := range map[string]alarm.Alarm{"taken": taken, "done": a.Finished(night)} {
		if got := telling(waking(), a, nil, 5*time.Hour, everybody()); len(got) > 0 {
			t.Errorf("%s: %v", what, got)
		}
	}
}

// A step that names people and leads to none is passed at once, which is told once as an event; a channel that is told beside is nobody.
func TestStepThatFindsNobodyIsPassedAtOnce(t *testing.T) {
	empty := everybody("rota:primary")
	a, out := waking().Raise("1", missed(1), night, empty)
	var gaps int
	for _, n := range out {
		if n.Kind == policy.NoticeRotaGap {
			gaps++
			if n.Key != "rota-gap/1" || n.Facts["receivers"] != "sms:rota:primary" || n.Channel != "" {
				t.Errorf("the gap is told as %+v", n)
			}
		}
	}
	got := telling(waking(), a, out, 13*time.Minute, empty)
	want := []string{"0 ops-slack:", "0 :", "0 call:rota:backup", "6 call:rota:backup", "12 call:rota:backup"}
	if diff := cmp.Diff(want, got); diff != "" || gaps != 1 {
		t.Errorf("%d gaps\n%s", gaps, diff)
	}
	nobody := everybody("rota:primary", "rota:backup")
	a, out = waking().Raise("1", missed(1), night, nobody)
	if got := telling(waking(), a, out, 20*time.Minute, nobody); !slices.Equal(got, []string{"0 ops-slack:", "0 :"}) || a.NextAt.Sub(night) != 6*time.Minute {
		t.Errorf("where nobody can be reached at all: %v, next %s", got, a.NextAt)
	}
}

// Whom a step means is asked when it is told: a hand-over at nine between a step at 08:59 and one at 09:02.
func TestHandOverBetweenSteps(t *testing.T) {
	at := time.Date(2026, 12, 7, 8, 59, 0, 0, london)
	nine := time.Date(2026, 12, 7, 9, 0, 0, 0, london)
	address := func(a alarm.Alarm, _ []alarm.Receiver, at time.Time) ([]policy.Notice, []alarm.Receiver) {
		who := "ada"
		if !at.Before(nine) {
			who = "ben"
		}
		return []policy.Notice{{Key: a.Key() + "/call/" + who, Channel: policy.ChannelCall, To: who, Person: policy.PersonID(who)}}, nil
	}
	a, out := waking().Raise("1", missed(1), at, address)
	if got := telling(waking(), a, out, 4*time.Minute, address); !slices.Equal(got, []string{"0 call:ada", "3 call:ben"}) {
		t.Error(got)
	}
}

func TestFurtherCallsJoinAndDoNotRestartSteps(t *testing.T) {
	a, _ := waking().Raise("1", missed(1), night, everybody())
	next := a.NextAt
	for n := range 9 {
		a = a.With(missed(n + 2))
	}
	if a.Count != 10 || len(a.FollowUps) != 10 || !a.NextAt.Equal(next) || a.Step != 1 {
		t.Errorf("%+v", a)
	}
}

func TestQuietHours(t *testing.T) {
	rule := alarm.Rule{
		On: []policy.NoticeKind{policy.NoticeVoicemail}, To: to("ops-mail"), Quiet: &alarm.Quiet{From: 22 * time.Hour, To: 7 * time.Hour, Zone: london},
	}
	day := func(month time.Month, d, h, m, s int) time.Time { return time.Date(2027, month, d, h, m, s, 0, london) }
	for _, row := range []struct {
		name     string
		at, told time.Time
	}{
		{"a second before", day(1, 4, 21, 59, 59), day(1, 4, 21, 59, 59)},
		{"when they begin", day(1, 4, 22, 0, 0), day(1, 5, 7, 0, 0)},
		{"after midnight", day(1, 5, 0, 30, 0), day(1, 5, 7, 0, 0)},
		{"a minute before their end", day(1, 5, 6, 59, 0), day(1, 5, 7, 0, 0)},
		{"at their end", day(1, 5, 7, 0, 0), day(1, 5, 7, 0, 0)},
		{"the night that is an hour shorter", day(3, 27, 23, 0, 0), day(3, 28, 7, 0, 0)},
		{"the night that is an hour longer", day(10, 30, 23, 0, 0), day(10, 31, 7, 0, 0)},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, out := rule.Raise("1", voicemail(), row.at, everybody())
			if held := len(out) == 0; held != row.told.After(row.at) || held != a.Held || held && !a.NextAt.Equal(row.told) {
				t.Fatalf("told at once: %d, next %s, want %s", len(out), a.NextAt, row.told)
			}
			if !a.Held {
				return
			}
			if _, early := rule.Step(a, row.told.Add(-time.Second), everybody()); len(early) > 0 {
				t.Error("told a second too early")
			}
			after, out := rule.Step(a, row.told, everybody())
			if len(out) != 1 || !after.NextAt.IsZero() || after.Held {
				t.Errorf("at their end: %d, %+v", len(out), after)
			}
			if _, again := rule.Step(a.Finished(row.at), row.told, everybody()); len(again) > 0 {
				t.Error("told though it was done meanwhile")
			}
		})
	}
	critical := voicemail()
	critical.Facts = map[string]string{"intent": "critical"}
	if _, out := rule.Raise("1", critical, day(1, 5, 3, 0, 0), everybody()); len(out) != 1 {
		t.Error("a critical message waits for the morning")
	}
}

// Brute force over the minutes of two days around each clock change, for hours that begin or end in the hour that is skipped or doubled.
func TestQuietHoursEndOnEveryClock(t *testing.T) {
	for _, hours := range [][2]time.Duration{{22 * time.Hour, 7 * time.Hour}, {90 * time.Minute, 6 * time.Hour}, {23 * time.Hour, 90 * time.Minute}, {time.Hour, 2 * time.Hour}} {
		rule := alarm.Rule{To: to("ops-mail"), Quiet: &alarm.Quiet{From: hours[0], To: hours[1], Zone: london}}
		for _, day := range []time.Time{time.Date(2027, 3, 27, 0, 0, 0, 0, london), time.Date(2027, 10, 30, 0, 0, 0, 0, london)} {
			for at := day; at.Before(day.Add(72 * time.Hour)); at = at.Add(10 * time.Minute) {
				clock := time.Duration(at.In(london).Hour())*time.Hour + time.Duration(at.In(london).Minute())*time.Minute
				quiet := hours[0] <= clock && clock < hours[1]
				if hours[0] > hours[1] {
					quiet = hours[0] <= clock || clock < hours[1]
				}
				a, out := rule.Raise("1", voicemail(), at, everybody())
				if quiet != (len(out) == 0) {
					t.Fatalf("%v at %s: quiet is %t", hours, at, quiet)
				}
				tries := 0
				for ; len(out) == 0; tries++ {
					a, out = rule.Step(a, a.NextAt, everybody())
					if tries > 2 {
						t.Fatalf("%v: what is held at %s never comes: %+v", hours, at, a)
					}
				}
				if late := a.DoneAt.Sub(at); late > 24*time.Hour {
					t.Fatalf("%v: held at %s for %s", hours, at, late)
				}
			}
		}
	}
}

// An event of no call that nobody has to take is told once: no link, no chat that waits.
func TestRuleWithoutStepsTellsOnce(t *testing.T) {
	rule := alarm.Rule{To: to("ops-slack")}
	a, out := rule.Raise("1", policy.Notice{Kind: policy.NoticeFeedFailed, Key: "feed-failed/night"}, night, everybody())
	if a.State != policy.AlarmDone || len(out) != 1 || out[0].State != "" || out[0].Facts[alarm.TakeLink] != "" {
		t.Errorf("%+v\n%+v", a, out)
	}
	a, out = rule.Raise("2", missed(1), night, everybody())
	if a.State != policy.AlarmOpen || !a.NextAt.IsZero() || out[0].State != policy.AlarmOpen || !out[0].Until.IsZero() {
		t.Errorf("with a follow-up: %+v\n%+v", a, out)
	}
}

func TestPeopleWhoCannotBeReachedMakeTheNextStepDue(t *testing.T) {
	a, out := waking().Raise("1", missed(1), night, everybody())
	later := night.Add(20 * time.Second)
	if b := a.Undelivered(out[0], later); !b.NextAt.Equal(a.NextAt) {
		t.Error("a chat that is down hurries the next step")
	}
	b := a.Undelivered(out[1], later)
	if !b.NextAt.Equal(later) {
		t.Fatalf("the next step is due at %s", b.NextAt)
	}
	c, out2 := waking().Step(b, later, everybody())
	if len(out2) != 1 || out2[0].Channel != "call" {
		t.Fatalf("%+v", out2)
	}
	if d := c.Undelivered(out[1], later); !d.NextAt.Equal(c.NextAt) {
		t.Error("a notice of a step that is over hurries the next one")
	}
	two := waking()
	two.To = to("sms:ada", "sms:ben")
	a, out = two.Raise("1", missed(1), night, everybody())
	if a = a.Undelivered(out[0], later); !a.NextAt.Equal(night.Add(3 * time.Minute)) {
		t.Error("one of two who can't be reached hurries the next step")
	}
	if a = a.Undelivered(out[1], later); !a.NextAt.Equal(later) {
		t.Error("nobody of two was reached, and the next step waits")
	}
}

// Whatever the rule and the gaps: until it is taken an open alarm always has a next step, no key is told twice, and each step is told in its order.
func TestStepsOfAnyRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rule alarm.Rule
		targets := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"ops-slack", "sms:ada", "call:ben", "sms:rota:primary"}), 1, 3, rapid.ID[string])
		rule.To = to(targets.Draw(t, "to")...)
		for range rapid.IntRange(1, 4).Draw(t, "steps") {
			after := time.Duration(rapid.IntRange(1, 200).Draw(t, "after")) * time.Minute
			rule.Then = append(rule.Then, alarm.Step{After: after, To: to(targets.Draw(t, "to")...)})
		}
		address := everybody(rapid.SliceOf(rapid.SampledFrom([]string{"ada", "ben", "rota:primary"})).Draw(t, "nobody")...)
		a, out := rule.Raise("1", missed(1), night, address)
		keys, gaps, at := map[string]bool{}, 0, night
		for range 30 {
			for _, n := range out {
				if keys[n.Key] {
					t.Fatalf("%s is told twice", n.Key)
				}
				keys[n.Key] = true
				if n.Kind == policy.NoticeRotaGap {
					gaps++
				} else if !n.Until.After(a.NextAt) {
					t.Fatalf("%s is given up at %s, before the next step at %s was told", n.Key, n.Until, a.NextAt)
				}
			}
			if !a.NextAt.After(at) {
				t.Fatalf("after %s it is due at %s", at, a.NextAt)
			}
			before := a
			at = a.NextAt
			if a, out = rule.Step(a, at, address); a.Step < before.Step || a.Step == before.Step && a.Told <= before.Told {
				t.Fatalf("from %+v to %+v", before, a)
			}
		}
		if gaps > 1 {
			t.Fatalf("%d gaps", gaps)
		}
	})
}
