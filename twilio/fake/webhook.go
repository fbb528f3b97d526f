package fake

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/officernd/supportline/twilio"
)

// party has the parameters of one leg of a call. A party without a direction has the SID alone, as in the callbacks of recordings.
type party struct {
	sid, parent, from, to, direction, status string

	base string // URL of the present document, to which others are relative
	seq  int    // sequence number of its next callback
}

// fault is an answer that the provider cannot use, with the error code in its debugger.
type fault struct {
	code int
	what string
}

// document requests the next document of a leg. If that fails it requests the number's fallback. If that fails too, the caller hears the
// provider's own error sentence and ok is false.
func (c *call) document(p *party, address string, params map[string]string) (doc twilio.Response, ok bool) {
	u, err := resolve(p.base, address)
	if err != nil {
		c.trouble("11100 %q is not a URL: %v", address, err)
		return doc, c.apologise(p)
	}
	if c.documents++; c.documents > maxDocuments {
		c.err = ErrLoop
		return doc, false
	}
	doc, f := c.instructions(p, u, params)
	if f == nil {
		p.base = u
		return doc, true
	}
	c.trouble("%d %s: %s", f.code, path(u), f.what)
	if back := c.in.Number.Fallback; back != "" && p == c.caller && u != unfragmented(back) {
		return c.document(p, back, map[string]string{"ErrorCode": fmt.Sprint(f.code), "ErrorUrl": u})
	}
	return doc, c.apologise(p)
}

func (c *call) apologise(p *party) bool {
	if p == c.caller && !c.gone {
		c.note(TheCaller, Hears, "We're sorry, an application error has occurred. Goodbye.")
	}
	return false
}

// instructions sends one webhook, or two with Faults.Retry, and parses its answer as TwiML.
func (c *call) instructions(p *party, u string, params map[string]string) (twilio.Response, *fault) {
	get := c.gets[u] || (c.in.Number.GET && u == unfragmented(c.in.Number.Voice))
	token := c.sid("IT")
	first, kind, f := c.send(p, u, get, params, token)
	if f == nil && c.Faults.Retry {
		var again []byte
		again, kind, f = c.send(p, u, get, params, token)
		if f == nil && !bytes.Equal(first, again) {
			c.trouble("a repeated %s was answered differently", path(u))
		}
		first = again
	}
	if f != nil {
		return twilio.Response{}, f
	}
	return read(first, kind)
}

// read interprets an answer by its content type.
func read(body []byte, kind string) (twilio.Response, *fault) {
	doc, err := twilio.Parse(body)
	switch kind {
	case "text/xml", "application/xml", "text/html":
		if err != nil {
			return doc, &fault{12100, "the document can't be followed: " + err.Error()}
		}
		return doc, nil
	case "text/plain":
		if err != nil {
			return twilio.Response{Verbs: []twilio.Verb{twilio.Say{Text: string(body)}, twilio.Hangup{}}}, nil
		}
		return doc, nil
	}
	return doc, &fault{12300, fmt.Sprintf("content type %q is not one for instructions: answer text/xml", kind)}
}

const maxBody = 64 << 10

// send sends one signed webhook and returns the body of a 2xx answer with its media type. It tries a failed connection once more.
func (c *call) send(p *party, u string, get bool, params map[string]string, token string) ([]byte, string, *fault) {
	form := c.form(p, params)
	resp, err := c.roundTrip(u, get, form, token)
	if err != nil {
		resp, err = c.roundTrip(u, get, form, token)
	}
	if err != nil {
		return nil, "", &fault{11205, err.Error()}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return nil, "", &fault{11205, err.Error()}
	case len(body) > maxBody:
		return nil, "", &fault{11750, "the document is longer than 64 kB"}
	case resp.StatusCode/100 == 3:
		return nil, "", &fault{11215, fmt.Sprintf("answered %d: the parameters would be lost on the way", resp.StatusCode)}
	case resp.StatusCode/100 != 2:
		return nil, "", &fault{11200, fmt.Sprintf("answered %d", resp.StatusCode)}
	}
	return body, kind, nil
}

func (c *call) roundTrip(u string, get bool, form url.Values, token string) (*http.Response, error) {
	method, signature, body := http.MethodPost, twilio.Sign(c.token(), signed(u), form), form.Encode()
	if get {
		sep := "?"
		if strings.Contains(u, sep) {
			sep = "&"
		}
		u += sep + form.Encode()
		method, signature, body = http.MethodGet, twilio.Sign(c.token(), signed(u), nil), ""
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(c.ctx), method, u, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if !get {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	}
	r.Header.Set("X-Twilio-Signature", signature)
	r.Header.Set("I-Twilio-Idempotency-Token", token)
	r.Header.Set("User-Agent", "TwilioProxy/1.1")
	r.Header.Set("Accept", "*/*")
	return c.Transport.RoundTrip(r)
}

// resolve returns the absolute URL of an address, without user and fragment, which the provider does not send.
func resolve(base, address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	if base != "" {
		b, err := url.Parse(base)
		if err != nil {
			return "", err
		}
		u = b.ResolveReference(u)
	}
	if u.Host == "" {
		return "", fmt.Errorf("it has no host")
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	return u.String(), nil
}

// signed returns the URL that is signed. For voice that has no port if it is https.
func signed(u string) string {
	parsed, err := url.Parse(u)
	if err != nil || parsed.Scheme != "https" || parsed.Port() == "" {
		return u
	}
	return strings.Replace(u, parsed.Host, parsed.Hostname(), 1)
}

// path returns a URL as the transcript shows it.
func path(u string) string {
	parsed, err := url.Parse(u)
	if err != nil {
		return u
	}
	return parsed.RequestURI()
}

// unfragmented returns an address as it is sent, without the fragment.
func unfragmented(address string) string {
	u, err := resolve("", address)
	if err != nil {
		return address
	}
	return u
}
