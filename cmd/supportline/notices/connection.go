package notices

import (
	"context"
	"crypto/tls"
	"net"
	"regexp"
	"sync"
)

// connection is that of one conversation with a mail server. It can be closed while the library waits on it.
type connection struct {
	tls    TLS
	config *tls.Config

	mu     sync.Mutex
	conn   net.Conn
	closed bool
	heard  overheard
}

// maxOverheard bounds what is remembered of a server's answers in clear: those up to STARTTLS are a few lines.
const maxOverheard = 4 << 10

// overheard holds what a server said in clear.
type overheard struct {
	net.Conn
	mu   sync.Mutex
	text []byte
}

// Read remembers the beginning of what it reads.
func (o *overheard) Read(p []byte) (int, error) {
	n, err := o.Conn.Read(p)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p[:min(n, maxOverheard-len(o.text))]...)
	return n, err
}

// refusing matches an answer that refuses something.
var refusing = regexp.MustCompile(`(?m)^([45][0-9]{2})[ -]([ -~]*)`)

// refusal returns the first answer in clear that refused something, or "".
func (c *connection) refusal() string {
	c.heard.mu.Lock()
	defer c.heard.mu.Unlock()
	if m := refusing.FindSubmatch(c.heard.text); m != nil {
		return oneLine(string(m[1]) + " " + string(m[2]))
	}
	return ""
}

func (c *connection) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dial := (&net.Dialer{}).DialContext
	if c.tls == TLSRequired {
		dial = (&tls.Dialer{Config: c.config}).DialContext
	}
	conn, err := dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn = conn; c.closed {
		_ = conn.Close()
	}
	if c.tls == TLSRequired { // nothing is in clear, and the library looks whether it has a connection with TLS
		return conn, nil
	}
	c.heard.Conn = conn
	return &c.heard, nil
}

// close ends every wait for the server.
func (c *connection) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed = true; c.conn == nil {
		return
	}
	conn := c.conn
	if over, ok := conn.(*tls.Conn); ok {
		conn = over.NetConn() // a polite goodbye of TLS would wait for the server as well
	}
	_ = conn.Close()
}
