package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/officernd/supportline/cmd/supportline/demo"
)

// The demo's password is the same at each start, and opens the console; one that was lost is replaced.
func TestDemoUser(t *testing.T) {
	h := mustApp(t)
	folder := t.TempDir()
	signsIn := func(password string) bool {
		t.Helper()
		form := url.Values{"name": {demo.User}, "password": {password}}
		request, err := http.NewRequest(http.MethodPost, "/signin", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := &statusOnly{header: http.Header{}}
		h.Private.ServeHTTP(answer, request)
		return answer.status == http.StatusSeeOther
	}
	first := must(demo.FirstUser(t.Context(), folder, h.Store, h.Now()))
	if again := must(demo.FirstUser(t.Context(), folder, h.Store, h.Now())); again != first || !signsIn(first) {
		t.Errorf("the passwords are %q and %q, the first is taken: %t", first, again, signsIn(first))
	}
	if err := os.Remove(filepath.Join(folder, "console-password")); err != nil {
		t.Fatal(err)
	}
	if lost := must(demo.FirstUser(t.Context(), folder, h.Store, h.Now())); lost == first || signsIn(first) || !signsIn(lost) {
		t.Errorf("after the file was lost the password is %q, the old one %q", lost, first)
	}
}

// statusOnly is an answer of which only the status matters.
type statusOnly struct {
	header http.Header
	status int
}

func (s *statusOnly) Header() http.Header         { return s.header }
func (s *statusOnly) Write(p []byte) (int, error) { return len(p), nil }
func (s *statusOnly) WriteHeader(status int)      { s.status = status }
