package server

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
)

// missedCritical is an App that texts Ada of a critical call that was missed, and then calls Ben; and the link that she got.
func missedCritical(t *testing.T) (p *called, link string) {
	t.Helper()
	p = mustCalled(t, func(c *config.Config) {
		to := func(way policy.Channel, target policy.Target) []alarm.Receiver {
			return []alarm.Receiver{{Channel: way, Target: target}}
		}
		c.Alarms = alarm.Rules{{
			On: []policy.NoticeKind{policy.NoticeCriticalMissed}, To: to(policy.ChannelSMS, "ada"),
			Then: []alarm.Step{{After: 3 * time.Minute, To: to(policy.ChannelCall, "ben")}},
		}}
	})
	must(p.callLog().Advance(t.Context(), "CA1", func(c policy.Call) policy.Call {
		c.Line, c.From, c.Answered, c.Intent, c.Exhausted = p.Conf.Settings.Lines[0].Number, "+12125550142", true, policy.Critical, true
		c.StartedAt, c.HuntingAt, c.LeftAt = p.clock.Now().Add(-2*time.Minute), p.clock.Now().Add(-time.Minute), p.clock.Now()
		return c
	}))
	p.deliver(t)
	texts := p.texts()
	if len(texts) != 1 || texts[0].To != adasPhone {
		t.Fatalf("texted: %+v", texts)
	}
	_, link, _ = strings.Cut(texts[0].Body, p.Conf.PublicURL)
	return p, link
}

// visit returns what a link is answered with.
func (p *called) visit(t *testing.T, method, path, do string) (status int, text string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(url.Values{"do": {do}}.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	p.Webhooks.ServeHTTP(w, r)
	if h := w.Header(); h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%s: %v", method, h)
	}
	return w.Code, w.Body.String()
}

// TestALinkInATextTakesTheAlarm: a POST alone acts, in the name of whom the text was sent to; nobody is called after it, and the follow-up has its owner.
func TestALinkInATextTakesTheAlarm(t *testing.T) {
	p, link := missedCritical(t)
	for _, method := range []string{http.MethodHead, http.MethodGet, http.MethodGet} {
		if status, _ := p.visit(t, method, link, ""); status != http.StatusOK {
			t.Errorf("%s: %d", method, status)
		}
	}
	if f := must(p.Store.FollowUp(t.Context(), "1")); f.State != followup.Open {
		t.Fatalf("what is fetched acts: %+v", f)
	}
	if status, text := p.visit(t, http.MethodPost, link, "take"); status != http.StatusOK || !strings.Contains(text, "It is yours now, Ada Moreau") {
		t.Errorf("%d: %s", status, text)
	}
	p.clock.Sleep(4 * time.Minute)
	if err := p.rounds.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if calls := p.deliver(t); calls != 0 {
		t.Errorf("%d are called of what is taken", calls)
	}
	waiting := must(p.Store.OpenFollowUps(t.Context(), "", 10))
	if len(waiting) != 1 || waiting[0].Owner != "Ada Moreau" || waiting[0].State != followup.Taken {
		t.Errorf("the follow-ups are %+v", waiting)
	}
}

// TestALinkThatIsOldOrAlteredDoesNothing, and an old one says whose it is.
func TestALinkThatIsOldOrAlteredDoesNothing(t *testing.T) {
	p, link := missedCritical(t)
	for _, altered := range []string{link[:len(link)-1], link + ".", link + "A", strings.Replace(link, "/w/", "/w/A", 1)} {
		if status, text := p.visit(t, http.MethodPost, altered, "take"); status != http.StatusNotFound || strings.Contains(text, "Ada") {
			t.Errorf("altered: %d %s", status, text)
		}
	}
	p.clock.Sleep(7*24*time.Hour + time.Second)
	if status, text := p.visit(t, http.MethodPost, link, "take"); status != http.StatusGone || !strings.Contains(text, "This link was sent to Ada Moreau") {
		t.Errorf("old: %d %s", status, text)
	}
	if a := must(p.Store.Alarm(t.Context(), "1")); a.State != policy.AlarmOpen {
		t.Errorf("the alarm is %s", a.State)
	}
}
