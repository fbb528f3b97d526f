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
		Texts: true, Mail: true,
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

// offersCounted follows which texts count for a number's day: one that may still go out on any day, one that was taken back too late, and one that is sent
// again.
func offersCounted(t *testing.T, storage Storage) {
	s := helped(t, storage)
	text := func(id policy.CallSID, at time.Time) (remedy.Offer, error) {
		ask := asks(remedy.Training, policy.ChannelSMS)
		ask.Act.At = at
		return s.OfferOn(t.Context(), id, ask, booking)
	}
	check := func(what string, err, wanted error) {
		t.Helper()
		wantError(t, what, err, wanted)
	}
	tomorrow := today.Add(24 * time.Hour)
	_, err := text(sid, today)
	check("the first", err, nil)
	_, err = text("CA2", tomorrow)
	check("while another waits since yesterday", err, remedy.ErrSentToday)
	_, err = s.ClaimNotice(t.Context(), "offer/1", "a process", tomorrow, tomorrow.Add(time.Minute))
	check("it is being sent", err, nil)
	o, err := s.TakeBackOffer(t.Context(), "1", followup.Act{At: tomorrow, By: "Ada Moreau"})
	if err != nil || !o.UnderWayUntil.Equal(tomorrow.Add(time.Minute)) {
		t.Errorf("taken back while it is being sent: %+v, %v", o, err)
	}
	_, err = text("CA2", tomorrow)
	check("after one that may have gone out", err, remedy.ErrSentToday)
	check("it has gone out", s.NoticeSent(t.Context(), "offer/1", tomorrow), nil)
	_, err = text("CA2", tomorrow)
	check("after one that was taken back too late", err, remedy.ErrSentToday)

	later := tomorrow.Add(24 * time.Hour)
	second, err := text("CA2", later)
	check("the day after", err, nil)
	check("it is sent, and lost", errors.Join(s.NoticeSent(t.Context(), second.Notice, later), s.NoticeLost(t.Context(), second.Notice, later, errors.New("no network"))), nil)
	_, err = text(sid, later)
	check("after one that did not arrive", err, nil)
	check("what did not arrive, again", s.RetryNotice(t.Context(), second.Notice, "anna", later), remedy.ErrSentToday)
	check("a day later", s.RetryNotice(t.Context(), second.Notice, "anna", later.Add(24*time.Hour)), remedy.ErrSentToday) // the other still waits
	_, err = s.TakeBackOffer(t.Context(), second.ID, followup.Act{At: later, By: "Ada Moreau"})
	check("what did not arrive is taken back", err, nil)
	check("and sent again", s.RetryNotice(t.Context(), second.Notice, "anna", later.Add(48*time.Hour)), policy.ErrWithdrawn)
}

// offersOfAttached attaches a call to another account: what its caller was texted goes with it, what the first account's holder was sent does not.
func offersOfAttached(t *testing.T, storage Storage) {
	s := helped(t, storage)
	if _, err := s.ImportCustomers(t.Context(), []policy.Customer{harbor}, "anna"); err != nil {
		t.Fatal(err)
	}
	for page, by := range map[remedy.Page]policy.Channel{remedy.ScreenSharing: policy.ChannelSMS, remedy.Training: policy.ChannelEmail} {
		if _, err := s.OfferOn(t.Context(), sid, asks(page, by), booking); err != nil {
			t.Fatal(err)
		}
	}
	whose := func(when string, want map[remedy.Page]policy.CustomerNumber) {
		t.Helper()
		got := map[remedy.Page]policy.CustomerNumber{}
		for _, number := range []policy.CustomerNumber{customer, harbor.Number} {
			list, err := s.OffersTo(t.Context(), number)
			all, err2 := s.Followed(t.Context(), number)
			if err := errors.Join(err, err2); err != nil || len(all.Offers) != len(list) {
				t.Fatalf("%v: %+v, exported %+v", err, list, all.Offers)
			}
			for _, o := range list {
				got[o.Page] = o.Customer
			}
		}
		same(t, when, want, got)
	}
	act := policy.Act{At: today, By: "bea", Kind: policy.ActAttach, Value: string(harbor.Number)}
	_, err := s.Act(t.Context(), sid, act, -1, utc)
	wantError(t, "attach", err, nil)
	whose("attached to another account", map[remedy.Page]policy.CustomerNumber{remedy.ScreenSharing: harbor.Number, remedy.Training: customer})
	act.Undo, act.Value = true, ""
	_, err = s.Act(t.Context(), sid, act, -1, utc)
	wantError(t, "undo", err, nil)
	whose("and back", map[remedy.Page]policy.CustomerNumber{remedy.ScreenSharing: customer, remedy.Training: customer})
}

// offersErased erases an account: also what a caller was texted who was nobody's then, from a number on file of the account; in a copy from before, too.
func offersErased(t *testing.T, storage Storage) {
	s := helped(t, storage)
	for id, change := range map[policy.CallSID]func(*policy.Call){
		"CA-on-file": func(c *policy.Call) { c.OnFile = customer }, "CA-nobody": func(*policy.Call) {},
		"CA-late": func(*policy.Call) {}, // identified after the text
	} {
		must(t, s, id, func(c policy.Call) policy.Call {
			c.Line, c.StartedAt, c.EndedAt = ukLine, today, today.Add(time.Minute)
			c.From = policy.Phone(map[policy.CallSID]string{"CA-on-file": "+447400111111", "CA-nobody": "+447400222222", "CA-late": "+447400333333"}[id])
			change(&c)
			return c
		})
		if _, err := s.OfferOn(t.Context(), id, asks(remedy.ScreenSharing, policy.ChannelSMS), booking); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []policy.CallSID{sid, "CA2", "CA-late"} {
		must(t, s, id, func(c policy.Call) policy.Call { c.Customer, c.EndedAt = customer, today.Add(time.Minute); return c })
	}
	if _, err := s.OfferOn(t.Context(), sid, asks(remedy.Training, policy.ChannelEmail), booking); err != nil {
		t.Fatal(err)
	}
	if all, err := s.Followed(t.Context(), customer); err != nil || len(all.Offers) != 2 {
		t.Errorf("the export has %+v, %v; want the letter and the text of the caller who was identified later", all.Offers, err)
	}
	copied := storage.Copy(t)
	did, err := s.Erase(t.Context(), customer, "anna", today.Add(10*time.Hour))
	if err != nil || did.Notices != 3 {
		t.Fatalf("%+v, %v", did, err)
	}
	left := func(what string, s *store.Store) {
		t.Helper()
		for id, want := range map[policy.CallSID]int{sid: 0, "CA-on-file": 0, "CA-late": 0, "CA-nobody": 1} {
			if on, err := s.OffersOf(t.Context(), id); err != nil || len(on) != want {
				t.Errorf("%s: on %s are left %+v, %v", what, id, on, err)
			}
		}
		if notices := collect(t, s.Notices(t.Context())); len(notices) != 1 {
			t.Errorf("%s: %d notices are left", what, len(notices))
		}
	}
	left("erased", s)
	erased, err := s.Erasures(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again := copied.Open(t).(*store.Store)
	if n, err := again.EraseAgain(t.Context(), erased, "restore", today.Add(11*time.Hour)); n != 1 || err != nil {
		t.Errorf("erased again: %d, %v", n, err)
	}
	left("a copy", again)
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

// offersOfACase lets the time of two calls pass: what was offered on the one whose month a case rests on stays with it.
func offersOfACase(t *testing.T, storage Storage) {
	s, month := helped(t, storage), policy.MonthOf(today, time.UTC)
	for id, of := range map[policy.CallSID]policy.Month{sid: month, "CA2": month.Plus(-1)} {
		must(t, s, id, func(c policy.Call) policy.Call { c.EndedAt, c.Month = today.Add(time.Minute), of; return c })
		if _, err := s.OfferOn(t.Context(), id, asks(remedy.Training, policy.ChannelEmail), booking); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.OpenCase(t.Context(), customer, "anna", "by hand", []policy.Usage{{Month: month, Customer: customer}}, today)
	_, err2 := s.Expire(t.Context(), today.Add(time.Hour))
	list, err3 := s.OffersTo(t.Context(), customer)
	if err := errors.Join(err, err2, err3); err != nil || len(list) != 1 || list[0].Call != sid {
		t.Errorf("%+v, %v", list, err)
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
