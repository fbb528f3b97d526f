package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/store"
)

// offering is a run of offers on some calls from two mobiles, beside what the provider has of them.
type offering struct {
	*rapid.T
	store *store.Store
	now   time.Time
	calls []policy.CallSID
	made  []*madeOffer
}

// madeOffer is an offer as it should be.
type madeOffer struct {
	remedy.Offer
	state     string      // "on its way", "sent" or "not delivered"
	claimed   time.Time   // when the process that lives began to send it; zero: it doesn't
	out       *outOffer   // what the provider took since the last retry, nil for nothing
	texts     []*outOffer // all that the provider took
	takenBack bool
}

// outOffer is a text that the provider took.
type outOffer struct {
	at   time.Time
	lost bool
}

// claim is for how long a process has a notice.
const claim = time.Minute

// offersInAnyOrder holds that whatever happens to offers, in whatever order, with steps that are lost and processes that die, no number gets two texts on a
// day, and each offer says how far it is.
func offersInAnyOrder(t *testing.T, storage Storage) {
	s, run := helped(t, storage), 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		o := &offering{T: r, store: s, now: today.Add(9 * time.Hour)}
		for n := range 3 {
			id := policy.CallSID(fmt.Sprintf("CA-offer-%d-%d", run, n))
			o.calls = append(o.calls, id)
			must(t, s, id, func(c policy.Call) policy.Call {
				c.Line, c.From, c.StartedAt, c.Customer, c.Account = ukLine, policy.Phone(fmt.Sprintf("+44740%d%06d", n%2, run)), today, customer, "Northwind"
				return c
			})
		}
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			o.step()
			o.check()
		}
	})
}

// step lets one thing happen, or not: what cannot be written has not happened.
func (o *offering) step() {
	lost := rapid.IntRange(0, 9).Draw(o.T, "lost") == 0
	if lost {
		o.store.FailWrites(errors.New("no space left on device"))
		defer o.store.FailWrites(nil)
	}
	what := rapid.SampledFrom([]string{"offer", "offer", "send", "send", "send", "lose", "lose", "retry", "retry", "take back", "open", "time", "night", "death"}).Draw(o.T, "what")
	switch {
	case what == "time":
		o.now = o.now.Add(time.Duration(rapid.IntRange(1, 100).Draw(o.T, "seconds")) * time.Second)
	case what == "night":
		o.now = o.now.Add(time.Duration(rapid.IntRange(1, 30).Draw(o.T, "hours")) * time.Hour)
	case what == "death":
		for _, m := range o.made {
			m.claimed = time.Time{}
		}
	case what == "offer":
		o.offer(lost)
	default:
		m := o.likely(what)
		if m == nil {
			return
		}
		if err := o.happens(what, m); err != nil && !lost {
			o.Fatalf("%s of %s: %v", what, m.ID, err)
		}
	}
}

// likely returns an offer to which something may well happen, or any; nil while there is none.
func (o *offering) likely(what string) *madeOffer {
	likely := slices.DeleteFunc(slices.Clone(o.made), func(m *madeOffer) bool {
		return what == "retry" && m.state != "not delivered" || what == "lose" && m.out == nil || what == "send" && m.state != "on its way"
	})
	if len(likely) == 0 || rapid.IntRange(0, 9).Draw(o.T, "any") == 0 {
		likely = o.made
	}
	if len(likely) == 0 {
		return nil
	}
	return rapid.SampledFrom(likely).Draw(o.T, "which")
}

func (o *offering) offer(lost bool) {
	ask := asks(rapid.SampledFrom([]remedy.Page{remedy.ScreenSharing, remedy.Training}).Draw(o.T, "page"), rapid.SampledFrom([]policy.Channel{policy.ChannelSMS, policy.ChannelSMS, policy.ChannelSMS, policy.ChannelEmail}).Draw(o.T, "by"))
	ask.Act.At = o.now
	made, err := o.store.OfferOn(o.Context(), rapid.SampledFrom(o.calls).Draw(o.T, "call"), ask, booking)
	switch {
	case err == nil:
		o.made = append(o.made, &madeOffer{Offer: made, state: "on its way"})
	case !lost && !errors.Is(err, remedy.ErrOffered) && !errors.Is(err, remedy.ErrSentToday):
		o.Fatal(err)
	}
}

// happens lets something happen to an offer. A step that fails leaves it as it was.
func (o *offering) happens(what string, m *madeOffer) error {
	switch {
	case what == "send":
		return o.send(m)
	case what == "lose" && m.out != nil:
		err := o.store.NoticeLost(o.Context(), m.Notice, o.now, errors.New("a landline"))
		if err == nil {
			m.out.lost = true
			if !m.takenBack {
				m.becomes("not delivered", "on its way", "sent")
			}
		}
		return err
	case what == "retry":
		return o.retry(m)
	case what == "take back":
		_, err := o.store.TakeBackOffer(o.Context(), m.ID, followup.Act{At: o.now, By: "Ada Moreau"})
		m.takenBack = m.takenBack || err == nil
		return err
	case what == "open" && m.out != nil:
		if _, err := o.store.OpenOffer(o.Context(), m.ID, o.now); !errors.Is(err, remedy.ErrTakenBack) {
			return err
		}
	}
	return nil
}

// send lets a process claim an offer's notice, and the provider take or refuse it. The process may stop after each step.
func (o *offering) send(m *madeOffer) error {
	inTime := func() bool { return !m.claimed.IsZero() && o.now.Sub(m.claimed) < claim }
	if !inTime() {
		claimed, err := o.store.ClaimNotice(o.Context(), m.Notice, "a process", o.now, o.now.Add(claim))
		if err != nil || !claimed {
			return err
		}
		m.claimed = o.now
	}
	answer := rapid.SampledFrom([]string{"taken", "taken", "taken, and nobody hears it", "refused", "refused for good", "none"}).Draw(o.T, "answer")
	switch {
	case answer == "none":
		return nil
	case strings.HasPrefix(answer, "taken"):
		if m.out == nil {
			m.out = &outOffer{at: o.now}
			m.texts = append(m.texts, m.out)
		}
		if answer != "taken" {
			return nil
		}
		err := o.store.NoticeSent(o.Context(), m.Notice, o.now)
		if err == nil {
			m.becomes("sent", "on its way")
		}
		return err
	case m.out != nil:
		return nil
	}
	next := map[string]time.Time{"refused": o.now.Add(time.Minute)}[answer]
	err := o.store.NoticeFailed(o.Context(), m.Notice, o.now, errors.New("refused"), next)
	if err == nil && next.IsZero() && !m.takenBack {
		m.becomes("not delivered", "on its way")
	} else if err == nil {
		m.claimed = time.Time{}
	}
	return err
}

func (o *offering) retry(m *madeOffer) error {
	err := o.store.RetryNotice(o.Context(), m.Notice, "anna", o.now)
	switch {
	case err == nil && m.state == "not delivered":
		m.state, m.out, m.claimed = "on its way", nil, time.Time{}
	case errors.Is(err, policy.ErrSent), errors.Is(err, policy.ErrWithdrawn), errors.Is(err, remedy.ErrSentToday):
		return nil
	}
	return err
}

func (m *madeOffer) becomes(state string, from ...string) {
	m.claimed = time.Time{}
	for _, f := range from {
		if m.state == f {
			m.state = state
			return
		}
	}
}

// check compares the offers with what should be, and counts the texts of each number and day.
func (o *offering) check() {
	texts := map[string]int{}
	for _, m := range o.made {
		got, err := o.store.Offer(o.Context(), m.ID)
		if err != nil {
			o.Fatal(err)
		}
		want := m.state
		switch {
		case m.takenBack:
			want = "taken back by Ada Moreau"
		case !got.OpenedAt.IsZero():
			want = "opened"
		}
		if !strings.HasPrefix(got.State(), want) {
			o.Errorf("offer %s is %q; want %q", m.ID, got.State(), want)
		}
		for _, text := range m.texts {
			if day := m.To + " on " + text.at.Format(time.DateOnly); m.Channel == policy.ChannelSMS && !text.lost {
				if texts[day]++; texts[day] > 1 {
					o.Errorf("two texts to %s", day)
				}
			}
		}
	}
}
