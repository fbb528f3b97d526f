package console_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// What comes from others is exactly what they published: @picocss/pico 2.1.1, htmx.org 4.0.1 and axe-core 4.14.1 of the npm registry.
func TestVendoredFiles(t *testing.T) {
	for file, want := range map[string]string{
		"static/pico.css":                      "fbc9a63fc9fc9f72d12fd7fc9806e11fa9f77ae4f9cad146b27003a1119ba3db",
		"static/htmx.js":                       "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
		"static/hx-sse.js":                     "18ef2761356ec1fe0bb6d92612315b37517a7c1e9856b661c5ae81fef239d103",
		"browsertest/testdata/axe.min.js":      "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c",
		"static/licences/pico.txt":             "",
		"static/licences/htmx.txt":             "",
		"browsertest/testdata/axe-LICENSE.txt": "",
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
			continue
		}
		sum := sha256.Sum256(text)
		if got := hex.EncodeToString(sum[:]); want != "" && got != want {
			t.Errorf("%s has the checksum %s, want %s", file, got, want)
		}
	}
}

var assetLink = regexp.MustCompile(`"(/static/[^"]+)"`)

// Everything of a page together weighs less than 60 kB on the way, and is kept by the browser for good but for the page itself.
func TestWeightOfAPage(t *testing.T) {
	p := browsertest.NewPlace(t)
	var calls []policy.Call
	for i := range 50 {
		calls = append(calls, browsertest.Served(policy.CallSID("CA"+strings.Repeat("0", i+1)), browsertest.Monday.Add(-time.Duration(i)*time.Hour), 1500))
	}
	p.Load(t, calls...)
	c := p.As(t, users.Admin)
	fetch := func(path string) (http.Header, int, string) {
		request, err := http.NewRequest(http.MethodGet, p.Server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept-Encoding", "gzip") // so that it is not unpacked
		response, err := c.HTTP.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK || response.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: status %d, encoding %q, %v", path, response.StatusCode, response.Header.Get("Content-Encoding"), err)
		}
		return response.Header, len(body), path
	}
	links := map[string]bool{}
	for _, m := range assetLink.FindAllStringSubmatch(c.Get("/calls").Body, -1) {
		links[m[1]] = true
	}
	if len(links) != 6 {
		t.Errorf("a page has the files %v", links)
	}
	header, weight, _ := fetch("/calls")
	if got := header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a page is kept: %q", got)
	}
	for path := range links {
		header, n, _ := fetch(path)
		weight += n
		if got := header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
	}
	if weight >= 60_000 {
		t.Errorf("a page weighs %d bytes", weight)
	}
	c.Get("/static/own.000000000000.css").Want(t, http.StatusNotFound)
}

// Every answer keeps other sites and inline code out.
func TestHeaders(t *testing.T) {
	p := browsertest.NewPlace(t)
	want := map[string]string{
		"Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
		"X-Content-Type-Options":  "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
	}
	c := p.As(t, users.Admin)
	pages := map[string]browsertest.Page{
		"sign-in": p.Visitor(t).Get("/signin"), "calls": c.Get("/calls"), "nowhere": c.Get("/nowhere"), "refused": c.Send("/signout", map[string]string{"Origin": "https://evil.example"}),
	}
	for name, p := range pages {
		got := map[string]string{}
		for key := range want {
			got[key] = p.Header.Get(key)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if strings.Contains(p.Body, "<style") || strings.Contains(p.Body, " style=") || strings.Contains(p.Body, "onclick") {
			t.Errorf("%s has style or script within", name)
		}
	}
}

// A lost brace changes the look of everything behind it, and nothing else would report it.
func TestStylesheetIsWhole(t *testing.T) {
	text, err := os.ReadFile("static/own.css")
	if err != nil {
		t.Fatal(err)
	}
	depth := 0
	for i, c := range string(text) {
		switch c {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth < 0 || depth > 2 {
			t.Fatalf("braces do not match before %q", text[max(0, i-80):i+1])
		}
	}
	if depth != 0 {
		t.Errorf("%d braces are open at the end", depth)
	}
}
