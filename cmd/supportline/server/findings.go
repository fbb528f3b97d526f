package server

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
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
	found := append([]console.Finding{a.storeFinding(ctx)}, a.notHeldFindings()...)
	found = append(found, a.callsFinding(ctx), a.listFinding(ctx), a.noticesFinding(ctx))
	found = append(found, a.backupFindings()...)
	if all, err := a.Store.Processes(ctx); err == nil && a.Store.Shared() {
		found = append(found, processesFinding(all))
	}
	return append(append(found, ReceiverFindings(a.Conf)...), version)
}

func (a *App) storeFinding(ctx context.Context) console.Finding {
	f := console.Finding{Part: "store", State: "ok", Found: "It can be read, and the last commit went through."}
	stats := a.watched.stats()
	if a.Conf.Store.IsDatabase() {
		f.Found = fmt.Sprintf("The database answers, and the last commit went through. %d of at most %d connections of this server are in use.", stats.InUse, stats.Max)
	}
	if err := a.Store.Ping(ctx); err != nil {
		f.State, f.Found = "wrong", err.Error()
		f.Advice = "Make room on the disk, or give the server the right to write. Callers are connected meanwhile, but not logged."
		if a.Conf.Store.IsDatabase() {
			f.Advice = "Look at the database, and at the way to it. Callers are connected meanwhile, and what can be known of their calls is added from the provider's list afterwards."
		}
	}
	return f
}

// notHeldFindings returns what the database does not hold of what is acknowledged.
func (a *App) notHeldFindings() (all []console.Finding) {
	for _, n := range a.watched.warnings() {
		all = append(all, console.Finding{Part: "store", State: "warning", Found: "Not all that is acknowledged is held: " + n.Text + ".", Advice: "Change that on the database server, or accept what can be lost; doctor says how."})
	}
	return all
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

// backupFindings returns what is known of the backups that this process makes; nothing where it makes none.
func (a *App) backupFindings() []console.Finding {
	last := a.Counters.backedUpLast.Load()
	if last == nil {
		return nil
	}
	f := console.Finding{Part: "backups", State: "ok"}
	if f.Found = "There is none yet."; !last.newest.IsZero() {
		f.Found = "The newest was begun " + ago(a.Now(), last.newest) + "."
	}
	if last.err != nil {
		f.State, f.Found, f.Advice = "wrong", f.Found+" The last try failed: "+last.err.Error(), "Mend that; the server tries again every 15 minutes. Older backups stay."
	}
	return []console.Finding{f}
}

func (a *App) noticesFinding(ctx context.Context) console.Finding {
	f := console.Finding{Part: "notices", State: "ok", Found: "None waits longer than it should."}
	failed, err := a.Store.FailedNotices(ctx)
	switch {
	case err != nil:
		f.State, f.Found = "wrong", err.Error()
	case failed > 0:
		f.State, f.Found, f.Advice = "warning", control.Plural(failed, "notice")+" could not be delivered.", "See below why, mend it, and try them again."
	}
	return f
}

// toLearn are the events that people are to learn of, in words.
var toLearn = []struct {
	kind  policy.NoticeKind
	words string
}{
	{policy.NoticeVoicemail, "a message that a caller left"},
	{policy.NoticeCriticalMissed, "a critical call that nobody took"},
	{policy.NoticeCallLimit, "a call past the limit"},
	{policy.NoticeTickets, "an account near its limit"},
	{policy.NoticeCase, "a case that opened"},
}

// ReceiverFindings returns whether somebody is told of what people are to learn, by a rule of alarms or by notices: those of the company of what waits
// for them, and account holders of what costs them (rule 15).
func ReceiverFindings(conf config.Config) (all []console.Finding) {
	warn := func(found, advice string) {
		all = append(all, console.Finding{Part: "receivers", State: "warning", Found: found, Advice: advice})
	}
	told, untold := conf.Notices, []string{}
	for _, event := range toLearn {
		_, ruled := conf.Alarms.For(event.kind)
		if !ruled && !told.HasReceivers() && (event.kind != policy.NoticeVoicemail || conf.Settings.TakesMessages()) {
			untold = append(untold, event.words)
		}
	}
	switch missed := inWords(untold); {
	case missed == "":
	case len(told.Channels) == 0:
		warn("Nobody is told of "+missed+": the configuration has no notices.", "Add notices to the configuration: smtp with the addresses of ops, or a webhook; or name these events in alarms.")
	default:
		warn("Nobody here is told of "+missed+": notices.ops is empty, and there is no webhook.", "Write the addresses of those who are to learn of it into notices.ops, add notices.webhook, or name these events in alarms.")
	}
	if conf.Settings.FairUse.TellHolder && !told.Reaches(policy.ChannelEmail) {
		warn("No account holder is told before it costs: fair_use.tell_holder is true, and there is no mail server.", "Add notices.smtp to the configuration, or set tell_holder to false.")
	}
	if all == nil {
		all = []console.Finding{{Part: "receivers", State: "ok", Found: "Somebody is told of what waits for a person, by " + inWords(waysOf(conf)) + "."}}
	}
	return all
}

// waysOf returns the channels by which the company is told: those that alarms name first, and those of notices.
func waysOf(conf config.Config) (ways []string) {
	add := func(channel policy.Channel) {
		if !slices.Contains(ways, string(channel)) {
			ways = append(ways, string(channel))
		}
	}
	for _, rule := range conf.Alarms {
		for _, to := range rule.To {
			add(to.Channel)
		}
	}
	for _, n := range conf.Notices.Addressed(policy.Notice{}) {
		add(n.Channel)
	}
	return ways
}

// inWords returns a list as a sentence has it: "a, b and c".
func inWords(list []string) string {
	last := len(list) - 1
	if last < 1 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:last], ", ") + " and " + list[last]
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
