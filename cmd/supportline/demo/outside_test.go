package demo

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio/fake"
)

var noon = time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)

func newOutside() *Outside {
	now := func() time.Time { return noon }
	people := policy.Settings{People: []policy.Person{{ID: "ben", Name: "Ben Okafor", Phone: "+15550100002"}}}
	return &Outside{now: now, account: fake.NewAccount("AC1", "token", now), settings: func() policy.Settings { return people }, app: &server.App{}}
}

// mustServe serves the page, chat and pager of an outside.
func mustServe(t *testing.T, o *Outside) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(o.With(http.NotFoundHandler()))
	t.Cleanup(s.Close)
	return s
}

func event(kind policy.NoticeKind) policy.Notice {
	return policy.Notice{Key: "alarm/1/0", Kind: kind, At: noon, Alarm: "1", State: policy.AlarmOpen, Count: 1, Facts: map[string]string{"account": "Northwind"}}
}

// TestChatAndPagerAreKeptUpToDate as the real ones are, through the channels that alarms use.
func TestChatAndPagerAreKeptUpToDate(t *testing.T) {
	o := newOutside()
	s := mustServe(t, o)
	for kind, channel := range map[string]notices.Live{
		kindSlack: notices.Slack{Called: "chat", Channel: "#support-line", Token: "xoxb-of-the-demo", API: s.URL + config.DemoChat},
		kindPager: notices.PagerDuty{Called: "pager", Key: strings.Repeat("0", 32), Public: "demo", API: s.URL + config.DemoPager},
	} {
		n, words := event(policy.NoticeCriticalMissed), notices.Words{Subject: "Critical call missed", Text: "Critical call missed"}
		receipt, err := channel.Show(t.Context(), n, words, noon)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		n.Shown, n.ShownCount, n.State, n.Receipt = policy.AlarmOpen, 1, policy.AlarmTaken, receipt
		if _, err := channel.Show(t.Context(), n, words, noon); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
	states := map[string]string{}
	for _, a := range o.shown() {
		states[a.Kind] += a.State
	}
	if states[kindSlack] != "changed" || states[kindPager] != "acknowledged" {
		t.Errorf("they show %v", states)
	}
}

func TestMailboxShowsLetters(t *testing.T) {
	o := newOutside()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go o.mailbox(l)
	mail := notices.Email{Server: l.Addr().String(), Hello: "localhost", TLS: notices.TLSNone, From: "support@example.com", Ops: []string{"ops@example.com"}}
	for _, n := range mail.Address(policy.Notice{Key: "missed/CA1", Kind: policy.NoticeMissed, At: noon}) {
		if err := mail.Send(t.Context(), n, notices.Words{Subject: "A call missed by Zoë", Text: "Call back: http://127.0.0.1/w/abc now"}, noon); err != nil {
			t.Fatal(err)
		}
	}
	got := o.shown()
	if len(got) != 1 || got[0].Subject != "A call missed by Zoë" || got[0].To != "ops@example.com" || got[0].Pieces[1].Link != "http://127.0.0.1/w/abc" {
		t.Errorf("the mailbox has %+v", got)
	}
}

// TestTelephoneIsAnsweredOnThePage with a key, and rings out otherwise.
func TestTelephoneIsAnsweredOnThePage(t *testing.T) {
	for name, row := range map[string]struct {
		path  string
		want  string
		state string
	}{
		"taken":       {"/1/1", "1", "picked up"},
		"a voicemail": {"/1/voicemail", "", "picked up"},
		"not at all":  {"", "", "not answered"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOutside()
				handler := o.With(http.NotFoundHandler())
				heard := make(chan fake.Specialist, 1)
				go func() { heard <- telephones{o, context.Background()}.Specialist("+15550100002") }()
				synctest.Wait()
				page := httptest.NewRecorder()
				handler.ServeHTTP(page, httptest.NewRequest(http.MethodGet, OutsidePage, nil))
				if !strings.Contains(page.Body.String(), "Ben Okafor") || !strings.Contains(page.Body.String(), "Pick up and press 1") {
					t.Errorf("the page shows %s", page.Body)
				}
				if row.path != "" {
					handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, OutsidePage+row.path, nil))
				}
				if got := <-heard; strings.Join(got.Presses, "") != row.want {
					t.Errorf("it pressed %q, want %q", got.Presses, row.want)
				}
				if got := o.shown(); got[0].State != row.state || got[0].Ringing {
					t.Errorf("the call is %+v, want %q", got[0], row.state)
				}
			})
		})
	}
}

// TestTwoCallsOfOnePerson at a time, such as an alarm and a call-back, are two calls on the page.
func TestTwoCallsOfOnePerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutside()
		for range 2 {
			go telephones{o, t.Context()}.Specialist("+15550100002")
			synctest.Wait()
		}
		o.pickUp(1, fake.Specialist{Status: "busy"})
		synctest.Wait()
		if got := o.shown(); got[1].State != "busy" || got[1].Ringing || !got[0].Ringing {
			t.Errorf("the calls are %+v", got)
		}
		o.pickUp(2, fake.Specialist{})
	})
}

// TestNoOtherSitePressesKeys: a page that somebody has open beside the demo's.
func TestNoOtherSitePressesKeys(t *testing.T) {
	r, w := httptest.NewRequest(http.MethodPost, OutsidePage+"/1/1", nil), httptest.NewRecorder()
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	newOutside().With(http.NotFoundHandler()).ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("it was answered with %d", w.Code)
	}
}
