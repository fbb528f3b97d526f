package server

import (
	"context"
	"net/http"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/links"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/link"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/figures"
)

// Console returns the ops web console.
func (a *App) Console() http.Handler {
	settings := a.Conf.Settings
	return console.New(console.Deps{
		Settings: a.Conf.Console, Policy: settings, Lines: a.lines, DatesYAML: config.DatesYAML, Calls: a.Store, Users: a.Store, Sessions: a.Store,
		Audit: a.Store, Tokens: a.Store, Accounts: figures.Accounts{Store: a.Store, FairUse: settings.FairUse},
		Cases: figures.Casework{Store: a.Store, Settings: settings, Addressed: a.Conf.Notices.Addressed}, Ready: a.Store.Ping,
		Version: Version(), Secret: a.Store.Secret(), Outbox: a.Store, FollowUps: acting{a.Store, a.wake}, Rotas: a.rotas, Spoken: a.spoken, Recordings: sounds{a.Store, a.Archive}, Phones: a.Phones,
		Stopping: a.stopping, Health: a.findings, Processes: a.processRows, Usage: a.Usage, Yield: a.yielder.yield, Now: a.Now, Logger: a.Sampled,
	})
}

// links returns the handler of the links in messages; nil where the store has no secret that they are signed with.
func (a *App) links() http.Handler {
	secret := a.Store.Secret()
	if secret == nil {
		return nil
	}
	key, err := link.Key(secret)
	if err != nil {
		a.Log.Error("links in messages do not work", zap.Error(err))
		return nil
	}
	return links.New(links.Deps{Store: a.Store, Key: key, Settings: a.lines.InForce, Done: a.wake, Now: a.Now, Logger: a.Sampled})
}

// spoken returns what was heard after an exchange of a call, in the words of today.
func (a *App) spoken(call policy.Call, exchange policy.Exchange) (specialist bool, sentences []string) {
	line, ok := a.Conf.Settings.Line(call.Line)
	if !ok {
		line = a.Conf.Settings.Lines[0]
	}
	heard := a.Conf.Words.Transcript(line, exchange)
	return heard.Specialist, heard.Sentences
}

// sounds are the recordings as the console plays them. The store notes that a person was given one.
type sounds struct {
	*store.Store
	archive *recordings.Archive
}

// OpenRecording opens one that was fetched.
func (s sounds) OpenRecording(ctx context.Context, call policy.CallSID, sid string) (console.Sound, error) {
	opened, err := s.archive.Open(ctx, call, sid)
	if err != nil {
		return console.Sound{}, err
	}
	return console.Sound{ReadSeekCloser: opened, Type: opened.Copy.Type, Made: opened.Copy.At}, nil
}
