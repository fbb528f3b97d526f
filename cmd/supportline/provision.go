package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/doctor"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/twilio"
)

type provisionCommand struct {
	Apply bool `help:"Write the plan to the account, one number at a time."`
}

func (provisionCommand) Help() string {
	return examples(`Compares the account's numbers with the configuration: where calls go, what answers when we don't, who
hears of the end, and what would silently win over that. Prints what differs. Settings of messages are never touched. Exit
status 1 while anything differs.`,
		"supportline provision",
		"supportline provision --apply")
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
			fmt.Fprintf(p.out, "    written and read back: %s\n", control.Plural(written, "setting"))
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
		return control.Refused("%s to be done%s", control.Plural(open, "number"), map[bool]string{false: "; --apply writes what differs", true: " by hand"}[apply])
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
		fmt.Fprintf(p.out, "    %-16s %s\n", d.Setting, p.coloured(control.Red, "- ", d.Is))
		fmt.Fprintf(p.out, "    %-16s %s\n", "", p.coloured(control.Green, "+ ", d.Want))
	}
	for _, why := range plan.Blocked {
		fmt.Fprintf(p.out, "    blocked          %s\n", why)
	}
}

func (p provision) coloured(style, sign, setting string) string {
	return control.Styled(style, sign+control.Plain(cmp.Or(setting, "(nothing)")), p.colour)
}

type fallbackCommand struct {
	Out string `required:"" placeholder:"DIR" help:"Where the documents go, a folder for each line."`
	At  string `placeholder:"TIME" help:"The week begins at this time: \"2026-11-22 10:00\" (UTC) or RFC 3339 (default: now)."`
}

func (fallbackCommand) Help() string {
	return examples(`Writes the documents that answer callers while the server can't: they say the hours of the week to come
and ring the critical team, with no state. Put them where they can be fetched with GET (a CDN, an object store) and name that
place as fallback_url; bin.xml is all in one, for a TwiML Bin. They hold the specialists' numbers: give the folder there a name
that nobody can guess. Write them anew each week, and when a date was edited in the console, since closed days are named.`,
		"supportline fallback --out fallback",
		"0 6 * * 1  supportline fallback --out /srv/fallback")
}

func (c fallbackCommand) run(ctx context.Context, p *program, configFile string) error {
	conf, err := p.load(configFile, config.Options{}) // an address that is missing would make documents that lead nowhere
	if err != nil {
		return err
	}
	conf = p.edited(ctx, conf, configFile)
	from := p.Now()
	if c.At != "" {
		if from, _, err = flags.ParseMoment(c.At, time.UTC); err != nil {
			return fmt.Errorf("--at: %w", err)
		}
	}
	fallback := conf.Fallback()
	for _, line := range conf.Settings.Lines {
		documents, err := fallback.Documents(line, from)
		if err != nil {
			return err
		}
		folder := filepath.Join(c.Out, ivr.FallbackFolder(line.Number))
		if err := writeDocuments(folder, documents); err != nil {
			return err
		}
		fmt.Fprintf(p.Out, "%s  %s  %s\n", line.Number.Full(), control.Plain(line.Name), strings.Join(slices.Sorted(maps.Keys(documents)), " "))
		fmt.Fprintf(p.Out, "    %s\n", folder)
	}
	until := from.AddDate(0, 0, 7)
	fmt.Fprintf(p.Err, "Right until %s. They refer to each other below %s\n", until.UTC().Format(time.DateOnly), conf.FallbackBase())
	if _, hosted := conf.HostedElsewhere(); !hosted {
		fmt.Fprintln(p.Err, "That is this server, which can't answer when they are needed: name the place that hosts them as fallback_url")
	}
	return nil
}

// writeDocuments writes a line's documents, each whole or not at all.
func writeDocuments(folder string, documents map[string][]byte) error {
	if err := control.MakeFolder(folder, "name another one with --out"); err != nil {
		return err
	}
	for name, text := range documents {
		if err := control.ReplaceFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return control.FileError("a document in "+folder+" can't be written", err, "name another folder with --out")
		}
	}
	return nil
}
