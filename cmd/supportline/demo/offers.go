package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/remedy"
)

// pagesPath begins the paths, on the console's address, of the pages of a demo's company.
const pagesPath = "/demo/pages"

// companyPage answers with the page that an offer leads to, so that somebody who tries the demo comes to the end.
func companyPage(w http.ResponseWriter, r *http.Request) {
	page := remedy.Page(r.PathValue("page"))
	if !slices.Contains(remedy.Pages(), page) {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	const text = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>The company's page</title></head>
<body style="font: 16px/1.45 system-ui, sans-serif; max-width: 40rem; margin: 0 auto; padding: 1rem"><main><h1>The company's page</h1>
<p>Here your own page would be, about %s: its address is in <code>links</code> in the configuration. The console shows that the link was opened.</p>
</main></body></html>
`
	_, _ = fmt.Fprintf(w, text, page.Words()) // nobody reads on
}

// becomes is what became of an offer of a made-up log.
type becomes func(ctx context.Context, app *server.App, o remedy.Offer, at time.Time) error

// offered are the offers of a made-up log, one for each state: the last waits, and goes out as the demo starts.
var offered = []struct {
	page    remedy.Page
	becomes becomes
}{
	{remedy.ScreenSharing, sent},
	{remedy.Training, opened},
	{remedy.ScreenSharing, lost},
	{remedy.Training, takenBack},
	{remedy.ScreenSharing, func(context.Context, *server.App, remedy.Offer, time.Time) error { return nil }},
}

// offerOnCalls adds what specialists offered on the last calls of a log.
func offerOnCalls(ctx context.Context, app *server.App) error {
	n := 0
	for call, err := range app.Store.Calls(ctx, policy.Filter{Outcome: policy.Served, Limit: 3 * len(offered)}) {
		if err != nil {
			return err
		}
		leg, accepted := call.Accepted()
		if !accepted || n == len(offered) {
			continue
		}
		at := call.End()
		act := followup.Act{At: at, By: cmp.Or(app.Conf.Settings.LegName(leg), "Ada Moreau"), Via: followup.ViaLink}
		o, err := app.Session().Offers.OfferOn(ctx, call.SID, remedy.Ask{Page: offered[n].page, By: policy.ChannelEmail, Act: act})
		if errors.Is(err, remedy.ErrNoReceiver) || errors.Is(err, remedy.ErrNoPage) { // somebody changed the configuration
			continue
		}
		if err == nil {
			err = offered[n].becomes(ctx, app, o, at.Add(time.Minute))
		}
		if err != nil {
			return err
		}
		n++
	}
	return nil
}

func sent(ctx context.Context, app *server.App, o remedy.Offer, at time.Time) error {
	return app.Store.NoticeSent(ctx, o.Notice, at)
}

func opened(ctx context.Context, app *server.App, o remedy.Offer, at time.Time) error {
	err := sent(ctx, app, o, at)
	if err == nil {
		_, err = app.Store.OpenOffer(ctx, o.ID, at.Add(time.Hour))
	}
	return err
}

func lost(ctx context.Context, app *server.App, o remedy.Offer, at time.Time) error {
	return errors.Join(sent(ctx, app, o, at), app.Store.NoticeLost(ctx, o.Notice, at.Add(time.Minute), errors.New("the mail server returned it: no such mailbox")))
}

func takenBack(ctx context.Context, app *server.App, o remedy.Offer, at time.Time) error {
	_, err := app.Store.TakeBackOffer(ctx, o.ID, followup.Act{At: at, By: o.By, Via: followup.ViaLink})
	return err
}
