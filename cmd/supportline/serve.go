package main

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/store"
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
	log := server.NewLogger(p.Err)
	a, err := server.Open(conf, p.Now, log, store.Options{})
	if err != nil {
		return err
	}
	s, err := server.Listen(a, parseCommand)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	log.Info("listening", zap.String("webhooks", s.Webhooks.Addr().String()), zap.String("private", s.Private.Addr().String()),
		zap.String("commands", s.Socket), zap.String("public_url", conf.PublicURL), zap.String("config", a.Settings().Version),
		zap.String("version", server.Version()))
	return errors.Join(s.Run(ctx), a.Close())
}
