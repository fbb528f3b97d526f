package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/doctor"
	"github.com/officernd/supportline/cmd/supportline/server"
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

func (c provisionCommand) run(ctx context.Context, p *program, configFile string) error {
	conf, err := p.load(configFile, config.Options{})
	if err != nil {
		return err
	}
	at, err := server.Account(conf, nil)
	if err != nil {
		return err
	}
	return provision{account: at, wanted: doctor.WantedNumbers(conf), out: p.Out, colour: p.colour()}.run(ctx, c.Apply)
}

// provision is one run of the command.
type provision struct {
	account doctor.NumberAccount
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
			written := len(plan.Differences)
			if plan, err = doctor.Apply(ctx, p.account, plan); err != nil {
				return fmt.Errorf("%s: %w\nwhat was written before it stands; run this again to go on", plan.Number, err)
			}
			fmt.Fprintf(p.out, "    written and read back: %s\n", plural(written, "setting"))
		}
		if !plan.Done() {
			open++
		}
	}
	for _, n := range others {
		what := "in the account, not in the configuration: left alone"
		if doctor.CallsUs(p.wanted, n) {
			what = "in the account and its calls come to us, but no line of the configuration: callers get the line that is most like it"
		}
		fmt.Fprintf(p.out, "%s  %s\n", n.Number, what)
	}
	if open > 0 {
		return control.Refused("%s to be done%s", plural(open, "number"), map[bool]string{false: "; --apply writes what differs", true: " by hand"}[apply])
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
		fmt.Fprintf(p.out, "    %-16s %s\n", d.Setting, p.coloured(red, "- "+cmp.Or(d.Is, "(nothing)")))
		fmt.Fprintf(p.out, "    %-16s %s\n", "", p.coloured(green, "+ "+cmp.Or(d.Want, "(nothing)")))
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
		return control.Plain(text)
	}
	return "\x1b[" + colour + "m" + control.Plain(text) + "\x1b[0m"
}
