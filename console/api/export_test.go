package api_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
)

// endless is a log without end, which counts the calls that are read.
type endless struct {
	*store.Store
	taken   atomic.Int64
	stopped chan struct{} // closed when a list has ended
	fails   int64         // at this call the log cannot be read any further; 0: never
	breaks  bool          // it panics there
}

func (e *endless) Calls(ctx context.Context, _ policy.Filter) iter.Seq2[policy.Call, error] {
	return func(yield func(policy.Call, error) bool) {
		defer close(e.stopped)
		for n := int64(1); ctx.Err() == nil; n++ {
			e.taken.Store(n)
			if n == e.fails && e.breaks {
				panic("a bug")
			}
			if n == e.fails {
				yield(policy.Call{}, errors.New("the disk is gone"))
				return
			}
			c := browsertest.Served(policy.CallSID(fmt.Sprintf("CA%032d", n)), browsertest.Monday.Add(-time.Duration(n)*time.Second), 60)
			c.Customer = "" // so that nothing but the list is read
			if !yield(c, nil) {
				return
			}
		}
		yield(policy.Call{}, ctx.Err())
	}
}

// mustEndless returns a place with such a log.
func mustEndless(t testing.TB, fails int64) (*browsertest.Place, *endless) {
	t.Helper()
	log := &endless{stopped: make(chan struct{}), fails: fails}
	p := browsertest.NewPlace(t, func(d *console.Deps) { log.Store = d.Calls.(*store.Store); d.Calls = log })
	return p, log
}

// slowly asks for an export whose reader takes one piece after the other, and none ahead. began is closed when the answer has begun;
// ended gets what the handler panicked with, nil for nothing.
func slowly(p *browsertest.Place, by browsertest.Program, path string) (body *io.PipeReader, began chan struct{}, ended chan any) {
	body, into := io.Pipe()
	began, ended = make(chan struct{}), make(chan any, 1)
	request := httptest.NewRequest(http.MethodGet, path, nil)
	request.Header.Set("Authorization", "Bearer "+by.Token)
	go func() {
		defer func() {
			into.Close()
			ended <- recover()
		}()
		p.Server.Config.Handler.ServeHTTP(&slowWriter{into, http.Header{}, began}, request)
	}()
	return body, began, ended
}

// slowWriter is an answer without any buffer.
type slowWriter struct {
	io.Writer
	header http.Header
	began  chan struct{}
}

func (w *slowWriter) Header() http.Header { return w.header }
func (w *slowWriter) WriteHeader(int)     { close(w.began) }
func (w *slowWriter) Flush()              {}

// An export takes from the log what its reader takes from it, and little ahead: so its memory is the same whatever its length. It ends when its
// reader goes.
func TestExportsAreStreamed(t *testing.T) {
	for _, format := range []string{"csv", "json"} {
		p, log := mustEndless(t, 0)
		body, _, ended := slowly(p, p.Program(t, "operator"), "/api/v1/calls/export?format="+format)
		lines := bufio.NewReaderSize(body, 16)
		for n := int64(1); n <= 5000; n++ {
			if _, err := lines.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			if ahead := log.taken.Load() - n; ahead > 100 {
				t.Fatalf("%s: after %d lines, %d calls were taken ahead", format, n, ahead)
			}
		}
		body.Close()
		<-log.stopped
		if err := <-ended; err != http.ErrAbortHandler {
			t.Errorf("%s: the reader went, and the export ended with %v", format, err)
		}
	}
}

// A client that closes its connection stops the work.
func TestAClientThatGoesStopsItsExport(t *testing.T) {
	p, log := mustEndless(t, 0)
	response := p.Program(t, "operator").Open("/api/v1/calls/export?format=json")
	if _, err := io.CopyN(io.Discard, response.Body, 10_000); err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	<-log.stopped
}

// A log that fails in the middle, or a bug there, cuts the file off, so that nobody takes a part for the whole.
func TestAnExportThatFailsIsCutOff(t *testing.T) {
	for _, format := range []string{"csv", "json"} {
		for _, breaks := range []bool{false, true} {
			p, log := mustEndless(t, 1000)
			log.breaks = breaks
			response := p.Program(t, "operator").Open("/api/v1/calls/export?format=" + format)
			if _, err := io.ReadAll(response.Body); err == nil {
				t.Errorf("%s: half a file looks like a whole one", format)
			}
			response.Body.Close()
			if want := map[bool]string{false: "the disk is gone", true: "a bug"}[breaks]; !strings.Contains(p.Log.String(), want) {
				t.Errorf("%s: the server's log does not say %q", format, want)
			}
		}
	}
}

// crowdOfExports begins as many exports as may run, asks for one more, and returns the kind of the refusal.
func crowdOfExports(t testing.TB, p *browsertest.Place) string {
	t.Helper()
	admin := p.Program(t, "admin")
	var all []chan any
	for range 2 {
		body, began, ended := slowly(p, admin, "/api/v1/calls/export?format=csv")
		<-began
		defer body.Close()
		all = append(all, ended)
	}
	refused := admin.Get("/api/v1/calls/export?format=csv")
	refused.Want(t, http.StatusTooManyRequests, "you have 2 running")
	p.Program(t, "operator").Get("/api/v1/calls/export?format=csv").Want(t, http.StatusOK) // others have places of their own
	p.As(t, users.Admin).Get("/calls/export?format=csv").Want(t, http.StatusTooManyRequests, "you have 2 running")
	if refused.Header.Get("Retry-After") == "" {
		t.Error("nobody says how long to wait")
	}
	t.Cleanup(func() {
		for _, ended := range all {
			<-ended
		}
	})
	return refused.Kind(t)
}

// Exports at one time are few, and a place is free again when its export has ended.
func TestExportsAreFewAtOnce(t *testing.T) {
	p := browsertest.NewFilled(t)
	if kind := crowdOfExports(t, p); kind != "too-many-exports" {
		t.Errorf("one export too many: %q", kind)
	}
	admin := p.Program(t, "admin")
	for range 20 { // far more than there are places
		if got := admin.Get("/api/v1/calls/export?format=csv"); got.Status == http.StatusOK {
			return
		}
	}
	t.Error("no place is free again")
}

// An export from the page holds exactly what the filter in its address selects, and the audit notes it.
func TestExportEqualsTheFilter(t *testing.T) {
	p := browsertest.NewFilled(t)
	for i := range 120 {
		c := browsertest.Served(policy.CallSID(fmt.Sprintf("CB%032d", i)), browsertest.Monday.Add(-time.Duration(i)*time.Hour), 30)
		if i%3 == 0 {
			c.Intent = policy.Question
		}
		p.Load(t, c)
	}
	operator := p.As(t, users.Operator)
	for _, query := range []string{"", "intent=question", "customer=204518&since=2026-11-20&until=2026-11-21", "outcome=abandoned", "line=%2B448000668187"} {
		var listed []string
		link := "/calls?" + query
		for link != "" {
			found := operator.Get(link)
			listed = append(listed, found.Between(`<a href="/calls/`, `"`, 34)...)
			link = ""
			if next := found.Between(`<a href="`, `" rel="next"`, 0); len(next) > 0 {
				link = strings.ReplaceAll(next[0], "&amp;", "&")
			}
		}
		file := operator.Get("/calls/export?format=csv&" + query)
		file.Want(t, http.StatusOK)
		rows, err := csv.NewReader(strings.NewReader(file.Body)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var taken []string
		for _, row := range rows[1:] {
			taken = append(taken, row[0])
		}
		if diff := cmp.Diff(listed, taken); diff != "" {
			t.Errorf("%q: list and file differ (-list +file):\n%s", query, diff)
		}
		if name := file.Header.Get("Content-Disposition"); name != `attachment; filename="calls-2026-11-23-150000.csv"` {
			t.Errorf("the file is called %s", name)
		}
	}
	operator.Get("/calls/export?format=xlsx").Want(t, http.StatusUnprocessableEntity, "write csv or json")
	operator.Get("/calls?intent=question").Want(t, http.StatusOK, `href="/calls/export?format=csv&amp;intent=question"`)
	want := []string{
		"export calls by operator: csv of all calls", "export calls by operator: csv of intent question",
		"export calls by operator: csv of since 2026-11-20, until 2026-11-21, one customer", "export calls by operator: csv of outcome abandoned",
		"export calls by operator: csv of line +448000668187",
	}
	var told []string
	for _, line := range p.Audit(t) {
		if strings.HasPrefix(line, "export") {
			told = append(told, line)
		}
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("the audit (-want +got):\n%s", diff)
	}
}

// A person who may export but not see numbers gets a file without numbers, and one who may not export gets none.
func TestExportsByPermission(t *testing.T) {
	p := browsertest.NewFilled(t, func(d *console.Deps) {
		d.Settings.Permissions = users.Permissions{users.Viewer: {users.TakeExports}, users.Operator: {users.SeeNumbers}}
	})
	viewer, operator := p.As(t, users.Viewer), p.As(t, users.Operator)
	for _, format := range []string{"csv", "json"} {
		file := viewer.Get("/calls/export?format=" + format)
		file.Want(t, http.StatusOK, "+44********18", "+15*******01", "+448000668187")
		file.Without(t, browsertest.Caller.Full(), browsertest.Specialist.Full())
		operator.Get("/calls/export?format="+format).Want(t, http.StatusForbidden, "Not permitted")
	}
	operator.Get("/calls").Without(t, "/calls/export")
	p.Visitor(t).Get("/calls/export?format=csv").Want(t, http.StatusOK, "Sign in")
}

// A person without the right to see numbers cannot search numbers by an export.
func TestExportsDoNotSearchNumbersWithoutTheRight(t *testing.T) {
	p := browsertest.NewFilled(t, func(d *console.Deps) {
		d.Settings.Permissions = users.Permissions{users.Viewer: {users.TakeExports}, users.Operator: {users.TakeExports, users.SeeNumbers}}
	})
	masked := func(k *users.Token) { k.Masked = true }
	rows := func(page browsertest.Page) int {
		page.Want(t, http.StatusOK)
		return len(browsertest.Decode[[]policy.Row](t, page))
	}
	const byText, bySpecialist = "export?format=json&text=442079", "export?format=json&specialist=%2B15550100001"
	got := map[string]int{
		"a viewer":               rows(p.As(t, users.Viewer).Get("/calls/" + byText)),
		"a viewer's program":     rows(p.Program(t, "viewer").Get("/api/v1/calls/" + byText)),
		"a masked program":       rows(p.Program(t, "operator", masked).Get("/api/v1/calls/" + byText)),
		"an operator":            rows(p.As(t, users.Operator).Get("/calls/" + byText)),
		"an operator's program":  rows(p.Program(t, "operator").Get("/api/v1/calls/" + byText)),
		"an operator, by number": rows(p.As(t, users.Operator).Get("/calls/" + bySpecialist)),
	}
	want := map[string]int{
		"a viewer": 0, "a viewer's program": 0, "a masked program": 0, "an operator": 3, "an operator's program": 3, "an operator, by number": 3,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls in the exports (-want +got):\n%s", diff)
	}
	p.As(t, users.Viewer).Get("/calls/"+bySpecialist).Want(t, http.StatusUnprocessableEntity, "has the sign")
	p.Program(t, "operator", masked).Get("/api/v1/calls/"+bySpecialist).Want(t, http.StatusUnprocessableEntity, "has the sign")
}
