package twilio

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// maxParams bounds the work that an unsigned request can cause. The provider sends about 35 parameters.
const maxParams = 1000

// param is one name and value of a form, decoded.
type param struct{ key, value string }

type form []param

// parseForm decodes text of type application/x-www-form-urlencoded. It splits at "&" alone: to the provider ";" is a character like
// any other, where url.ParseQuery refuses it.
func parseForm(text string) (form, error) {
	n := strings.Count(text, "&") + 1
	if n > maxParams {
		return nil, fmt.Errorf("%d parameters, more than %d", n, maxParams)
	}
	f := make(form, 0, n)
	for part := range strings.SplitSeq(text, "&") {
		if part == "" {
			continue
		}
		rawKey, rawValue, _ := strings.Cut(part, "=")
		key, err := url.QueryUnescape(rawKey)
		if err != nil {
			return nil, fmt.Errorf("parameter %d: bad escape in its name", len(f)+1)
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			return nil, fmt.Errorf("parameter %d: bad escape in its value", len(f)+1)
		}
		f = append(f, param{key, value})
	}
	return f, nil
}

// readings returns the ways in which the provider may have signed f, each sorted by name: with all values of a repeated name, sorted and
// each once (as its Node library does), or with the first one only (as its Go library does). Its documentation does not say which, so both
// are accepted. A reading has nothing that its signature leaves out, so adding or reordering values of a captured request gains nothing.
// Without a repeated name there is one reading. f is sorted in place.
func (f form) readings() []form {
	slices.SortStableFunc(f, func(a, b param) int { return cmp.Compare(a.key, b.key) })
	sameKey := func(a, b param) bool { return a.key == b.key }
	if !f.repeats() {
		return []form{f}
	}
	first := slices.CompactFunc(slices.Clone(f), sameKey)
	slices.SortFunc(f, func(a, b param) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.value, b.value)) })
	return []form{slices.Compact(f), first}
}

// repeats reports whether f, which is sorted, has a name twice.
func (f form) repeats() bool {
	for i := 1; i < len(f); i++ {
		if f[i].key == f[i-1].key {
			return true
		}
	}
	return false
}

// appendTo appends the names and values of f, as they are signed.
func (f form) appendTo(out []byte) []byte {
	for _, p := range f {
		out = append(append(out, p.key...), p.value...)
	}
	return out
}

// values returns f as a map. The values of a name keep their order.
func (f form) values() url.Values {
	values := make(url.Values, len(f))
	backing := make([]string, len(f))
	for i, p := range f {
		if old, ok := values[p.key]; ok {
			values[p.key] = append(old, p.value)
			continue
		}
		backing[i] = p.value
		values[p.key] = backing[i : i+1 : i+1]
	}
	return values
}

// maxBody bounds a request. The provider's are about 1 KiB, a little more with speech results.
const maxBody = 64 << 10

const formType = "application/x-www-form-urlencoded"

// readParams returns the parameters of the URL or of the body. For GET the body is dropped, since it is not signed; for POST the query is
// ignored, since it is signed as a part of the URL.
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

// readBody returns the whole body and puts it back.
func readBody(r *http.Request) (string, error) {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), formType) {
		return "", fmt.Errorf("%w: the content type is %.60q, not %s", ErrForm, kind, formType)
	}
	if r.ContentLength > maxBody { // before memory is allocated for it
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
