package console_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/policy/users"
)

const mobile = policy.Phone("+447400123456")

// withPages is a company with pages that can be sent, whose operator is Ada Moreau.
func withPages(d *console.Deps) {
	d.Policy.Countries = []string{"GB", "US"}
	d.Policy.Links = policy.Links{
		ScreenSharing: "https://example.com/session", Training: "https://example.com/training", CustomerNumber: "https://example.com/number",
	}
	d.Policy.People = []policy.Person{{ID: "ada", Name: "Ada Moreau", User: "operator"}}
}

// offering is a company with pages, with a long call of Northwind's from a mobile and another whose caller is nobody.
func offering(t *testing.T) *browsertest.Place {
	t.Helper()
	p := browsertest.NewPlace(t, withPages)
	north := browsertest.Northwind
	north.AccountHolder, north.Email = "Dana", "dana@example.com"
	p.Enrol(t, north)
	long, nobody := browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 1500), browsertest.Served("CA2", browsertest.Monday.Add(-30*time.Minute), 60)
	long.From, nobody.From, nobody.Customer, nobody.Account = mobile, "+447400222333", "", ""
	p.Load(t, long, nobody)
	return p
}

// A person sends a page from the call's own, in the name that is the same person's on the page of a link, sees how far it is, and takes it back.
func TestPageIsSentFromACall(t *testing.T) {
	p := offering(t)
	operator := p.As(t, users.Operator)
	operator.Get("/calls/CA1").Want(t, http.StatusOK, "Send the screen-sharing link", "Send the training link", "By text to the caller", "By e-mail to the account holder").
		Without(t, "What was sent", "Send the way to the customer number")
	send := func(by, page string) browsertest.Page {
		return operator.Post("/calls/CA1/offers", "page", page, "by", by)
	}
	send("sms", "screen-sharing").Want(t, http.StatusOK, "It is being sent.", "What was sent", ">on its way<", "+44********56", "Ada Moreau offered a screen-sharing session by text; on its way.",
		"No text: the number was sent a text today already: a screen-sharing session, at 15:00 GMT.").Without(t, mobile.Full()[1:], "Send the screen-sharing link")
	send("sms", "screen-sharing").Want(t, http.StatusConflict, "It was sent already: Ada Moreau offered a screen-sharing session by text; on its way.")
	send("sms", "training").Want(t, http.StatusConflict, "The number was sent a text today already: a screen-sharing session, at 15:00 GMT.")
	send("email", "training").Want(t, http.StatusOK, "d***@example.com").Without(t, "dana@example.com")
	send("sms", "lunch").Want(t, http.StatusUnprocessableEntity, "The company has no such page")
	if err := p.Store.NoticeSent(t.Context(), "offer/1", p.Now); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Store.OpenOffer(t.Context(), "1", p.Now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	operator.Get("/calls/CA1").Want(t, http.StatusOK, `<span class="sign ok">opened</span>`, "15:01:00")
	if err := p.Store.NoticeFailed(t.Context(), "offer/2", p.Now, errors.New("550 no such mailbox"), time.Time{}); err != nil {
		t.Fatal(err)
	}
	operator.Get("/calls/CA1").Want(t, http.StatusOK, `<span class="sign bad">not delivered</span><span class="also">550 no such mailbox</span>`, "Send the training link")
	for range 2 {
		operator.Post("/calls/CA1/offers/1/back").Want(t, http.StatusOK, "Taken back: the link leads nowhere now.", `>taken back</span><span class="also">by Ada Moreau</span>`)
	}
	operator.Post("/calls/CA1/offers/9/back").Want(t, http.StatusNotFound, "No such link was sent")
	operator.Post("/calls/CA9/offers", "page", "training").Want(t, http.StatusNotFound, "No such call")
	operator.Post("/calls/CA1/reveal").Want(t, http.StatusOK, mobile.Full()[1:], "d***@example.com").Without(t, "dana@example.com")
	viewer := p.As(t, users.Viewer)
	viewer.Get("/calls/CA1").Want(t, http.StatusOK, "What was sent", "taken back").Without(t, "By text to the caller", "Take it back")
	viewer.Post("/calls/CA1/offers", "page", "training").Want(t, http.StatusForbidden)
	viewer.Post("/calls/CA1/offers/2/back").Want(t, http.StatusForbidden)
	if audit := strings.Join(p.Audit(t), "\n"); !strings.Contains(audit, "offer CA1 by Ada Moreau: a screen-sharing session by text, via console") ||
		strings.Count(audit, "offer-back CA1 by Ada Moreau") != 1 {
		t.Errorf("the audit:\n%s", audit)
	}
}

// Each number that takes no texts has its own sentence, and a caller who is nobody can be sent the way to the customer number.
func TestWhyNothingCanBeSent(t *testing.T) {
	p := offering(t)
	operator := p.As(t, users.Operator)
	operator.Get("/calls/CA2").Want(t, http.StatusOK, "Send the way to the customer number", "By text to the caller", "No e-mail: the call has no account.").Without(t, "By e-mail to the account holder")
	for from, why := range map[policy.Phone]string{
		"anonymous": "it is withheld", browsertest.Caller: "it is a landline, which takes no texts", "+33612345678": "it is of the country FR, and twilio.countries has GB, US",
	} {
		c := browsertest.Served(policy.CallSID("CA"+from.Full()), browsertest.Monday.Add(-time.Hour), 60)
		c.From, c.Customer, c.Account = from, "", ""
		p.Load(t, c)
		path := "/calls/" + string(c.SID)
		operator.Get(path).Want(t, http.StatusOK, "No text to the number: "+why+".", "No e-mail: the call has no account.").Without(t, "By text to the caller")
		operator.Post(path+"/offers", "page", "screen-sharing").Want(t, http.StatusUnprocessableEntity, why)
	}
}

// The same person has one name on the call, whichever way an act comes, and the call's story has acts and pages in the order of time.
func TestActsAndPagesAreOneStory(t *testing.T) {
	p := offering(t)
	operator := p.As(t, users.Operator)
	operator.Post("/calls/CA1/acts", "kind", "training").Want(t, http.StatusOK, "Ada Moreau marked the call as training")
	p.Now = p.Now.Add(time.Minute)
	ask := remedy.Ask{Page: remedy.ScreenSharing, Act: followup.Act{At: p.Now, By: "Ada Moreau", Via: followup.ViaLink}}
	operator.Post("/calls/CA1/offers", "page", string(ask.Page)).Want(t, http.StatusOK)
	p.Now = p.Now.Add(time.Minute)
	act := policy.Act{At: p.Now, By: "Ada Moreau", Kind: policy.ActWaive, Reason: "the site was down", Limit: 20 * time.Minute, Via: string(followup.ViaLink)}
	if _, err := p.Store.Act(t.Context(), "CA1", act, -1, func(policy.Phone) *time.Location { return time.UTC }); err != nil {
		t.Fatal(err)
	}
	page := operator.Get("/calls/CA1")
	page.Want(t, http.StatusOK, "by the link of a message")
	last := strings.Index(page.Body, `id="after"`)
	for _, text := range []string{"Ada Moreau marked the call as training", "Ada Moreau offered a screen-sharing session by text", "Ada Moreau waived the call as necessary"} {
		at := strings.Index(page.Body[max(0, last):], text)
		if last < 0 || at < 0 {
			t.Fatalf("%q is not next in the story:\n%s", text, page.Body)
		}
		last += at
	}
}

// An account that was trained by phone twice in a month has a button that sends the holder the training link, once; its page and its case tell of it.
func TestAccountIsOfferedTraining(t *testing.T) {
	p := offering(t)
	operator := p.As(t, users.Operator)
	second := browsertest.Served("CA3", browsertest.Monday.Add(-10*time.Minute), 60)
	second.From = mobile
	p.Load(t, second)
	path := "/accounts/" + string(browsertest.Northwind.Number)
	operator.Post(path+"/training").Want(t, http.StatusUnprocessableEntity, "No call of the month is marked as training")
	operator.Post("/calls/CA1/acts", "kind", "training").Want(t, http.StatusOK)
	operator.Get(path).Without(t, "Send the training link")
	operator.Post("/calls/CA3/acts", "kind", "training").Want(t, http.StatusOK)
	operator.Get(path).Want(t, http.StatusOK, "2 training calls", "Send the training link").Without(t, "Offered in 2026-11")
	p.As(t, users.Viewer).Get(path).Without(t, "Send the training link")
	operator.Post("/fair-use/cases", "customer", string(browsertest.Northwind.Number), "note", "very many calls").Want(t, http.StatusOK)
	operator.Post(path+"/training?month=2026-11").Want(t, http.StatusOK, "It is being sent.", "Offered in 2026-11", "Training link", "d***@example.com", `href="/calls/CA3"`).
		Without(t, "Send the training link")
	operator.Post(path+"/training").Want(t, http.StatusConflict, "It was sent already")
	operator.Post("/fair-use/cases/1/moves", "to", "contacted", "from", "flagged", "via", "phone", "offered", "plan", "note", "We spoke.").Want(t, http.StatusOK,
		"What was offered", "Ada Moreau offered a training session by e-mail; on its way.", "Ada Moreau offered plan by phone.")
	operator.Get(path+"?month=2026-10").Without(t, "Offered in")
	operator.Post("/fair-use/cases/1/moves", "to", "closed", "from", "contacted", "note", "All is well.").Want(t, http.StatusOK, "case: closed")
	p.Now = p.Now.Add(time.Minute)
	operator.Post("/calls/CA1/offers", "page", "screen-sharing").Want(t, http.StatusOK)
	operator.Get("/fair-use/cases/1").Want(t, http.StatusOK, "offered a training session", `href="/calls/CA3"`).Without(t, "offered a screen-sharing session")
}

// A call of an account that was erased has nothing that was sent, and nothing can be sent on it.
func TestNothingIsSentOnAnErasedCall(t *testing.T) {
	p := offering(t)
	operator := p.As(t, users.Operator)
	operator.Post("/calls/CA1/offers", "page", "training").Want(t, http.StatusOK)
	if _, err := p.Store.Erase(t.Context(), browsertest.Northwind.Number, "admin", p.Now.Add(10*time.Hour)); err != nil {
		t.Fatal(err)
	}
	operator.Get("/calls/CA1").Want(t, http.StatusOK, "the customer was erased").Without(t, "What was sent", "By text to the caller", "By e-mail to")
	operator.Post("/calls/CA1/offers", "page", "training").Want(t, http.StatusUnprocessableEntity, "the customer was erased")
}

// What was sent, and the buttons that send it, are used in a browser without scripts, and with a thumb on a telephone, by everybody.
func TestOffersInTheBrowser(t *testing.T) {
	p := offering(t)
	second := browsertest.Served("CA3", browsertest.Monday.Add(-10*time.Minute), 60)
	second.From = browsertest.Caller
	p.Load(t, second)
	tab := browsertest.Open(t)
	tab.Scripts(false)
	tab.Go(p.Server.URL + "/calls/CA1")
	tab.SignIn("operator")
	tab.Follow(`[aria-label="Send the screen-sharing link"] [value=sms]`)
	tab.See("It is being sent.", "Screen-sharing link", "on its way")
	tab.Follow(`[aria-label="Training"] button`)
	tab.Go(p.Server.URL + "/calls/CA3")
	tab.Follow(`[aria-label="Training"] button`)
	account := p.Server.URL + "/accounts/" + string(browsertest.Northwind.Number)
	tab.Scripts(true)
	tab.Go(account)
	tab.See("2 training calls: offer a training session.", "Send the training link")
	tab.Check("account-training")
	tab.Scripts(false)
	tab.Go(account)
	tab.Follow(`[aria-label="Offer training"] button`)
	tab.See("It is being sent.", "Offered in 2026-11", "Training link")
	if _, err := p.Store.OpenOffer(t.Context(), "1", p.Now); err != nil {
		t.Fatal(err)
	}
	if err := p.Store.NoticeFailed(t.Context(), "offer/2", p.Now, errors.New("550 no such mailbox"), time.Time{}); err != nil {
		t.Fatal(err)
	}
	tab.Scripts(true)
	for name, path := range map[string]string{"account-offers": account, "call-offers": p.Server.URL + "/calls/CA1", "call-landline": p.Server.URL + "/calls/CA3"} {
		tab.Go(path)
		tab.Check(name)
	}
	tab.Go(p.Server.URL + "/calls/CA1")
	tab.See("opened")
	tab.Scripts(false)
	tab.Go(p.Server.URL + "/calls/CA1")
	tab.Follow("[action$=back] button")
	tab.See("Taken back: the link leads nowhere now.", "by Ada Moreau")
	tab.Go(p.Server.URL + "/fair-use")
	tab.Fill("[name=customer]", string(browsertest.Northwind.Number))
	tab.Fill("[name=note]", "very many calls")
	tab.Follow("[action='/fair-use/cases'] button")
	tab.See("What was offered", "Ada Moreau offered a training session by e-mail; not delivered: 550 no such mailbox.")
	tab.Scripts(true)
	tab.Go(p.Server.URL + "/fair-use/cases/1")
	tab.Check("case-offers")
}
