package server

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/twilio"
)

// archiveOptions holds the options of an archive that the program sets.
type archiveOptions struct {
	now  func() time.Time
	log  *zap.Logger
	told func(what, result string)               // of each try; nil: nobody counts
	ask  func(what, how string, _ time.Duration) // of each request; nil: nobody counts
}

// newArchive returns the archive of the recordings of a store. An account that cannot be asked fails only what needs it.
func newArchive(conf config.Config, log *store.Store, o archiveOptions) (*recordings.Archive, error) {
	bucket, err := conf.Recordings.OpenBucket()
	if err != nil {
		return nil, err
	}
	var provider recordings.Provider
	if provider, err = Account(conf, o.ask); err != nil {
		provider = noProvider{err}
	}
	return recordings.New(conf.Recordings, bucket, log, provider, recordings.Options{Now: o.now, Logger: o.log, Told: o.told}), nil
}

// noProvider is an account that cannot be asked. Its error is why.
type noProvider struct{ why error }

func (p noProvider) RecordingMedia(context.Context, string) (*twilio.Media, error) { return nil, p.why }
func (p noProvider) DeleteRecording(context.Context, string) error                 { return p.why }
