package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
)

// noticesList is "notices list": the notices that were sent, that wait, and that were given up.
type noticesList struct {
	Failed bool       `help:"Only those that were given up."`
	Zone   flags.Zone `default:"UTC" placeholder:"ZONE" help:"The zone of the times in the table (default: UTC)."`
	Format string     `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

func (noticesList) Help() string {
	return examples("", "supportline notices list", "supportline notices list --failed")
}

func (l noticesList) Run(ctx context.Context, s *control.Session) error {
	zone := l.Zone.Location
	found := control.Rows(s.Store.Notices(ctx), func(n policy.Notice) (notices.Row, bool) {
		row := notices.RowOf(n)
		return row, !l.Failed || row.State == "failed"
	})
	t := control.Table{
		Head: []string{zoned("AT", zone), "KIND", "CUSTOMER", "CHANNEL", "TO", "STATE", "ATTEMPTS", "ERROR", "KEY"}, Right: map[string]bool{"ATTEMPTS": true},
	}
	return control.Print(s, l.Format, found, t, func(n notices.Row) []string {
		return []string{
			wall(n.At, zone), string(n.Kind), text(n.Customer), string(n.Channel), text(n.To), n.State, strconv.Itoa(n.Attempts), text(n.Error), n.Key,
		}
	}, "No notices.")
}

type noticesRetry struct {
	Key string `arg:"" name:"KEY" help:"The notice, as the list shows it."`
	By  string `placeholder:"NAME" help:"Who does it (default: the operating system's user)."`
}

func (noticesRetry) Help() string {
	return examples("A notice that was given up is tried again, as if it were new. One that was sent is never sent twice.",
		"supportline notices retry KEY")
}

func (r noticesRetry) Run(ctx context.Context, s *control.Session) error {
	err := s.Store.RetryNotice(ctx, r.Key, cmp.Or(r.By, s.User), s.Now())
	if err != nil {
		return flags.Absent(r.Key, err)
	}
	fmt.Fprintf(s.Err, "%s is tried again.\n", r.Key)
	return nil
}

type noticesTest struct {
	Receiver string `arg:"" name:"CHANNEL" help:"A channel of the configuration, or a way and whom: sms:ada, call:rota:primary, email:ben, slack:cleo."`
}

func (noticesTest) Help() string {
	return examples(`Sends a sample as alarms would, at once, and prints how that went. Nobody has to take it; a pager's incident is
resolved at once. Calls and texts need the server.`,
		"supportline notices test ops-slack", "supportline notices test sms:ada", "supportline notices test call:rota:primary")
}

func (t noticesTest) Run(ctx context.Context, s *control.Session) error {
	sent, err := s.Sample(ctx, t.Receiver)
	if err != nil {
		return control.Refused("%v", err)
	}
	failed := 0
	for _, n := range sent {
		to := control.Plain(string(n.Notice.Channel))
		if n.Notice.To != "" {
			to += " to " + control.Plain(cmp.Or(s.Settings.NameOf(n.Notice.Person), n.Notice.To))
		}
		if n.Err != nil {
			failed++
			fmt.Fprintf(s.Err, "%s: %s\n", to, control.Plain(n.Err.Error()))
			continue
		}
		fmt.Fprintf(s.Err, "%s: sent.\n", to)
	}
	if failed > 0 {
		return control.Refused("%s not sent; \"supportline doctor\" may know why", control.Plural(failed, "sample"))
	}
	return nil
}
