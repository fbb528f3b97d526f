package main

import (
	"context"
	"fmt"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// auditCommand is "audit": who did what.
type auditCommand struct {
	By       string     `placeholder:"NAME" help:"What this person did."`
	Act      string     `placeholder:"ACT" help:"What was done: import, export, erase, expire, case-open, case-move, retry, or an act on a call such as waive or \"undo waive\"."`
	Customer string     `placeholder:"N" help:"What concerned this customer number."`
	Subject  string     `placeholder:"ID" help:"What was done to this call (its SID) or case (its number)."`
	Since    string     `placeholder:"TIME" help:"At this time or later (default: 30 days ago)."`
	Until    string     `placeholder:"TIME" help:"Before this time; a date includes its day."`
	Zone     flags.Zone `default:"UTC" placeholder:"ZONE" help:"The zone of dates, and of the times in the table (default: UTC)."`
	Limit    int        `placeholder:"N" help:"At most so many entries on the page (default: 50)."`
	Older    flags.Mark `placeholder:"MARK" help:"The page of older entries that another page named."`
	Newer    flags.Mark `placeholder:"MARK" help:"The page of newer entries that another page named."`
	Format   string     `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

func (auditCommand) Help() string {
	return examples("One page of entries, newest first, and where the next one is.",
		"supportline audit",
		"supportline audit --by mila --act waive --since 2026-11-01")
}

func (a auditCommand) Run(ctx context.Context, s *control.Session) error {
	zone := a.Zone.Location
	when, err := flags.ParsePeriod(a.Since, a.Until, zone, s.Now())
	if err != nil {
		return err
	}
	if a.Limit < 0 {
		return fmt.Errorf("--limit %d: write a number of entries", a.Limit)
	}
	page, err := flags.PageOf(a.Limit, a.Older, a.Newer)
	if err != nil {
		return err
	}
	found, err := s.Store.SearchAudit(ctx, users.AuditFilter{
		Since: when.Since, Until: when.Until, By: a.By, Act: a.Act, Subject: a.Subject, Customer: policy.CustomerNumber(a.Customer),
	}, page)
	if err != nil {
		return err
	}
	t := control.Table{Head: []string{zoned("AT", zone), "BY", "ACT", "CUSTOMER", "SUBJECT", "DETAIL", "REASON"}}
	err = control.Print(s, a.Format, control.Each(found.List), t, func(e users.AuditEntry) []string {
		return []string{wall(policy.TimeOrNil(e.At), zone), e.Who(), e.Act, string(e.Customer), e.Subject, e.Detail, e.Reason}
	}, "Nothing in the audit matches.")
	if err == nil {
		flags.TellPage(s.Err, found.Older, found.Newer, found.SearchedTo, zone)
	}
	return err
}
