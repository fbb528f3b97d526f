package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// pages are those on accounts and fair use that look at more than one call.
var pages = []string{
	"/accounts", "/accounts?text=har", "/accounts/%s", "/fair-use", "/fair-use/charges", "/fair-use/what-if?tickets=12&call=15",
}

// BenchmarkFairUsePages measures the pages on accounts and fair use over a large log against the same over a small one, and how long a month of
// all accounts takes to derive. It prints them as a table. SUPPORTLINE_BENCH_CALLS sets the size of the large log.
func BenchmarkFairUsePages(b *testing.B) {
	calls := benchCalls(b)
	small := newPagesBench(b, benchSmall, demo.AccountsFor(benchSmall, 12), 12)
	large := newPagesBench(b, calls, benchAccounts, benchMonths(calls))
	few, many := map[string][]time.Duration{}, map[string][]time.Duration{}
	for b.Loop() {
		for _, page := range pages {
			few[page], many[page] = append(few[page], small.get(b, page)), append(many[page], large.get(b, page))
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\npages at %d calls of %d accounts\tmedian\tp99\tto the same at %d calls\n", calls, benchAccounts, benchSmall)
	for _, page := range pages {
		slices.Sort(few[page])
		slices.Sort(many[page])
		middle, far := many[page][len(many[page])/2], many[page][len(many[page])*99/100]
		fmt.Fprintf(w, "%s\t%v\t%v\t%.2f\n", page, middle.Round(10*time.Microsecond), far.Round(10*time.Microsecond), float64(middle)/float64(few[page][len(few[page])/2]))
	}
	fmt.Fprintf(w, "with open cases\t%d\n", large.cases)
	fmt.Fprintf(w, "a month of all accounts derived\t%v\n%d months of them in memory\t%.1f MB\n", large.month.Round(time.Millisecond), large.months, float64(large.bytes)/(1<<20))
	_ = w.Flush() // to standard output
	b.ReportMetric(0, "ns/op")
}

// pagesBench is a console over a log, with somebody who is signed in.
type pagesBench struct {
	app      *server.App
	handler  http.Handler
	cookie   string
	customer policy.CustomerNumber
	month    time.Duration // to derive one
	months   int           // that are in memory
	cases    int           // that are open
	bytes    uint64        // that they take
}

func newPagesBench(b *testing.B, calls, accounts, months int) *pagesBench {
	b.Helper()
	fair := newFairBench(b, calls, accounts, months)
	h := fair.app
	p := &pagesBench{app: h, handler: h.Private, customer: fair.customers[1].Number}
	importExamples(b, h.Store)
	j := &server.Jobs{Store: h.Store, Settings: h.Conf.Settings, Log: zap.NewNop(), Wake: func() {}}
	if err := j.ReviewAll(b.Context(), h.Now()); err != nil {
		b.Fatal(err)
	}
	cases, err := h.Store.OpenCases(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	p.cases = len(cases)
	hash, err := signin.HashPassword("mila", "blue horse battery")
	if err != nil {
		b.Fatal(err)
	}
	err = h.Store.AddUser(b.Context(), users.User{Name: "mila", Role: users.Admin, Password: hash, CreatedAt: h.Now()}, "bench")
	if err != nil && !errors.Is(err, users.ErrExists) { // a store that was made before has her
		b.Fatal(err)
	}
	request := httptest.NewRequest(http.MethodPost, "http://localhost/signin", strings.NewReader(url.Values{"name": {"mila"}, "password": {"blue horse battery"}}.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	p.handler.ServeHTTP(answer, request)
	for _, cookie := range answer.Result().Cookies() {
		if cookie.Name == "supportline" {
			p.cookie = cookie.Name + "=" + cookie.Value
		}
	}
	before := live()
	p.months = 6 + h.Conf.Settings.FairUse.Lead()
	if _, _, err := h.Usage.Report(b.Context(), h.Conf.Settings.ThisMonth(h.Now()), p.months); err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	h.Usage.Refresh(b.Context())
	p.month = time.Since(began) / time.Duration(p.months)
	p.bytes = live() - min(before, live())
	return p
}

// live is how many bytes of the heap are in use.
func live() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (p *pagesBench) get(b *testing.B, page string) time.Duration {
	b.Helper()
	took, _ := p.look(b, page)
	return took
}

func (p *pagesBench) body(b *testing.B, page string) string {
	b.Helper()
	_, body := p.look(b, page)
	return body
}

func (p *pagesBench) look(b *testing.B, page string) (took time.Duration, text string) {
	b.Helper()
	if strings.Contains(page, "%s") {
		page = fmt.Sprintf(page, p.customer)
	}
	request := httptest.NewRequest(http.MethodGet, "http://localhost"+page, nil)
	request.Header.Set("Cookie", p.cookie)
	answer := httptest.NewRecorder()
	began := time.Now()
	p.handler.ServeHTTP(answer, request)
	took = time.Since(began)
	text = answer.Body.String()
	if answer.Code != http.StatusOK || strings.Contains(text, "being calculated") {
		b.Fatalf("%s: status %d: %s", page, answer.Code, text)
	}
	return took, text
}
