package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/officernd/supportline/twilio"
)

// request is a webhook ready to be sent, by either client.
type request struct {
	path, body, signature string
	raw                   []byte // as it goes over the wire
}

// leanClient is a connection that is kept, with next to no cost of its own beside what it measures.
type leanClient struct {
	net.Conn
	answer []byte
	got    int // bytes so far
}

func dialLean(b testing.TB, address string) *leanClient {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	return &leanClient{Conn: conn, answer: make([]byte, 16<<10)}
}

// post sends a request and reads its whole answer.
func (c *leanClient) post(r request) error {
	if _, err := c.Write(r.raw); err != nil {
		return err
	}
	for n := 0; ; {
		more, err := c.Read(c.answer[n:])
		if err != nil {
			return err
		}
		n, c.got = n+more, c.got+more
		whole, err := isWhole(c.answer[:n])
		if whole || err != nil {
			return err
		}
	}
}

var (
	success       = []byte("HTTP/1.1 20")
	contentLength = []byte("\r\nContent-Length: ")
	endOfHeader   = []byte("\r\n\r\n")
)

// isWhole reports whether an answer is complete. Any but a success is an error.
func isWhole(answer []byte) (bool, error) {
	end := bytes.Index(answer, endOfHeader)
	if end < 0 {
		return false, nil
	}
	if !bytes.HasPrefix(answer, success) {
		return false, fmt.Errorf("the answer is %q", answer)
	}
	length := 0
	if at := bytes.Index(answer[:end], contentLength); at >= 0 {
		digits, _, _ := bytes.Cut(answer[at+len(contentLength):end+1], []byte("\r"))
		n, err := strconv.Atoi(string(digits))
		if err != nil {
			return false, err
		}
		length = n
	}
	return len(answer) >= end+len(endOfHeader)+length, nil
}

// hammered is what a server did in one round.
type hammered struct {
	requests int
	took     time.Duration
	p50, p99 time.Duration
	answered int // bytes
}

func (h hammered) rate() float64 { return float64(h.requests) / h.took.Seconds() }

// hammer sends whole calls over so many connections at once, on each one call after the other, until the time is over or no calls are left.
func hammer(b *testing.B, address string, connections int, calls [][]request, long time.Duration) hammered {
	b.Helper()
	times := make([][]time.Duration, connections)
	clients := make([]*leanClient, connections)
	for i := range clients {
		clients[i], times[i] = dialLean(b, address), make([]time.Duration, 0, 1+2*len(calls)*len(calls[0])/connections)
		defer clients[i].Close()
	}
	var all sync.WaitGroup
	var next atomic.Int64
	began := time.Now()
	for i, c := range clients {
		all.Go(func() {
			for n := next.Add(1); int(n) <= len(calls) && time.Since(began) < long; n = next.Add(1) {
				for _, r := range calls[n-1] {
					sent := time.Now()
					if err := c.post(r); err != nil {
						b.Errorf("%s: %v", r.path, err)
						return
					}
					times[i] = append(times[i], time.Since(sent))
				}
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	flat := slices.Concat(times...)
	if b.Failed() || len(flat) == 0 {
		b.FailNow()
	}
	slices.Sort(flat)
	did := hammered{requests: len(flat), took: took, p50: flat[len(flat)/2], p99: flat[len(flat)*99/100]}
	for _, c := range clients {
		did.answered += c.got
	}
	return did
}

// dialGo is Go's own client with a connection of its own.
func dialGo(_ testing.TB, address string) (func(request) error, func()) {
	transport := &http.Transport{MaxConnsPerHost: 1}
	client := &http.Client{Transport: transport}
	post := func(r request) error {
		q, err := http.NewRequest(http.MethodPost, "http://"+address+r.path, strings.NewReader(r.body))
		if err != nil {
			return err
		}
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		q.Header.Set(twilio.SignatureHeader, r.signature)
		answer, err := client.Do(q)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return err
		}
		if answer.StatusCode/10 != 20 {
			return fmt.Errorf("the answer is %s", answer.Status)
		}
		return nil
	}
	return post, transport.CloseIdleConnections
}
