package notices

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
)

// connection is that of one conversation with a mail server. It can be closed while the library waits on it.
type connection struct {
	tls    TLS
	config *tls.Config

	mu     sync.Mutex
	conn   net.Conn
	closed bool
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
	return conn, nil
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
