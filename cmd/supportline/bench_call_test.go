package main

import (
	"crypto/md5"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/twilio"
)

// benchConfig is the demo's configuration in a folder of the benchmark's own.
func benchConfig(b *testing.B) config.Config {
	b.Helper()
	file := filepath.Join(b.TempDir(), "supportline.yaml")
	if err := os.WriteFile(file, config.Demo("127.0.0.1:1", "127.0.0.1:2"), 0o600); err != nil {
		b.Fatal(err)
	}
	conf, problems := config.Load(file, func(string) (string, bool) { return "", false }, config.Options{})
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	return conf
}

func importExamples(b testing.TB, s *store.Store) {
	b.Helper()
	customers := []policy.Customer{{Number: "204518", Name: "Northwind Flex Offices", Package: "Ultimate", Line: "+448000668187", CallerNumbers: []policy.Phone{"+442079460018"}}}
	if _, err := s.ImportCustomers(b.Context(), customers, "bench"); err != nil {
		b.Fatal(err)
	}
}

// The caller's leg and the specialist's in the recorded call; each sent call has SIDs of its own in their place.
const (
	recordedCall = "CA00000000000000000000000000000000"
	recordedLeg  = "CAffffffffffffffffffffffffffffffff"
)

// sent is one webhook of the recorded call.
type sent struct {
	path   string
	params url.Values
	answer string
}

// recorder plays one call against the server and keeps what it sent.
type recorder struct {
	b    testing.TB
	conf config.Config
	app  http.Handler
	sent []sent
}

// recordCall is a served call: number, menu, a specialist who accepts, the talk, and every report that the provider sends of it.
func recordCall(b testing.TB, conf config.Config, app http.Handler) []sent {
	b.Helper()
	r := &recorder{b: b, conf: conf, app: app}
	caller := func(more ...string) url.Values {
		return r.params(recordedCall, append([]string{"From", "+442079460018", "To", "+448000668187", "Direction", "inbound", "CallStatus", "in-progress"}, more...)...)
	}
	leg := func(more ...string) url.Values {
		return r.params(recordedLeg, append([]string{"From", "+448000668187", "To", "+15550100003", "Direction", "outbound-dial", "ParentCallSid", recordedCall}, more...)...)
	}
	menu := r.post(conf.PublicURL+"/voice", caller("CallStatus", "ringing"))
	menu = r.post(gather(menu).Action, caller("Digits", "204518"))
	dial := only[twilio.Dial](b, r.post(gather(menu).Action, caller("Digits", "5")))
	number := dial.Nouns[0].(twilio.Number)
	for _, status := range []string{"initiated", "ringing", "in-progress"} {
		r.post(number.StatusCallback, leg("CallStatus", status))
	}
	screen := r.post(number.URL, leg("CallStatus", "in-progress"))
	r.post(gather(screen).Action, leg("CallStatus", "in-progress", "Digits", "1"))
	r.post(number.StatusCallback, leg("CallStatus", "completed", "CallDuration", "300"))
	r.post(dial.Action, caller("DialCallStatus", "completed", "DialCallSid", recordedLeg, "DialCallDuration", "300", "DialBridged", "true"))
	r.post(conf.PublicURL+"/status", caller("CallStatus", "completed", "CallDuration", "345"))
	return r.sent
}

func (r *recorder) params(sid string, pairs ...string) url.Values {
	v := url.Values{"CallSid": {sid}, "AccountSid": {r.conf.Twilio.AccountSID}, "ApiVersion": {"2010-04-01"}}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func (r *recorder) post(address string, params url.Values) twilio.Response {
	r.b.Helper()
	path := strings.TrimPrefix(address, r.conf.PublicURL)
	request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(params.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set(twilio.SignatureHeader, twilio.Sign(r.conf.Twilio.AuthToken, r.conf.PublicURL+path, params))
	answer := httptest.NewRecorder()
	r.app.ServeHTTP(answer, request)
	if answer.Code/100 != 2 {
		r.b.Fatalf("%s: status %d", path, answer.Code)
	}
	r.sent = append(r.sent, sent{path, params, answer.Body.String()})
	if answer.Code == http.StatusNoContent {
		return twilio.Response{}
	}
	response, err := twilio.Parse(answer.Body.Bytes())
	if err != nil {
		r.b.Fatalf("%s: %v", path, err)
	}
	return response
}

func gather(r twilio.Response) twilio.Gather {
	for _, v := range r.Verbs {
		if g, ok := v.(twilio.Gather); ok {
			return g
		}
	}
	return twilio.Gather{}
}

func only[V twilio.Verb](b testing.TB, r twilio.Response) V {
	b.Helper()
	for _, v := range r.Verbs {
		if wanted, ok := v.(V); ok {
			return wanted
		}
	}
	b.Fatalf("the answer %+v lacks a verb", r)
	panic("unreachable")
}

// recordShortCall is the same call as the caller's own leg makes it, with the specialist's key: five webhooks, each of which changes the log.
func recordShortCall(b testing.TB, app *server.App) []sent {
	b.Helper()
	conf := app.Conf
	r := &recorder{b: b, conf: conf, app: app.Webhooks}
	menu := r.post(conf.PublicURL+"/voice", r.caller("CallStatus", "ringing"))
	menu = r.post(gather(menu).Action, r.caller("Digits", "204518"))
	dial := only[twilio.Dial](b, r.post(gather(menu).Action, r.caller("Digits", "5")))
	screen := dial.Nouns[0].(twilio.Number).URL
	r.post(strings.Replace(screen, "/screen/", "/answer/", 1), r.leg("CallStatus", "in-progress", "Digits", "1"))
	r.post(conf.PublicURL+"/status", r.caller("CallStatus", "completed", "CallDuration", "345"))
	call, err := app.Store.Call(b.Context(), recordedCall)
	if err != nil || call.Outcome() != policy.Served {
		b.Fatalf("the recorded call ended as %s, %v", call.Outcome(), err)
	}
	return r.sent
}

// callMaker makes calls like a recorded one, each with SIDs of its own.
type callMaker struct {
	conf    config.Config
	session []sent
	calls   int // so far
}

// recordedCalls returns calls like one that is recorded now, from a server in this process.
func recordedCalls(b *testing.B) callMaker {
	b.Helper()
	app := openBench(b, writeBench(b, config.Store{File: filepath.Join(b.TempDir(), "recorded.db")}))
	importExamples(b, app.Store)
	made := callMaker{conf: app.Conf, session: recordShortCall(b, app)}
	if err := app.Close(); err != nil {
		b.Fatal(err)
	}
	return made
}

// make returns whole calls, signed beforehand.
func (m *callMaker) make(calls int) [][]request {
	all := make([][]request, calls)
	for i := range all {
		all[i] = m.wholeCall()
	}
	return all
}

// wholeCall is one call more, from the first webhook to the last.
func (m *callMaker) wholeCall() (all []request) {
	m.calls++
	sids := strings.NewReplacer(recordedCall, benchSID("call", m.calls), recordedLeg, benchSID("leg", m.calls))
	for _, s := range m.session {
		all = append(all, m.request(s, sids))
	}
	return all
}

// benchSID returns a SID as scattered as the provider's are.
func benchSID(of string, n int) string {
	return fmt.Sprintf("CA%x", md5.Sum(fmt.Append(nil, of, n)))
}

func (m *callMaker) request(s sent, sids *strings.Replacer) request {
	params := url.Values{}
	for name, values := range s.params {
		params.Set(name, sids.Replace(values[0]))
	}
	path, body := sids.Replace(s.path), params.Encode()
	signature := twilio.Sign(m.conf.Twilio.AuthToken, m.conf.PublicURL+path, params)
	raw := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s",
		path, twilio.SignatureHeader, signature, len(body), body)
	return request{path, body, signature, raw}
}
