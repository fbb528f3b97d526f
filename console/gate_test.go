package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy/users"
)

// filled replaces the parameters of a route's path.
func filled(path, with string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, ":") {
			parts[i] = with
		}
	}
	return strings.Join(parts, "/")
}

// counted counts what is read of a body.
type counted struct {
	io.Reader
	read int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += int64(n)
	return n, err
}

// aFile returns the body of a form with a file, larger than a form's parser keeps in memory by itself, in a field.
func aFile(field string) (body *counted, kind string) {
	const size = 40 << 20
	head := "--b\r\nContent-Disposition: form-data; name=\"" + field + "\"; filename=\"customers.csv\"\r\n\r\n"
	return &counted{Reader: io.MultiReader(strings.NewReader(head), io.LimitReader(zeros{}, size), strings.NewReader("\r\n--b--\r\n"))}, "multipart/form-data; boundary=b"
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// leaver is a browser that leaves as soon as a stream of events has begun.
type leaver struct {
	*httptest.ResponseRecorder
	leave func()
}

func (l leaver) WriteHeader(status int) {
	l.ResponseRecorder.WriteHeader(status)
	if l.Header().Get("Content-Type") == "text/event-stream" {
		l.leave()
	}
}

// ask sends a request to the console's handler itself, from a page of a site.
func ask(p *browsertest.Place, by *browsertest.Client, method, path, site, kind string, body io.Reader) *httptest.ResponseRecorder {
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	r := httptest.NewRequestWithContext(ctx, method, p.Server.URL+path, body)
	r.Header.Set("Content-Type", kind)
	if site != "" {
		r.Header.Set("Sec-Fetch-Site", site)
	}
	home, _ := url.Parse(p.Server.URL)
	for _, cookie := range by.HTTP.Jar.Cookies(home) {
		r.AddCookie(cookie)
	}
	w := leaver{httptest.NewRecorder(), leave}
	p.Server.Config.Handler.ServeHTTP(w, r)
	return w.ResponseRecorder
}

// send is ask from a page of the console.
func send(p *browsertest.Place, by *browsertest.Client, method, path, kind string, body io.Reader) *httptest.ResponseRecorder {
	return ask(p, by, method, path, "same-origin", kind, body)
}

// A file that is sent to any page, by a stranger or an admin, is not kept on the disk, and little of it is read. The import alone reads it, up to its
// own bound, and only for those who may import.
func TestNoBodyIsKeptOnTheDisk(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	p := mustPhone(t, &phones{call: console.PhoneCall{ID: "1"}})
	const aForm, anImport = 64 << 10, 4 << 20
	for name, by := range map[string]*browsertest.Client{"a stranger": p.Visitor(t), "a viewer": p.As(t, users.Viewer), "an admin": p.As(t, users.Admin)} {
		for _, route := range console.AllRoutes() {
			bound := int64(aForm)
			if route.Method == http.MethodPost && route.Path == "/accounts/import" && name == "an admin" {
				bound = anImport + 2*aForm
			}
			for _, field := range []string{"file", "x"} {
				body, kind := aFile(field)
				w := send(p, by, route.Method, filled(route.Path, "1"), kind, body)
				if w.Code >= http.StatusInternalServerError {
					t.Errorf("%s %s %s: status %d", name, route.Method, route.Path, w.Code)
				}
				if body.read > bound {
					t.Errorf("%s %s %s: %d bytes of %s were read, want at most %d", name, route.Method, route.Path, body.read, field, bound)
				}
				if left, _ := os.ReadDir(folder); len(left) > 0 {
					t.Fatalf("%s %s %s: %s is left behind", name, route.Method, route.Path, left[0].Name())
				}
			}
		}
	}
}

// Some proxies send the end of an empty body with each request. A page is shown all the same, and what a body holds is not read.
func TestAPageIgnoresABody(t *testing.T) {
	p := browsertest.NewPlace(t)
	body := &counted{Reader: strings.NewReader("zone=UTC")}
	if w := send(p, p.As(t, users.Viewer), http.MethodGet, "/calls", "text/plain", body); w.Code != http.StatusOK || body.read > 0 {
		t.Errorf("status %d, and %d bytes were read", w.Code, body.read)
	}
}

// An import leaves nothing behind however it goes: as a whole, cut off, without a file, in the wrong form.
func TestAnImportLeavesNoFile(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	p := browsertest.NewFilled(t)
	operator := p.As(t, users.Operator)
	head := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"c.csv\"\r\n\r\n"
	row := "number,name,package,line,account_holder,email,phone,caller_numbers\n700100,New Desk,Starter,+448000668187,,,,\n"
	many := strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"x\"; filename=\"x\"\r\n\r\nx\r\n", 20_000)
	for name, sent := range map[string]struct {
		kind, body string
		status     int
	}{
		"whole":         {"multipart/form-data; boundary=b", head + row + "\r\n--b--\r\n", http.StatusSeeOther},
		"cut off":       {"multipart/form-data; boundary=b", head + row, http.StatusUnprocessableEntity},
		"without":       {"multipart/form-data; boundary=b", "--b--\r\n", http.StatusUnprocessableEntity},
		"too large":     {"multipart/form-data; boundary=b", head + strings.Repeat("x", 4<<20+1) + "\r\n--b--\r\n", http.StatusUnprocessableEntity},
		"many files":    {"multipart/form-data; boundary=b", many + "--b--\r\n", http.StatusUnprocessableEntity},
		"another form":  {"application/x-www-form-urlencoded", "file=" + url.QueryEscape(row), http.StatusUnprocessableEntity},
		"without bound": {"multipart/form-data", head + row, http.StatusUnprocessableEntity},
	} {
		if w := send(p, operator, http.MethodPost, "/accounts/import", sent.kind, strings.NewReader(sent.body)); w.Code != sent.status {
			t.Errorf("%s: status %d, want %d", name, w.Code, sent.status)
		}
		if left, _ := os.ReadDir(folder); len(left) > 0 {
			t.Fatalf("%s: %s is left behind", name, left[0].Name())
		}
	}
}

// A form has at most 64 kB and is a form; what is refused is said in a sentence.
func TestFormsHaveABound(t *testing.T) {
	p := browsertest.NewFilled(t)
	operator := p.As(t, users.Operator)
	for _, sent := range []struct {
		kind, body string
		status     int
		words      string
	}{
		{"application/x-www-form-urlencoded", "zone=Europe%2FLondon&x=" + strings.Repeat("x", 60<<10), http.StatusSeeOther, ""},
		{"application/x-www-form-urlencoded; charset=UTF-8", "zone=Europe%2FLondon", http.StatusSeeOther, ""},
		{"application/x-www-form-urlencoded", "zone=Europe%2FLondon&x=" + strings.Repeat("x", 64<<10), http.StatusRequestEntityTooLarge, "at most 64 kB"},
		{"multipart/form-data; boundary=b", "--b--\r\n", http.StatusUnsupportedMediaType, "a file on the Import page alone"},
		{"text/plain", "zone=UTC", http.StatusUnsupportedMediaType, "Programs use the API"},
		{"application/json", `{"zone":"UTC"}`, http.StatusUnsupportedMediaType, "Programs use the API"},
		{"", "zone=UTC", http.StatusUnsupportedMediaType, "Programs use the API"},
	} {
		w := send(p, operator, http.MethodPost, "/profile", sent.kind, strings.NewReader(sent.body))
		if w.Code != sent.status || !strings.Contains(w.Body.String(), sent.words) {
			t.Errorf("%s of %d bytes: status %d, want %d and %q in\n%s", sent.kind, len(sent.body), w.Code, sent.status, sent.words, w.Body)
		}
	}
	if w := send(p, operator, http.MethodPost, "/signout", "", http.NoBody); w.Code != http.StatusSeeOther {
		t.Errorf("a form without fields: status %d", w.Code)
	}
}

// A link on another site starts nothing in the name of the person who follows it: whatever page it leads to, nothing is in the audit then. A link in a
// mail leads to every page that a person looks at.
func TestALinkOnAnotherSiteStartsNothing(t *testing.T) {
	p := mustPhone(t, &phones{call: console.PhoneCall{ID: "1"}})
	p.Enrol(t, browsertest.Northwind)
	p.Load(t, browsertest.Served("CA1", browsertest.Monday, 60))
	admin := p.As(t, users.Admin)
	before := len(p.Audit(t))
	for _, route := range console.AllRoutes() {
		if route.Method != http.MethodGet {
			continue
		}
		path := filled(route.Path, "1")
		if strings.HasSuffix(path, "/export") {
			path += "?format=csv"
		}
		for _, site := range []string{"cross-site", "same-site"} {
			if got, refused := ask(p, admin, http.MethodGet, path, site, "", http.NoBody).Code, console.OwnPages()[route.Path]; (got == http.StatusForbidden) != refused {
				t.Errorf("%s from %s: status %d, and it must be refused: %v", path, site, got, refused)
			}
		}
		if audit := p.Audit(t); len(audit) != before {
			t.Errorf("%s from another site was done: %s", path, audit[len(audit)-1])
		}
	}
	for _, site := range []string{"", "none", "same-origin"} {
		if got := ask(p, admin, http.MethodGet, "/calls/export?format=csv", site, "", http.NoBody).Code; got != http.StatusOK {
			t.Errorf("an export with Sec-Fetch-Site %q: status %d", site, got)
		}
	}
}

// One person's streams leave those of others, and a place is free again when its stream has ended.
func TestStreamsAreFewForEachPerson(t *testing.T) {
	p := browsertest.NewFilled(t)
	viewer, operator := p.As(t, users.Viewer), p.As(t, users.Operator)
	open := func(by *browsertest.Client) (*http.Response, func()) {
		ctx, leave := context.WithCancel(t.Context())
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, p.Server.URL+"/now/events", http.NoBody)
		response, err := by.HTTP.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return response, func() {
			leave()
			response.Body.Close()
		}
	}
	var first func()
	for n := range 10 {
		response, leave := open(viewer)
		if response.StatusCode != http.StatusOK {
			t.Fatalf("stream %d: %s", n+1, response.Status)
		}
		if n == 0 {
			first = leave
		} else {
			defer leave()
		}
	}
	viewer.Get("/now/events").Want(t, http.StatusServiceUnavailable, "you have 10 open")
	response, leave := open(operator)
	defer leave()
	if response.StatusCode != http.StatusOK {
		t.Errorf("somebody else's stream: %s", response.Status)
	}
	first()
	for range 1000 { // the server learns of it a moment later
		response, leave := open(viewer)
		defer leave()
		if response.StatusCode == http.StatusOK {
			return
		}
	}
	t.Error("the place of a stream that ended is never free")
}

// The console answers under its own names and under addresses. Another name can be made to lead here by whoever owns it.
func TestOnlyItsOwnNamesLeadToTheConsole(t *testing.T) {
	const ours, other = http.StatusNoContent, http.StatusMisdirectedRequest
	for _, row := range []struct {
		hosts  console.Hosts
		asked  string
		status int
	}{
		{console.Hosts{}, "127.0.0.1:8081", ours},
		{console.Hosts{}, "localhost:8081", ours},
		{console.Hosts{}, "[::1]:8081", ours},
		{console.Hosts{}, "10.0.0.7", ours},
		{console.Hosts{}, "evil.example", other},
		{console.Hosts{}, "127.0.0.1.evil.example:8081", other},
		{console.Hosts{}, "localhost.evil.example", other},
		{console.Hosts{Listen: "supportline:8081"}, "supportline:8081", ours},
		{console.Hosts{Listen: "supportline:8081"}, "evil.example", other},
		{console.Hosts{Listen: ":8081"}, "evil.example", other},
		{console.Hosts{URL: "https://ops.example.com"}, "ops.example.com", ours},
		{console.Hosts{URL: "https://ops.example.com"}, "OPS.example.com.:443", ours},
		{console.Hosts{URL: "https://ops.example.com:8443"}, "ops.example.com:8443", ours},
		{console.Hosts{URL: "https://ops.example.com"}, "ops.example.com.evil.example", other},
		{console.Hosts{URL: "https://ops.example.com"}, "example.com", other},
		{console.Hosts{URL: "https://ops.example.com"}, "127.0.0.1:8081", ours},
	} {
		r := httptest.NewRequest(http.MethodGet, "/signin", http.NoBody)
		r.Host = row.asked
		w := httptest.NewRecorder()
		row.hosts.Guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(ours) })).ServeHTTP(w, r)
		if w.Code != row.status || row.status == other && !strings.Contains(w.Body.String(), "console.url") {
			t.Errorf("%+v asked as %s: status %d, want %d: %s", row.hosts, row.asked, w.Code, row.status, w.Body)
		}
	}
}

// A browser that came by TLS comes by nothing else for a year.
func TestTLSIsRemembered(t *testing.T) {
	for address, want := range map[string]string{"": "", "http://ops.internal": "", "https://ops.example.com": "max-age=31536000"} {
		p := browsertest.NewPlace(t, func(d *console.Deps) { d.Settings.Settings = signin.Settings{URL: address} })
		for _, path := range []string{"/signin", "/api/v1", "/static/app.css", "/nowhere"} {
			if got := p.Visitor(t).Get(path).Header.Get("Strict-Transport-Security"); got != want {
				t.Errorf("console.url %q, %s: %q, want %q", address, path, got, want)
			}
		}
	}
}

// hostile are values that no page or operation may stumble over, whatever it takes them for: dates and times at the ends of what can be written, numbers
// beyond any bound, places in lists that no list gave, and texts that are none.
var hostile = []string{
	"9999-12-31", "9999-12-01", "2999-12-31", "1900-01-01", "0000-01-01", "0001-01-01", "0001-01-02", "-0001-01-01", "10000-01-01", "2026-02-30", "9999-12", "0000-01", "0001-01", "0001-12", "2999-12",
	"9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59", "0000-01-01T00:00", "0001-01-01T00:00:00",
	"9999-12-31T23:59:59Z~CA1", "0001-01-01T00:00:00Z~", "9999-12-31T23:59:59-23:59~\x00", "0000-01-01T00:00:00Z~CA1", "~", "2026-11-13T10:00:00Z~\xff",
	"0", "-1", "1", "2147483648", "9223372036854775807", "-9223372036854775808", "99999999999999999999", "1e309", "NaN", "65535:59", "0x10", "1.5",
	"\x00", "a\x00b", "\xff\xfe", "\xed\xa0\x80", "\u202e\u0000", "a\r\nSet-Cookie: b=c", "../../etc/passwd", "%", "'\"<script>", "Local", "+", "*", strings.Repeat("9", 6000), strings.Repeat("é ", 3000),
}

// pageParams are the values that the pages read from their addresses.
var pageParams = map[string][]string{
	"/now": nil, "/calls": {"since", "until", "line", "customer", "intent", "outcome", "specialist", "ticket", "talk_from", "talk_to", "text", "order", "older", "newer", "column", "done"},
	"/calls/export": {"format", "since", "until", "text", "talk_to"}, "/calls/:sid": {"done"}, "/accounts": {"text", "after"}, "/accounts/:number": {"month"},
	"/charges": {"month", "all"}, "/charges.csv": {"month"}, "/fair-use": {"state", "after"}, "/fair-use/closed": {"before"}, "/fair-use/cases/:id": {"to"},
	"/fair-use/what-if": {"span", "tickets", "call"}, "/lines/:line": {"from", "before", "at", "date"}, "/lines/at": {"line", "at"}, "/audit": {"since", "until", "by", "act", "subject", "customer", "older", "newer"},
	"/phone": {"from", "line"}, "/signin": {"next", "why"}, "/users": {"done", "name"}, "/accounts/import/:id": {"from"},
}

// No value in an address makes a page fail: it is taken, or refused as what it is.
func TestNoAddressBreaksAPage(t *testing.T) {
	p := mustPhone(t, &phones{call: console.PhoneCall{ID: "1"}})
	p.Enrol(t, browsertest.Northwind)
	p.Load(t, browsertest.Served("CA1", browsertest.Monday, 60))
	admin := p.As(t, users.Admin)
	got := func(path string) {
		t.Helper()
		w := send(p, admin, http.MethodGet, path, "", http.NoBody)
		if w.Code >= http.StatusInternalServerError {
			t.Errorf("%q: status %d\n%s", path, w.Code, lastOf(p.Log.String()))
		}
		if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && !jsonIsWhole(w.Body.Bytes()) {
			t.Errorf("%q: broken JSON", path)
		}
		if w.Header().Get("Set-Cookie") == "b=c" {
			t.Errorf("%q: a value became a header", path)
		}
	}
	real := strings.NewReplacer(":line", "448000668187", ":number", "204518", ":sid", "CA1", ":id", "1", ":recording", "RE1")
	for _, route := range console.AllRoutes() {
		if route.Method != http.MethodGet || strings.HasSuffix(route.Path, "/events") {
			continue
		}
		for _, value := range hostile {
			if strings.Contains(route.Path, ":") {
				got(filled(route.Path, url.PathEscape(value)))
			}
			for _, name := range pageParams[route.Path] {
				got(real.Replace(route.Path) + "?" + url.Values{name: {value}}.Encode())
			}
		}
		for _, broken := range []string{"?since=%zz", "?%ff=%00", "?a;b=c"} {
			got(real.Replace(route.Path) + broken)
		}
	}
}

// Nor does one in a form.
func TestNoFormBreaksAPage(t *testing.T) {
	p := mustPhone(t, &phones{call: console.PhoneCall{ID: "1"}})
	p.Enrol(t, browsertest.Northwind)
	p.Load(t, browsertest.Served("CA1", browsertest.Monday, 60))
	real := strings.NewReplacer(":line", "448000668187", ":number", "204518", ":sid", "CA1", ":id", "1", ":recording", "RE1")
	fields := strings.Fields("name zone theme days seen date hours reason kind version line from keys words specialist do answer customer note to via offered silent text value call only seal key by undo tickets act next")
	admin := p.As(t, users.Admin)
	for _, route := range console.AllRoutes() {
		slow := strings.Contains(route.Path, "password") || strings.HasPrefix(route.Path, "/sign") || strings.HasPrefix(route.Path, "/users")
		if route.Method != http.MethodPost || slow { // a password is hashed slowly, and tried a few times only
			continue
		}
		for _, value := range hostile {
			form := url.Values{"kind": {"closed"}, "to": {"contacted"}, "via": {"phone"}}
			for _, name := range fields {
				if !form.Has(name) || len(value)%2 == 0 {
					form.Set(name, value)
				}
			}
			w := send(p, admin, http.MethodPost, real.Replace(route.Path), "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
			if w.Code >= http.StatusInternalServerError {
				t.Errorf("%s with %.40q: status %d\n%s", route.Path, value, w.Code, lastOf(p.Log.String()))
			}
		}
	}
}

// Nor does one make an operation of the API fail.
func TestNoAddressBreaksAnOperation(t *testing.T) {
	p := browsertest.NewFilled(t)
	program := p.Program(t, "admin")
	ask := func(path string) []byte {
		p.Now = p.Now.Add(1e9) // so that its rate is never used up
		r := httptest.NewRequest(http.MethodGet, p.Server.URL+path, http.NoBody)
		r.Header.Set("Authorization", "Bearer "+program.Token)
		w := httptest.NewRecorder()
		p.Server.Config.Handler.ServeHTTP(w, r)
		kind := w.Header().Get("Content-Type")
		if w.Code >= http.StatusInternalServerError || w.Code == http.StatusTooManyRequests {
			t.Errorf("%q: status %d: %s", path, w.Code, w.Body)
		}
		if strings.Contains(kind, "json") && !jsonIsWhole(w.Body.Bytes()) {
			t.Errorf("%q: broken JSON: %s", path, w.Body)
		}
		return w.Body.Bytes()
	}
	index := decoded[struct {
		Operations []struct {
			Method, Path string
			Params       []string
		}
	}](t, ask("/api/v1"))
	real := strings.NewReplacer("/lines/:number", "/lines/%2B448000668187", ":number", "204518", ":sid", "CA1", ":id", "1")
	for _, o := range index.Operations {
		if o.Method != http.MethodGet {
			continue
		}
		for _, value := range hostile {
			if strings.Contains(o.Path, ":") {
				ask(filled(o.Path, url.PathEscape(value)))
			}
			for _, name := range o.Params {
				ask(real.Replace(o.Path) + "?" + url.Values{name: {value}}.Encode())
				if name == "from" { // and as many days as can be asked for
					ask(real.Replace(o.Path) + "?days=400&" + url.Values{name: {value}}.Encode())
				}
			}
		}
	}
	if len(index.Operations) < 10 {
		t.Errorf("only %d operations were asked", len(index.Operations))
	}
	for from, want := range map[string]string{"9999-12-31": "From: the year 9999 is out of reach: write a time of the years 1900 to 2999", "0001-01-01": "the year 1 is"} {
		answer := program.Get("/api/v1/lines/+448000668187/hours?from=" + from)
		answer.Want(t, http.StatusUnprocessableEntity, want)
	}
}

// lastOf returns the end of a log, which has why the last request failed.
func lastOf(log string) string { return log[max(0, len(log)-1000):] }

func jsonIsWhole(text []byte) bool { return json.Valid(bytes.TrimSpace(text)) }

func decoded[T any](t testing.TB, text []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
