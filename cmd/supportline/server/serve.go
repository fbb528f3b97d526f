package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/control"
)

// The bounds of a connection. A webhook is small and the provider itself gives up after 15 seconds.
const (
	readHeaderWithin = 5 * time.Second
	readWithin       = 10 * time.Second
	writeWithin      = 20 * time.Second
	idleFor          = 2 * time.Minute // longer than the provider keeps connections, so that we do not close under a request
	maxHeader        = 32 << 10
	finishWithin     = 16 * time.Second // for what runs when the server is told to stop: past the provider's own limit
)

// A Server is an App that listens: for webhooks, for the people who run it, and for commands.
type Server struct {
	App               *App
	Webhooks, Private net.Listener
	Health            net.Listener // nil: health and metrics are on Private
	Socket            string       // path of the commands' listener; "": there is none, because commands open a database themselves
	commands          net.Listener // nil where there is no socket
	parse             control.Parser
}

// Listen opens all listeners, or none.
func Listen(a *App, parse control.Parser) (s *Server, err error) {
	s = &Server{App: a, parse: parse}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.Webhooks, err = listenTCP("listen.webhooks", a.Conf.Listen.Webhooks); err != nil {
		return s, err
	}
	if s.Private, err = listenTCP("listen.console", a.Conf.Listen.Console); err != nil {
		return s, err
	}
	if address := a.Conf.Listen.Metrics; address != "" {
		if s.Health, err = listenTCP("listen.metrics", address); err != nil {
			return s, err
		}
	}
	if a.Conf.Store.IsDatabase() {
		return s, nil
	}
	if s.Socket, err = control.SocketPath(a.Conf.Store.File); err != nil {
		return s, err
	}
	s.commands, err = control.Listen(s.Socket)
	return s, err
}

func listenTCP(key, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: another program listens on %s: stop it, or write another port", key, address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s: this user may not listen on %s: write a port above 1023, and let the proxy have the low ones", key, address)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return l, nil
}

func (s *Server) close() {
	for _, l := range []net.Listener{s.Webhooks, s.Private, s.Health, s.commands} {
		if l != nil {
			l.Close()
		}
	}
}

// Run serves until ctx ends or a listener fails. Then nothing new is taken, what runs is finished within a bound, and what still runs after
// it is cut off. The error is the listener's, or names what was cut off.
func (s *Server) Run(ctx context.Context) error {
	working, cut := context.WithCancel(context.Background())
	defer cut()
	failed := make(chan error, 3)
	servers := []*http.Server{s.start(s.Webhooks, s.App.Webhooks, failed), s.start(s.Private, s.App.Private, failed)}
	if s.Health != nil {
		servers = append(servers, s.start(s.Health, s.App.Health, failed))
	}
	byItself, rest := context.WithCancel(ctx)
	defer rest()
	var running sync.WaitGroup
	if s.commands != nil {
		runner := control.Server{Parse: s.parse, Session: s.App.Session, Tokens: AcceptedTokens(s.App.Conf), Log: s.App.Log}
		running.Go(func() { runner.Serve(working, s.commands) })
	}
	running.Go(func() { s.App.work(byItself) })
	var err error
	select {
	case <-ctx.Done():
		s.App.Log.Info("stopping", zap.Duration("within", finishWithin))
	case err = <-failed:
		s.App.Log.Error("listener failed", zap.Error(err))
	}
	rest()
	s.App.Stop()
	deadline, cancel := context.WithTimeout(context.Background(), finishWithin)
	defer cancel()
	defer context.AfterFunc(deadline, cut)()
	if s.commands != nil {
		s.commands.Close()
		_ = os.Remove(s.Socket) // one that stays is replaced by the next server
	}
	for _, server := range servers {
		if late := server.Shutdown(deadline); late != nil {
			err = errors.Join(err, fmt.Errorf("some requests were cut off: %w", late), server.Close())
		}
	}
	running.Wait()
	s.App.reviewLast(deadline)
	s.App.Log.Info("stopped")
	return err
}

func (s *Server) start(l net.Listener, handler http.Handler, failed chan<- error) *http.Server {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeaderWithin, ReadTimeout: readWithin, WriteTimeout: writeWithin, IdleTimeout: idleFor,
		MaxHeaderBytes: maxHeader, ErrorLog: listenerLog(s.App.Sampled),
	}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	return server
}
