package server

import (
	"context"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/twilio"
)

// newArchive returns the archive of the recordings of a store. An account that cannot be asked fails only what needs it. asked is told of each
// request to it, and may be nil.
func newArchive(conf config.Config, log *store.Store, asked watcher, o recordings.Options) (*recordings.Archive, error) {
	bucket, err := conf.Recordings.OpenBucket()
	if err != nil {
		return nil, err
	}
	var provider recordings.Provider
	if provider, err = Account(conf, asked); err != nil {
		provider = noProvider{err}
	}
	return recordings.New(conf.Recordings, bucket, log, provider, o), nil
}

// noProvider is an account that cannot be asked. Its error is why.
type noProvider struct{ why error }

func (p noProvider) RecordingMedia(context.Context, string) (*twilio.Media, error) { return nil, p.why }
func (p noProvider) DeleteRecording(context.Context, string) error                 { return p.why }
