package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/twilio"
)

// provisionCommand is "provision".
type provisionCommand struct {
	Apply bool `help:"Write the plan to the account, one number at a time."`
}

// Help shows examples.
func (provisionCommand) Help() string {
	return `Compares the account's numbers with the configuration: where calls go, what answers when we don't, who hears of the end, and what would
silently win over that. Prints what differs. Settings of messages are never touched. Exit status 1 while anything differs.

Examples:

    supportline provision
    supportline provision --apply`
}

// numberAccount is what provision and doctor need of the account.
type numberAccount interface {
	Numbers(context.Context) ([]twilio.OwnedNumber, error)
	Number(ctx context.Context, sid string) (twilio.OwnedNumber, error)
	ChangeNumber(ctx context.Context, sid string, c twilio.NumberChange) (twilio.OwnedNumber, error)
}

func (c provisionCommand) run(ctx context.Context, p *program, configFile string) error {
	conf, err := p.load(configFile, config.Options{})
	if err != nil {
		return err
	}
	at, err := server.Account(conf, p.keptTokens(ctx, conf, configFile), nil)
	if err != nil {
		return err
	}
	return provision{account: at, wanted: wantedNumbers(conf), out: p.Out, colour: p.colour()}.run(ctx, c.Apply)
}

// wantedNumbers are the lines as they should stand at the provider.
func wantedNumbers(conf config.Config) []twilio.Wanted {
	base := strings.TrimSuffix(conf.PublicURL, "/")
	var all []twilio.Wanted
	for _, l := range conf.Settings.Lines {
		s := twilio.VoiceSettings{
			VoiceURL: base + "/voice" + twilio.Overrides, VoiceMethod: http.MethodPost,
			FallbackURL: base + "/fallback" + twilio.FallbackOverrides, FallbackMethod: http.MethodPost,
			StatusURL: base + "/status", StatusMethod: http.MethodPost,
		}
		if elsewhere, hosted := conf.HostedElsewhere(); hosted {
			s.FallbackURL, s.FallbackMethod = elsewhere+"/"+ivr.FallbackFolder(l.Number)+"/voice.xml"+twilio.FallbackOverrides, http.MethodGet
		}
		all = append(all, twilio.Wanted{Number: string(l.Number), Name: l.Name, VoiceSettings: s})
	}
	return all
}

// provision is one run of the command.
type provision struct {
	account numberAccount
	wanted  []twilio.Wanted
	out     io.Writer
	colour  bool
}

func (p provision) run(ctx context.Context, apply bool) error {
	owned, err := p.account.Numbers(ctx)
	if err != nil {
		return err
	}
	plans, others := twilio.Plan(p.wanted, owned)
	open := 0
	for _, plan := range plans {
		p.show(plan)
		if apply && !plan.Missing() && len(plan.Differences) > 0 {
			if plan, err = p.apply(ctx, plan); err != nil {
				return fmt.Errorf("%s: %w\nwhat was written before it stands; run this again to go on", plan.Number, err)
			}
		}
		if !plan.Done() {
			open++
		}
	}
	for _, n := range others {
		what := "in the account, not in the configuration: left alone"
		if p.callsUs(n) {
			what = "in the account and its calls come to us, but no line of the configuration: callers get the line that is most like it"
		}
		fmt.Fprintf(p.out, "%s  %s\n", n.Number, what)
	}
	if open > 0 {
		return no("%s to be done%s", plural(open, "number"), map[bool]string{false: "; --apply writes what differs", true: " by hand"}[apply])
	}
	return nil
}

// show prints what has to happen to a number, like a diff.
func (p provision) show(plan twilio.NumberPlan) {
	fmt.Fprintf(p.out, "%s  %s", plan.Number, plan.Name)
	switch {
	case plan.Missing():
		fmt.Fprintln(p.out, "\n    not in the account: buy it in the console under Phone Numbers, Buy a number, or take the line out of the configuration")
	case plan.Done():
		fmt.Fprintln(p.out, "  as it should be")
	default:
		fmt.Fprintf(p.out, "  (%s)\n", plan.Owned.SID)
	}
	for _, d := range plan.Differences {
		fmt.Fprintf(p.out, "    %-16s %s\n", d.Setting, p.coloured(red, "- "+orNothing(d.Is)))
		fmt.Fprintf(p.out, "    %-16s %s\n", "", p.coloured(green, "+ "+orNothing(d.Want)))
	}
	for _, why := range plan.Blocked {
		fmt.Fprintf(p.out, "    blocked          %s\n", why)
	}
}

const (
	red   = "31"
	green = "32"
)

func (p provision) coloured(colour, text string) string {
	if !p.colour {
		return plain(text)
	}
	return "\x1b[" + colour + "m" + plain(text) + "\x1b[0m"
}

func orNothing(setting string) string {
	if setting == "" {
		return "(nothing)"
	}
	return setting
}

// apply writes one number, reads it back, and gives what is left to do.
func (p provision) apply(ctx context.Context, plan twilio.NumberPlan) (twilio.NumberPlan, error) {
	said, err := p.account.ChangeNumber(ctx, plan.Owned.SID, plan.Change())
	if err != nil {
		return plan, err
	}
	if err := taken(plan.Wanted, said); err != nil {
		return plan, err
	}
	now, err := p.account.Number(ctx, plan.Owned.SID)
	if err != nil {
		return plan, fmt.Errorf("it was written, but could not be read back: %w", err)
	}
	if err := taken(plan.Wanted, now); err != nil {
		return plan, err
	}
	fmt.Fprintf(p.out, "    written and read back: %s\n", plural(len(plan.Differences), "setting"))
	return twilio.PlanOne(plan.Wanted, now), nil
}

// taken holds what the provider says of a number after a write against what was wanted.
func taken(w twilio.Wanted, n twilio.OwnedNumber) error {
	for _, d := range twilio.PlanOne(w, n).Differences {
		return fmt.Errorf("the provider did not take its %s: it is %q and should be %q", d.Setting, d.Is, d.Want)
	}
	return nil
}

// callsUs says whether an owned number that is no line of ours sends its calls here all the same.
func (p provision) callsUs(n twilio.OwnedNumber) bool {
	for _, w := range p.wanted {
		ours, _, _ := strings.Cut(w.VoiceURL, "#")
		if at, _, _ := strings.Cut(n.VoiceURL, "#"); at == ours {
			return true
		}
	}
	return false
}
