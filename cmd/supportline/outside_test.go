package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/officernd/supportline/twilio/fake"
)

// outside are the services by which people are told, with what they were asked for: Slack, PagerDuty, and the provider's REST API. A program reaches the
// first two under their own names, through a proxy. Each does what it is asked for and answers a little later, so that a program that is killed has often
// not heard of it.
type outside struct {
	testing.TB
	account *fake.Account
	api     string   // the address of the provider's API
	direct  string   // the address of the other two, without the proxy
	env     []string // leads a program to the proxy

	mu        sync.Mutex
	created   map[string]int       // calls that were placed, by whom they ring and what about
	posts     map[string]int       // in Slack: messages by the mark of their notice
	messages  map[string]string    // their texts by ts
	marks     map[string]string    // and their marks
	incidents map[string]*incident // of PagerDuty, by their keys
	asked     int
}

// incident is one of PagerDuty.
type incident struct {
	state string
	woken int // how often it was opened
}

func newOutside(t testing.TB) *outside {
	t.Helper()
	o := &outside{TB: t}
	names := []string{"slack.com", "events.pagerduty.com"}
	certificate, authority := certified(t, names)
	services := httptest.NewUnstartedServer(o)
	services.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	services.Config.ErrorLog = log.New(io.Discard, "", 0) // of programs that were killed
	services.StartTLS()
	plain, api := httptest.NewServer(o), httptest.NewServer(http.HandlerFunc(o.provider))
	proxy := httptest.NewServer(tunnel(services.Listener.Addr().String()))
	for _, s := range []*httptest.Server{services, plain, api, proxy} {
		t.Cleanup(s.Close)
	}
	o.direct, o.api, o.env = plain.URL, api.URL, []string{"HTTPS_PROXY=" + proxy.URL, "SSL_CERT_FILE=" + authority}
	return o
}

// begin forgets what was asked for, and begins an account at the provider with some numbers.
func (o *outside) begin(sid, token string, numbers ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.created, o.posts, o.messages, o.marks, o.incidents = map[string]int{}, map[string]int{}, map[string]string{}, map[string]string{}, map[string]*incident{}
	o.account = fake.NewAccount(sid, token, time.Now)
	for _, n := range numbers {
		o.account.AddNumber(n)
	}
	o.account.Change(func(s *fake.State) { s.Runs, s.CallsPerSecond = true, 1000 })
}

// provider answers for the provider's API.
func (o *outside) provider(w http.ResponseWriter, r *http.Request) {
	answer := httptest.NewRecorder()
	o.mu.Lock()
	o.account.ServeHTTP(answer, r)
	for _, c := range o.account.TakeCreated() {
		o.created[c.Leg.To+" "+c.Leg.URL]++
	}
	o.mu.Unlock()
	for range map[bool]int{true: 5}[r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Calls.json")] {
		o.late() // few calls are placed
	}
	o.late()
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // the program may be dead
}

// late waits a little: what was asked for is done, and the answer is not there yet.
func (o *outside) late() {
	o.mu.Lock()
	o.asked++
	wait := time.Duration(o.asked%40) * time.Millisecond
	o.mu.Unlock()
	<-time.After(wait)
}

// certified returns a certificate of some names, and the file of its authority, which is itself.
func certified(t testing.TB, names []string) (tls.Certificate, string) {
	t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: names, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	file := filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// tunnel is a proxy that leads to one address, whatever is asked for.
func tunnel(to string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := net.Dial("tcp", to)
		if err != nil || r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		in, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(out, in); out.Close() }()
		_, _ = io.Copy(in, out)
		in.Close()
	})
}

func (o *outside) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var said any
	o.mu.Lock()
	if r.URL.Path == "/v2/enqueue" {
		w.WriteHeader(http.StatusAccepted)
		said = o.page(body)
	} else {
		said = o.chat(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], body)
	}
	o.mu.Unlock()
	o.late()
	_ = json.NewEncoder(w).Encode(said) // the program may be dead
}

// page opens, acknowledges or resolves an incident, as PagerDuty does: one that was resolved is opened anew.
func (o *outside) page(body []byte) any {
	var e struct {
		Action string `json:"event_action"`
		Key    string `json:"dedup_key"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		o.Error(err)
	}
	in, there := o.incidents[e.Key]
	if !there {
		in = &incident{}
		o.incidents[e.Key] = in
	}
	switch {
	case e.Action == "trigger" && (in.state == "" || in.state == "resolved"):
		in.state, in.woken = "triggered", in.woken+1
	case e.Action == "acknowledge" && in.state == "triggered":
		in.state = "acknowledged"
	case e.Action == "resolve" && in.state != "":
		in.state = "resolved"
	}
	return map[string]string{"status": "success"}
}

const slackRoom = "C0SUPPORT1"

// chat answers a method of Slack's API, for an app that may read its one channel.
func (o *outside) chat(method string, body []byte) any {
	type mark struct {
		Type    string            `json:"event_type"`
		Payload map[string]string `json:"event_payload"`
	}
	var m struct {
		TS, Text string
		Metadata mark
	}
	if strings.HasPrefix(method, "chat.") {
		if err := json.Unmarshal(body, &m); err != nil {
			o.Error(err)
		}
	}
	switch method {
	case "chat.postMessage":
		m.TS = fmt.Sprintf("%d.%06d", time.Now().Unix(), len(o.messages))
		o.marks[m.TS] = m.Metadata.Payload["notice"]
		o.posts[o.marks[m.TS]]++
		o.messages[m.TS] = m.Text
	case "chat.update":
		o.messages[m.TS] = m.Text
	case "conversations.history":
		var list []any
		for ts, notice := range o.marks {
			list = append(list, map[string]any{"ts": ts, "metadata": mark{"supportline_notice", map[string]string{"notice": notice}}})
		}
		return map[string]any{"ok": true, "messages": list}
	default:
		o.Error("Slack is asked for " + strconv.Quote(method))
	}
	return map[string]any{"ok": true, "channel": slackRoom, "ts": m.TS}
}
