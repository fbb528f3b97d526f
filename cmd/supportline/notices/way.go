package notices

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
)

// way is the connection of one conversation, kept so that it can be closed from outside.
type way struct {
	tls    TLS
	config *tls.Config

	mu     sync.Mutex
	conn   net.Conn
	closed bool
}

func (w *way) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var conn net.Conn
	var err error
	if w.tls == TLSRequired {
		conn, err = (&tls.Dialer{Config: w.config}).DialContext(ctx, network, address)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
	}
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn = conn; w.closed {
		_ = conn.Close()
	}
	return conn, nil
}

// close ends whatever waits for the server.
func (w *way) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed = true; w.conn == nil {
		return
	}
	conn := w.conn
	if over, ok := conn.(*tls.Conn); ok {
		conn = over.NetConn() // a polite goodbye of TLS would wait for the server as well
	}
	_ = conn.Close()
}
