package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/store/figures"
)

// casesList is "cases list": the review list.
type casesList struct {
	State  flags.CaseState `placeholder:"STATE" help:"Cases that stand there (default: all). ${states}."`
	Format string          `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

func (casesList) Help() string {
	return examples("", "supportline cases list", "supportline cases list --state flagged --format json")
}

func (l casesList) Run(ctx context.Context, s *control.Session) error {
	cases := control.Rows(s.Store.Cases(ctx), func(c policy.Case) (policy.Case, bool) {
		return c.Whole(), l.State == "" || c.State == policy.CaseState(l.State)
	})
	if l.Format == "csv" {
		return policy.WriteCSV(s.Out, control.Rows(cases, func(c policy.Case) (shownCase, bool) { return showCase(c), true }))
	}
	t := control.Table{Head: []string{"ID", "CUSTOMER", "ACCOUNT", "STATE", zoned("OPENED", time.UTC), "OVER IN", zoned("LAST MOVE", time.UTC), "BY", "NOTE"}}
	return control.Print(s, l.Format, cases, t, func(c policy.Case) []string {
		last := c.LastMove()
		return []string{string(c.ID), string(c.Customer), c.Account, string(c.State), day(c.OpenedAt), strings.Join(c.OverMonths(), " "), day(last.At), last.By, last.Note}
	}, "No cases.")
}

// shownCase is a case as CSV.
type shownCase struct {
	ID       policy.CaseID         `json:"id"`
	Customer policy.CustomerNumber `json:"customer"`
	Account  string                `json:"account"`
	State    policy.CaseState      `json:"state"`
	OpenedAt time.Time             `json:"opened_at"`
	Months   string                `json:"months"` // "2026-09;2026-10"
	Moves    string                `json:"moves"`  // "flagged;contacted"
}

func showCase(c policy.Case) shownCase {
	var months, moves []string
	for _, u := range c.Months {
		months = append(months, string(u.Month))
	}
	for _, m := range c.Moves {
		moves = append(moves, string(m.To))
	}
	return shownCase{c.ID, c.Customer, c.Account, c.State, c.OpenedAt, strings.Join(months, ";"), strings.Join(moves, ";")}
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

type casesShow struct {
	ID     string `arg:"" name:"ID" help:"The case, as the list shows it."`
	Format string `enum:"table,json" default:"table" placeholder:"FORMAT" help:"table or json."`
}

func (casesShow) Help() string {
	return examples("The months that the case rests on, frozen as they were when it was opened, and every move.",
		"supportline cases show 1")
}

func (c casesShow) Run(ctx context.Context, s *control.Session) error {
	found, err := s.Store.Case(ctx, policy.CaseID(c.ID))
	if err != nil {
		return flags.Absent(c.ID, err)
	}
	if c.Format == "json" {
		return policy.WriteJSON(s.Out, control.Each([]policy.Case{found.Whole()}))
	}
	fmt.Fprintf(s.Out, "case %s: %s %s, %s since %s (UTC)\n\n", found.ID, found.Customer, control.Plain(found.Account), found.State, day(found.LastMove().At))
	months := control.Table{Head: []string{"MONTH", "TICKETS", "LIMIT", "OVER-LONG", "STANDING"}, Right: map[string]bool{"TICKETS": true, "LIMIT": true, "OVER-LONG": true}}
	for _, u := range found.Months {
		months.Add(string(u.Month), fmt.Sprint(u.Tickets), fmt.Sprint(u.TicketLimit), fmt.Sprint(u.OverLong), standing(u))
	}
	if months.Len() > 0 {
		if err := months.Write(s.Out, s.Colour); err != nil {
			return err
		}
		fmt.Fprintln(s.Out)
	}
	moves := control.Table{Head: []string{zoned("AT", time.UTC), "BY", "TO", "VIA", "OFFERED", "NOTE"}}
	for _, m := range found.Moves {
		moves.Add(wall(&m.At, time.UTC), m.By, string(m.To), m.Via, strings.Join(flags.Names(m.Offered), " "), m.Note)
	}
	if err := moves.Write(s.Out, s.Colour); err != nil {
		return err
	}
	return offeredIn(ctx, s, found)
}

// offeredIn shows what the account of a case was offered, if it was anything.
func offeredIn(ctx context.Context, s *control.Session, c policy.Case) error {
	offers, err := s.Store.OffersTo(ctx, c.Customer)
	story := remedy.OfCase(c, offers, time.UTC)
	if err != nil || len(story) == 0 {
		return err
	}
	fmt.Fprintln(s.Out)
	t := control.Table{Head: []string{zoned("OFFERED", time.UTC), "", "SID"}}
	for _, e := range story {
		t.Add(wall(&e.At, time.UTC), control.Plain(e.Text), string(e.Call))
	}
	return t.Write(s.Out, s.Colour)
}

type casesOpen struct {
	Customer string `placeholder:"N" help:"The customer number. It must be given."`
	Note     string `placeholder:"TEXT" help:"Why. It must be given."`
	By       string `placeholder:"NAME" help:"Who does it (default: the operating system's user)."`
}

func (casesOpen) Help() string {
	return examples("Opens a case by hand. Sustained load opens one by itself; an account has one open case at most.",
		`supportline cases open --customer 204518 --note "three specialists asked for it"`)
}

func (o casesOpen) Run(ctx context.Context, s *control.Session) error {
	if o.Customer == "" {
		return errors.New("name the account: --customer N")
	}
	if strings.TrimSpace(o.Note) == "" {
		return errors.New("say why: --note TEXT")
	}
	number := policy.CustomerNumber(o.Customer)
	opened, err := figures.Casework{Store: s.Store, Settings: s.Settings, Addressed: s.Notices.Addressed}.OpenCase(ctx, number, cmp.Or(o.By, s.User), o.Note, s.Now())
	if err != nil {
		return flags.Absent(o.Customer, err)
	}
	fmt.Fprintf(s.Err, "Case %s is open for %s %s.\n", opened.ID, opened.Customer, control.Plain(opened.Account))
	return nil
}

type casesMove struct {
	ID    string               `arg:"" name:"ID" help:"The case, as the list shows it."`
	To    flags.CaseState      `placeholder:"STATE" help:"Where to: ${states}. It must be given."`
	Via   string               `placeholder:"phone|email" help:"How the account holder was contacted; email sends the e-mail."`
	Offer []policy.Alternative `placeholder:"WHAT" help:"An alternative that was offered: screen-sharing, training or plan. Can be repeated."`
	Note  string               `placeholder:"TEXT" help:"What was said, offered or decided. It must be given."`
	By    string               `placeholder:"NAME" help:"Who does it (default: the operating system's user)."`
	// Silent is for restrictions alone: of other moves nobody is told unless a person says so.
	Silent bool `help:"Do not tell the account holder that the account is restricted."`
}

func (casesMove) Help() string {
	return examples(`The way of a case: flagged, contacted, discussed, watching, then restricted or charged, of which one may
follow the other. Any of them can be closed, and closed is final. With --via email the account holder gets an e-mail in the
words of your templates, if a mail server is configured; the note and what was offered stay in the case. A move to restricted
sends that e-mail too, unless you say --silent; where the account has no address it says whom to phone.`,
		`supportline cases move 1 --to contacted --via email --note "usage of the last three months"`,
		`supportline cases move 1 --to discussed --offer training --offer screen-sharing --note "will think about it"`,
		`supportline cases move 1 --to closed --note "two months within the limits"`)
}

func (m casesMove) Run(ctx context.Context, s *control.Session) error {
	if err := m.check(); err != nil {
		return err
	}
	id := policy.CaseID(m.ID)
	move := policy.Move{
		At: s.Now(), By: cmp.Or(m.By, s.User), To: policy.CaseState(m.To), Via: m.Via, Offered: m.Offer, Note: m.Note, Silent: m.Silent,
	}
	after, mail, err := figures.Casework{Store: s.Store, Settings: s.Settings, Addressed: s.Notices.Addressed}.MoveCase(ctx, id, move)
	if errors.Is(err, policy.ErrNoEmail) {
		return control.Refused("the account has no e-mail address: bring one in with \"supportline customers import\", or use --via phone")
	}
	if err != nil {
		return flags.Absent(m.ID, err)
	}
	fmt.Fprintf(s.Err, "Case %s of %s %s is %s.\n", after.ID, after.Customer, control.Plain(after.Account), after.State)
	for _, n := range mail {
		fmt.Fprintf(s.Err, "An e-mail to %s is on its way: \"supportline notices list\" shows whether it arrived.\n", n.To)
	}
	if !move.TellsHolder() || len(mail) > 0 {
		return nil
	}
	return untold(ctx, s, after, move)
}

// untold returns what a person has to do where the account holder was to be told and got no e-mail.
func untold(ctx context.Context, s *control.Session, c policy.Case, move policy.Move) error {
	holder, err := s.Store.Customer(ctx, c.Customer)
	if err != nil {
		return err
	}
	switch {
	case holder.Email != "":
		fmt.Fprintf(s.Err, "No mail server is configured (notices.smtp), so nothing is sent: write to %s yourself.\n", holder.Email)
	case move.MustPhone():
		fmt.Fprintf(s.Err, "The account has no e-mail address, so nobody was told: somebody must phone %s%s.\n", control.Plain(holder.Holder()), phoneOf(holder))
	}
	return nil
}

// phoneOf returns where an account holder is phoned.
func phoneOf(holder policy.Customer) string {
	if holder.Phone == "" {
		return ", whose telephone number is not in the directory"
	}
	return " at " + holder.Phone.Full()
}

// check returns what is wrong with the flags alone.
func (m casesMove) check() error {
	switch {
	case m.To == "":
		return fmt.Errorf("say where case %s moves, and why: --to STATE --note TEXT, with one of the states %s", m.ID, flags.List(policy.CaseStates()))
	case strings.TrimSpace(m.Note) == "":
		return errors.New("say what was said, offered or decided: --note TEXT")
	case m.Via != "" && m.Via != policy.ViaPhone && m.Via != policy.ViaEmail:
		return fmt.Errorf("--via %q: write phone or email", m.Via)
	case slices.ContainsFunc(m.Offer, func(a policy.Alternative) bool { return !slices.Contains(policy.Alternatives(), a) }):
		return fmt.Errorf("--offer %s: write screen-sharing, training or plan", m.Offer)
	case m.Silent && (m.Via == policy.ViaEmail || policy.CaseState(m.To) != policy.CaseRestricted):
		return errors.New("--silent goes with --to restricted, without --via email: other moves send an e-mail only with --via email")
	case m.Via == "" && policy.CaseState(m.To) == policy.CaseContacted:
		return errors.New("say how the account holder was contacted: --via phone or --via email")
	}
	return nil
}
