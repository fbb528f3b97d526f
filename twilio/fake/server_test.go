package fake_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

const (
	publicURL  = "https://support.example.com/base"
	accountSID = "AC00000000000000000000000000000001"
	token      = "12345"
)

var start = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// server answers with fixed documents by path and records its requests.
type server struct {
	tb       testing.TB
	verifier *twilio.Verifier
	pages    map[string]http.HandlerFunc
	asked    []asked
}

type asked struct {
	path   string
	params url.Values
}

func newServer(tb testing.TB, pages map[string]http.HandlerFunc) *server {
	tb.Helper()
	v, err := twilio.NewVerifier(publicURL, accountSID, token)
	if err != nil {
		tb.Fatal(err)
	}
	return &server{tb: tb, verifier: v, pages: pages}
}

func (h *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	params, err := h.verifier.Verify(r)
	if err != nil {
		h.tb.Errorf("%s was refused: %v", r.URL, err)
	}
	path := strings.TrimPrefix(r.URL.Path, "/base")
	h.asked = append(h.asked, asked{path, params})
	if page, ok := h.pages[path]; ok {
		page(w, r)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// paths returns the paths of the requests, in order, each with those of the named parameters that it has.
func (h *server) paths(params ...string) []string {
	var out []string
	for _, a := range h.asked {
		text := a.path
		for _, name := range params {
			if a.params.Has(name) {
				text += " " + name + "=" + a.params.Get(name)
			}
		}
		out = append(out, text)
	}
	return out
}

// says returns a handler that answers with TwiML.
func says(verbs ...twilio.Verb) http.HandlerFunc {
	doc, err := twilio.Response{Verbs: verbs}.Render()
	if err != nil {
		panic(err)
	}
	return answers(http.StatusOK, "text/xml", string(doc))
}

func answers(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// people act by the kind of the moment: the next act of its queue, or Listen.
type people struct {
	acts        map[fake.Kind][]fake.Act
	specialists map[string]fake.Specialist
}

func (p *people) Caller(m fake.Moment) fake.Act {
	queue := p.acts[m.Kind]
	if len(queue) == 0 {
		return fake.Listen()
	}
	p.acts[m.Kind] = queue[1:]
	return queue[0]
}

func (p *people) Specialist(to string) fake.Specialist {
	if s, ok := p.specialists[to]; ok {
		return s
	}
	return fake.Specialist{Status: "no-answer"}
}

func (p *people) Note(fake.Event) {}

// provider returns a fake that calls a server without a network.
func provider(h *server, p *people) *fake.Provider {
	return &fake.Provider{
		AccountSID: accountSID, Token: token, Transport: fake.Straight(h), Clock: fake.NewVirtual(start), People: p,
	}
}

var incoming = fake.Incoming{
	From: "+442079460018", To: "+448000668187",
	Number: fake.Number{Voice: publicURL + "/voice", Fallback: publicURL + "/plain", Status: publicURL + "/status"},
}

// call runs a call and returns its record.
func call(tb testing.TB, p *fake.Provider) fake.Record {
	tb.Helper()
	r, err := p.Call(tb.Context(), incoming)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// heard returns what one party heard.
func heard(r fake.Record, who string) []string {
	var out []string
	for _, e := range r.Events {
		if e.Who == who && e.Did == fake.Hears {
			out = append(out, e.Text)
		}
	}
	return out
}

func listen(tb testing.TB, h http.Handler) (address string) {
	server := httptest.NewServer(h)
	tb.Cleanup(server.Close)
	return server.Listener.Addr().String()
}
