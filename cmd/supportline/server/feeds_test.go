package server

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/oncall"
)

// TestCalendarOfARotaIsInForce: whom a calendar names is reached from when it was read, and so after a restart, while the feed fails and people are told so.
func TestCalendarOfARotaIsInForce(t *testing.T) {
	ada := policy.Person{ID: "ada", Name: "Ada Moreau", Phone: "+15550100001"}
	w := newWatched(t, provoked{change: func(c *config.Config) { withFeeds(c); c.Settings.People = []policy.Person{ada} }})
	reached := func(a *App) []policy.Reached { return a.Settings().Reach([]policy.Target{"rota:night"}, time.Now()) }
	if got := reached(w.App); got != nil {
		t.Fatalf("before it was read, %v is reached", got)
	}
	answer := func(answer http.ResponseWriter, _ *http.Request) {
		_, _ = answer.Write([]byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Ada\r\nDTSTART:20200101T000000Z\r\nDTEND:20200102T000000Z\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"))
	}
	w.feedOnce(func(rw http.ResponseWriter, r *http.Request) { answer(rw, r) })
	want := []policy.Reached{{Person: ada, Phone: ada.Phone}}
	if diff := cmp.Diff(want, reached(w.App)); diff != "" {
		t.Errorf("once it was read (-want +got):\n%s", diff)
	}
	_, shown := asked(t, w.App, "/metrics")
	if !strings.Contains(shown, `supportline_feed_answers_total{result="ok",rota="night"} 1`) || strings.Contains(shown, `supportline_feed_success_timestamp_seconds{rota="night"} 0`) {
		t.Error("the answer is not counted, or its time is not kept")
	}

	conf := w.Conf
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	again := must(Open(conf, time.Now, zap.NewNop(), 1<<20))
	t.Cleanup(func() { _ = again.Close() })
	if diff := cmp.Diff(want, reached(again)); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
	again.Store.TellBy(func(event policy.Notice, _ *alarm.Alarm, _ alarm.ID, _ time.Time) (*alarm.Alarm, []policy.Notice) {
		event.Channel = policy.ChannelWebhook
		return nil, []policy.Notice{event}
	})
	answer = http.NotFound
	woken := 0
	for range 2 {
		again.feeds(func() { woken++ }).Once(t.Context())
	}
	var told []policy.NoticeKind
	for n, err := range again.Store.Notices(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, n.Kind)
	}
	if diff := cmp.Diff([]policy.NoticeKind{policy.NoticeFeedFailed}, told); diff != "" || woken != 1 {
		t.Errorf("told, and the sender woken %d times (-want +got):\n%s", woken, diff)
	}
	if diff := cmp.Diff(want, reached(again)); diff != "" {
		t.Errorf("while the feed fails (-want +got):\n%s", diff)
	}
}

// TestShownAndRungAreOne: the rows of "oncall" and of the API, the shifts of pages, whom a ring step reaches and whom an alarm tells are one answer, in
// clock changes, under an override over a hand-over with another one on it, under a swap, and by a calendar.
func TestShownAndRungAreOne(t *testing.T) {
	conf, zone, now := mustConfig(t), must(time.LoadLocation("Europe/London")), time.Date(2027, 3, 27, 12, 0, 0, 0, time.UTC)
	for _, id := range []policy.PersonID{"ada", "ben", "cleo"} {
		conf.Settings.People = append(conf.Settings.People, policy.Person{ID: id, Name: string(id), Phone: "sip:" + policy.Phone(id) + "@example.com"})
	}
	starts := oncall.WallTime{Date: policy.Date{Year: 2027, Month: 3, Day: 26}, Minute: 90}
	conf.Rotas = []oncall.Rota{
		{Name: "primary", Zone: zone, Layers: []oncall.Layer{{Days: 1, Starts: starts, People: []policy.PersonID{"ada", "ben"}}}},
		{Name: "night", Zone: zone, Feed: "https://calendar.example.com/night.ics"},
	}
	a := must(Open(conf, func() time.Time { return now }, zap.NewNop(), 1<<20))
	t.Cleanup(func() { _ = a.Close() })
	overridden := func(who, instead policy.PersonID, from, until string) {
		o := oncall.Override{Person: who, Instead: instead, By: "mila", At: now, From: must(time.Parse(time.RFC3339, from)), Until: must(time.Parse(time.RFC3339, until))}
		roster := a.rotas.Roster()
		must(a.rotas.ChangeOverrides(t.Context(), "primary", roster.Revision("primary").Version, oncall.Add(roster, o)))
	}
	overridden("cleo", "", "2027-03-28T19:00:00Z", "2027-03-29T11:00:00Z")
	overridden("ada", "", "2027-03-28T21:00:00Z", "2027-03-28T22:00:00Z")
	overridden("cleo", "ben", "2027-03-31T00:00:00Z", "2027-04-02T00:00:00Z")
	calendar := "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Ben\r\nDTSTART;TZID=Europe/London:20270327T013000\r\nDURATION:P1D\r\nEND:VEVENT\r\n" +
		"BEGIN:VEVENT\r\nSUMMARY:Cleo\r\nDTSTART;TZID=Europe/London:20270328T013000\r\nDURATION:P1D\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	if err := a.rotas.PutFeedAnswer(t.Context(), oncall.Answer{Rota: "night", Source: oncall.SourceOf(conf.Rotas[1].Feed), Body: []byte(calendar), FetchedAt: now, CheckedAt: now}); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ rota, at, want string }{
		{"primary", "2027-03-28T00:59:59Z", "ben"},
		{"primary", "2027-03-28T01:00:00Z", "ada"}, // 01:30 is skipped
		{"primary", "2027-10-31T00:29:59Z", "ada"},
		{"primary", "2027-10-31T00:30:00Z", "ben"},
		{"primary", "2027-10-31T01:30:00Z", "ben"}, // and shown twice
		{"primary", "2027-03-28T18:59:59Z", "ada"},
		{"primary", "2027-03-28T19:00:00Z", "cleo"},
		{"primary", "2027-03-28T21:30:00Z", "ada"},
		{"primary", "2027-03-28T22:00:00Z", "cleo"},
		{"primary", "2027-03-29T00:30:00Z", "cleo"},
		{"primary", "2027-03-29T11:00:00Z", "ben"},
		{"primary", "2027-03-31T00:29:59Z", "ada"},
		{"primary", "2027-03-31T00:30:00Z", "cleo"},
		{"primary", "2027-04-01T00:30:00Z", "ada"},
		{"night", "2027-03-28T01:29:59Z", "ben"},
		{"night", "2027-03-28T01:30:00Z", "cleo"},
		{"night", "2027-03-29T00:29:59Z", "cleo"},
		{"night", "2027-03-29T00:30:00Z", ""},
	} {
		at, roster, target := must(time.Parse(time.RFC3339, row.at)), a.rotas.Roster(), policy.Target("rota:"+row.rota)
		got := map[string]string{"rows": roster.Rows(row.rota, at, at.AddDate(0, 0, 28))[0].People, "shifts": roster.Names(roster.Shifts(row.rota, at, at.AddDate(0, 0, 28))[0].People), "rung": "", "told": ""}
		for _, r := range a.Settings().Reach([]policy.Target{target}, at) {
			got["rung"] += string(r.Person.ID)
		}
		teller := a.teller()
		teller.Rules = alarm.Rules{{On: []policy.NoticeKind{policy.NoticeCriticalMissed}, To: []alarm.Receiver{{Channel: policy.ChannelCall, Target: target}}}}
		_, told := teller.Tell(policy.Notice{Kind: policy.NoticeCriticalMissed, Key: "critical-missed/CA1"}, nil, "1", at)
		for _, n := range told {
			got["told"] += string(n.Person)
		}
		if diff := cmp.Diff(map[string]string{"rows": row.want, "shifts": row.want, "rung": row.want, "told": row.want}, got); diff != "" {
			t.Errorf("%s at %s (-want +got):\n%s", row.rota, row.at, diff)
		}
	}
}
