package links_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/link"
	"github.com/officernd/supportline/policy/remedy"
)

const (
	talkSID = policy.CallSID("CA9")
	mobile  = policy.Phone("+447400123456")
)

// talked is a place with a talk of Ada's with Northwind that took 24 min 48 s, and pages to offer.
func talked(t *testing.T) (p *place, path string) {
	t.Helper()
	p = newPlace(t)
	p.settings.Countries = []string{"GB", "US"}
	p.settings.Links = policy.Links{ScreenSharing: "https://example.com/session", Training: "https://example.com/training"}
	p.talk(t, talkSID, mobile)
	return p, p.link(link.Link{To: link.WrapUp, ID: string(talkSID), Person: "ada"})
}

func (p *place) talk(t *testing.T, sid policy.CallSID, from policy.Phone) {
	t.Helper()
	ended := p.now.Add(-time.Minute)
	accepted := ended.Add(-1488 * time.Second)
	_, err := p.store.Advance(t.Context(), sid, func(c policy.Call) policy.Call {
		c.Line, c.From, c.StartedAt, c.Answered, c.Intent = browsertest.UKLine, from, accepted.Add(-time.Minute), true, policy.Question
		c.Customer, c.Account, c.Month = browsertest.Northwind.Number, browsertest.Northwind.Name, "2026-11"
		c.EndedAt = ended
		return c.WithLeg(policy.Leg{SID: "CA8", To: browsertest.Specialist, Person: "ada", AcceptedAt: accepted, DialEndedAt: ended})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (p *place) call(t *testing.T) policy.Call {
	t.Helper()
	c, err := p.store.Call(t.Context(), talkSID)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A specialist says what the call was, without signing in, each act once, and takes it back on the same page. It is in the specialist's name everywhere.
func TestSpecialistSaysWhatTheCallWas(t *testing.T) {
	p, path := talked(t)
	p.Get(path).Want(t, http.StatusOK, "Northwind", "24 min 48 s", "4 min 48 s over the limit", "This link was sent to Ada Moreau")
	seen := 0
	say := func(want string, form ...string) {
		t.Helper()
		p.Post(path, append(form, "seen", strconv.Itoa(seen))...).Want(t, http.StatusOK, want)
		seen++
	}
	say("Noted: the call was necessary.", "do", "waive", "reason", "the site was down")
	say("Noted: it was a training call.", "do", "training")
	say("Noted: ticket 4711.", "do", "ticket", "value", "4711")
	say("Your note is saved.", "do", "note", "value", "Call +44 7400 123456 back")
	c := p.call(t)
	if !c.Waived || !c.Training || c.Ticket != "4711" || len(c.Acts) != 4 || c.Acts[0].By != "Ada Moreau" || c.Acts[0].Via != "link" || c.Acts[0].Reason != "the site was down" {
		t.Errorf("%+v", c.Acts)
	}
	page := p.Get(path)
	page.Want(t, http.StatusOK, "and necessary", "Ada Moreau: the site was down", "Marked as training by Ada Moreau.", "4711, set by Ada Moreau")
	if strings.Contains(page.Body, "7400 123456") {
		t.Error("the page shows the telephone number of a note")
	}
	for _, kind := range []string{"waive", "training", "ticket"} {
		say("Undone.", "do", kind, "undo", "1")
	}
	if c := p.call(t); c.Waived || c.Training || c.Ticket != "" {
		t.Errorf("undone: %+v", c)
	}
}

// The same tap twice, or in two tabs, is one act and no mistake; what somebody else did meanwhile is told, and what was typed stays in the form.
func TestTwoTabsAreOneAct(t *testing.T) {
	p, path := talked(t)
	for range 2 {
		p.Post(path, "do", "training", "seen", "0").Want(t, http.StatusOK, "Noted: it was a training call.")
	}
	if c := p.call(t); len(c.Acts) != 1 {
		t.Errorf("two taps are %d acts", len(c.Acts))
	}
	if _, err := p.store.Act(t.Context(), talkSID, policy.Act{Kind: policy.ActTraining, At: p.now, By: "Mila", Undo: true}, -1, p.settings.LineZone); err != nil {
		t.Fatal(err)
	}
	p.Post(path, "do", "training", "undo", "1", "seen", "1").Want(t, http.StatusConflict, "Mila took the training mark back").Without(t, "Undone.")
	p.Post(path, "do", "waive", "reason", "a fire", "seen", "1").Want(t, http.StatusConflict, "The call changed since you looked: Mila took the training mark back", "a fire")
	p.Post(path, "do", "waive", "reason", "", "seen", "2").Want(t, http.StatusUnprocessableEntity, "write why the call was necessary")
	p.Post(path, "do", "dance", "seen", "2").Want(t, http.StatusUnprocessableEntity, "press one of the buttons")
	if _, err := p.store.Act(t.Context(), talkSID, policy.Act{Kind: policy.ActTraining, At: p.now, By: "Mila"}, -1, p.settings.LineZone); err != nil {
		t.Fatal(err)
	}
	p.Get(path).Want(t, http.StatusOK, "Marked as training by Mila.")
	p.Post(path, "do", "training", "undo", "1", "seen", "3").Want(t, http.StatusUnprocessableEntity, "Mila did that; undo it in the console")
}

// A page goes to the caller by text, once, is taken back by who sent it, and leads nowhere then; the account holder gets what the caller's number cannot.
func TestSpecialistSendsALink(t *testing.T) {
	p, path := talked(t)
	p.enrol(t)
	p.Get(path).Want(t, http.StatusOK, "Send the screen-sharing link by text", "Send the training link by text", "Send the training link by e-mail", "An e-mail goes to the account holder.").
		Without(t, "No text")
	p.Post(path, "do", "offer-screen-sharing", "seen", "0").Want(t, http.StatusOK, "Sent to the caller by text.", "Ada Moreau offered a screen-sharing session by text; on its way")
	p.Post(path, "do", "offer-screen-sharing", "seen", "0").Want(t, http.StatusConflict, "It was sent already")
	p.Post(path, "do", "offer-training", "seen", "0").Want(t, http.StatusUnprocessableEntity, "The number was sent a text today already")
	p.Get(path).Want(t, http.StatusOK, "Send the training link by e-mail", "No text: the number was sent a text today already: a screen-sharing session, at 15:00 GMT.").
		Without(t, "Send the training link by text")
	p.Post(path, "do", "offer-training", "by", "email", "seen", "0").Want(t, http.StatusOK, "Sent to the account holder by e-mail.")
	p.Post(path, "do", "offer-lunch", "seen", "0").Want(t, http.StatusUnprocessableEntity)
	p.Post(path, "do", "take-back", "offer", "1", "seen", "0").Want(t, http.StatusOK, "Taken back: the link leads nowhere now.")
	p.Get(p.link(link.Link{To: link.Offer, ID: "1"})).Want(t, http.StatusGone, "This offer was taken back")
	ben := p.link(link.Link{To: link.WrapUp, ID: string(talkSID), Person: "ben"})
	p.Post(ben, "do", "take-back", "offer", "2", "seen", "0").Want(t, http.StatusNotFound)
	if p.acts != 2 {
		t.Errorf("the sender was woken %d times", p.acts)
	}
	p.talk(t, "CA10", "+442079460018")
	landline := p.link(link.Link{To: link.WrapUp, ID: "CA10", Person: "ada"})
	p.Get(landline).Want(t, http.StatusOK, "Send the screen-sharing link by e-mail", "it is a landline, which takes no texts")
	p.Post(landline, "do", "offer-screen-sharing", "seen", "0").Want(t, http.StatusOK, "Sent to the account holder by e-mail.")
}

// A link for a word on a call is of one person and one call, and good for a day.
func TestLinkToACallIsOfOnePersonForADay(t *testing.T) {
	p, path := talked(t)
	p.Get(p.link(link.Link{To: link.WrapUp, ID: string(talkSID), Person: "cleo"})).Want(t, http.StatusGone, "sent to cleo, who is no longer among the specialists")
	p.Get(p.link(link.Link{To: link.WrapUp, ID: string(talkSID)})).Want(t, http.StatusGone)
	p.Get(p.link(link.Link{To: link.WrapUp, ID: "CA404", Person: "ada"})).Want(t, http.StatusNotFound, "This is no longer there")
	if _, err := p.store.Erase(t.Context(), browsertest.Northwind.Number, "anna", p.now.Add(10*time.Hour)); err != nil {
		t.Fatal(err)
	}
	p.Get(path).Want(t, http.StatusGone, "The customer was erased")
	p.Post(path, "do", "training", "seen", "0").Want(t, http.StatusGone, "The customer was erased")
	p.now = p.now.Add(24 * time.Hour)
	p.Get(path).Want(t, http.StatusGone, "This link is too old", "A link works for a day.", "This link was sent to Ada Moreau.")
}

// Chats and scanners fetch what is sent: only the button's POST counts that the page was opened, and leads on to the company's page.
func TestOnlyTheButtonOpensAnOffer(t *testing.T) {
	p, path := talked(t)
	company := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("<title>Book a session</title>referred by " + r.Referer()))
	}))
	t.Cleanup(company.Close)
	p.settings.Links.ScreenSharing = company.URL + "/book"
	p.Post(path, "do", "offer-screen-sharing", "seen", "0").Want(t, http.StatusOK)
	offer := p.link(link.Link{To: link.Offer, ID: "1"})
	opened := func(want int) {
		t.Helper()
		if o, err := p.store.Offer(t.Context(), remedy.ID("1")); err != nil || o.Opened != want {
			t.Errorf("opened %d times, %v; want %d", o.Opened, err, want)
		}
	}
	for range 5 {
		p.Get(offer).Want(t, http.StatusOK, "A screen-sharing session", "Choose a time")
	}
	head, err := http.Head(p.address + offer)
	if err != nil || head.StatusCode != http.StatusOK {
		t.Errorf("HEAD: %v, %v", head, err)
	}
	_ = head.Body.Close()
	opened(0)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for range 2 {
		answer, err := client.PostForm(p.address+offer, nil)
		if err != nil || answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != company.URL+"/book" {
			t.Fatalf("%v, %v", answer, err)
		}
		_ = answer.Body.Close()
	}
	opened(2)
}

// A specialist uses the page with a thumb, in a real browser without scripts, and whom it was sent to goes on to the company's page, which learns nothing of us.
func TestWordOnACallInTheBrowser(t *testing.T) {
	p, path := talked(t)
	tab := browsertest.Open(t)
	company := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("<!doctype html><title>Book a session</title>referred by " + strconv.Quote(r.Referer())))
	}))
	t.Cleanup(company.Close)
	p.settings.Links.ScreenSharing = company.URL + "/book"
	tab.Scripts(false)
	tab.Go(p.address + path)
	tab.See("4 min 48 s over the limit", "Send the screen-sharing link by text")
	tab.Fill("[name=reason]", "the site was down")
	tab.Follow("[value=waive]")
	tab.See("Noted: the call was necessary.")
	tab.Follow("form:has([value=offer-screen-sharing]) [value=sms]")
	tab.See("Sent to the caller by text.")
	tab.Scripts(true)
	for _, step := range [][2]string{{"wrap-up", path}, {"offer", p.link(link.Link{To: link.Offer, ID: "1"})}} {
		tab.Go(p.address + step[1])
		tab.Check(step[0])
		tab.Thumb(step[0])
	}
	if status := tab.Follow("main button"); status != http.StatusOK {
		t.Errorf("the company's page: %d", status)
	}
	tab.See(`referred by ""`)
	if o, err := p.store.Offer(t.Context(), "1"); err != nil || o.Opened != 1 {
		t.Errorf("%+v, %v", o, err)
	}
}

// What somebody else did with an offer meanwhile, and what the provider says of it afterwards, is on the page, and the page can be sent again.
func TestWhatBecameOfAnOffer(t *testing.T) {
	p, path := talked(t)
	p.Post(path, "do", "offer-screen-sharing", "by", "email", "seen", "0").Want(t, http.StatusUnprocessableEntity, "the account 204518 is no longer in the directory")
	p.enrol(t)
	send := func() { p.Post(path, "do", "offer-screen-sharing", "by", "sms", "seen", "0").Want(t, http.StatusOK) }
	send()
	mila := followup.Act{At: p.now, By: "Mila", Via: followup.ViaConsole}
	if _, err := p.store.TakeBackOffer(t.Context(), "1", mila); err != nil {
		t.Fatal(err)
	}
	p.Get(path).Want(t, http.StatusOK, "taken back by Mila", "Send the screen-sharing link by text").Without(t, ">Take it back<")
	p.Post(path, "do", "take-back", "offer", "1", "seen", "0").Want(t, http.StatusOK, "taken back by Mila")
	send()
	lost := errors.New(policy.TextsDontReach + "30006: +447400123456 is a landline")
	if err := errors.Join(p.store.NoticeSent(t.Context(), "offer/2", p.now), p.store.NoticeLost(t.Context(), "offer/2", p.now, lost)); err != nil {
		t.Fatal(err)
	}
	p.Get(path).Want(t, http.StatusOK, "not delivered: ", "30006", "No text: ", "Send the screen-sharing link by e-mail").
		Without(t, "Send the screen-sharing link by text", "7400123456")
	p.Post(path, "do", "offer-screen-sharing", "seen", "0").Want(t, http.StatusOK, "Sent to the account holder by e-mail.")
}

// A caller who is nobody, and whose number takes no texts, can be sent nothing: the page says why for both ways, and has no button that fails.
func TestNothingCanBeSentToNobody(t *testing.T) {
	p, _ := talked(t)
	p.settings.Links.CustomerNumber = "https://example.com/number"
	for from, why := range map[policy.Phone]string{
		"anonymous": "it is withheld", "+442079460958": "it is a landline, which takes no texts", "+33612345678": "it is of the country FR, and twilio.countries has GB, US",
		"+448081570000": "it is a toll-free number, which takes no texts",
	} {
		sid := policy.CallSID("CA" + from.Full())
		p.talk(t, sid, from)
		if _, err := p.store.Advance(t.Context(), sid, func(c policy.Call) policy.Call { c.Customer, c.Account = "", ""; return c }); err != nil {
			t.Fatal(err)
		}
		path := p.link(link.Link{To: link.WrapUp, ID: string(sid), Person: "ada"})
		p.Get(path).Want(t, http.StatusOK, "Unidentified caller", "No link can be sent", "No text to the number: "+why+".", "No e-mail: the call has no account.").Without(t, "by text</button>", "by e-mail</button>")
		p.Post(path, "do", "offer-customer-number", "by", "sms", "seen", "0").Want(t, http.StatusUnprocessableEntity, why).Without(t, from.Full()[1:]+".")
	}
}

// The link of an offer that was altered, is too old, or went with its account leads to a sentence, and not to the company's page.
func TestOfferThatLeadsNowhere(t *testing.T) {
	p, path := talked(t)
	p.enrol(t)
	p.Post(path, "do", "offer-screen-sharing", "by", "email", "seen", "0").Want(t, http.StatusOK)
	offer := p.link(link.New(link.Offer, "1", "", p.now))
	for _, ask := range []func(string) browsertest.Page{func(path string) browsertest.Page { return p.Get(path) }, func(path string) browsertest.Page { return p.Post(path) }} {
		ask(offer[:len(offer)-4]+"AAAA").Want(t, http.StatusNotFound, "This link is not whole")
		ask(p.link(link.New(link.Offer, "2", "", p.now))).Want(t, http.StatusNotFound, "This is no longer there")
		p.now = p.now.Add(30 * 24 * time.Hour)
		ask(offer).Want(t, http.StatusGone, "This link is too old", "A link works for 30 days. Ask us for a new one.").Without(t, "console")
		p.now = p.now.Add(-30 * 24 * time.Hour)
	}
	if o, err := p.store.Offer(t.Context(), "1"); err != nil || o.Opened != 0 {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := p.store.Erase(t.Context(), browsertest.Northwind.Number, "anna", p.now.Add(10*time.Hour)); err != nil {
		t.Fatal(err)
	}
	p.Get(offer).Want(t, http.StatusNotFound, "This is no longer there")
}

func (p *place) enrol(t *testing.T) {
	t.Helper()
	if _, err := p.store.ImportCustomers(t.Context(), []policy.Customer{{Number: browsertest.Northwind.Number, Name: "Northwind", Email: "dana@example.com"}}, "anna"); err != nil {
		t.Fatal(err)
	}
}

// The page is for a thumb in each of its states: both ways open, one used up today and a text that did not arrive, and nothing that can be sent.
func TestStatesOfWrapUpInTheBrowser(t *testing.T) {
	p, path := talked(t)
	p.enrol(t)
	p.settings.Links.CustomerNumber = "https://example.com/number"
	tab := browsertest.Open(t)
	look := func(name, path string, texts ...string) {
		t.Helper()
		tab.Go(p.address + path)
		tab.See(texts...)
		tab.Check(name)
		tab.Thumb(name)
	}
	look("wrap-up-ways", path, "Send the training link by text", "Send the training link by e-mail")
	p.Post(path, "do", "offer-screen-sharing", "by", "sms", "seen", "0").Want(t, http.StatusOK)
	p.Post(path, "do", "offer-training", "by", "email", "seen", "0").Want(t, http.StatusOK)
	if err := p.store.NoticeFailed(t.Context(), "offer/2", p.now, errors.New("550 no such mailbox"), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.store.OpenOffer(t.Context(), "1", p.now); err != nil {
		t.Fatal(err)
	}
	look("wrap-up-states", path, "opened", "not delivered: 550 no such mailbox", "No text: the number was sent a text today already")
	p.talk(t, "CA11", "anonymous")
	if _, err := p.store.Advance(t.Context(), "CA11", func(c policy.Call) policy.Call { c.Customer, c.Account = "", ""; return c }); err != nil {
		t.Fatal(err)
	}
	look("wrap-up-nobody", p.link(link.Link{To: link.WrapUp, ID: "CA11", Person: "ada"}), "No text to the number: it is withheld.", "No e-mail: the call has no account.")
}
