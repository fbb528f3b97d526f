package twilio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// maxBody bounds a request. The provider's are about 1 KiB; speech results may make them a little longer.
const maxBody = 64 << 10

const formType = "application/x-www-form-urlencoded"

// readParams reads the parameters of the URL or of the body: for GET the body is dropped, since nothing signs it, for POST the query
// is not looked at, since it is signed as a part of the URL.
func readParams(r *http.Request, target string) (query, body form, err error) {
	switch r.Method {
	case http.MethodGet:
		r.Body = http.NoBody
		_, text, _ := strings.Cut(target, "?")
		query, err = parseForm(text)
	case http.MethodPost:
		var text string
		if text, err = readBody(r); err != nil {
			return nil, nil, err
		}
		body, err = parseForm(text)
	default:
		err = fmt.Errorf("the method is %s, not POST or GET", r.Method)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	return query, body, nil
}

// readBody reads the whole body and puts it back.
func readBody(r *http.Request) (string, error) {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), formType) {
		return "", fmt.Errorf("%w: the content type is %.60q, not %s", ErrForm, kind, formType)
	}
	if r.ContentLength > maxBody { // before memory is set aside for it
		return "", fmt.Errorf("%w: %d bytes", ErrTooLarge, r.ContentLength)
	}
	if r.Body == nil {
		return "", nil
	}
	buf := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(buf)
	buf.Reset()
	_, err := buf.ReadFrom(io.LimitReader(r.Body, maxBody+1))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) || buf.Len() > maxBody {
		return "", fmt.Errorf("%w: over %d bytes", ErrTooLarge, maxBody)
	}
	if err != nil {
		return "", fmt.Errorf("%w: reading the body: %w", ErrForm, err)
	}
	text := buf.String()
	r.Body = io.NopCloser(strings.NewReader(text))
	return text, nil
}

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}
