package main

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/twilio"
)

// keeping are what a keeper of recordings takes from its surroundings.
type keeping struct {
	now  func() time.Time
	log  *zap.Logger
	told func(what, result string)               // of each try; nil: nobody counts
	ask  func(what, how string, _ time.Duration) // of each request; nil: nobody counts
}

// newKeeper makes the keeper of the recordings of a store. An account that can't be asked fails what needs it, and nothing else.
func newKeeper(conf config.Config, log *store.Store, o keeping) (*recordings.Keeper, error) {
	place, err := conf.Recordings.Place()
	if err != nil {
		return nil, err
	}
	var provider recordings.Provider
	if provider, err = server.Account(conf, o.ask); err != nil {
		provider = noProvider{err}
	}
	return recordings.New(conf.Recordings, place, log, provider, recordings.Options{Now: o.now, Logger: o.log, Told: o.told}), nil
}

// noProvider is an account that can't be asked, and says why.
type noProvider struct{ why error }

func (p noProvider) RecordingMedia(context.Context, string) (*twilio.Media, error) { return nil, p.why }
func (p noProvider) DeleteRecording(context.Context, string) error                 { return p.why }
