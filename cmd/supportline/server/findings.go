package server

import (
	"context"
	"fmt"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/policy"
)

// comparedLate is the age of the last comparison with the provider's list past which a person should look.
const comparedLate = time.Hour

// findings returns the state of the parts of a running server, for its console. No other system is asked.
func (a *App) findings(ctx context.Context) []console.Finding {
	running := fmt.Sprintf("supportline %s, configuration %s", Version(), a.lines.Settings().Version)
	version := console.Finding{Part: "versions", State: "ok", Found: running}
	return []console.Finding{a.storeFinding(ctx), a.callsFinding(ctx), a.listFinding(ctx), a.noticesFinding(ctx), version}
}

func (a *App) storeFinding(ctx context.Context) console.Finding {
	f := console.Finding{Part: "store", State: "ok", Found: "It can be read, and the last commit went through."}
	if err := a.Store.Ping(ctx); err != nil {
		f.State, f.Found = "wrong", err.Error()
		f.Advice = "Make room on the disk, or give the server the right to write. Callers are connected meanwhile, but not logged."
	}
	return f
}

func (a *App) callsFinding(ctx context.Context) console.Finding {
	f := console.Finding{Part: "webhooks", State: "warning", Found: "No call has come yet.", Advice: "Call a line. If nothing comes, doctor says why."}
	found, err := a.Store.Search(ctx, policy.Filter{}, policy.Page{Length: 1})
	switch {
	case err != nil:
		f.Found = err.Error()
	case len(found.List) > 0:
		f.State, f.Advice = "ok", ""
		f.Found = "The last call began " + ago(a.Now(), found.List[0].StartedAt) + "."
	}
	return f
}

func (a *App) listFinding(ctx context.Context) console.Finding {
	f := console.Finding{Part: "provider", State: "warning", Advice: "The server does so by itself every five minutes; its log says what keeps it from it, and doctor what is wrong."}
	at, err := a.Store.Checkpoint(ctx)
	switch {
	case err != nil:
		f.Found = err.Error()
	case at.IsZero():
		f.Found = "The log was never compared with the provider's list of calls."
	default:
		f.Found = "The log is compared with the provider's list of calls up to " + ago(a.Now(), at) + "."
		if a.Now().Sub(at) <= comparedLate {
			f.State, f.Advice = "ok", ""
		}
	}
	return f
}

func (a *App) noticesFinding(ctx context.Context) console.Finding {
	f := console.Finding{Part: "notices", State: "ok", Found: "None waits longer than it should."}
	failed, err := a.Store.FailedNotices(ctx)
	switch {
	case err != nil:
		f.State, f.Found = "wrong", err.Error()
	case failed > 0:
		f.State, f.Found, f.Advice = "warning", control.Plural(failed, "notice")+" could not be delivered.", "See below why, mend it, and try them again."
	case !a.Conf.Notices.HasReceivers():
		f.Found = "Nobody is told anything: the configuration has no notices."
	}
	return f
}

// ago returns a time in words, as seen from now.
func ago(now, at time.Time) string {
	switch d := now.Sub(at); {
	case d < time.Minute:
		return "less than a minute ago"
	case d < 2*time.Hour:
		return control.Plural(int(d.Minutes()), "minute") + " ago"
	case d < 48*time.Hour:
		return control.Plural(int(d.Hours()), "hour") + " ago"
	default:
		return control.Plural(int(d.Hours()/24), "day") + " ago"
	}
}
