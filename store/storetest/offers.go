package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/store"
)

// booking is an installation that has pages to offer.
var booking = store.Offering{
	Settings: policy.Settings{
		Countries: []string{"GB", "US"}, Lines: []policy.Line{{Number: ukLine, Zone: time.UTC}},
		Links: policy.Links{ScreenSharing: "https://example.com/session", Training: "https://example.com/training"},
	},
	Link: func(id remedy.ID, _ time.Time) string { return "https://support.example.com/w/" + string(id) },
}

const mobile policy.Phone = "+447400123456"

// helped opens a store with an account, and two calls of it from a mobile.
func helped(t *testing.T, storage Storage) *store.Store {
	t.Helper()
	s := storage.Open(t).(*store.Store)
	if _, err := s.ImportCustomers(t.Context(), []policy.Customer{{Number: customer, Name: "Northwind", Email: "dana@example.com"}}, "anna"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []policy.CallSID{sid, "CA2"} {
		must(t, s, id, func(c policy.Call) policy.Call {
			c.Line, c.From, c.StartedAt, c.Customer, c.Account = ukLine, mobile, today, customer, "Northwind"
			return c
		})
	}
	return s
}

func asks(page remedy.Page, by policy.Channel) remedy.Ask {
	return remedy.Ask{Page: page, By: by, Act: followup.Act{At: today, By: "Ada Moreau", Via: followup.ViaLink}}
}

// offers offers a page by text and another by e-mail, and follows what becomes of them.
func offers(t *testing.T, storage Storage) {
	s := helped(t, storage)
	session, err := s.OfferOn(t.Context(), sid, asks(remedy.ScreenSharing, ""), booking)
	if err != nil {
		t.Fatal(err)
	}
	want := remedy.Offer{
		ID: "1", Page: remedy.ScreenSharing, Address: "https://example.com/session", Call: sid, Customer: customer, Account: "Northwind", Line: ukLine,
		Notice: "offer/1", Channel: policy.ChannelSMS, To: mobile.Full(), At: today, By: "Ada Moreau", Via: followup.ViaLink,
	}
	same(t, "the offer", want, session)
	for id, wanted := range map[policy.CallSID]error{sid: remedy.ErrOffered, "CA2": remedy.ErrSentToday, "CA3": policy.ErrNoCall} {
		_, err := s.OfferOn(t.Context(), id, asks(remedy.ScreenSharing, policy.ChannelSMS), booking)
		wantError(t, "another on "+string(id), err, wanted)
	}
	if _, err := s.OfferOn(t.Context(), sid, asks(remedy.Training, policy.ChannelEmail), booking); err != nil {
		t.Error(err)
	}
	due, err := s.DueNotices(t.Context(), policy.ChannelSMS, today, 10)
	if err != nil || len(due) != 1 || due[0].To != mobile.Full() || due[0].Facts["take_link"] != "https://support.example.com/w/1" || due[0].Kind != "offer-screen-sharing" {
		t.Fatalf("to be sent: %+v, %v", due, err)
	}
	carried(t, s)
	for n := range 2 {
		if o, err := s.OpenOffer(t.Context(), "1", today.Add(time.Duration(n)*time.Hour)); err != nil || o.Opened != n+1 || !o.OpenedAt.Equal(today) {
			t.Errorf("opened: %+v, %v", o, err)
		}
	}
	_, err = s.OpenOffer(t.Context(), "9", today)
	wantError(t, "no such offer", err, remedy.ErrNone)
	same(t, "the acts in the audit", map[string]int{"offer": 2, "import": 1}, actsIn(t, s))
}

// carried sends the notice of the first offer, and lets it be lost, as the provider may say later, and be sent again by a person.
func carried(t *testing.T, s *store.Store) {
	t.Helper()
	state := func(want string) {
		t.Helper()
		if o, err := s.Offer(t.Context(), "1"); err != nil || o.State() != want {
			t.Errorf("the offer is %q, %v; want %q", o.State(), err, want)
		}
	}
	state("on its way")
	err := s.NoticeSent(t.Context(), "offer/1", today)
	state("sent, not opened yet")
	lost := s.NoticeLost(t.Context(), "offer/1", today, errors.New("a landline"))
	state("not delivered: a landline")
	again := s.RetryNotice(t.Context(), "offer/1", "anna", today)
	state("on its way")
	if err := errors.Join(err, lost, again, s.NoticeSent(t.Context(), "offer/1", today)); err != nil {
		t.Error(err)
	}
	state("sent, not opened yet")
}

func actsIn(t *testing.T, s *store.Store) map[string]int {
	t.Helper()
	acts := map[string]int{}
	for _, e := range collect(t, s.Audit(t.Context())) {
		if e.Act != "retry" {
			acts[e.Act]++
		}
	}
	return acts
}

// offersTakenBack takes an offer back before it was sent: it is not sent, leads nowhere, and the number may be sent another.
func offersTakenBack(t *testing.T, storage Storage) {
	s := helped(t, storage)
	if _, err := s.OfferOn(t.Context(), sid, asks(remedy.Training, policy.ChannelSMS), booking); err != nil {
		t.Fatal(err)
	}
	act := followup.Act{At: today.Add(time.Minute), By: "Ada Moreau"}
	for range 2 {
		if o, err := s.TakeBackOffer(t.Context(), "1", act); err != nil || o.State() != "taken back by Ada Moreau" || !o.TakenBackAt.Equal(act.At) {
			t.Errorf("taken back: %+v, %v", o, err)
		}
		act.By = "Ben Okafor"
	}
	if due, err := s.DueNotices(t.Context(), policy.ChannelSMS, today.Add(time.Hour), 10); err != nil || len(due) > 0 {
		t.Errorf("still to be sent: %+v, %v", due, err)
	}
	_, err := s.OpenOffer(t.Context(), "1", today)
	wantError(t, "opened though taken back", err, remedy.ErrTakenBack)
	if _, err := s.OfferOn(t.Context(), sid, asks(remedy.Training, policy.ChannelSMS), booking); err != nil {
		t.Errorf("offered again: %v", err)
	}
	same(t, "the acts in the audit", map[string]int{"offer": 2, "offer-back": 1, "import": 1}, actsIn(t, s))
}

// offersAtOnce lets many people offer a page on two calls from one number at once: one text goes out.
func offersAtOnce(t *testing.T, storage Storage) {
	s := helped(t, storage)
	made := make(chan remedy.ID, 64)
	crowd(func(worker int) {
		id := []policy.CallSID{sid, "CA2"}[worker%2]
		o, err := s.OfferOn(t.Context(), id, asks(remedy.ScreenSharing, policy.ChannelSMS), booking)
		switch {
		case err == nil:
			made <- o.ID
		case !errors.Is(err, remedy.ErrOffered) && !errors.Is(err, remedy.ErrSentToday):
			t.Error(err)
		}
	})
	due, err := s.DueNotices(t.Context(), policy.ChannelSMS, today, 10)
	if len(made) != 1 || err != nil || len(due) != 1 {
		t.Errorf("%d were offered, and %d are to be sent, %v", len(made), len(due), err)
	}
}

// offersGone erases the account of one offer, and lets another expire: nothing of them is left, and what was on its way changes nothing.
func offersGone(t *testing.T, empty Storage) {
	empty.Open(t)
	for what, goes := range map[string]func(*store.Store) error{
		"erased": func(s *store.Store) error {
			_, err := s.Erase(t.Context(), customer, "anna", today.Add(10*time.Hour))
			return err
		},
		"expired": func(s *store.Store) error { _, err := s.Expire(t.Context(), today.Add(time.Hour)); return err },
	} {
		s := helped(t, empty.Copy(t))
		o, err := s.OfferOn(t.Context(), sid, asks(remedy.ScreenSharing, policy.ChannelSMS), booking)
		if err == nil {
			err = s.NoticeSent(t.Context(), o.Notice, today)
		}
		for _, id := range []policy.CallSID{sid, "CA2"} {
			must(t, s, id, func(c policy.Call) policy.Call { c.EndedAt = today.Add(time.Minute); return c })
		}
		if err := errors.Join(err, goes(s)); err != nil {
			t.Fatal(err)
		}
		_, err = s.Offer(t.Context(), o.ID)
		wantError(t, what, err, remedy.ErrNone)
		of, err := s.OffersOf(t.Context(), sid)
		to, err2 := s.OffersTo(t.Context(), customer)
		if err := errors.Join(err, err2); err != nil || len(of)+len(to) > 0 {
			t.Errorf("%s: %v, %v, %v", what, of, to, err)
		}
		if err := s.NoticeFailed(t.Context(), o.Notice, today, fmt.Errorf("late"), time.Time{}); what == "erased" && !errors.Is(err, policy.ErrNoNotice) {
			t.Errorf("%s, and its notice fails: %v", what, err)
		}
	}
}

// offersByKey lets callers ask for the way to their customer number by a key: it is offered in the step of the key, once however often that comes, and
// once a day to a number. The count of wrong numbers tells at the question whether the number was sent one.
func offersByKey(t *testing.T, storage Storage) {
	s := helped(t, storage)
	by := booking
	by.Settings.Links.CustomerNumber = "https://example.com/number"
	woken := 0
	log := store.NotifyingLog{Store: s, Settings: by.Settings, OfferLink: by.Link, Link: func(policy.CallSID) string { return "" }, Told: func() { woken++ }}
	presses := func(id policy.CallSID) {
		t.Helper()
		if _, err := log.Advance(t.Context(), id, func(c policy.Call) policy.Call {
			c.Line, c.From, c.StartedAt, c.State.Unidentified, c.State.Texted, c.Customer = ukLine, mobile, today, true, true, ""
			return c
		}); err != nil {
			t.Fatal(err)
		}
	}
	texted := func(since time.Time, from policy.Phone) (is bool) {
		t.Helper()
		count := policy.WrongNumberCount{Caller: from, Since: today, AtMost: policy.WrongNumbers{ByCaller: 5, InAll: 5}, TextedSince: since}
		if _, err := s.AdvanceCounting(t.Context(), "CA9", count, func(c policy.Call, n policy.WrongNumbers) policy.Call {
			is = n.Texted
			return c
		}); err != nil {
			t.Fatal(err)
		}
		return is
	}
	day := by.Settings.DayBegan(ukLine, s.Now())
	if texted(day, mobile) {
		t.Error("texted before anybody pressed a key")
	}
	for _, id := range []policy.CallSID{"CA3", "CA3", "CA4"} {
		presses(id)
	}
	of, err := s.OffersOf(t.Context(), "CA3")
	if err != nil || len(of) != 1 || of[0].Page != remedy.CustomerNumber || of[0].By != "" || of[0].Via != followup.ViaPhone || of[0].To != mobile.Full() || of[0].Customer != "" {
		t.Fatalf("offered: %+v, %v", of, err)
	}
	due, err := s.DueNotices(t.Context(), policy.ChannelSMS, s.Now(), 10)
	if err != nil || len(due) != 1 || due[0].Facts["take_link"] != "https://support.example.com/w/"+string(of[0].ID) || due[0].Kind != "offer-customer-number" || woken != 2 {
		t.Errorf("to be sent: %+v, %v; the sender was woken %d times", due, err, woken)
	}
	for name, c := range map[string]struct {
		since time.Time
		from  policy.Phone
		want  bool
	}{"today": {day, mobile, true}, "tomorrow": {day.AddDate(0, 0, 1), mobile, false}, "another number": {day, "+447400999999", false}, "not asked": {time.Time{}, mobile, false}} {
		if got := texted(c.since, c.from); got != c.want {
			t.Errorf("%s: texted is %t", name, got)
		}
	}
	lost := s.NoticeLost(t.Context(), of[0].Notice, s.Now(), errors.New(policy.TextsDontReach+"the number is a landline"))
	if presses("CA5"); lost != nil || !texted(day.AddDate(0, 0, 60), mobile) {
		t.Errorf("texts don't reach the number: %v", lost)
	}
	if of, err := s.OffersOf(t.Context(), "CA5"); err != nil || len(of) > 0 {
		t.Errorf("offered all the same: %+v, %v", of, err)
	}
}

// actsByKey lets a specialist note by a key after the call what it was: the audit has it in the step of the key, once.
func actsByKey(t *testing.T, storage Storage) {
	s := helped(t, storage)
	log := store.NotifyingLog{Store: s, Link: func(policy.CallSID) string { return "" }}
	for range 2 {
		if _, err := log.Advance(t.Context(), sid, func(c policy.Call) policy.Call {
			after, err := c.WithAct(policy.Act{At: today, By: "Ada Moreau", Kind: policy.ActTraining, Via: policy.ViaPhone}, -1, policy.Customer{}, nil)
			if err != nil && !errors.Is(err, policy.ErrAlready) {
				t.Error(err)
			}
			return after
		}); err != nil {
			t.Fatal(err)
		}
	}
	call, err := s.Call(t.Context(), sid)
	if err != nil || !call.Training || len(call.Acts) != 1 {
		t.Errorf("%+v, %v", call.Acts, err)
	}
	for _, e := range collect(t, s.Audit(t.Context())) {
		if e.Act == "training" && (e.By != "Ada Moreau" || e.Detail != "via phone" || e.Customer != customer || e.Subject != string(sid)) {
			t.Errorf("in the audit: %+v", e)
		}
	}
	same(t, "the acts in the audit", map[string]int{"training": 1, "import": 1}, actsIn(t, s))
}
