package twilio_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/twilio"
)

const recording = "RE00000000000000000000000000000001"

func sound(length int64, body io.Reader) func(int, *http.Request) (*http.Response, error) {
	return func(int, *http.Request) (*http.Response, error) {
		a := answer(http.StatusOK, "audio/x-wav", "")
		a.Body, a.ContentLength = io.NopCloser(body), length
		return a, nil
	}
}

// TestSoundOfARecording arrives unchanged; its type and length are known before.
func TestSoundOfARecording(t *testing.T) {
	p := &provider{answer: then(1, refusing(429, limited), "")}
	p.answer = func(n int, r *http.Request) (*http.Response, error) {
		if n == 0 {
			return refusing(429, limited)(n, r)
		}
		return sound(4, strings.NewReader("RIFF"))(n, r)
	}
	synctest.Test(t, func(t *testing.T) {
		m, err := asking(t, p, nil).RecordingMedia(t.Context(), recording)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		all, err := io.ReadAll(m)
		if err != nil || string(all) != "RIFF" || m.Bytes != 4 || m.Type != "audio/x-wav" {
			t.Errorf("%q of type %s, %d bytes, %v", all, m.Type, m.Bytes, err)
		}
	})
	if r := p.asked[1]; !strings.HasSuffix(r.URL.Path, "/Recordings/"+recording+".wav") || r.Header.Get("Accept") != "*/*" {
		t.Errorf("asked for %s", r.URL)
	}
}

// TestSoundThatDoesNotCome: each way to fail is an error.
func TestSoundThatDoesNotCome(t *testing.T) {
	for name, row := range map[string]struct {
		answer func(int, *http.Request) (*http.Response, error)
		asked  int
		wrong  string
	}{
		"not there":         {refusing(404, `{"code":20404,"message":"not found","status":404}`), 1, "20404"},
		"broken for ever":   {refusing(500, broken), 4, "20500"},
		"slow to begin":     {hang, 4, "no answer within 10s"},
		"a page of a proxy": {func(int, *http.Request) (*http.Response, error) { return answer(200, "text/html", "<html>"), nil }, 1, "text/html"},
		"too long":          {sound(1<<30+1, strings.NewReader("")), 1, "1073741825 bytes"},
		"too long unannounced": {
			sound(-1, io.LimitReader(zeros{}, 1<<30+1)), 1, "more than 1073741824 bytes",
		},
		"shorter than announced": {sound(10, strings.NewReader("RIFF")), 1, "4 of 10 bytes"},
		"cut off":                {sound(10, io.MultiReader(strings.NewReader("RIFF"), broke{})), 1, "broke off"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &provider{answer: row.answer}
				m, err := asking(t, p, nil).RecordingMedia(t.Context(), recording)
				if err == nil {
					defer m.Close()
					_, err = io.Copy(io.Discard, m)
				}
				if err == nil || !strings.Contains(err.Error(), row.wrong) || len(p.asked) != row.asked {
					t.Errorf("asked %d times: %v", len(p.asked), err)
				}
			})
		})
	}
}

// TestSoundThatStalls fails half a minute after its last byte, and not before.
func TestSoundThatStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{answer: func(_ int, r *http.Request) (*http.Response, error) {
			return sound(-1, &dripping{context: r.Context()})(0, r)
		}}
		began := time.Now()
		m, err := asking(t, p, nil).RecordingMedia(t.Context(), recording)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		var got bytes.Buffer
		_, err = got.ReadFrom(m)
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || got.Len() != 4 || took != 4*20*time.Second+30*time.Second {
			t.Errorf("%d bytes in %v: %v", got.Len(), took, err)
		}
	})
}

// TestDeletedRecording: a recording that is not there counts as deleted; one whose deletion is refused does not.
func TestDeletedRecording(t *testing.T) {
	for name, row := range map[string]struct {
		answer func(int, *http.Request) (*http.Response, error)
		wrong  string
	}{
		"deleted":   {func(int, *http.Request) (*http.Response, error) { return answer(204, "", ""), nil }, ""},
		"not there": {refusing(404, `{"code":20404,"message":"not found","status":404}`), ""},
		"refused":   {refusing(403, `{"code":20008,"message":"not with these credentials"}`), "20008"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &provider{answer: row.answer}
			err := asking(t, p, nil).DeleteRecording(t.Context(), recording)
			if (err == nil) != (row.wrong == "") || (err != nil && !strings.Contains(err.Error(), row.wrong)) {
				t.Errorf("%v", err)
			}
			if r := p.asked[0]; r.Method != http.MethodDelete || !strings.HasSuffix(r.URL.Path, "/Recordings/"+recording+".json") {
				t.Errorf("asked %s %s", r.Method, r.URL)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

type broke struct{}

func (broke) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// dripping returns a byte every 20 seconds, four times, and then blocks until it is closed.
type dripping struct {
	context context.Context
	given   int
}

func (d *dripping) Read(p []byte) (int, error) {
	if d.given == 4 {
		<-d.context.Done()
		return 0, d.context.Err()
	}
	timer := time.NewTimer(20 * time.Second)
	<-timer.C
	d.given++
	p[0] = 'x'
	return 1, nil
}

var _ io.ReadCloser = (*twilio.Media)(nil)

// TestRecordingsOfARange are those that were made in it: the provider knows days alone. One whose start it does not name counts by its creation.
func TestRecordingsOfARange(t *testing.T) {
	from := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	const list = `{"recordings":[
		{"sid":"RE1","start_time":"Mon, 23 Nov 2026 15:00:00 +0000"},
		{"sid":"RE2","start_time":"Mon, 23 Nov 2026 14:59:59 +0000","duration":"12"},
		{"sid":"RE3","date_created":"Mon, 23 Nov 2026 14:30:00 +0000"},
		{"sid":"RE4","start_time":"Mon, 23 Nov 2026 14:00:00 +0000","date_created":"Mon, 23 Nov 2026 16:00:00 +0000"},
		{"sid":"RE5","start_time":"Mon, 23 Nov 2026 13:59:59 +0000","date_created":"Mon, 23 Nov 2026 14:10:00 +0000"}]}`
	p := &provider{answer: then(0, nil, list)}
	found := map[string]time.Time{}
	for r, err := range asking(t, p, nil).Recordings(t.Context(), from, from.Add(time.Hour)) {
		if err != nil {
			t.Fatal(err)
		}
		found[r.SID] = r.StartedAt
	}
	want := map[string]time.Time{"RE2": from.Add(time.Hour - time.Second), "RE3": from.Add(30 * time.Minute), "RE4": from}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	q := p.asked[0].URL.Query()
	if after, before := q.Get("DateCreated>"), q.Get("DateCreated<"); after != "2026-11-23T00:00:00Z" || before != "2026-11-24T00:00:00Z" {
		t.Errorf("asked for those from %s to %s", after, before)
	}
}
