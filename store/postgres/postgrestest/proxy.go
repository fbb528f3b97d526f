package postgrestest

import (
	"net"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Proxy stands between a database and its clients, and is as bad a network as a test wants. It reads the statements that go by, so that clients must not
// use TLS.
type Proxy struct {
	URL string // of the database, through the proxy

	t       testing.TB
	address string // of the server
	own     string

	mu       sync.Mutex
	listener net.Listener
	links    map[*link]bool
	most     int
	delay    time.Duration
	silent   chan struct{} // closed when the network is well
	trap     *trap         // nil: none is set
}

// trap cuts one connection when a statement goes by.
type trap struct {
	statement string
	away      bool          // no other connection is left, and none is accepted any more
	deliver   chan struct{} // closed when the server may have the statement
	answered  chan struct{} // closed when the server has answered it
}

// NewProxy starts a proxy in front of a database. It ends with the test.
func NewProxy(t testing.TB, database string) *Proxy {
	t.Helper()
	behind, err := url.Parse(database)
	must(t, err)
	p := &Proxy{t: t, address: behind.Host, own: "127.0.0.1:0", links: map[*link]bool{}, silent: make(chan struct{})}
	close(p.silent)
	p.Refuse(false)
	p.own = p.listener.Addr().String()
	p.URL, err = at(database, p.own)
	must(t, err)
	t.Cleanup(func() {
		p.Refuse(true)
		p.Silence(false)
		p.Cut()
	})
	return p
}

// Refuse makes the proxy refuse new connections, as a machine does on which no server runs, or accept them again.
func (p *Proxy) Refuse(on bool) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		p.listener.Close()
		p.listener = nil
	}
	if on {
		return
	}
	l, err := net.Listen("tcp", p.own)
	must(p.t, err)
	p.listener = l
	go p.accept(l)
}

func (p *Proxy) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return // the proxy refuses
		}
		go p.serve(client)
	}
}

func (p *Proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.address)
	if err != nil {
		return // the client loses its connection, as the proxy did
	}
	defer server.Close()
	k := &link{proxy: p, client: client, server: server, statements: map[string]string{}}
	p.count(k, true)
	defer p.count(k, false)
	k.run()
}

func (p *Proxy) count(k *link, on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !on {
		delete(p.links, k)
		return
	}
	p.links[k] = true
	p.most = max(p.most, len(p.links))
	if p.listener == nil { // it was accepted just before
		k.close()
	}
}

// Connections returns how many connections there are, and how many there were at most at one time.
func (p *Proxy) Connections() (now, most int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links), p.most
}

// Cut ends all connections.
func (p *Proxy) Cut() { p.cutAllBut(nil) }

func (p *Proxy) cutAllBut(kept *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k := range p.links {
		if k != kept {
			k.close()
		}
	}
}

// Silence makes the proxy keep what either side sends, without a word, or deliver it.
func (p *Proxy) Silence(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.silent:
		if on {
			p.silent = make(chan struct{})
		}
	default:
		if !on {
			close(p.silent)
		}
	}
}

// Delay makes what either side sends arrive later: a round trip takes twice that.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// CutAfter cuts the next connection on which a statement goes by that contains a text. The server gets it, and its answer is lost: answered is closed when
// it is there.
func (p *Proxy) CutAfter(statement string) (answered <-chan struct{}) {
	t := p.set(trap{statement: statement})
	close(t.deliver)
	return t.answered
}

// AwayAfter is CutAfter for a network that is gone from then on: the other connections are cut before that one, and new ones refused.
func (p *Proxy) AwayAfter(statement string) (answered <-chan struct{}) {
	t := p.set(trap{statement: statement, away: true})
	close(t.deliver)
	return t.answered
}

// CutBefore cuts the next connection on which a statement goes by that contains a text. The server gets it when deliver is called, which returns when the
// server has answered.
func (p *Proxy) CutBefore(statement string) (deliver func()) {
	t := p.set(trap{statement: statement})
	return func() {
		p.t.Helper()
		close(t.deliver)
		select {
		case <-t.answered:
		case <-time.After(patience):
			p.t.Errorf("no statement with %q was answered in %v", statement, patience)
		}
	}
}

func (p *Proxy) set(t trap) *trap {
	p.mu.Lock()
	defer p.mu.Unlock()
	t.deliver, t.answered = make(chan struct{}), make(chan struct{})
	p.trap = &t
	return p.trap
}

// spring returns the trap if a statement sets it off. It does so once.
func (p *Proxy) spring(statement string) *trap {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.trap; t != nil && contains(statement, t.statement) {
		p.trap = nil
		return t
	}
	return nil
}

// travel returns when what was sent has arrived.
func (p *Proxy) travel() {
	p.mu.Lock()
	silent, delay := p.silent, p.delay
	p.mu.Unlock()
	<-silent
	if delay > 0 {
		<-time.After(delay)
	}
}
