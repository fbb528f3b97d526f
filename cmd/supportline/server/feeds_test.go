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
