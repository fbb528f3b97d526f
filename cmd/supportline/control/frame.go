package control

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"
)

// Commands travel to the server in frames: one byte that says what it is, four bytes of length (big-endian), and so many bytes.
const (
	frameHello  = 'h' // client: what to run, as JSON, once and first
	frameInput  = 'i' // server: asks for input; client: some of it, and an empty one at its end
	frameOutput = 'o' // server: for standard output
	frameWords  = 'e' // server: for standard error
	frameStatus = 'x' // server: the exit status, one byte, once and last
)

// maxFrame bounds the memory that a frame makes the other side hold.
const maxFrame = 1 << 20

// frameWriter writes frames. It is safe for concurrent use.
type frameWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (f *frameWriter) write(kind byte, payload []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for first := true; first || len(payload) > 0; first = false {
		part := payload[:min(len(payload), maxFrame)]
		payload = payload[len(part):]
		head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(part)))
		if _, err := f.w.Write(append(head, part...)); err != nil {
			return err
		}
	}
	return nil
}

// as returns a writer whose every write is one frame of this kind.
func (f *frameWriter) as(kind byte) io.Writer { return frameStream{f, kind} }

type frameStream struct {
	*frameWriter
	kind byte
}

// Write sends p as one frame.
func (s frameStream) Write(p []byte) (int, error) {
	if err := s.write(s.kind, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// readFrame reads the next frame.
func readFrame(r io.Reader) (kind byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size > maxFrame {
		return 0, nil, fmt.Errorf("a frame of %d bytes came over the socket; no frame is longer than %d", size, maxFrame)
	}
	payload = make([]byte, size)
	if _, err := io.ReadFull(r, payload); err != nil {
		return 0, nil, err
	}
	return head[0], payload, nil
}
