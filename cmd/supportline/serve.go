package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/server"
)

type serveCommand struct{}

func (serveCommand) Help() string {
	return examples(`It starts only with a configuration that "supportline check" finds nothing in. It logs JSON to standard
error and stops on SIGTERM, after what runs is finished.`, "supportline serve --config /etc/supportline/supportline.yaml")
}

func (serveCommand) run(ctx context.Context, p *program, configFile string) error {
	conf, err := p.load(configFile, config.Options{})
	if err != nil {
		return err
	}
	log := server.NewLogger(p.Err)
	a, err := server.Open(conf, p.Now, log, 0)
	if err != nil {
		return err
	}
	s, err := server.Listen(a, parseCommand)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	log.Info("listening", zap.String("webhooks", s.Webhooks.Addr().String()), zap.String("private", s.Private.Addr().String()),
		zap.String("metrics", conf.Listen.Metrics), zap.Stringer("store", conf.Store), zap.String("commands", s.Socket), zap.String("public_url", conf.PublicURL), zap.String("config", a.Settings().Version),
		zap.String("version", server.Version()))
	return errors.Join(s.Run(ctx), a.Close())
}

// healthCommand is "health": for container health checks, and for scripts that wait for a server.
type healthCommand struct {
	Ready bool          `help:"Ask whether the store can be written, too."`
	Wait  time.Duration `placeholder:"DURATION" help:"Go on asking for so long."`
}

func (healthCommand) Help() string {
	return examples("Exit status 0: the server of this configuration answers that it is well. 1: it does not.",
		"supportline health --ready --wait 10s")
}

// askEvery is the pause between two questions.
const askEvery = 50 * time.Millisecond

func (c healthCommand) run(ctx context.Context, p *program, configFile string) error {
	path := "/healthz"
	if c.Ready {
		path = "/readyz"
	}
	give := time.After(c.Wait)
	again := time.NewTicker(askEvery)
	defer again.Stop()
	for {
		conf, err := p.load(configFile, offline) // each time: a demo that starts can move to other ports
		if err != nil {
			return err
		}
		_, err = server.AskHealth(ctx, conf.Listen.Health(), path)
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-give:
			return control.Refused("the server is not well: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

type versionCommand struct{}

func (versionCommand) Help() string { return examples("", "supportline version") }

func (versionCommand) run(_ context.Context, p *program, _ string) error {
	_, err := fmt.Fprintln(p.Out, "supportline", server.Version())
	return err
}
