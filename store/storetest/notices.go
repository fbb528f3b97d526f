package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
)

func notice(key string) policy.Notice {
	return policy.Notice{
		Key: key, Kind: policy.NoticeCallLimit, At: day, Customer: customer, Channel: policy.ChannelEmail, To: "ops@example.com",
		Facts: map[string]string{"account": northwind.Name},
	}
}

// tell makes a step of a call with notices.
func tell(t *testing.T, s Store, id policy.CallSID, keys ...string) error {
	_, err := s.AdvanceAndNotify(t.Context(), id, func(c policy.Call) (policy.Call, []policy.Notice) {
		var notices []policy.Notice
		for _, k := range keys {
			notices = append(notices, notice(k))
		}
		return exchange("told")(c), notices
	})
	return err
}

func due(t *testing.T, s Store, now time.Time, limit int) []string {
	t.Helper()
	found, err := s.DueNotices(t.Context(), policy.ChannelEmail, now, limit)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, n := range found {
		keys = append(keys, n.Key)
	}
	return keys
}

// told checks that a call and its notice are written both, or neither.
func told(t *testing.T, storage Storage) {
	s := storage.Open(t)
	must(t, s, sid, began(day))
	full := errors.New("no space left on device")
	s.FailWrites(full)
	wantError(t, "a step on a full disk", tell(t, s, sid, "call-limit/1"), full)
	s.FailWrites(nil)
	if c := kept(t, s, sid); c.State.Exchange != 0 {
		t.Error("a step whose notice was not written is there")
	}
	same(t, "the outbox", []policy.Notice{}, collect(t, s.Notices(t.Context())))

	for step := range 5 {
		if err := tell(t, s, sid, fmt.Sprint("call-limit/", step)); err != nil {
			t.Fatal(err)
		}
		after := storage.Copy(t).Open(t)
		if c, told := kept(t, after, sid), collect(t, after.Notices(t.Context())); c.State.Exchange != step+1 || len(told) != step+1 {
			t.Errorf("a crash behind step %d leaves %d steps and %d notices", step+1, c.State.Exchange, len(told))
		}
		if err := after.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := tell(t, s, sid, "call-limit/9", ""); err == nil {
		t.Error("a notice without a key was taken")
	}
	if c := kept(t, s, sid); c.State.Exchange != 5 {
		t.Error("a step with a notice that was refused is there")
	}
}

// once checks that a notice is stored once by its key, however often it is put.
func once(t *testing.T, storage Storage) {
	s := storage.Open(t)
	crowd(func(worker int) {
		if err := tell(t, s, policy.CallSID(fmt.Sprint("CA", worker)), "tickets/204518/2026-11/80"); err != nil {
			t.Error(err)
		}
	})
	const key = "tickets/204518/2026-11/80"
	same(t, "the outbox", []policy.Notice{notice(key)}, collect(t, s.Notices(t.Context())))
	if err := s.NoticeSent(t.Context(), key, day.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	other := notice(key)
	other.To, other.NextAt = "others@example.com", day.Add(time.Hour)
	if err := s.PutNotices(t.Context(), []policy.Notice{other, notice("summary/2026-11")}); err != nil {
		t.Fatal(err)
	}
	want := notice(key)
	want.Attempts, want.SentAt = 1, day.Add(time.Minute)
	same(t, "the outbox after the key came again", []policy.Notice{notice("summary/2026-11"), want}, collect(t, s.Notices(t.Context())))
	same(t, "what is due", []string{"summary/2026-11"}, due(t, s, day.Add(24*time.Hour), 10))
	if err := s.PutNotices(t.Context(), []policy.Notice{notice("a"), {}}); err == nil {
		t.Error("a notice without a key was taken")
	}
	if n := len(collect(t, s.Notices(t.Context()))); n != 2 {
		t.Errorf("%d notices after one of two was refused, want the 2 from before", n)
	}
}

// delivery follows notices that wait, fail, are given up, retried and sent.
func delivery(t *testing.T, storage Storage) {
	s := storage.Open(t)
	later := notice("c")
	later.NextAt = day.Add(time.Minute)
	if err := s.PutNotices(t.Context(), []policy.Notice{later, notice("b"), notice("a")}); err != nil {
		t.Fatal(err)
	}
	do := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	same(t, "due at first", []string{"a", "b"}, due(t, s, day, 10))
	same(t, "due, the first of them", []string{"a"}, due(t, s, day, 1))
	same(t, "due on the moment", []string{"a", "b", "c"}, due(t, s, later.NextAt, 10))
	refusal := errors.New("550 no such user")
	do("a failure", s.NoticeFailed(t.Context(), "a", day, refusal, day.Add(2*time.Minute)))
	same(t, "due after a failure", []string{"b", "c"}, due(t, s, later.NextAt, 10))
	do("a failure for good", s.NoticeFailed(t.Context(), "b", day, refusal, time.Time{}))
	do("a delivery", s.NoticeSent(t.Context(), "c", day.Add(time.Minute)))
	same(t, "due later", []string{"a"}, due(t, s, day.Add(time.Hour), 10))
	failed := func(what string, want int) {
		t.Helper()
		n, err := s.FailedNotices(t.Context())
		do("counting failures", err)
		same(t, what, want, n)
	}
	failed("given up", 1)
	given, err := s.NoticesGivenUp(t.Context(), 10)
	do("those given up", err)
	if len(given) != 1 || given[0].Key != "b" || given[0].Error != refusal.Error() {
		t.Errorf("given up are %+v, want b", given)
	}

	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	a, b, c := notice("a"), notice("b"), later
	a.Attempts, a.Error, a.NextAt = 1, refusal.Error(), day.Add(2*time.Minute)
	b.Attempts, b.Error, b.FailedAt = 1, refusal.Error(), day
	c.Attempts, c.SentAt, c.NextAt = 1, day.Add(time.Minute), time.Time{}
	same(t, "the outbox", []policy.Notice{a, b, c}, collect(t, s.Notices(t.Context())))

	do("a retry", s.RetryNotice(t.Context(), "b", "anna", day.Add(time.Hour)))
	same(t, "due after a retry", []string{"a", "b"}, due(t, s, day.Add(time.Hour), 10))
	failed("given up after a retry", 0)
	do("a second delivery of one that was sent", s.NoticeSent(t.Context(), "c", day.Add(time.Hour)))
	do("a failure of one that was sent", s.NoticeFailed(t.Context(), "c", day.Add(time.Hour), refusal, time.Time{}))
	wantError(t, "retrying one that was sent", s.RetryNotice(t.Context(), "c", "anna", day), policy.ErrSent)
	for what, err := range map[string]error{
		"sent": s.NoticeSent(t.Context(), "nobody", day), "failed": s.NoticeFailed(t.Context(), "nobody", day, refusal, day),
		"retried": s.RetryNotice(t.Context(), "nobody", "anna", day),
	} {
		wantError(t, "no notice, "+what, err, policy.ErrNoNotice)
	}
	if got := collect(t, s.Notices(t.Context()))[2]; got.SentAt != c.SentAt || got.Attempts != 1 {
		t.Errorf("a notice that was sent became %+v", got)
	}
	audit := collect(t, s.Audit(t.Context()))
	if len(audit) != 1 || audit[0].Act != "retry" || audit[0].By != "anna" {
		t.Errorf("the audit holds %+v, want anna's retry", audit)
	}
	lost(t, s)
}

// lost is that what was sent turns out not to have arrived, also before the end of the delivery is known. A person may have it sent again.
func lost(t *testing.T, s Store) {
	t.Helper()
	landline := errors.New("a landline")
	for key, acts := range map[string][]error{
		"c": {s.NoticeLost(t.Context(), "c", day.Add(2*time.Hour), landline), s.NoticeLost(t.Context(), "c", day.Add(3*time.Hour), errors.New("again"))},
		"a": {s.NoticeLost(t.Context(), "a", day.Add(2*time.Hour), landline), s.NoticeSent(t.Context(), "a", day.Add(3*time.Hour))},
	} {
		if err := errors.Join(acts...); err != nil {
			t.Fatal(err)
		}
		found, err := s.NoticesUnder(t.Context(), []string{key}, 1)
		if err != nil || len(found) != 1 || !found[0].FailedAt.Equal(day.Add(2*time.Hour)) || found[0].Error != landline.Error() || found[0].Waits() {
			t.Errorf("%s, lost: %+v, %v", key, found, err)
		}
	}
	wantError(t, "no notice, lost", s.NoticeLost(t.Context(), "nobody", day, landline), policy.ErrNoNotice)
	if err := s.RetryNotice(t.Context(), "c", "anna", day.Add(4*time.Hour)); err != nil {
		t.Fatal(err)
	}
	same(t, "due after a loss and a retry", []string{"b", "c"}, due(t, s, day.Add(4*time.Hour), 10))
}

// byChannel is that a channel which nobody delivers on makes the others read none of its backlog: what they read and hold is the same
// without it and with thousands of notices that wait there, all of them due for longer.
func byChannel(t *testing.T, storage Storage) {
	s := storage.Open(t)
	var posts []policy.Notice
	for i := range 3 {
		n := notice(fmt.Sprint("post/", i))
		n.Channel, n.NextAt = policy.ChannelWebhook, day.Add(time.Minute)
		posts = append(posts, n)
	}
	if err := s.PutNotices(t.Context(), posts); err != nil {
		t.Fatal(err)
	}
	read := func() {
		if found, err := s.DueNotices(t.Context(), policy.ChannelWebhook, day.Add(time.Hour), 2); err != nil || len(found) != 2 || found[0].Key != "post/0" {
			t.Fatalf("due of the webhook: %+v, %v", found, err)
		}
	}
	alone := testing.AllocsPerRun(20, read)
	var backlog []policy.Notice
	for i := range 3000 {
		backlog = append(backlog, notice(fmt.Sprintf("mail/%04d", i)))
	}
	if err := s.PutNotices(t.Context(), backlog); err != nil {
		t.Fatal(err)
	}
	if beside := testing.AllocsPerRun(20, read); beside > 2*alone+20 {
		t.Errorf("the webhook's due notices take %g allocations beside 3000 of e-mail, %g without", beside, alone)
	}
	same(t, "due of another channel", []string{"mail/0000", "mail/0001"}, due(t, s, day, 2))
	channels, err := s.NoticeChannels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "channels on which notices wait", []policy.Channel{policy.ChannelEmail, policy.ChannelWebhook}, channels)
}

// retriedNotice checks that a notice which failed several times and was given up is as if never tried once it is retried.
func retriedNotice(t *testing.T, storage Storage) {
	s := storage.Open(t)
	if err := s.PutNotices(t.Context(), []policy.Notice{notice("a")}); err != nil {
		t.Fatal(err)
	}
	refusal := errors.New("550 no such user")
	for n := range 3 {
		next := day.Add(time.Duration(n+1) * time.Minute)
		if n == 2 {
			next = time.Time{}
		}
		if err := s.NoticeFailed(t.Context(), "a", day, refusal, next); err != nil {
			t.Fatal(err)
		}
		if got := collect(t, s.Notices(t.Context()))[0]; got.Attempts != n+1 {
			t.Errorf("after %d failures there were %d attempts", n+1, got.Attempts)
		}
	}
	if err := s.RetryNotice(t.Context(), "a", "anna", day.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	want := notice("a")
	want.NextAt, want.Error = day.Add(time.Hour), refusal.Error()
	same(t, "the notice that is retried", []policy.Notice{want}, collect(t, s.Notices(t.Context())))
	if err := s.NoticeFailed(t.Context(), "a", day, refusal, day.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := collect(t, s.Notices(t.Context()))[0]; got.Attempts != 1 || !got.FailedAt.IsZero() {
		t.Errorf("after a retry that failed: %+v, want one attempt", got)
	}
}

// claimedNotice lets several processes claim a notice at once: one has it, up to its time, and it is not due meanwhile. A person who has it sent again
// at that moment does not make two of it.
func claimedNotice(t *testing.T, storage Storage) {
	s := storage.Open(t)
	if err := s.PutNotices(t.Context(), []policy.Notice{notice("a")}); err != nil {
		t.Fatal(err)
	}
	claim := func(by string, now, until time.Time) bool {
		t.Helper()
		claimed, err := s.ClaimNotice(t.Context(), "a", by, now, until)
		if err != nil {
			t.Fatal(err)
		}
		return claimed
	}
	later := day.Add(2 * time.Minute)
	var group sync.WaitGroup
	has := make(chan bool, 8)
	for n := range 8 {
		group.Go(func() {
			claimed, err := s.ClaimNotice(t.Context(), "a", fmt.Sprint(n), day, later)
			if err != nil {
				t.Error(err)
			}
			if claimed {
				has <- true
			}
		})
	}
	group.Wait()
	if len(has) != 1 {
		t.Errorf("%d processes have claimed one notice", len(has))
	}
	if err := s.RetryNotice(t.Context(), "a", "anna", day.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if found := due(t, s, day.Add(time.Minute), 10); len(found) > 0 {
		t.Errorf("%q are due while they are claimed", found)
	}
	if !claim("next", later, later.Add(time.Hour)) {
		t.Error("after the claim nobody may have it")
	}
	if err := s.ReleaseNotice(t.Context(), "a", "another", later); err != nil || len(due(t, s, later, 10)) > 0 {
		t.Errorf("somebody else released it, %v", err)
	}
	if err := s.ReleaseNotice(t.Context(), "a", "next", later); err != nil {
		t.Fatal(err)
	}
	same(t, "what was released", []string{"a"}, due(t, s, later, 10))
	if !claim("next", later, later.Add(time.Hour)) {
		t.Error("what was released can't be claimed")
	}
	if err := s.NoticeSent(t.Context(), "a", later); err != nil {
		t.Fatal(err)
	}
	if got := collect(t, s.Notices(t.Context()))[0]; got.ClaimedBy != "" || !got.NextAt.IsZero() {
		t.Errorf("what was sent is %+v", got)
	}
	if claim("last", later.Add(2*time.Hour), later.Add(3*time.Hour)) {
		t.Error("what was sent is claimed")
	}
	_, err := s.ClaimNotice(t.Context(), "nowhere", "x", day, later)
	wantError(t, "a notice that is not there", err, policy.ErrNoNotice)
}

// shownNotice follows a notice whose receiver is kept up to date: it is due again as long as the receiver shows less than it shall, also where that
// changed while it was being shown.
func shownNotice(t *testing.T, storage Storage) {
	s := storage.Open(t)
	n := notice("a")
	n.State, n.Count = policy.AlarmOpen, 1
	if err := s.PutNotices(t.Context(), []policy.Notice{n}); err != nil {
		t.Fatal(err)
	}
	shown := func(what policy.Notice, receipt map[string]string, at time.Time) policy.Notice {
		t.Helper()
		if err := s.NoticeShown(t.Context(), what, receipt, at); err != nil {
			t.Fatal(err)
		}
		return collect(t, s.Notices(t.Context()))[0]
	}
	if claimed, err := s.ClaimNotice(t.Context(), "a", "one", day, day.Add(time.Minute)); !claimed || err != nil {
		t.Fatal(claimed, err)
	}
	older := n
	older.Count = 0
	if got := shown(older, map[string]string{"ts": "1"}, day); got.SentAt.IsZero() || got.ClaimedBy != "" || got.Receipt["ts"] != "1" {
		t.Errorf("shown first: %+v", got)
	}
	same(t, "due, as it shall show more by now", []string{"a"}, due(t, s, day, 10))
	got := shown(n, nil, day.Add(time.Second))
	if got.Shown != policy.AlarmOpen || got.ShownCount != 1 || got.Receipt["ts"] != "1" || !got.SentAt.Equal(day) {
		t.Errorf("shown again: %+v", got)
	}
	if found := due(t, s, day.Add(time.Hour), 10); len(found) > 0 {
		t.Errorf("%q is due though all is shown", found)
	}
	wantError(t, "shown, no notice", s.NoticeShown(t.Context(), notice("nobody"), nil, day), policy.ErrNoNotice)
}
