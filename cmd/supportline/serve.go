package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/store"
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

// serveCommand is "serve".
type serveCommand struct{}

// Help shows an example.
func (serveCommand) Help() string {
	return `It starts only with a configuration that "supportline check" finds nothing in. It logs JSON to standard error and stops on
SIGTERM, after what runs is finished.

Example:

    supportline serve --config /etc/supportline/supportline.yaml`
}

func (serveCommand) run(ctx context.Context, p *program, configFile string) error {
	conf, err := p.load(configFile, config.Options{})
	if err != nil {
		return err
	}
	log := newLogger(p.Err)
	h, err := openHouse(conf, p.Now, log, store.Options{})
	if err != nil {
		return err
	}
	s, err := listen(h)
	if err != nil {
		return errors.Join(err, h.Close())
	}
	log.Info("listening", zap.String("webhooks", s.webhooks.Addr().String()), zap.String("private", s.private.Addr().String()),
		zap.String("commands", s.socket), zap.String("public_url", conf.PublicURL), zap.String("config", h.inForce.Settings().Version),
		zap.String("version", server.Version()))
	return errors.Join(s.run(ctx), h.Close())
}

// listening is a house that listens: for webhooks, for the people who run it, and for commands.
type listening struct {
	house             *house
	webhooks, private net.Listener
	commands          net.Listener
	socket            string // path of the commands' listener
}

// listen opens the three listeners, or none.
func listen(h *house) (s *listening, err error) {
	s = &listening{house: h}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.webhooks, err = listenTCP("listen.webhooks", h.conf.Listen.Webhooks); err != nil {
		return s, err
	}
	if s.private, err = listenTCP("listen.console", h.conf.Listen.Console); err != nil {
		return s, err
	}
	file, err := h.conf.StoreFile()
	if err != nil {
		return s, err
	}
	if s.socket, err = control.SocketPath(file); err != nil {
		return s, err
	}
	s.commands, err = control.Listen(s.socket)
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

func (s *listening) close() {
	for _, l := range []net.Listener{s.webhooks, s.private, s.commands} {
		if l != nil {
			l.Close()
		}
	}
}

// run serves until ctx ends or a listener fails. Then nothing new is taken, what runs is finished within a bound, and what still runs after
// it is cut off. The error is the listener's, or says what was cut off.
func (s *listening) run(ctx context.Context) error {
	working, cut := context.WithCancel(context.Background())
	defer cut()
	failed := make(chan error, 2)
	servers := []*http.Server{s.start(s.webhooks, s.house.webhooks, failed), s.start(s.private, s.house.private, failed)}
	commands := make(chan struct{})
	go func() {
		defer close(commands)
		runner := control.Server{
			Parse: parseCommand, Session: s.house.session, Tokens: server.AcceptedTokens(s.house.conf), Log: s.house.log,
		}
		runner.Serve(working, s.commands)
	}()
	worked := make(chan struct{})
	byItself, rest := context.WithCancel(ctx)
	defer rest()
	go func() {
		defer close(worked)
		s.house.work(byItself)
	}()
	var err error
	select {
	case <-ctx.Done():
		s.house.log.Info("stopping", zap.Duration("within", finishWithin))
	case err = <-failed:
		s.house.log.Error("listener failed", zap.Error(err))
	}
	rest()
	s.house.phones.Close()
	close(s.house.stopping)
	deadline, cancel := context.WithTimeout(context.Background(), finishWithin)
	defer cancel()
	defer context.AfterFunc(deadline, cut)()
	s.commands.Close()
	_ = os.Remove(s.socket) // one that stays is replaced by the next server
	for _, server := range servers {
		if late := server.Shutdown(deadline); late != nil {
			err = errors.Join(err, fmt.Errorf("some requests were cut off: %w", late), server.Close())
		}
	}
	<-commands
	<-worked
	s.house.log.Info("stopped")
	return err
}

func (s *listening) start(l net.Listener, handler http.Handler, failed chan<- error) *http.Server {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeaderWithin, ReadTimeout: readWithin, WriteTimeout: writeWithin, IdleTimeout: idleFor,
		MaxHeaderBytes: maxHeader, ErrorLog: zap.NewStdLog(s.house.log),
	}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	return server
}
