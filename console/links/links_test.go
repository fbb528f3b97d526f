package links_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/console/links"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/link"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// place is the pages of links over a store with a missed call of Northwind's, which an alarm tells of.
type place struct {
	*browsertest.Client
	store    *store.Store
	settings policy.Settings
	key      []byte
	now      time.Time
	log      bytes.Buffer
	acts     int
	address  string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{settings: browsertest.Company(t), now: browsertest.Monday}
	p.settings.People = []policy.Person{{ID: "ada", Name: "Ada Moreau", Phone: browsertest.Specialist}, {ID: "ben", Name: "Ben Okafor"}}
	var err error
	if p.store, err = bolt.OpenStore(filepath.Join(t.TempDir(), "supportline.db"), 1<<20, store.Options{Now: func() time.Time { return p.now }}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.store.Close() })
	if p.key, err = link.Key(p.store.Secret()); err != nil {
		t.Fatal(err)
	}
	p.store.TellBy(func(event policy.Notice, _ *alarm.Alarm, fresh alarm.ID, at time.Time) (*alarm.Alarm, []policy.Notice) {
		if event.Kind != policy.NoticeCriticalMissed {
			return nil, nil
		}
		return &alarm.Alarm{ID: fresh, Event: event, Count: 1, StartedAt: at, State: policy.AlarmOpen, NextAt: at.Add(time.Minute), FollowUps: []followup.ID{followup.ID(event.FollowUp)}}, nil
	})
	p.missed(t, "CA1", policy.Critical)
	logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(zapcore.AddSync(&p.log)), zap.DebugLevel))
	server := httptest.NewServer(links.New(links.Deps{
		Store: p.store, Key: p.key, Settings: func() policy.Settings { return p.settings }, Done: func() { p.acts++ }, Now: func() time.Time { return p.now }, Logger: logger,
	}))
	t.Cleanup(server.Close)
	p.Client, p.address = browsertest.NewClient(t, server.URL), server.URL
	return p
}

func (p *place) missed(t *testing.T, sid policy.CallSID, intent policy.Intent) {
	t.Helper()
	ended := p.now.Add(-10 * time.Minute)
	log := store.NotifyingLog{Store: p.store, Settings: p.settings, Link: func(policy.CallSID) string { return "" }}
	_, err := log.Advance(t.Context(), sid, func(c policy.Call) policy.Call {
		c.Line, c.From, c.StartedAt, c.Answered, c.Intent = browsertest.UKLine, browsertest.Caller, ended.Add(-2*time.Minute), true, intent
		c.Customer, c.Account, c.Month = browsertest.Northwind.Number, browsertest.Northwind.Name, "2026-11"
		c.HuntingAt, c.Exhausted, c.LeftAt, c.EndedAt = ended.Add(-time.Minute), true, ended, ended
		return c
	})
	if err != nil {
		t.Fatal(err)
	}
}

// link returns the path of a link, below a public URL with a path.
func (p *place) link(l link.Link) string {
	if l.Expires.IsZero() {
		l.Expires = p.now.Add(l.To.Lasts())
	}
	return "/phone/w/" + link.Sign(p.key, l).Full()
}

func (p *place) state(t *testing.T) (followup.State, string) {
	t.Helper()
	f, err := p.store.FollowUp(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	return f.State, f.Owner
}

// Chats and mail servers fetch what is posted: only a POST takes, and the page says whose link it is, and no number.
func TestOnlyAPostActs(t *testing.T) {
	p := newPlace(t)
	path := p.link(link.Link{To: link.Alarm, ID: "1", Person: "ada"})
	for _, method := range []string{http.MethodHead, http.MethodGet, http.MethodGet, http.MethodGet, http.MethodGet, http.MethodGet} {
		r, _ := http.NewRequestWithContext(t.Context(), method, p.address+path+"?do=take", http.NoBody)
		answer, err := p.HTTP.Do(r)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v, %v", method, answer, err)
		}
		answer.Body.Close()
	}
	if state, _ := p.state(t); state != followup.Open || p.acts > 0 {
		t.Fatalf("after looking it is %s", state)
	}
	page := p.Get(path)
	page.Want(t, http.StatusOK, "A critical call was missed", "Northwind Flex Offices", "critical: nobody answered", "Waiting since 2026-11-23 14:50 GMT, due 2026-11-23 15:05 GMT.", "nobody has it", "This link was sent to Ada Moreau.")
	page.Without(t, browsertest.Caller.Full()[1:], "0018", "204518", "<script", "style=")
	for header, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "X-Content-Type-Options": "nosniff", "Set-Cookie": "",
		"Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
	} {
		if got := page.Header.Get(header); got != want {
			t.Errorf("%s is %q", header, got)
		}
	}
	p.Post(path, "do", "take").Want(t, http.StatusOK, "It is yours now, Ada Moreau.", ">you have it<", "open alarm 1 in the console").Without(t, "I take it")
	if state, owner := p.state(t); state != followup.Taken || owner != "Ada Moreau" || p.acts != 1 {
		t.Errorf("it is %s by %q", state, owner)
	}
	p.Post(path, "do", "done", "note", " ").Want(t, http.StatusUnprocessableEntity, "No note: write what was done")
	p.Post(path, "do", "done", "note", "called back").Want(t, http.StatusOK, "Done. Thank you, Ada Moreau.", "done")
	if a, _ := p.store.Alarm(t.Context(), "1"); a.State != policy.AlarmDone {
		t.Errorf("the alarm is %s", a.State)
	}
	if strings.Contains(p.log.String(), "/w/") || strings.Contains(p.log.String(), strings.TrimPrefix(path, "/phone/w/")) {
		t.Errorf("the log has the link: %s", &p.log)
	}
}

// Who comes second reads who has it.
func TestTakenBySomebodyElseMeanwhile(t *testing.T) {
	p := newPlace(t)
	p.Post(p.link(link.Link{To: link.Alarm, ID: "1", Person: "ben"}), "do", "take").Want(t, http.StatusOK)
	p.Post(p.link(link.Link{To: link.FollowUp, ID: "1", Person: "ada"}), "do", "take").Want(t, http.StatusConflict, "Ben Okafor took it at 2026-11-23 15:00 GMT.", "Ben Okafor has it")
	p.Post(p.link(link.Link{To: link.FollowUp, ID: "1", Person: "ada"}), "do", "done", "note", "I call now", "seen", "open ").Want(t, http.StatusConflict,
		"Ben Okafor took it at 2026-11-23 15:00 GMT. Nothing of yours was done", ">I call now</textarea>", `name="seen" value="taken Ben Okafor"`)
	p.Post(p.link(link.Link{To: link.FollowUp, ID: "1", Person: "ada"}), "do", "done", "note", "x", "seen", "taken Ben Okafor").Want(t, http.StatusOK, "Done. Thank you, Ada Moreau.", ">done by Ada Moreau<")
	p.Post(p.link(link.Link{To: link.FollowUp, ID: "1", Person: "ben"}), "do", "done", "note", "me too").Want(t, http.StatusConflict, "Ada Moreau finished it at 2026-11-23 15:00 GMT.",
		"What you wrote is not saved.", ">me too</textarea>").Without(t, "<form")
	p.Post(p.link(link.Link{To: link.Alarm, ID: "1", Person: "ben"}), "do", "done", "note", "me too").Want(t, http.StatusConflict, "Ada Moreau finished it", ">me too</textarea>")
	p.Post(p.link(link.Link{To: link.Alarm, ID: "1", Person: "ben"}), "do", "take").Want(t, http.StatusConflict, "Nothing of yours was done")
}

// A link of a chat asks who takes it.
func TestALinkThatManyRead(t *testing.T) {
	p := newPlace(t)
	path := p.link(link.Link{To: link.Alarm, ID: "1"})
	p.Get(path).Want(t, http.StatusOK, "This link was sent to several people.", `<option value="ben">Ben Okafor</option>`)
	p.Post(path, "do", "take").Want(t, http.StatusUnprocessableEntity, "Choose who you are")
	p.Post(path, "do", "take", "person", "mallory").Want(t, http.StatusUnprocessableEntity, "Choose who you are")
	p.Post(path, "person", "ben").Want(t, http.StatusUnprocessableEntity, "press one of the buttons", `<option value="ben" selected>`)
	p.Post(path, "do", "take", "person", "ben").Want(t, http.StatusOK, "It is yours now, Ben Okafor.")
	p.settings.People = nil
	p.Post(path, "do", "done", "person", "Mila", "note", "called back").Want(t, http.StatusOK, "Done. Thank you, Mila.")
}

// A link that is altered, old, of somebody who left, or of what was deleted gets a sentence each, and does nothing.
func TestLinksThatDoNotWork(t *testing.T) {
	p := newPlace(t)
	whole := p.link(link.Link{To: link.Alarm, ID: "1", Person: "ada"})
	for name, row := range map[string]struct {
		path   string
		status int
		says   string
	}{
		"the last letter is gone": {whole[:len(whole)-1], http.StatusNotFound, "Open it again from the message"},
		"a full stop behind it":   {whole + ".", http.StatusNotFound, "This link is not whole"},
		"none":                    {"/phone/w/", http.StatusNotFound, "This link is not whole"},
		"another key":             {"/phone/w/" + link.Sign(make([]byte, 32), link.Link{To: link.Alarm, ID: "1", Person: "ada", Expires: p.now.Add(time.Hour)}).Full(), http.StatusNotFound, "This link is not whole"},
		"old":                     {p.link(link.Link{To: link.Alarm, ID: "1", Person: "ada", Expires: p.now}), http.StatusGone, "This link was sent to Ada Moreau."},
		"of somebody who left":    {p.link(link.Link{To: link.Alarm, ID: "1", Person: "cleo"}), http.StatusGone, "sent to cleo, who is no longer among the specialists"},
		"no such alarm":           {p.link(link.Link{To: link.Alarm, ID: "9", Person: "ada"}), http.StatusNotFound, "This is no longer there"},
		"no such follow-up":       {p.link(link.Link{To: link.FollowUp, ID: "9", Person: "ada"}), http.StatusNotFound, "This is no longer there"},
	} {
		t.Run(name, func(t *testing.T) {
			p.Get(row.path).Want(t, row.status, row.says).Without(t, "<form", "Northwind")
			p.Post(row.path, "do", "take").Want(t, row.status, row.says)
		})
	}
	p.Send(whole, map[string]string{"Content-Type": "application/json"}, "do", "take").Want(t, http.StatusBadRequest, "Nothing was done.")
	p.Post(whole, "do", "done", "note", strings.Repeat("x", 40<<10)).Want(t, http.StatusBadRequest, "Nothing was done.")
	if state, _ := p.state(t); state != followup.Open {
		t.Errorf("it is %s", state)
	}
	_ = p.store.Close()
	p.Get(whole).Want(t, http.StatusServiceUnavailable, "Try again in a minute")
}

// Whoever has a whole link cannot keep the store busy with it; links that are not whole cost nobody anything, and take nobody's place.
func TestLinksAreLimited(t *testing.T) {
	p := newPlace(t)
	path := p.link(link.Link{To: link.Alarm, ID: "1", Person: "ada"})
	for range 200 {
		p.Get("/phone/w/forged").Want(t, http.StatusNotFound)
	}
	last := browsertest.Page{}
	for range 61 {
		last = p.Get(path)
	}
	last.Want(t, http.StatusTooManyRequests, "Try again in a few seconds.")
	if last.Header.Get("Retry-After") != "5" {
		t.Errorf("%v", last.Header)
	}
	p.now = p.now.Add(time.Second)
	p.Get(path).Want(t, http.StatusOK)
}

// The stylesheet is beside the links, so that a proxy passes it on with them.
func TestTheStylesheetIsBesideTheLinks(t *testing.T) {
	p := newPlace(t)
	found := regexp.MustCompile(`rel="stylesheet" href="([^"/]+)"`).FindStringSubmatch(p.Get(p.link(link.Link{To: link.Alarm, ID: "1", Person: "ada"})).Body)
	if found == nil {
		t.Fatal("there is none")
	}
	if sheet := p.Get("/phone/w/"+found[1]).Want(t, http.StatusOK, "min-height: 48px"); !strings.HasPrefix(sheet.Header.Get("Content-Type"), "text/css") {
		t.Errorf("it is %s", sheet.Header.Get("Content-Type"))
	}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodDelete, p.address+p.link(link.Link{To: link.Alarm, ID: "1"}), strings.NewReader(url.Values{}.Encode()))
	if answer, err := p.HTTP.Do(r); err != nil || answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("%v, %v", answer, err)
	}
}

// A specialist takes what waits with a thumb, in a real browser without scripts; the page is accessible in each state and keeps to the policy.
func TestALinkInTheBrowser(t *testing.T) {
	p := newPlace(t)
	tab := browsertest.Open(t)
	path := p.address + p.link(link.Link{To: link.Alarm, ID: "1"})
	look := func(name, at string, texts ...string) {
		t.Helper()
		tab.Go(at)
		tab.See(texts...)
		tab.Check(name)
		tab.Thumb(name)
	}
	look("link", path, "nobody has it", "You are")
	look("link-forged", p.address+"/phone/w/forged", "This link is not whole")
	look("link-old", p.address+p.link(link.Link{To: link.Alarm, ID: "1", Person: "ada", Expires: p.now}), "This link is too old", "sent to Ada Moreau")
	tab.Scripts(false)
	tab.Go(path)
	tab.Fill("[name=person]", "ada")
	tab.Keys("[name=person]", "\t\r") // with the keyboard alone: on to the button, and press it
	tab.Wait(".said.ok")
	tab.See("It is yours now, Ada Moreau.")
	tab.Scripts(true)
	look("link-taken", p.address+p.link(link.Link{To: link.FollowUp, ID: "1", Person: "ada"}), "you have it", "open follow-up 1 in the console")
	look("link-others", p.address+p.link(link.Link{To: link.FollowUp, ID: "1", Person: "ben"}), "Ada Moreau has it")
	p.now = p.now.Add(time.Hour)
	look("link-late", path, "late: it was due")
	tab.Go(p.address + p.link(link.Link{To: link.FollowUp, ID: "1", Person: "ada"}))
	tab.Fill("[name=note]", "The platform is up again.")
	tab.Follow("[value=done]")
	tab.See("Done. Thank you, Ada Moreau.")
	look("link-done", path, "done")
}
