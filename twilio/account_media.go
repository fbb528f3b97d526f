package twilio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// The bounds of a recording on its way. A call lasts 4 hours at most, of which the provider makes half a gigabyte in two channels.
const (
	maxMedia    = 1 << 30
	mediaStalls = 30 * time.Second // without a single byte
)

// Media is the sound of a recording on its way from the provider. Whoever has it closes it. A Read fails when the provider breaks off, sends
// nothing for half a minute, or sends more than a gigabyte, so that an io.EOF means that everything has come.
type Media struct {
	io.Reader
	Type  string // of its content: "audio/x-wav"
	Bytes int64  // as the provider announced it; -1: it did not

	close func()
}

// Close ends the transfer.
func (m *Media) Close() error {
	m.close()
	return nil
}

// RecordingMedia asks for the sound of a recording, as a WAV file. One that the provider does not have, no more or not yet, is an *Err with
// status 404: it is made some time after the recording's callback. Asking is repeated as all asking is; once the sound comes, it comes in one
// piece or fails.
func (a *Account) RecordingMedia(ctx context.Context, sid string) (*Media, error) {
	q := a.ask(ctx, "recording media")
	q.stream = true
	address := providerURL + "/2010-04-01/Accounts/" + a.config.AccountSID + "/Recordings/" + sid + ".wav"
	answer, err := q.handler().Get(address, nil, nil, "")
	if err != nil {
		return nil, q.wrong(err)
	}
	m := &Media{Type: answer.Header.Get("Content-Type"), Bytes: answer.ContentLength, close: func() { answer.Body.Close() }}
	m.Reader = &bounded{from: answer.Body, announced: m.Bytes}
	switch {
	case m.Bytes > maxMedia:
		err = fmt.Errorf("the recording has %d bytes, more than %d", m.Bytes, maxMedia)
	case !strings.HasPrefix(m.Type, "audio/"):
		err = fmt.Errorf("the answer is of type %q instead of sound", m.Type)
	}
	if err != nil {
		m.close()
		return nil, q.wrong(err)
	}
	return m, nil
}

// DeleteRecording removes a recording at the provider, for good. One that is not there is removed.
func (a *Account) DeleteRecording(ctx context.Context, sid string) error {
	q := a.ask(ctx, "recording delete")
	err := q.api().DeleteRecording(sid, nil)
	var refused *Err
	if err == nil || (errors.As(err, &refused) && refused.Status == http.StatusNotFound) {
		return nil
	}
	return q.wrong(err)
}

// bounded reads as much as was announced, and not more than the bound; anything else is an error.
type bounded struct {
	from            io.Reader
	announced, read int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
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

// open asks once for what comes as a stream. Until the head of the answer is there the usual bound holds; then each part has a bound of its own.
func (q *question) open(request func(context.Context) (*http.Request, error)) (*http.Response, error) {
	ctx, cancel := context.WithCancel(q.ctx)
	late := time.AfterFunc(answerWithin, cancel)
	r, err := request(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	answer, err := q.account.do(r, "*/*")
	if err != nil {
		cancel()
		if !late.Stop() && q.ctx.Err() == nil {
			err = fmt.Errorf("no answer within %v: %w", answerWithin, context.DeadlineExceeded)
		}
		return nil, err
	}
	body := &attended{ReadCloser: answer.Body, asked: q.ctx, cancel: cancel, late: late}
	if answer.StatusCode < http.StatusMultipleChoices {
		late.Reset(mediaStalls)
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

// attended is a body that is given up when nothing of it comes for a while.
type attended struct {
	io.ReadCloser
	asked  context.Context // of whoever asked; ours ends with it, or when nothing comes
	cancel context.CancelFunc
	late   *time.Timer
}

func (b *attended) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 && err == nil {
		b.late.Reset(mediaStalls)
	}
	if errors.Is(err, context.Canceled) && b.asked.Err() == nil {
		err = fmt.Errorf("nothing came for %v: %w", mediaStalls, context.DeadlineExceeded)
	}
	return n, err
}

func (b *attended) Close() error {
	b.late.Stop()
	b.cancel()
	return b.ReadCloser.Close()
}
