package server

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/links"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/link"
	"github.com/officernd/supportline/policy/remedy"
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
		Version: Version(), Secret: a.Store.Secret(), Outbox: a.Store, FollowUps: acting{a.Store, a.wake}, Offers: a.offers(), Rotas: a.rotas, Spoken: a.spoken, Recordings: sounds{a.Store, a.Archive}, Phones: a.Phones,
		Stopping: a.stopping, Health: a.findings, Processes: a.processRows, Usage: a.Usage, Yield: a.yielder.yield, Now: a.Now, Logger: a.Sampled,
	})
}

// links returns the handler of the links in messages; nil where the store has no secret that they are signed with.
func (a *App) links() http.Handler {
	key := a.linkKey()
	if key == nil {
		return nil
	}
	return links.New(links.Deps{Store: a.Store, Offer: a.offer, Zone: a.Conf.Settings.LineZone, Key: key, Settings: a.lines.InForce, Done: a.wake, Now: a.Now, Logger: a.Sampled})
}

// linkKey returns the key that links in messages are signed with; nil where the store has no secret.
func (a *App) linkKey() []byte {
	secret := a.Store.Secret()
	if secret == nil {
		return nil
	}
	key, err := link.Key(secret)
	if err != nil {
		a.Log.Error("links in messages do not work", zap.Error(err))
	}
	return key
}

// offer offers a page of the company on a call, by a signed link.
func (a *App) offer(ctx context.Context, sid policy.CallSID, ask remedy.Ask) (remedy.Offer, error) {
	return a.offers().OfferOn(ctx, sid, ask)
}

// offerLink returns what makes the address of our own page of an offer; nil where links can't be signed.
func (a *App) offerLink() func(remedy.ID, time.Time) string {
	return offerLink(a.linkKey(), a.Conf.PublicURL)
}

func offerLink(key []byte, publicURL string) func(remedy.ID, time.Time) string {
	if key == nil {
		return nil
	}
	return func(id remedy.ID, at time.Time) string {
		return link.New(link.Offer, string(id), "", at).Address(publicURL, key)
	}
}

// offers are the offers of people in the console, of programs and of commands: the sender looks for each at once.
func (a *App) offers() offering {
	return offering{a.Store, func() store.Offering { return store.Offering{Settings: a.lines.InForce(), Link: a.offerLink()} }, a.wake}
}

// offering is a store that makes offers as the configuration in force has them.
type offering struct {
	*store.Store
	by   func() store.Offering
	wake func()
}

// OfferOn offers a page of the company on a call.
func (o offering) OfferOn(ctx context.Context, sid policy.CallSID, ask remedy.Ask) (remedy.Offer, error) {
	defer o.wake()
	return o.Store.OfferOn(ctx, sid, ask, o.by())
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
