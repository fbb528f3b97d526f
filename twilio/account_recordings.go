package twilio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// ListedRecording is a recording in the provider's list.
type ListedRecording struct {
	SID, CallSID string // CallSID is the caller's call
	Status       string // processing completed absent deleted
	Source       string // RecordVerb DialVerb Conference ...
	URL          string // as in the recording's callback, without a suffix
	Seconds      *int
	StartedAt    time.Time
}

// Recordings returns the recordings made in [from, to), newest first. An error ends the sequence.
func (a *Account) Recordings(ctx context.Context, from, to time.Time) iter.Seq2[ListedRecording, error] {
	recordings := func(p *page) []api.ApiV2010Recording { return p.Recordings }
	return list(a.operation(ctx, "recordings list"), "Recordings", days("DateCreated", from, to), recordings,
		func(r api.ApiV2010Recording) (ListedRecording, bool) {
			l := a.listedRecording(r)
			return l, !l.StartedAt.Before(from) && l.StartedAt.Before(to)
		})
}

func (a *Account) listedRecording(r api.ApiV2010Recording) ListedRecording {
	l := ListedRecording{
		SID: value(r.Sid), CallSID: value(r.CallSid), Status: value(r.Status), Source: value(r.Source), Seconds: wholeSeconds(r.Duration),
		StartedAt: listedTime(r.StartTime),
	}
	if l.StartedAt.IsZero() {
		l.StartedAt = listedTime(r.DateCreated)
	}
	l.URL = providerURL + a.path("Recordings/"+l.SID)
	return l
}

// The bounds of a download. A call lasts 4 hours at most, which makes half a gigabyte in two channels.
const (
	maxMedia     = 1 << 30
	stallTimeout = 30 * time.Second // without a single byte
)

// Media is the download of a recording's sound. The caller must close it. Read fails if the provider breaks off, sends nothing for half a
// minute, or sends more than a gigabyte, so io.EOF means that the sound is complete.
type Media struct {
	io.ReadCloser
	Type  string // content type: "audio/x-wav"
	Bytes int64  // as announced by the provider; -1: unknown
}

// RecordingMedia downloads the sound of a recording as a WAV file. The provider makes it some time after the recording's callback; if it is
// not there yet, or no more, the error is an *Err with status 404. The request is repeated as others are, but a download that has begun is not.
func (a *Account) RecordingMedia(ctx context.Context, sid string) (*Media, error) {
	op := a.operation(ctx, "recording media")
	op.stream = true
	answer, err := op.handler().Get(providerURL+a.path("Recordings/"+sid+".wav"), nil, nil, "")
	if err != nil {
		return nil, op.wrap(err)
	}
	sound := &boundedReader{ReadCloser: answer.Body, announced: answer.ContentLength}
	m := &Media{ReadCloser: sound, Type: answer.Header.Get("Content-Type"), Bytes: answer.ContentLength}
	switch {
	case m.Bytes > maxMedia:
		err = fmt.Errorf("the recording has %d bytes, more than %d", m.Bytes, maxMedia)
	case !strings.HasPrefix(m.Type, "audio/"):
		err = fmt.Errorf("the answer is of type %q instead of sound", m.Type)
	}
	if err != nil {
		_ = m.Close() // the error is known
		return nil, op.wrap(err)
	}
	return m, nil
}

// DeleteRecording deletes a recording at the provider. It is no error if there is none.
func (a *Account) DeleteRecording(ctx context.Context, sid string) error {
	op := a.operation(ctx, "recording delete")
	err := op.api().DeleteRecording(sid, nil)
	if refused, ok := errors.AsType[*Err](err); ok && refused.Status == http.StatusNotFound {
		return nil
	}
	return op.wrap(err)
}

// boundedReader reads what was announced. It fails if less comes, or more than maxMedia.
type boundedReader struct {
	io.ReadCloser
	announced, read int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	switch {
	case b.read > maxMedia:
		return 0, fmt.Errorf("the recording has more than %d bytes", maxMedia)
	case errors.Is(err, io.EOF) && b.announced >= 0 && b.read != b.announced:
		return n, fmt.Errorf("the recording broke off: %d of %d bytes came: %w", b.read, b.announced, io.ErrUnexpectedEOF)
	case err != nil && !errors.Is(err, io.EOF):
		return n, fmt.Errorf("the recording broke off: %w", err)
	}
	return n, err
}

// open sends the request of a stream once. attemptTimeout bounds the wait for the answer's head, stallTimeout that for each part of its body.
func (op *operation) open(request func(context.Context) (*http.Request, error)) (*http.Response, error) {
	ctx, cancel := context.WithCancel(op.ctx)
	late := time.AfterFunc(attemptTimeout, cancel)
	r, err := request(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	answer, err := op.account.do(r, "*/*")
	if err != nil {
		cancel()
		if !late.Stop() && op.ctx.Err() == nil {
			err = fmt.Errorf("no answer within %v: %w", attemptTimeout, context.DeadlineExceeded)
		}
		return nil, err
	}
	body := &stallReader{ReadCloser: answer.Body, asked: op.ctx, cancel: cancel, late: late}
	if answer.StatusCode < http.StatusMultipleChoices {
		late.Reset(stallTimeout)
		answer.Body = body
		return answer, nil
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("the answer broke off: %w", err)
	}
	return nil, refusal(answer, text)
}

// stallReader is a body that fails when nothing of it comes for stallTimeout.
type stallReader struct {
	io.ReadCloser
	asked  context.Context // of the caller; the request's own ends with it, or when nothing comes
	cancel context.CancelFunc
	late   *time.Timer
}

func (b *stallReader) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 && err == nil {
		b.late.Reset(stallTimeout)
	}
	if errors.Is(err, context.Canceled) && b.asked.Err() == nil {
		err = fmt.Errorf("nothing came for %v: %w", stallTimeout, context.DeadlineExceeded)
	}
	return n, err
}

func (b *stallReader) Close() error {
	b.late.Stop()
	b.cancel()
	return b.ReadCloser.Close()
}
