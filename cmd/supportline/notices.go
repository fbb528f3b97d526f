package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
)

// noticesList is "notices list": the notices that were sent, that wait, and that were given up.
type noticesList struct {
	Failed bool   `help:"Only those that were given up."`
	Zone   string `default:"UTC" placeholder:"ZONE" help:"The zone of the times in the table (default: UTC)."`
	Format string `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

// Help shows examples.
func (noticesList) Help() string {
	return `Examples:

    supportline notices list
    supportline notices list --failed`
}

// known returns nil for a time that is not known.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

func (l noticesList) Run(ctx context.Context, s *control.Session) error {
	zone, err := parseZone(l.Zone)
	if err != nil {
		return fmt.Errorf("--zone: %w", err)
	}
	found := func(yield func(notices.Row, error) bool) {
		for n, err := range s.Store.Notices(ctx) {
			if err == nil && l.Failed && notices.RowOf(n).State != "failed" {
				continue
			}
			if !yield(notices.RowOf(n), err) || err != nil {
				return
			}
		}
	}
	t := control.Table{
		Head: []string{"AT", "KIND", "CUSTOMER", "CHANNEL", "TO", "STATE", "ATTEMPTS", "ERROR", "KEY"}, Right: map[string]bool{"ATTEMPTS": true},
	}
	return control.Print(s, l.Format, found, t, func(n notices.Row) []string {
		return []string{
			wall(n.At, zone), string(n.Kind), text(n.Customer), string(n.Channel), text(n.To), n.State, strconv.Itoa(n.Attempts), text(n.Error), n.Key,
		}
	}, "No notices.")
}

// noticesRetry is "notices retry".
type noticesRetry struct {
	Key string `arg:"" name:"KEY" help:"The notice, as the list shows it."`
	By  string `placeholder:"NAME" help:"Who does it (default: the operating system's user)."`
}

// Help shows an example.
func (noticesRetry) Help() string {
	return `A notice that was given up is tried again, as if it were new. One that was sent is never sent twice.

Example:

    supportline notices retry KEY`
}

func (r noticesRetry) Run(ctx context.Context, s *control.Session) error {
	err := s.Store.RetryNotice(ctx, r.Key, cmp.Or(r.By, s.User), s.Now())
	if errors.Is(err, policy.ErrNoNotice) {
		return control.Refused("no notice has the key %s: \"supportline notices list\" shows them", r.Key)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "%s is tried again.\n", r.Key)
	return nil
}
