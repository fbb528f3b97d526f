package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/twilio"
)

// helloWithin bounds how long a connection may take to say what it wants.
const helloWithin = 10 * time.Second

// commandServer runs the data commands of other processes on the store that this one has open.
type commandServer struct {
	store    *store.Store
	settings func() policy.Settings // in force
	notices  notices.Settings
	account  func() (*twilio.Account, error)
	tokens   []string // accepted auth tokens
	keeper   *recordings.Keeper
	now      func() time.Time
	log      *zap.Logger
	running  sync.WaitGroup
}

// serve takes connections until the listener is closed, and then waits for the commands that run. The end of ctx cancels them.
func (s *commandServer) serve(ctx context.Context, l net.Listener) {
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
func (s *commandServer) one(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	_ = conn.SetReadDeadline(time.Now().Add(helloWithin))
	h, err := readHello(conn)
	if err != nil {
		s.log.Warn("command refused", zap.Error(err))
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	frames := &frameWriter{w: conn}
	input := &remoteInput{frames: frames, chunks: make(chan []byte), gone: ctx.Done()}
	go func() {
		defer cancel()
		input.receive(conn)
	}()
	status := s.do(ctx, h, input, frames)
	_ = frames.write(frameStatus, []byte{byte(status)}) // a client that is gone needs no status
}

func readHello(conn net.Conn) (hello, error) {
	var h hello
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
func (s *commandServer) do(ctx context.Context, h hello, in io.Reader, frames *frameWriter) (status int) {
	out, words := frames.as(frameOutput), frames.as(frameWords)
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("command panicked", zap.String("by", h.User), zap.Any("panic", p), zap.Stack("stack"))
			status = report(words, fmt.Errorf("the command failed inside the server; its log says more"))
		}
	}()
	if h.Tokens {
		for _, token := range s.tokens {
			fmt.Fprintln(out, fingerprint(token))
		}
		return statusDone
	}
	line, err := parse(h.Args, out, words)
	if err != nil {
		return report(words, err)
	}
	command, ok := line.command.(dataCommand)
	if !ok {
		return report(words, errors.New("the server does not run this command: is it of the same version as this program?"))
	}
	status = report(words, command.run(ctx, &session{
		surroundings: h.surroundings, In: in, Out: out, Err: words, Now: s.now, Store: s.store, Settings: s.settings(),
		Notices: s.notices, Account: s.account, Keeper: s.keeper,
	}))
	s.log.Info("command", zap.String("name", line.name), zap.String("by", h.User), zap.Int("status", status))
	return status
}

// remoteInput is a client's input, asked for piece by piece.
type remoteInput struct {
	frames *frameWriter
	chunks chan []byte
	gone   <-chan struct{}
	rest   []byte
	ended  bool
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

// Read gives what the client sent, and asks for more when that is used up; io.ErrUnexpectedEOF when the client is gone.
func (r *remoteInput) Read(p []byte) (int, error) {
	if len(r.rest) == 0 && !r.ended {
		if err := r.frames.write(frameInput, nil); err != nil {
			return 0, err
		}
		select {
		case r.rest = <-r.chunks:
			r.ended = len(r.rest) == 0
		case <-r.gone:
			return 0, io.ErrUnexpectedEOF
		}
	}
	if r.ended {
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
