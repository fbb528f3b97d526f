package fake

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"
)

// Straight returns a transport that calls a handler in the same goroutine, without a network. A panic of the handler is a broken connection.
func Straight(h http.Handler) http.RoundTripper { return straight{h} }

type straight struct{ handler http.Handler }

func (s straight) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), "192.0.2.1:50000"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	defer func() {
		if p := recover(); p != nil {
			resp, err = nil, fmt.Errorf("the handler panicked: %v", p)
		}
	}()
	s.handler.ServeHTTP(w, in)
	resp = w.Result()
	resp.Request = r
	return resp, nil
}

// Via returns a transport that sends every request to one address ("127.0.0.1:8080") in plain HTTP, as the proxy in front of a server does:
// path, query and the Host header are kept. A request may take 15 seconds, which is the provider's limit.
func Via(address string) http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	return via{address: address, client: &http.Client{
		Transport: t, Timeout: 15 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

type via struct {
	address string
	client  *http.Client
}

func (v via) RoundTrip(r *http.Request) (*http.Response, error) {
	out := r.Clone(r.Context())
	out.Host, out.RequestURI = r.URL.Host, ""
	u := *r.URL
	u.Scheme, u.Host = "http", v.address
	out.URL = &u
	return v.client.Do(out)
}
