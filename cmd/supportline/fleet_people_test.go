package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/postgres/postgrestest"
	"github.com/officernd/supportline/twilio/fake"
)

// pair is two processes on one database, and what they tell people by.
type pair struct {
	*fleet
	log    *store.Store
	misses script
}

func newPair(t *testing.T) *pair {
	t.Helper()
	f := &fleet{T: t, outside: newOutside(t)}
	f.configure("https://support.example.com", postgrestest.Database(t), 2)
	f.outside.begin(f.conf.Twilio.AccountSID, f.conf.Twilio.AuthToken, "+18883071053", "+448000668187", textsFrom)
	p := &pair{fleet: f, log: f.open()}
	importExamples(t, p.log)
	f.importCriticals(p.log)
	f.record()
	p.misses = f.scripts[slices.IndexFunc(f.scripts, func(s script) bool { return s.missed })]
	for _, m := range f.members {
		m.start(f)
	}
	f.await(30*time.Second, "all work has a process", func() bool { return len(f.holders(p.log)) == worksOfFleet })
	return p
}

// holder returns the process that does some work for both, and the other one.
func (p *pair) holder(work string) (does, other *member) {
	p.Helper()
	number := p.holders(p.log)[work].Number
	for i, m := range p.members {
		if m.cmd != nil && m.cmd.Process.Pid == number {
			return m, p.members[1-i]
		}
	}
	p.Fatalf("process %d is none of ours", number)
	panic("unreachable")
}

// missed has a critical call missed, whose webhooks one of them answers.
func (p *pair) missed(answers *member) policy.CallSID {
	p.Helper()
	sid, m := p.begin(p.misses)
	for i, webhook := range p.misses.sent {
		if got, err := p.postTo("http://"+answers.address, webhook, m.sids); err != nil || got != m.sids.Replace(webhook.answer) {
			p.Fatalf("webhook %d %s: %v\nheard %s", i+1, webhook.path, err, got)
		}
	}
	return sid
}

// told returns what came out of the two: messages in Slack, incidents, texts, and calls.
func (p *pair) told() string {
	p.outside.mu.Lock()
	defer p.outside.mu.Unlock()
	var texts []fake.Text
	calls := 0
	p.outside.account.Change(func(s *fake.State) { texts, calls = slices.Clone(s.Texts), len(s.Calls) })
	var states []string
	for _, in := range p.outside.incidents {
		states = append(states, fmt.Sprintf("%s (%d)", in.state, in.woken))
	}
	return fmt.Sprintf("%d messages, incidents %q, %d texts, %d calls", len(p.outside.messages), states, len(texts), calls)
}

// firstTold is what came out of the two by the first step.
const firstTold = `1 messages, incidents ["triggered (1)"], 1 texts, 0 calls`

// link returns the path of the link in the chat.
func (p *pair) link() string {
	p.Helper()
	p.outside.mu.Lock()
	defer p.outside.mu.Unlock()
	for _, text := range p.outside.messages {
		if link := takeLink.FindStringSubmatch(text); link != nil {
			return link[1]
		}
	}
	p.Fatal("the chat has no link")
	panic("unreachable")
}

// takenOver is the longest until the work of a process that died is another's: a term and a pace of its lease, and what a busy machine adds.
const takenOver = 40 * time.Second

// hurry makes the next step of an alarm due after a time, and returns when.
func (p *pair) hurry(id alarm.ID, after time.Duration) (due time.Time) {
	p.Helper()
	due = time.Now().Add(after)
	stepped := must(p.log.StepAlarm(p.Context(), must(p.log.Alarm(p.Context(), id)), func(a alarm.Alarm) (alarm.Alarm, []policy.Notice) {
		a.NextAt = due.UTC()
		return a, nil
	}))
	if !stepped {
		p.Fatal("the alarm went on by itself")
	}
	return due
}

// TestTheNextStepIsToldByWhoLives: of two processes the one that tells steps is killed between two. The other one tells the next, once, as soon as it is
// sure of the death; and that the first comes back changes nothing.
func TestTheNextStepIsToldByWhoLives(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	tells, lives := p.holder("alarms")
	p.missed(lives)
	p.await(30*time.Second, "the first step is told", func() bool { return p.told() == firstTold })
	due := p.hurry("1", 5*time.Second)
	_ = tells.stop(syscall.SIGKILL)
	const second = `1 messages, incidents ["triggered (1)"], 1 texts, 1 calls`
	p.await(60*time.Second, "the second step is told", func() bool { return p.told() == second })
	tells.start(p.fleet)
	a := must(p.log.Alarm(t.Context(), "1"))
	if late := a.LastAt.Sub(due); late < 0 || late > takenOver {
		t.Errorf("the second step came %v late", late)
	}
	if a.Step != 1 || a.Told != 1 {
		t.Errorf("the alarm went on to %+v", a)
	}
	<-time.After(time.Second)
	if got := p.told(); got != second {
		t.Errorf("with both: %s", got)
	}
}

// answer is what a link is answered with.
func (p *pair) answer(m *member, method, path string, form url.Values) (status int, text string) {
	p.Helper()
	q := must(http.NewRequestWithContext(p.Context(), method, "http://"+m.address+path, strings.NewReader(form.Encode())))
	if method == http.MethodPost {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r := must(http.DefaultClient.Do(q))
	defer r.Body.Close()
	return r.StatusCode, string(must(io.ReadAll(r.Body)))
}

// TestALinkTakesAnAlarmAtEitherProcess: what is fetched by a chat shows and does nothing; a POST at the process that tells nobody takes the alarm, which
// stops on all channels and has its owner in the list of follow-ups. A link that was altered does nothing, and no log has one.
func TestALinkTakesAnAlarmAtEitherProcess(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	tells, other := p.holder("notices")
	sid := p.missed(other)
	p.await(30*time.Second, "the first step is told", func() bool { return p.told() == firstTold })
	path := p.link()
	take := url.Values{"do": {"take"}, "person": {"ada"}}
	for _, m := range p.members {
		for _, method := range []string{http.MethodHead, http.MethodGet, http.MethodGet} {
			if status, text := p.answer(m, method, path, nil); status != http.StatusOK || method == http.MethodGet && !strings.Contains(text, "Harbor Cowork") {
				t.Errorf("%s: %d %s", method, status, text)
			}
		}
		for _, forged := range []string{path[:len(path)-1], path + ".", "/w/" + path[4:]} {
			if status, text := p.answer(m, http.MethodPost, forged, take); status != http.StatusNotFound || !strings.Contains(text, "This link is not whole") {
				t.Errorf("an altered link: %d %s", status, text)
			}
		}
	}
	if f := must(p.log.FollowUpOf(t.Context(), sid)); f.State != followup.Open {
		t.Fatalf("what is fetched acts: %+v", f)
	}
	if status, text := p.answer(other, http.MethodPost, path, take); status != http.StatusOK || !strings.Contains(text, "It is yours now, Ada Moreau") {
		t.Fatalf("taking: %d %s", status, text)
	}
	p.await(40*time.Second, "chat and pager show who has it", func() bool {
		p.outside.mu.Lock()
		defer p.outside.mu.Unlock()
		for _, text := range p.outside.messages {
			for _, in := range p.outside.incidents {
				return strings.HasPrefix(text, "*Taken by Ada Moreau*") && in.state == "acknowledged"
			}
		}
		return false
	})
	if status, text := p.answer(tells, http.MethodPost, path, url.Values{"do": {"take"}, "person": {"ben"}}); status != http.StatusConflict || !strings.Contains(text, "Ada Moreau") {
		t.Errorf("taking it twice: %d %s", status, text)
	}
	list := exec.Command(binary(t), "followups", "list", "--config", p.file)
	list.Env = append(os.Environ(), "WEBHOOKS="+other.address, "CONSOLE="+other.private)
	if out, err := list.CombinedOutput(); err != nil || !strings.Contains(string(out), "Ada Moreau") {
		t.Errorf("%v: %s", err, out)
	}
	if a := must(p.log.Alarm(t.Context(), "1")); !a.NextAt.IsZero() || a.TakenBy != "Ada Moreau" || a.TakenVia != followup.ViaLink {
		t.Errorf("the alarm goes on: %+v", a)
	}
	if got, want := p.told(), `1 messages, incidents ["acknowledged (1)"], 1 texts, 0 calls`; got != want {
		t.Errorf("in the end: %s", got)
	}
	for _, m := range p.members {
		if log := string(must(os.ReadFile(m.log.Name()))); strings.Contains(log, path[3:]) || len(log) == 0 {
			t.Errorf("a log has the link, or nothing:\n%s", log)
		}
	}
}
