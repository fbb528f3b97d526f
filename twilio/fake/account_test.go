package fake_test

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

const (
	theAccount = "AC00000000000000000000000000000001"
	firstToken = "11111111111111111111111111111111"
)

var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// asking returns an account and a client of it, without a network.
func asking(t *testing.T, change func(*twilio.AccountConfig)) (*fake.Account, *twilio.Account) {
	t.Helper()
	at := fake.NewAccount(theAccount, firstToken, func() time.Time { return noon })
	c := twilio.AccountConfig{AccountSID: theAccount, AuthToken: firstToken, Transport: fake.Straight(at)}
	if change != nil {
		change(&c)
	}
	client, err := twilio.NewAccount(c)
	if err != nil {
		t.Fatal(err)
	}
	return at, client
}

func TestAccountIsWhoTheCredentialsSay(t *testing.T) {
	at, client := asking(t, nil)
	info, err := client.Info(t.Context())
	want := twilio.AccountInfo{SID: theAccount, Name: "Example", Status: "active", Type: "Full", OwnerSID: theAccount, Date: noon}
	if diff := cmp.Diff(want, info); diff != "" || err != nil {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
	at.Change(func(s *fake.State) { s.Keys["SK1"] = "secret" })
	_, byKey := asking(t, func(c *twilio.AccountConfig) { c.APIKey, c.APISecret, c.Transport = "SK1", "secret", fake.Straight(at) })
	if _, err := byKey.Info(t.Context()); err != nil {
		t.Errorf("with an API key: %v", err)
	}
	_, wrong := asking(t, func(c *twilio.AccountConfig) { c.AuthToken = "wrong" })
	_, err = wrong.Info(t.Context())
	var refused *twilio.Err
	if !errors.As(err, &refused) || refused.Code != 20003 || !strings.Contains(err.Error(), "the account's auth token") || strings.Contains(err.Error(), "wrong") {
		t.Errorf("with a wrong token: %v", err)
	}
}

func TestNumberIsSetAndNothingElseTouched(t *testing.T) {
	at, client := asking(t, nil)
	sid := at.AddNumber("+448000668187")
	at.Change(func(s *fake.State) { s.Numbers[0].TrunkSID = "TK1" })
	voice, empty := "https://support.example.com/voice#rc=2", ""
	after, err := client.ChangeNumber(t.Context(), sid, twilio.NumberChange{VoiceURL: &voice, TrunkSID: &empty})
	if err != nil {
		t.Fatal(err)
	}
	if after.VoiceURL != voice || after.TrunkSID != "" || after.VoiceMethod != "POST" {
		t.Errorf("%+v", after)
	}
	at.Change(func(s *fake.State) {
		if s.SMSURLs[sid] != "https://demo.twilio.com/welcome/sms/reply" {
			t.Errorf("settings of messages were touched: %v", s.SMSURLs)
		}
	})
	bad := "PUT"
	if _, err = client.ChangeNumber(t.Context(), sid, twilio.NumberChange{VoiceMethod: &bad}); err == nil || !strings.Contains(err.Error(), "21403") {
		t.Errorf("a bad method: %v", err)
	}
}

func TestNumbersAreOneListing(t *testing.T) {
	at, client := asking(t, nil)
	for i := range 200 {
		at.AddNumber("+1888555" + strings.Repeat("0", 3) + string(rune('0'+i%10)))
	}
	numbers, err := client.Numbers(t.Context())
	if err != nil || len(numbers) != 200 {
		t.Fatalf("%d numbers, %v", len(numbers), err)
	}
	at.Change(func(s *fake.State) {
		if len(s.Requests) != 1 {
			t.Errorf("asked %d times", len(s.Requests))
		}
	})
}

// listed returns calls, one a minute before noon.
func listed(at *fake.Account, n int) {
	at.Change(func(s *fake.State) {
		for i := range n {
			length := i % 100
			start := noon.Add(-time.Duration(i+1) * time.Minute)
			s.Calls = append(s.Calls, twilio.ListedCall{
				SID: "CA" + start.Format("150405.000000") + strings.Repeat("0", 16), From: "sip:a@10.20.30.40", To: "+448000668187", Direction: "inbound",
				Status: "completed", Seconds: &length, StartedAt: start, EndedAt: start.Add(time.Duration(length) * time.Second),
			})
		}
	})
}

func TestCallsComePageByPage(t *testing.T) {
	at, client := asking(t, nil)
	listed(at, 2500)
	if n, err := count(client.Calls(t.Context(), noon.Add(-48*time.Hour), noon)); n != 2500 || err != nil {
		t.Errorf("%d calls, %v", n, err)
	}
	if n, err := count(client.Calls(t.Context(), noon.Add(-10*time.Minute), noon.Add(-5*time.Minute))); n != 5 || err != nil {
		t.Errorf("within a day: %d calls, %v", n, err)
	}
	at.Change(func(s *fake.State) { s.Requests = nil })
	for range client.Calls(t.Context(), noon.Add(-48*time.Hour), noon) {
		break
	}
	at.Change(func(s *fake.State) {
		if len(s.Requests) != 1 {
			t.Errorf("a consumer that stopped early was read %d pages", len(s.Requests))
		}
	})
}

func count[T any](all iter.Seq2[T, error]) (n int, err error) {
	for _, err = range all {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func TestErrorOnASecondPageEndsTheList(t *testing.T) {
	at, client := asking(t, nil)
	listed(at, 1500)
	at.Change(func(s *fake.State) {
		s.Interfere = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Query().Get("Page") != "1" {
				return false
			}
			fake.Refuse(w, http.StatusForbidden, 20008, "Not with these credentials, +15551234567")
			return true
		}
	})
	n, err := count(client.Calls(t.Context(), noon.Add(-48*time.Hour), noon))
	var refused *twilio.Err
	if n != 1000 || !errors.As(err, &refused) || refused.Code != 20008 || strings.Contains(err.Error(), "5551234567") {
		t.Errorf("after %d calls: %v", n, err)
	}
}

func TestCallIsListedLateAndItsEndLater(t *testing.T) {
	at, client := asking(t, nil)
	listed(at, 1)
	sid := ""
	at.Change(func(s *fake.State) { sid, s.ListLag = s.Calls[0].SID, 2*time.Minute })
	if n, _ := count(client.Calls(t.Context(), noon.Add(-time.Hour), noon)); n != 0 {
		t.Error("a call was listed at once")
	}
	var unknown *twilio.Err
	if _, err := client.Call(t.Context(), sid); !errors.As(err, &unknown) || unknown.Status != http.StatusNotFound {
		t.Errorf("a call was fetched before it was listed: %v", err)
	}
	at.Change(func(s *fake.State) { s.ListLag, s.EndLag = 0, 2*time.Minute })
	if c, err := client.Call(t.Context(), sid); err != nil || !c.EndedAt.IsZero() || c.Seconds != nil || c.Status != "in-progress" {
		t.Errorf("a call whose end is not known yet: %+v, %v", c, err)
	}
}

func TestRecordingsAreListed(t *testing.T) {
	at, client := asking(t, nil)
	n := 12
	made := twilio.ListedRecording{SID: "RE1", CallSID: "CA1", Status: "completed", Source: "RecordVerb", Seconds: &n, StartedAt: noon.Add(-time.Minute)}
	at.Change(func(s *fake.State) { s.Recordings = []twilio.ListedRecording{made} })
	for r, err := range client.Recordings(t.Context(), noon.Add(-time.Hour), noon) {
		want := made
		want.URL = "https://api.twilio.com/2010-04-01/Accounts/" + theAccount + "/Recordings/RE1"
		if diff := cmp.Diff(want, r); diff != "" || err != nil {
			t.Errorf("%v, (-want +got):\n%s", err, diff)
		}
	}
	if n, err := count(client.Recordings(t.Context(), noon.Add(-time.Hour), noon)); n != 1 || err != nil {
		t.Errorf("%d recordings, %v", n, err)
	}
}

// TestSoundOfARecordingIsMadeLater, and is gone after the deletion.
func TestSoundOfARecordingIsMadeLater(t *testing.T) {
	at, client := asking(t, nil)
	n := 2
	at.Change(func(s *fake.State) {
		s.Recordings = []twilio.ListedRecording{{SID: "RE1", CallSID: "CA1", Status: "completed", Seconds: &n, StartedAt: noon.Add(-12 * time.Second)}}
		s.MediaLag = 11 * time.Second
	})
	var refused *twilio.Err
	if _, err := client.RecordingMedia(t.Context(), "RE1"); !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
		t.Errorf("while it is made: %v", err)
	}
	at.Change(func(s *fake.State) { s.MediaLag = 10 * time.Second })
	m, err := client.RecordingMedia(t.Context(), "RE1")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(m)
	if err != nil || !bytes.Equal(got, fake.Sound(n)) || len(got) != 44+2*8000*n {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	for range 2 { // the second time there is none
		if err := client.DeleteRecording(t.Context(), "RE1"); err != nil {
			t.Error(err)
		}
	}
	if _, err := client.RecordingMedia(t.Context(), "RE1"); err == nil {
		t.Error("a deleted recording sounds")
	}
	at.Change(func(s *fake.State) { s.UnlistedMedia = true })
	if _, err := client.RecordingMedia(t.Context(), "RE2"); err != nil {
		t.Errorf("a recording of another process: %v", err)
	}
	if _, err := client.RecordingMedia(t.Context(), "RE1"); err == nil {
		t.Error("a deleted recording is taken for one of another process")
	}
}

// TestAccountsOfOneLog: a demo that starts again places calls that are none of those in its log.
func TestAccountsOfOneLog(t *testing.T) {
	sids := map[string]bool{}
	for start := range 2 {
		a := fake.NewAccount("AC1", "token", time.Now)
		a.Change(func(s *fake.State) { s.FirstSID = 1000 * start })
		sids[a.AddNumber("+448000668187")] = true
	}
	if len(sids) != 2 {
		t.Errorf("two accounts gave %d SIDs", len(sids))
	}
}
