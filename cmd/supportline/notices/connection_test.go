package notices

import (
	"net"
	"testing"
)

// TestLittleIsRemembered of a server that goes on talking in clear: a hostile one must not fill the memory. What it refused first is found all the same.
func TestLittleIsRemembered(t *testing.T) {
	ours, theirs := net.Pipe()
	c := connection{heard: overheard{Conn: ours}}
	go func() {
		defer theirs.Close()
		_, _ = theirs.Write([]byte("250-hello\r\n504 5.5.2 no\r\n"))
		_, _ = theirs.Write(make([]byte, 20<<10))
	}()
	for text := make([]byte, 1<<10); ; {
		if _, err := c.heard.Read(text); err != nil {
			break
		}
	}
	if n := len(c.heard.text); n != maxOverheard || c.refusal() != "504 5.5.2 no" {
		t.Errorf("%d bytes are remembered, and the refusal %q", n, c.refusal())
	}
}
