package console_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
)

// shelf has one recording, and notes in the store who gets it.
type shelf struct{ store func() *store.Store }

type closing struct{ *bytes.Reader }

func (closing) Close() error { return nil }

func (s shelf) OpenRecording(_ context.Context, _ policy.CallSID, sid string) (console.Sound, error) {
	if sid != "RE1" {
		return console.Sound{}, policy.ErrNoRecording
	}
	return console.Sound{ReadSeekCloser: closing{bytes.NewReader([]byte("RIFFsound"))}, Type: "audio/wav", Made: browsertest.Monday}, nil
}

func (s shelf) Reveal(ctx context.Context, call policy.CallSID, by, detail string) error {
	return s.store().Reveal(ctx, call, by, detail)
}

// Recordings are played to people who may hear them and ask for it; the audit notes it before a byte is sent.
func TestRecordings(t *testing.T) {
	var p *browsertest.Place
	p = browsertest.NewPlace(t, func(d *console.Deps) {
		d.Recordings = shelf{func() *store.Store { return p.Store }}
		d.Spoken = func(_ policy.Call, exchange policy.Exchange) (bool, []string) {
			return strings.HasPrefix(exchange.Key, "screen/"), []string{"Words of " + exchange.Key + "."}
		}
	})
	call := browsertest.Served("CA1", browsertest.Monday.Add(-time.Hour), 60)
	call.Message = &policy.Recording{SID: "RE1", URL: "https://api.example.com/RE1", Seconds: 9, Copy: &policy.RecordingCopy{Bucket: "folder:x", File: "RE1.wav", Bytes: 9, At: browsertest.Monday}}
	call.Recordings = []policy.Recording{{SID: "RE2", URL: "https://api.example.com/RE2", Seconds: 60}}
	call.Exchanges = append(call.Exchanges, policy.Exchange{Key: "screen/CAleg/1", At: browsertest.Monday.Add(-59 * time.Minute)})
	p.Load(t, call)
	viewer, operator := p.As(t, users.Viewer), p.As(t, users.Operator)
	viewer.Get("/calls/CA1").Want(t, http.StatusOK, "Voicemail", "Your role cannot play recordings.", "Words of screen/CAleg/1.", "specialist").Without(t, "<audio", "Listen")
	viewer.Post("/calls/CA1/recordings/RE1").Want(t, http.StatusForbidden)
	viewer.Get("/calls/CA1/recordings/RE1").Want(t, http.StatusForbidden)
	operator.Get("/calls/CA1").Want(t, http.StatusOK, "Listen", "not fetched from the provider").Without(t, "<audio")
	operator.Get("/calls/CA1/recordings/RE1").Want(t, http.StatusForbidden) // not asked for
	operator.Post("/calls/CA1/recordings/RE2").Want(t, http.StatusNotFound, "No such recording")
	operator.Post("/calls/CA1/recordings/RE1").Want(t, http.StatusOK, `<audio controls preload="none" src="/calls/CA1/recordings/RE1"`)
	whole := operator.Get("/calls/CA1/recordings/RE1")
	whole.Want(t, http.StatusOK, "RIFFsound")
	if got := whole.Header.Get("Content-Type"); got != "audio/wav" {
		t.Errorf("type %q", got)
	}
	request, _ := http.NewRequest(http.MethodGet, p.Server.URL+"/calls/CA1/recordings/RE1", nil)
	request.Header.Set("Range", "bytes=4-")
	response, err := operator.HTTP.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	part, _ := io.ReadAll(response.Body)
	response.Body.Close()
	if response.StatusCode != http.StatusPartialContent || string(part) != "sound" {
		t.Errorf("a part: %d %q", response.StatusCode, part)
	}
	p.As(t, users.Admin).Get("/audit?act=reveal").Want(t, http.StatusOK, "recording RE1", "operator")
}
