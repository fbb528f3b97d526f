package main

import (
	"context"
	"net/http"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// console is the ops web console of a house.
func (h *house) console() http.Handler {
	settings := h.conf.Settings
	return console.New(console.Deps{
		Settings: h.conf.Console, Policy: settings, Lines: h.inForce, DatesYAML: config.DatesYAML, Calls: h.store, Users: h.store, Sessions: h.store, Audit: h.store,
		Tokens: h.store, Accounts: store.Accounts{Store: h.store, FairUse: settings.FairUse}, Cases: store.Casework{Store: h.store, Settings: settings, Addressed: h.conf.Notices.Addressed}, Ready: h.store.Ping,
		Version: server.Version(), Outbox: h.store, Spoken: h.spoken, Recordings: sounds{h}, Phones: h.phones, Stopping: h.stopping, Health: h.findings,
		Usage: h.usage, Yield: h.courtesy.yield, Now: h.now, Logger: h.log,
	})
}

// spoken is what was heard after a turn of a call, in the words of today.
func (h *house) spoken(call policy.Call, turn policy.Exchange) (specialist bool, sentences []string) {
	line, ok := h.conf.Settings.Line(call.Line)
	if !ok {
		line = h.conf.Settings.Lines[0]
	}
	heard := h.conf.Words.Transcript(line, turn)
	return heard.Specialist, heard.Sentences
}

// sounds are the house's recordings as its console plays them.
type sounds struct{ *house }

// OpenRecording opens one that was fetched.
func (s sounds) OpenRecording(ctx context.Context, call policy.CallSID, sid string) (console.Sound, error) {
	opened, err := s.archive.Open(ctx, call, sid)
	if err != nil {
		return console.Sound{}, err
	}
	return console.Sound{ReadSeekCloser: opened, Type: opened.Copy.Type, Made: opened.Copy.At}, nil
}

// Reveal notes that a person was given one.
func (s sounds) Reveal(ctx context.Context, call policy.CallSID, by, detail string) error {
	return s.store.Reveal(ctx, call, by, detail)
}
