package control

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/store"
)

// helloWithin bounds how long a connection may take to say what it wants.
const helloWithin = 10 * time.Second

// A Parser understands a command line as the client does. Help goes to out.
type Parser func(args []string, out, words io.Writer) (command any, name string, err error)

// A Server runs the commands of other processes on the store that this one has open.
type Server struct {
	Parse   Parser
	Session func() Session // returns one without the person's side
	Tokens  []string       // accepted auth tokens
	Log     *zap.Logger
	running sync.WaitGroup
}

// Serve takes connections until the listener is closed, and then waits for the commands that run. The end of ctx cancels them.
func (s *Server) Serve(ctx context.Context, l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			break
		}
		s.running.Go(func() { s.one(ctx, conn) })
	}
	s.running.Wait()
}

// one runs one command, whose work ends with its connection.
func (s *Server) one(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	h, err := readHello(conn)
	if err != nil {
		s.Log.Warn("command refused", zap.Error(err))
		return
	}
	if h.User, err = peerUser(conn); err != nil {
		s.Log.Warn("command refused", zap.Error(err))
		return
	}
	ctx = store.AsOSUser(ctx, h.User)
	frames := &frameWriter{w: conn}
	input := &remoteInput{frames: frames, chunks: make(chan []byte), gone: ctx.Done()}
	go func() {
		defer cancel()
		input.receive(conn)
	}()
	status := s.do(ctx, h, input, frames)
	_ = frames.write(frameStatus, []byte{byte(status)}) // a client that is gone needs no status
}

// readHello reads what a client wants. What the command reads later may take as long as a person takes.
func readHello(conn net.Conn) (Hello, error) {
	_ = conn.SetReadDeadline(time.Now().Add(helloWithin))
	defer func() { _ = conn.SetReadDeadline(time.Time{}) }()
	var h Hello
	kind, payload, err := readFrame(conn)
	if err != nil {
		return h, err
	}
	if kind != frameHello {
		return h, fmt.Errorf("a command began with frame %q", kind)
	}
	return h, json.Unmarshal(payload, &h)
}

// do parses the command line as the client did, and runs the same function as the client would.
func (s *Server) do(ctx context.Context, h Hello, in io.Reader, frames *frameWriter) (status int) {
	out, words := frames.as(frameOutput), frames.as(frameWords)
	defer func() {
		if p := recover(); p != nil {
			s.Log.Error("command panicked", zap.String("by", h.User), zap.Any("panic", p), zap.Stack("stack"))
			status = Report(words, fmt.Errorf("the command failed inside the server; its log says more"))
		}
	}()
	if h.Tokens {
		for _, token := range s.Tokens {
			fmt.Fprintln(out, Fingerprint(token))
		}
		return Done
	}
	parsed, name, err := s.Parse(h.Args, out, words)
	if err != nil {
		return Report(words, err)
	}
	command, ok := parsed.(Command)
	if !ok {
		return Report(words, errors.New("the server does not run this command: is it of the same version as this program?"))
	}
	session := s.Session()
	session.Terminal, session.In, session.Out, session.Err = h.Terminal, in, out, words
	status = Report(words, command.Run(ctx, &session))
	s.Log.Info("command", zap.String("name", name), zap.String("by", h.User), zap.Int("status", status))
	return status
}

// remoteInput is a client's input, asked for piece by piece.
type remoteInput struct {
	frames *frameWriter
	chunks chan []byte
	gone   <-chan struct{}
	rest   []byte
}

// receive takes the client's frames until the connection ends.
func (r *remoteInput) receive(conn net.Conn) {
	for {
		kind, payload, err := readFrame(conn)
		if err != nil || kind != frameInput {
			return
		}
		select {
		case r.chunks <- payload:
		case <-r.gone:
			return
		}
	}
}

// Read returns what the client sent, and asks for more when that is used up. It returns io.ErrUnexpectedEOF when the client is gone.
func (r *remoteInput) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if err := r.frames.write(frameInput, nil); err != nil {
			return 0, err
		}
		select {
		case r.rest = <-r.chunks:
		case <-r.gone:
			return 0, io.ErrUnexpectedEOF
		}
		if len(r.rest) == 0 { // the end of a file, after which a person may still be asked
			return 0, io.EOF
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Fingerprint returns a text that tells auth tokens apart without revealing them.
func Fingerprint(token string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("supportline auth token"))
	return hex.EncodeToString(mac.Sum(nil))
}
