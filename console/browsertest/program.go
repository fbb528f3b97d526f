package browsertest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Program is a program that uses the API of the console at an address, with a token.
type Program struct {
	t     testing.TB
	base  string
	Token string
}

// NewProgram returns a program with a token; "" is none.
func NewProgram(t testing.TB, address, token string) Program { return Program{t, address, token} }

// Get asks for a path.
func (p Program) Get(path string) Page { p.t.Helper(); return p.Do(http.MethodGet, path, "", "") }

// Post sends JSON.
func (p Program) Post(path, body string) Page {
	p.t.Helper()
	return p.Do(http.MethodPost, path, "application/json", body)
}

// Do sends a body of some kind, and reads the answer.
func (p Program) Do(method, path, kind, body string) Page {
	p.t.Helper()
	response := p.ask(method, path, kind, body)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return Page{response.StatusCode, path, response.Header, string(text)}
}

// Open returns an answer that is not read yet.
func (p Program) Open(path string) *http.Response {
	p.t.Helper()
	return p.ask(http.MethodGet, path, "", "")
}

func (p Program) ask(method, path, kind, body string) *http.Response {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.Token != "" {
		request.Header.Set("Authorization", "Bearer "+p.Token)
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	return response
}

// Decode returns the JSON of an answer.
func Decode[T any](t testing.TB, p Page) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(p.Body), &v); err != nil {
		t.Fatalf("%s: %v in\n%s", p.Path, err, p.Body)
	}
	return v
}

// Kind returns the kind of the problem in an answer, or "" for any other answer.
func (p Page) Kind(t testing.TB) string {
	t.Helper()
	if p.Header.Get("Content-Type") != "application/problem+json" {
		return ""
	}
	told := Decode[struct{ Type string }](t, p)
	return strings.TrimPrefix(told.Type, "/api#problem-")
}
