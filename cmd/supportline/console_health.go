package main

import (
	"context"
	"fmt"
	"time"

	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/policy"
)

// comparedLate is how old the last comparison with the provider's list may be before somebody should look.
const comparedLate = time.Hour

// findings are how the parts of a running house are, for its console. Nothing is asked of anybody outside.
func (h *house) findings(ctx context.Context) []console.Finding {
	return []console.Finding{h.storeFinding(ctx), h.callsFinding(ctx), h.listFinding(ctx), h.noticesFinding(ctx), h.versionFinding()}
}

func (h *house) storeFinding(ctx context.Context) console.Finding {
	f := console.Finding{Part: "store", State: "ok", Found: "It can be read, and the last commit went through."}
	if err := h.store.Ping(ctx); err != nil {
		f.State, f.Found = "wrong", err.Error()
		f.Advice = "Make room on the disk, or give the server the right to write. Callers are connected meanwhile, but not logged."
	}
	return f
}

func (h *house) callsFinding(ctx context.Context) console.Finding {
	f := console.Finding{Part: "webhooks", State: "warning", Found: "No call has come yet.", Advice: "Call a line. If nothing comes, doctor says why."}
	found, err := h.store.Search(ctx, policy.Filter{}, policy.Page{Length: 1})
	switch {
	case err != nil:
		f.Found = err.Error()
	case len(found.List) > 0:
		f.State, f.Advice = "ok", ""
		f.Found = "The last call began " + ago(h.now(), found.List[0].StartedAt) + "."
	}
	return f
}

func (h *house) listFinding(ctx context.Context) console.Finding {
	f := console.Finding{Part: "provider", State: "warning", Advice: "The server does so by itself every five minutes; its log says what keeps it from it, and doctor what is wrong."}
	at, err := h.store.Checkpoint(ctx)
	switch {
	case err != nil:
		f.Found = err.Error()
	case at.IsZero():
		f.Found = "The log was never compared with the provider's list of calls."
	default:
		f.Found = "The log is compared with the provider's list of calls up to " + ago(h.now(), at) + "."
		if h.now().Sub(at) <= comparedLate {
			f.State, f.Advice = "ok", ""
		}
	}
	return f
}

func (h *house) noticesFinding(ctx context.Context) console.Finding {
	f := console.Finding{Part: "notices", State: "ok", Found: "None waits longer than it should."}
	failed, err := h.store.FailedNotices(ctx)
	switch {
	case err != nil:
		f.State, f.Found = "wrong", err.Error()
	case failed > 0:
		f.State, f.Found, f.Advice = "warning", plural(failed, "notice")+" could not be delivered.", "See below why, mend it, and try them again."
	case !h.conf.Notices.HasReceivers():
		f.Found = "Nobody is told anything: the configuration has no notices."
	}
	return f
}

func (h *house) versionFinding() console.Finding {
	return console.Finding{Part: "versions", State: "ok", Found: fmt.Sprintf("supportline %s, configuration %s", server.Version(), h.inForce.Settings().Version)}
}

// ago is a time in words, as seen from now.
func ago(now, at time.Time) string {
	switch d := now.Sub(at); {
	case d < time.Minute:
		return "less than a minute ago"
	case d < 2*time.Hour:
		return plural(int(d.Minutes()), "minute") + " ago"
	case d < 48*time.Hour:
		return plural(int(d.Hours()), "hour") + " ago"
	default:
		return plural(int(d.Hours()/24), "day") + " ago"
	}
}
