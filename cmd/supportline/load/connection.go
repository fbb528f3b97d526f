package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// answerWithin is the provider's limit for a webhook.
	answerWithin = 15 * time.Second
	// maxAnswer is the provider's limit for a document.
	maxAnswer = 64 << 10
)

// connections are the kept-alive connections to the server, at most as many as slots. Requests are written as bytes: net/http's client would
// cost as much as the server. The one that was used last is used next.
type connections struct {
	dial  func(context.Context) (net.Conn, error)
	slots chan struct{}

	mu   sync.Mutex
	idle []*connection
}

type connection struct {
	net.Conn
	in   *bufio.Reader
	used bool
}

// answer is the response to a webhook.
type answer struct {
	status int
	kind   string // content type
	body   []byte
}

// errUnsent is returned for a request that was never sent, since give ended while it waited for a connection.
var errUnsent = errors.New("the run was over before a connection was free")

// post sends a whole request and reads its answer. A kept connection that the server has closed meanwhile is replaced, as the provider does.
func (p *connections) post(ctx context.Context, give <-chan struct{}, request []byte) (answer, error) {
	select {
	case p.slots <- struct{}{}:
	case <-give:
		return answer{}, errUnsent
	}
	defer func() { <-p.slots }()
	for {
		c, err := p.take(ctx)
		if err != nil {
			return answer{}, err
		}
		kept := c.used
		a, again, err := c.exchange(request)
		switch {
		case err == nil && again:
			p.put(c)
			return a, nil
		case err == nil:
			return a, c.Close()
		}
		_ = c.Close() // it has failed already
		if !kept || isTimeout(err) {
			return a, err
		}
	}
}

func isTimeout(err error) bool {
	var slow net.Error
	return errors.As(err, &slow) && slow.Timeout()
}

func (p *connections) take(ctx context.Context) (*connection, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	conn, err := p.dial(ctx)
	if err != nil {
		return nil, err
	}
	return &connection{Conn: conn, in: bufio.NewReader(conn)}, nil
}

func (p *connections) put(c *connection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, c)
}

func (p *connections) close() {
	for _, c := range p.idle {
		_ = c.Close() // nothing is under way
	}
}

// exchange sends a request and reads the answer. again reports whether the server keeps the connection.
func (c *connection) exchange(request []byte) (a answer, again bool, err error) {
	c.used = true
	if err := c.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return a, false, err
	}
	if _, err := c.Write(request); err != nil {
		return a, false, err
	}
	r, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return a, false, err
	}
	a = answer{status: r.StatusCode, kind: r.Header.Get("Content-Type")}
	a.body, err = io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
	if err == nil && len(a.body) > maxAnswer {
		err = fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	return a, !r.Close, err
}
