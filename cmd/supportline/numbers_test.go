package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// wires sends signed webhooks to a server that listens, as the provider does for many calls at one moment.
type wires struct {
	t   *testing.T
	app *server.App
	url string
}

// newWires returns a server with limits of wrong numbers, by caller and in all.
func newWires(t *testing.T, byCaller, inAll int) *wires {
	t.Helper()
	conf := mustConfig(t)
	conf.Settings.Identification.WrongNumbersPerHour, conf.Settings.Identification.WrongNumbersInAll = byCaller, inAll
	app, err := server.Open(conf, phoneDay.Local, zap.NewNop(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	if err := bringIn(app); err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(app.Webhooks)
	t.Cleanup(listening.Close)
	return &wires{t, app, listening.URL}
}

func (w *wires) post(path, sid, from, keys string) string {
	form := url.Values{
		"CallSid": {sid}, "AccountSid": {w.app.Conf.Twilio.AccountSID}, "From": {from}, "To": {ukLine}, "CallStatus": {"in-progress"},
		"Direction": {"inbound"},
	}
	if keys != "" {
		form.Set("Digits", keys)
	}
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Error(err)
		return ""
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set(twilio.SignatureHeader, twilio.Sign(w.app.Conf.Twilio.AuthToken, w.app.Conf.PublicURL+path, form))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Error(err)
		return ""
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		w.t.Errorf("%s: %d, %v", path, answer.StatusCode, err)
	}
	return string(body)
}

var asksNumber = regexp.MustCompile(`action="[^"]*(/voice/number/[0-9]+)"`)

// guess is a customer number that a caller enters on a call of its own.
type guess struct{ from, keys string }

// enter begins a call for each guess, and when all of them ask for the number, enters the numbers all at once. It returns what each heard then, ""
// for those who were not asked.
func (w *wires) enter(prefix string, guesses ...guess) []string {
	w.t.Helper()
	heard, asked := make([]string, len(guesses)), make([]string, len(guesses))
	each := func(do func(i int, sid string, g guess)) {
		var all sync.WaitGroup
		for i, g := range guesses {
			all.Go(func() { do(i, fmt.Sprintf("%s%d", prefix, i), g) })
		}
		all.Wait()
	}
	each(func(i int, sid string, g guess) {
		if found := asksNumber.FindStringSubmatch(w.post("/voice", sid, g.from, "")); found != nil {
			asked[i] = found[1]
		}
	})
	each(func(i int, sid string, g guess) {
		if asked[i] != "" {
			heard[i] = w.post(asked[i], sid, g.from, g.keys)
		}
	})
	return heard
}

// told counts the answers that tell whether somebody has the number: that it was not found, or that the call goes on with an account.
func (w *wires) told(heard []string) int {
	n := 0
	for _, answer := range heard {
		if strings.Contains(answer, "find ") || strings.Contains(answer, "Thank you") {
			n++
		}
	}
	return n
}

// wrong returns how many wrong numbers the log has, of one caller and of all.
func (w *wires) wrong(from policy.Phone) (n policy.WrongNumbers) {
	w.t.Helper()
	for c, err := range w.app.Store.Calls(w.t.Context(), policy.Filter{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		if n.InAll += len(c.WrongNumbers); c.From.Caller() == from.Caller() {
			n.ByCaller += len(c.WrongNumbers)
		}
	}
	return n
}

func guesses(n int, keys string, from ...string) []guess {
	all := make([]guess, n)
	for i := range all {
		all[i] = guess{from[i%len(from)], keys}
	}
	return all
}

// TestALimitHoldsForParallelCalls is rule 12: however many calls of one caller enter a number at one moment, as many are looked up as the limit
// lets, in whatever way the caller's number is spelled or withheld. The right number among them is answered as a wrong one is then.
func TestALimitHoldsForParallelCalls(t *testing.T) {
	for name, from := range map[string][]string{
		"one caller":   {"+441632960001"},
		"in spellings": {"+441632960001", "441632960001", "tel:+441632960001", "sip:+441632960001@carrier.example"},
		"withheld":     {"anonymous", "", "+266696687", "Restricted", "sip:anonymous@anonymous.invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWires(t, 10, 1000)
			heard := w.enter("CA", guesses(40, "999999", from...)...)
			if n := w.wrong(policy.Phone(from[0])); n.ByCaller != 10 {
				t.Errorf("%d numbers were looked up", n.ByCaller)
			}
			if told := w.told(heard); told > 10 {
				t.Errorf("%d were told that nobody has the number", told)
			}
			// Nobody learns now that a number is right, be it in a call that was asked for it before.
			first := w.post("/voice/number/1", "CAbefore", from[0], "204518")
			if strings.Contains(first, "Northwind") || w.told([]string{first}) > 0 || !strings.Contains(first, "number") {
				t.Errorf("the right number is answered with\n%s", first)
			}
		})
	}
}

// TestMixedCallersHaveALimitEach: what one caller enters costs no other a try, at one moment too.
func TestMixedCallersHaveALimitEach(t *testing.T) {
	w := newWires(t, 5, 1000)
	callers := []string{"+441632960001", "+441632960002", "anonymous", "sip:desk@office.example"}
	w.enter("CA", guesses(40, "999999", callers...)...)
	for _, from := range callers {
		if n := w.wrong(policy.Phone(from)); n.ByCaller != 5 {
			t.Errorf("%d numbers of %s were looked up, want 5", n.ByCaller, from)
		}
	}
}

// TestACeilingHoldsForAllCallers is rule 12 where a stranger calls from many numbers: beyond the limit of all callers no number is looked up, but
// for callers whose own number is on file of an account. The metrics count it.
func TestACeilingHoldsForAllCallers(t *testing.T) {
	w := newWires(t, 10, 25)
	var many []guess
	for i := range 40 {
		many = append(many, guess{fmt.Sprintf("+4416329610%02d", i), "999999"})
	}
	heard := w.enter("CA", many...)
	if n := w.wrong(""); n.InAll != 25 || w.told(heard) > 25 {
		t.Errorf("%d numbers were looked up, %d were told so", n.InAll, w.told(heard))
	}
	if answer := w.post("/voice", "CAlate", "+441632962000", ""); asksNumber.MatchString(answer) || !strings.Contains(answer, "look up customer numbers") {
		t.Errorf("another stranger hears\n%s", answer)
	}
	after := w.enter("CB", guess{"+442079460018", "999999"}, guess{"+15145550177", "118903"}, guess{"tel:+442079460019", "204518"})
	if w.told(after[:1]) != 1 || w.wrong("+442079460018").ByCaller != 1 {
		t.Errorf("a customer who mistyped hears\n%s", after[0])
	}
	for i, heard := range after[1:] {
		if !strings.Contains(heard, "press 1") && !strings.Contains(heard, "Putting you through") {
			t.Errorf("customer %d hears %q", i, heard)
		}
	}
	late, err := w.app.Store.Call(t.Context(), "CAlate")
	if err != nil || late.Trace[len(late.Trace)-1].Rule != "customer.limit-all" {
		t.Errorf("the trace is %+v, %v", late.Trace, err)
	}
	metrics := httptest.NewRecorder()
	here := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/metrics", nil)
	here.RemoteAddr = "127.0.0.1:1" // this machine alone may ask the console's listener for them
	w.app.Private.ServeHTTP(metrics, here)
	for _, line := range []string{"supportline_wrong_numbers_total 26\n", `supportline_numbers_refused_total{limit="all"} 17`, `supportline_numbers_refused_total{limit="caller"} 0`} {
		if !strings.Contains(metrics.Body.String(), line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
}
