package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

const (
	// recordedAccount is the account of a recorded critical call; each sent call has one of so many others in its place.
	recordedAccount = "310022"
	criticalOnes    = 40
)

func accountOf(n int64) string { return fmt.Sprintf("40%04d", n%criticalOnes) }

// importCriticals makes the accounts of critical calls.
func (f *fleet) importCriticals(s *store.Store) {
	f.Helper()
	customers := []policy.Customer{{Number: recordedAccount, Name: "Harbor Cowork", Package: "Ultimate", Line: "+448000668187"}}
	for n := range int64(criticalOnes) {
		customers = append(customers, customers[0])
		customers[n+1].Number = policy.CustomerNumber(accountOf(n))
	}
	if _, err := s.ImportCustomers(f.Context(), customers, "test"); err != nil {
		f.Fatal(err)
	}
}

// Who is told of critical calls that were missed, and how.
const peopleText = `
specialists:
  ada: { name: Ada Moreau, phone: "+15550100001" }
  ben: { name: Ben Okafor, phone: "+15550100002" }
channels:
  ops-slack: { slack: "` + slackRoom + `", token: "xoxb-0000000000-test" }
  pager: { pagerduty: "0123456789abcdef0123456789abcdef" }
alarms:
  - on: [critical-missed]
    to: [ops-slack, pager, "sms:ada"]
    then: [{ after: 3m, to: ["call:ben"] }]
`

// missedOne is the name of the recorded call of missesCritical.
const missedOne = "critical, and nobody answers"

// configured returns a configuration with the people who are told by what is outside.
func (o *outside) configured(text string) string {
	text = regexp.MustCompile(`(?m)^  api_url: .*$`).ReplaceAllLiteralString(text, "  api_url: "+o.api)
	more := "  calls_per_second: 100\n  sms_from: \"" + textsFrom + "\"\n  countries: [US, CA, GB]"
	return regexp.MustCompile(`(?m)^  calls_per_second: .*$`).ReplaceAllLiteralString(text, more) + peopleText
}

// textsFrom is the sender of texts.
const textsFrom = "+15550100099"

// missesCritical is a caller with a critical matter whom nobody answers, and who leaves no message.
func (r *recorder) missesCritical() {
	menu := r.post(r.conf.PublicURL+"/voice", r.caller("From", "+12125550142", "CallStatus", "ringing"))
	menu = r.post(gather(menu).Action, r.caller("From", "+12125550142", "Digits", recordedAccount))
	next := r.post(gather(menu).Action, r.caller("From", "+12125550142", "Digits", "1"))
	for steps := 0; !records(next) && steps < 10; steps++ {
		dial := only[twilio.Dial](r.b, next)
		next = r.post(dial.Action, r.caller("From", "+12125550142", "DialCallStatus", "no-answer", "DialCallSid", recordedLeg))
	}
	r.post(r.conf.PublicURL+"/status", r.caller("From", "+12125550142", "CallStatus", "completed", "CallDuration", "95"))
}

func records(answer twilio.Response) bool {
	return slices.ContainsFunc(answer.Verbs, func(v twilio.Verb) bool { _, is := v.(twilio.Record); return is })
}

var takeLink = regexp.MustCompile(`<http[^|>]*(/w/[^|>]+)\|I take it>`)

// beginOutside forgets what those outside were asked for.
func (c *crash) beginOutside() {
	c.acted.Clear()
	clear(c.rung)
	c.outside.begin(c.conf.Twilio.AccountSID, c.conf.Twilio.AuthToken, "+18883071053", "+448000668187", textsFrom)
}

// asks asks for a call-back while no process runs. Each rings another specialist, by whom it is known at the provider.
func (c *crash) asks() {
	c.Helper()
	if c.older {
		return
	}
	s := must(bolt.OpenStore(c.conf.Store.File, 1<<20, store.Options{}))
	s.FollowBy(c.conf.FollowUps, func() policy.Settings { return c.conf.Settings })
	for _, f := range must(s.OpenFollowUps(c.Context(), "", 50)) {
		to := fmt.Sprintf("+12015550%03d", len(c.rung))
		_, err := s.AskCallBack(c.Context(), f.ID, policy.Target(to), followup.Act{At: time.Now(), By: "Ada Moreau", Via: followup.ViaConsole})
		if err == nil {
			c.rung[to] = f.ID
			break
		}
		if !errors.Is(err, followup.ErrOnThePhone) && !errors.Is(err, followup.ErrUnderWay) && !errors.Is(err, followup.ErrTaken) {
			c.Error(err)
		}
	}
	if err := s.Close(); err != nil {
		c.Fatal(err)
	}
}

// checkRung wants each specialist of a call-back rung once at most, and no call at the provider of which the follow-up does not know.
func (c *crash) checkRung(log *store.Store, wrong func(string, ...any)) {
	var calls []twilio.ListedCall
	c.outside.account.Change(func(s *fake.State) { calls = slices.Clone(s.Calls) })
	for to, id := range c.rung {
		sids := []string{}
		for _, l := range calls {
			if l.To == to {
				sids = append(sids, l.SID)
			}
		}
		f := must(log.FollowUp(c.Context(), id))
		i := slices.IndexFunc(f.CallBacks, func(b followup.CallBack) bool { return b.Phone.Full() == to })
		if got := string(f.CallBacks[i].SID); len(sids) > 1 || len(sids) == 1 && got != sids[0] || len(sids) == 0 && got != "" {
			wrong("the call-back to %s is call %q, and the provider has %q", id, got, sids)
		}
		c.calledBack += len(sids)
	}
}

// person takes and finishes alarms by the links in Slack, until nobody calls any more. What was answered must be so after any crash.
func (c *crash) person() {
	random := rand.New(rand.NewPCG(c.seed, 1000))
	for !c.over.Load() && !c.Failed() {
		<-time.After(time.Duration(20+random.IntN(80)) * time.Millisecond)
		c.outside.mu.Lock()
		var found []string
		for _, text := range c.outside.messages {
			if link := takeLink.FindStringSubmatch(text); link != nil {
				found = append(found, link[1])
			}
		}
		c.outside.mu.Unlock()
		if len(found) > 0 {
			slices.Sort(found)
			c.acts(found[random.IntN(len(found))], random.IntN(2) == 0)
		}
	}
}

// acts takes or finishes what a link leads to.
func (c *crash) acts(link string, done bool) {
	c.gate.RLock()
	defer c.gate.RUnlock()
	form := url.Values{"do": {"take"}, "person": {"ada"}}
	if done {
		form = url.Values{"do": {"done"}, "person": {"ada"}, "note": {"called back"}}
	}
	ctx, cancel := context.WithTimeout(context.Background(), answeredWithin)
	defer cancel()
	q := must(http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.members[0].address+link, strings.NewReader(form.Encode())))
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		return
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	switch {
	case err != nil, answer.StatusCode == http.StatusServiceUnavailable, answer.StatusCode == http.StatusConflict:
	case answer.StatusCode == http.StatusOK:
		c.acted.Store(link, done)
	default:
		c.Errorf("a link (done: %t) is answered with %s: %s", done, answer.Status, text)
	}
}

// checkPeople wants one follow-up for each call that ended without a person, each critical one in one alarm, one alarm of an account that nobody has taken,
// and what people did as it was answered. over are the calls whose last webhook is in the log.
func (c *crash) checkPeople(log *store.Store, over map[policy.CallSID]script, when string) {
	c.Helper()
	wrong := func(format string, args ...any) {
		c.Errorf("killed %s (seed %d): "+format, append([]any{when, c.seed}, args...)...)
	}
	followUps := map[policy.CallSID][]followup.FollowUp{}
	for page := (followup.Page{Limit: 500}); ; {
		found := must(log.FollowUps(c.Context(), followup.Filter{}, page))
		for _, f := range found.List {
			followUps[f.Call] = append(followUps[f.Call], f)
		}
		if page.After = found.Next; page.After == "" {
			break
		}
	}
	alarms := c.alarmsOf(log, len(followUps))
	told := map[followup.ID][]alarm.Alarm{}
	running := map[policy.CustomerNumber]int{}
	for _, a := range alarms {
		for _, id := range a.FollowUps {
			told[id] = append(told[id], a)
		}
		if a.State == policy.AlarmOpen {
			running[a.Event.Customer]++
		}
	}
	for sid, s := range over {
		list := followUps[sid]
		if len(list) != s.followUps() {
			wrong("call %s (%s) has %d follow-ups", sid, s.name, len(list))
			continue
		}
		if !s.missed {
			continue
		}
		f, of := list[0], told[list[0].ID]
		if len(of) != 1 {
			wrong("follow-up %s of call %s is in %d alarms", f.ID, sid, len(of))
		} else if f.State == followup.Open && of[0].State != policy.AlarmOpen {
			wrong("follow-up %s waits, and its alarm %s is %s", f.ID, of[0].ID, of[0].State)
		}
		if n := running[f.Customer]; n > 1 {
			wrong("%d alarms of account %s wait for somebody", n, f.Customer)
		}
	}
	c.checkActs(log, wrong)
	c.checkOutside(wrong)
}

// checkActs wants what people did by links as it was answered.
func (c *crash) checkActs(log *store.Store, wrong func(string, ...any)) {
	leadTo := map[string]string{}
	for n, err := range log.Notices(c.Context()) {
		if err != nil {
			c.Fatal(err)
		}
		leadTo[strings.TrimPrefix(n.Facts[alarm.TakeLink], c.conf.PublicURL)] = n.Alarm
	}
	c.acted.Range(func(link, done any) bool {
		a := must(log.Alarm(c.Context(), alarm.ID(leadTo[link.(string)])))
		if a.State == policy.AlarmOpen || done.(bool) && a.State != policy.AlarmDone {
			wrong("somebody acted on alarm %s (done: %t), which is %s", a.ID, done, a.State)
		}
		return true
	})
}

// followUps returns how many follow-ups the call has in the end.
func (s script) followUps() int {
	if s.outcome == policy.Unanswered || s.outcome == policy.LeftVoicemail {
		return 1
	}
	return 0
}

// alarmsOf returns all alarms, of which there are at most as many as follow-ups. A commit that failed leaves a number out.
func (c *crash) alarmsOf(log *store.Store, most int) (all []alarm.Alarm) {
	for n := 1; n <= 2*most+100; n++ {
		if a, err := log.Alarm(c.Context(), alarm.ID(fmt.Sprint(n))); err == nil {
			all = append(all, a)
		}
	}
	return all
}

// checkOutside wants nobody told twice of one thing.
func (c *crash) checkOutside(wrong func(string, ...any)) {
	c.outside.mu.Lock()
	defer c.outside.mu.Unlock()
	for mark, n := range c.outside.posts {
		if n > 1 {
			wrong("%d messages in Slack have the mark %s", n, mark)
		}
	}
	for key, in := range c.outside.incidents {
		if in.woken > 1 {
			wrong("the incident %s was opened %d times", key, in.woken)
		}
	}
	texts := map[string]int{}
	c.outside.account.Change(func(s *fake.State) {
		for _, t := range s.Texts {
			texts[t.To+" "+t.Body]++
		}
	})
	for call, n := range c.outside.created {
		if n > 1 {
			wrong("rung %d times: %s", n, call)
		}
	}
	for text, n := range texts {
		if n > 1 {
			wrong("texted %d times: %s", n, text)
		}
	}
}

// settleOutside carries on what those who were killed had begun, as a process does three minutes later, when nobody has a claim on it any more: then everything is told
// once, and shows what it shall.
func (c *crash) settleOutside() {
	c.Helper()
	conf := c.conf
	conf.Notices.Named = slices.Clone(conf.Notices.Named)
	for i, channel := range conf.Notices.Named {
		switch ch := channel.(type) {
		case notices.Slack:
			ch.API = c.outside.direct
			conf.Notices.Named[i] = ch
		case notices.PagerDuty:
			ch.API = c.outside.direct
			conf.Notices.Named[i] = ch
		}
	}
	a := must(server.Open(conf, func() time.Time { return time.Now().Add(3*time.Minute + 10*time.Second) }, zap.NewNop(), 1<<20))
	s := must(server.Listen(a, parseCommand))
	ctx, cancel := context.WithCancel(c.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	var waiting []string
	for end := time.Now().Add(30 * time.Second); ; <-time.After(50 * time.Millisecond) {
		if waiting = c.untold(a.Store); len(waiting) == 0 || time.Now().After(end) {
			break
		}
	}
	if len(waiting) > 0 {
		c.Errorf("seed %d: %d things are not told, such as %s", c.seed, len(waiting), waiting[0])
	}
	c.checkShown(a.Store)
	cancel()
	if err := <-done; err != nil {
		c.Error(err)
	}
}

// untold returns what people are still to be told.
func (c *crash) untold(log *store.Store) (waiting []string) {
	for n, err := range log.Notices(c.Context()) {
		if err != nil {
			c.Fatal(err)
		}
		if n.Waits() {
			waiting = append(waiting, n.Key+" "+n.Error)
		}
	}
	for _, f := range must(log.CallBacksUnderWay(c.Context())) {
		if b, _ := f.UnderWay(); b.SID == "" {
			waiting = append(waiting, "the call-back of follow-up "+string(f.ID))
		}
	}
	due := must(log.DueAlarms(c.Context(), time.Now().Add(3*time.Minute), 10))
	for _, a := range due {
		waiting = append(waiting, "alarm "+string(a.ID))
	}
	return waiting
}

// checkShown compares what Slack, PagerDuty and telephones show with the alarms.
func (c *crash) checkShown(log *store.Store) {
	c.Helper()
	wrong := func(format string, args ...any) {
		c.Errorf("in the end (seed %d): "+format, append([]any{c.seed}, args...)...)
	}
	c.checkOutside(wrong)
	c.checkRung(log, wrong)
	c.outside.mu.Lock()
	defer c.outside.mu.Unlock()
	shown := map[string]bool{}
	told := map[policy.Channel]int{}
	for n, err := range log.Notices(c.Context()) {
		if err != nil {
			c.Fatal(err)
		}
		if n.Alarm == "" || n.SentAt.IsZero() {
			continue
		}
		a := must(log.Alarm(c.Context(), alarm.ID(n.Alarm)))
		told[n.Channel]++
		switch ts := n.Receipt["ts"]; {
		case n.Channel == "ops-slack" && ts != "":
			shown[ts] = true
			want := map[policy.AlarmState]string{policy.AlarmOpen: "|I take it>", policy.AlarmTaken: "*Taken by Ada", policy.AlarmDone: "*Done by Ada"}[a.State]
			if text := c.outside.messages[ts]; !strings.Contains(text, want) {
				wrong("alarm %s is %s, and Slack shows %s", a.ID, a.State, text)
			}
		case n.Channel == "pager":
			want := map[policy.AlarmState]string{policy.AlarmOpen: "triggered", policy.AlarmTaken: "acknowledged", policy.AlarmDone: "resolved"}[a.State]
			if in := c.outside.incidents[n.Receipt["dedup_key"]]; in == nil || in.state != want && (in.state != "" || a.State != policy.AlarmDone) {
				wrong("alarm %s is %s, and PagerDuty has it as %+v", a.ID, a.State, in)
			}
		}
	}
	for ts, text := range c.outside.messages {
		if !shown[ts] {
			wrong("no notice knows the message %s: %s", ts, text)
		}
	}
	texts, calls := 0, 0
	c.outside.account.Change(func(s *fake.State) { texts, calls = len(s.Texts), len(s.Calls) })
	if texts < told[policy.ChannelSMS] || calls < told[policy.ChannelCall] { // more, where they were withdrawn while they went out
		wrong("%d texts and %d calls went out, %d and %d are in the outbox", texts, calls, told[policy.ChannelSMS], told[policy.ChannelCall])
	}
	for channel, n := range told {
		c.told[channel] += n
	}
}
