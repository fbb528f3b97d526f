package twilio

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// SignatureHeader is the header that carries the signature of a request.
const SignatureHeader = "X-Twilio-Signature"

// Reasons to refuse a request. The first two are answered with 403, the others with 413 and 400.
var (
	ErrSignature = errors.New("twilio: the request is not signed by the provider")
	ErrAccount   = errors.New("twilio: the request is of another account")
	ErrTooLarge  = errors.New("twilio: the request is larger than the provider's requests are")
	ErrForm      = errors.New("twilio: the request is not shaped like the provider's")
)

// Sign returns the provider's signature of a request: base64(HMAC-SHA1(token, url + each name and value, sorted by name)), as in its
// security documentation. A repeated name counts with each of its different values in order. For a GET request the parameters are part of
// the URL and params is empty. The URL is used as it is: the provider itself drops user:password, a fragment and, for https, the port
// before it signs.
func Sign(token, url string, params url.Values) string {
	var f form
	for key, values := range params {
		for _, value := range values {
			f = append(f, param{key, value})
		}
	}
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write(f.readings()[0].appendTo([]byte(url)))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Verifier verifies the signatures of the provider's requests. It is safe for concurrent use.
type Verifier struct {
	origins [][]byte // scheme and host, with and without the port
	account string
	pool    sync.Pool // of *scratch
}

// scratch is the memory of one verification, which the next can reuse.
type scratch struct {
	macs   []hash.Hash // one per token
	signed []byte
	sum    []byte
}

// NewVerifier returns a Verifier for requests to publicURL, the address under which the provider knows this server. Only its scheme, host and
// port matter, since a request has its own path. If accountSID is not empty, requests of other accounts are refused. A request may be signed
// with any of the tokens: the current one and, while it is being replaced, the next. Empty tokens are ignored; at least one must not be.
func NewVerifier(publicURL, accountSID string, tokens ...string) (*Verifier, error) {
	u, err := url.Parse(publicURL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" {
		return nil, fmt.Errorf("twilio: the public URL %q must be like https://phone.example.com", publicURL)
	}
	tokens = slices.DeleteFunc(slices.Clone(tokens), func(token string) bool { return token == "" })
	if len(tokens) == 0 {
		return nil, errors.New("twilio: no auth token: without one no request can be verified")
	}
	v := &Verifier{origins: originsOf(u), account: accountSID}
	v.pool.New = func() any {
		s := &scratch{}
		for _, token := range tokens {
			s.macs = append(s.macs, hmac.New(sha1.New, []byte(token)))
		}
		return s
	}
	return v, nil
}

// originsOf returns scheme and host without and with a port. The provider drops the port of an https address for voice requests and keeps
// that of an http address; its own libraries accept both, and so does a Verifier. It always drops user:password.
func originsOf(u *url.URL) [][]byte {
	port := u.Port()
	host := strings.TrimSuffix(strings.TrimSuffix(u.Host, port), ":")
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	bare := u.Scheme + "://" + host
	return [][]byte{[]byte(bare), []byte(bare + ":" + port)}
}

// Verify returns the signed parameters of r: the body's for POST, the URL's for GET. Everything that it returns is covered by the
// signature; of a repeated name that may be fewer values than were sent. It must run before anything else reads the body. The body is
// read once, up to 64 KiB, and put back (a GET's is dropped, since it is not signed); r.Form and r.PostForm are set to the signed
// parameters, so that no later reader can mix in others.
//
// The errors are ErrSignature, ErrAccount, ErrTooLarge and ErrForm, wrapped with the reason. None of them has the right signature in it. A
// signature does not expire: the same request verifies at any time.
func (v *Verifier) Verify(r *http.Request) (url.Values, error) {
	want, err := signatureOf(r.Header)
	if err != nil {
		return nil, err
	}
	target := targetOf(r)
	if len(target) > maxBody {
		return nil, fmt.Errorf("%w: an address of %d bytes", ErrTooLarge, len(target))
	}
	if strings.Contains(target, "bodySHA256=") {
		return nil, fmt.Errorf("%w: a bodySHA256 belongs to JSON requests, which are not sent for voice", ErrForm)
	}
	query, body, err := readParams(r, target)
	if err != nil {
		return nil, err
	}
	signed, ok := v.match(target, body.readings(), want)
	if !ok {
		return nil, fmt.Errorf("%w: the signature does not match the public URL, the parameters and the auth token", ErrSignature)
	}
	if r.Method == http.MethodGet {
		signed = query
	}
	values := signed.values()
	if got := values["AccountSid"]; v.account != "" && (len(got) != 1 || got[0] != v.account) {
		return nil, ErrAccount
	}
	r.Form, r.PostForm = values, values
	return values, nil
}

// signatureOf returns the signature in the header, of which there must be one, in canonical base64.
func signatureOf(h http.Header) ([]byte, error) {
	headers := h[SignatureHeader]
	if len(headers) != 1 {
		return nil, fmt.Errorf("%w: %d headers %s, one expected", ErrSignature, len(headers), SignatureHeader)
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(headers[0])
	if err != nil {
		return nil, fmt.Errorf("%w: the header %s is not base64", ErrSignature, SignatureHeader)
	}
	return signature, nil
}

// targetOf returns path and query as they were sent, with their escapes and without any rewrite. A request that did not come over the
// network has only its URL, and one for a proxy has the scheme and host in front.
func targetOf(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	return r.URL.RequestURI()
}

// match returns the reading whose signature is want. It always computes every candidate, so that its time reveals nothing.
func (v *Verifier) match(target string, readings []form, want []byte) (form, bool) {
	s := v.pool.Get().(*scratch)
	defer v.pool.Put(s)
	found := -1
	for i, reading := range readings {
		s.signed = reading.appendTo(append(s.signed[:0], target...))
		for _, origin := range v.origins {
			for _, mac := range s.macs {
				mac.Reset()
				mac.Write(origin)
				mac.Write(s.signed)
				s.sum = mac.Sum(s.sum[:0])
				if hmac.Equal(s.sum, want) {
					found = i
				}
			}
		}
	}
	if found < 0 {
		return nil, false
	}
	return readings[found], true
}
