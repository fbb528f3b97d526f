package postgrestest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
)

// link is one connection through the proxy.
type link struct {
	proxy          *Proxy
	client, server net.Conn
	statements     map[string]string    // those that the client prepared, by their names
	cut            atomic.Pointer[trap] // nil: the client is there
}

// run passes on what both sides send until one of them ends.
func (k *link) run() {
	var both sync.WaitGroup
	both.Go(func() {
		k.forth()
		k.server.Close()
	})
	both.Go(func() {
		k.back()
		k.client.Close()
		k.server.Close()
	})
	both.Wait()
}

// back passes on what the server sends. If the client was cut off, nobody gets it, and the first answer is the last one.
func (k *link) back() {
	buffer := make([]byte, 32<<10)
	for {
		n, err := k.server.Read(buffer)
		if t := k.cut.Load(); t != nil {
			close(t.answered)
			return
		}
		if err != nil {
			return
		}
		k.proxy.travel()
		if _, err := k.client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// forth passes on what the client sends, as much at a time as there is.
func (k *link) forth() {
	in := bufio.NewReaderSize(k.client, 32<<10)
	var out []byte
	var sprung *trap
	for started := false; ; {
		m, kind, err := message(in, started)
		if err != nil {
			return
		}
		out = append(out, m...)
		if !started {
			started = kind == protocol3
		} else if s := k.statement(m); s != "" && sprung == nil {
			sprung = k.proxy.spring(s)
		}
		switch {
		case sprung != nil && (m[0] == 'Q' || m[0] == 'S'): // the server answers a query, or all that comes before a sync
			k.cutOff(sprung, out)
			return
		case in.Buffered() > 0:
			continue
		}
		k.proxy.travel()
		if _, err := k.server.Write(out); err != nil {
			return
		}
		out = out[:0]
	}
}

// cutOff ends the client's connection. The server's stays until it has answered the statement.
func (k *link) cutOff(t *trap, out []byte) {
	k.cut.Store(t)
	if t.away {
		k.proxy.Refuse(true)
		k.proxy.cutAllBut(k)
	}
	k.client.Close()
	<-t.deliver
	if _, err := k.server.Write(out); err == nil {
		<-t.answered
	}
}

func (k *link) close() {
	k.client.Close()
	k.server.Close()
}

// protocol3 is how the first message of a connection that is to be a session begins, after its length.
const protocol3 = 3 << 16

// message reads a message of a client: a byte for its kind, but not at the start of a connection, four for its length and a body. kind is the number with
// which the body begins.
func message(in *bufio.Reader, started bool) (m []byte, kind uint32, err error) {
	head := 4
	if started {
		head = 5
	}
	m = make([]byte, head)
	if _, err := io.ReadFull(in, m); err != nil {
		return nil, 0, err
	}
	m = append(m, make([]byte, max(4, binary.BigEndian.Uint32(m[head-4:]))-4)...)
	if _, err := io.ReadFull(in, m[head:]); err != nil {
		return nil, 0, err
	}
	if len(m) >= head+4 {
		kind = binary.BigEndian.Uint32(m[head:])
	}
	return m, kind, nil
}

// statement returns the text of the statement that a message executes; empty if it executes none.
func (k *link) statement(m []byte) string {
	parts := bytes.Split(m[5:], []byte{0})
	switch {
	case m[0] == 'Q':
		return string(parts[0])
	case m[0] == 'P' && len(parts) > 1: // name, text
		k.statements[string(parts[0])] = string(parts[1])
	case m[0] == 'B' && len(parts) > 1: // portal, name
		return k.statements[string(parts[1])]
	}
	return ""
}

// contains reports whether a statement contains a text, whatever its letters' case.
func contains(statement, text string) bool {
	return strings.Contains(strings.ToLower(statement), strings.ToLower(text))
}
