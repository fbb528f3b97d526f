package duty

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// FollowUps are the commands on what waits for a person. "followups" alone, or with flags, is "followups list".
type FollowUps struct {
	List   followUpList   `cmd:"" default:"withargs" help:"Show who waits, in the order in which they are to be called."`
	Take   followUpTake   `cmd:"" help:"Look after a caller."`
	Call   followUpCall   `cmd:"" help:"Call a caller back."`
	Done   followUpDone   `cmd:"" help:"Say what was done."`
	Reopen followUpReopen `cmd:"" help:"Put a follow-up back, so that it is nobody's again."`
}

// Help returns the help of the list.
func (FollowUps) Help() string { return followUpList{}.Help() }

// followUpList is "followups list": the callers who wait for a person.
type followUpList struct {
	State    string     `enum:"waiting,open,taken,done,all" default:"waiting" placeholder:"STATE" help:"open, taken, done, waiting (open or taken; the default) or all."`
	Customer string     `placeholder:"N" help:"This customer number only."`
	Owner    string     `placeholder:"NAME" help:"What this person has taken or done."`
	Late     bool       `help:"Those whose time is over."`
	Zone     flags.Zone `default:"UTC" placeholder:"ZONE" help:"The zone of the times in the table (default: UTC)."`
	Format   string     `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

func (followUpList) Help() string {
	return flags.Examples(`Callers who wanted a person and got none, in the order in which they are to be called; what is done, newest first.
json and csv have all of it: number, reason and call too.`,
		"supportline followups", "supportline followups list --late", "supportline followups list --state done --customer 204518 --format csv")
}

func (l followUpList) Run(ctx context.Context, s *control.Session) error {
	filter, now, zone := l.filter(s), s.Now(), l.Zone.Location
	rows := control.Rows(followUps(ctx, s, filter), func(f followup.FollowUp) (followup.Row, bool) { return f.Row(), true })
	head := []string{"ID", "DUE", "SINCE (" + zone.String() + ")", "CALLER", "INTENT", "OWNER"}
	notes := l.State == "done" || l.State == "all" // those that wait have none
	if notes {
		head = append(head, "NOTE")
	}
	return control.Print(s, l.Format, rows, control.Table{Head: head}, func(r followup.Row) []string {
		cells := []string{string(r.ID), due(r, now), r.WaitingSince.In(zone).Format("01-02 15:04"), clip(whose(r)), orEmpty(r.Intent), orEmpty(r.Owner)}
		if notes {
			cells = append(cells, orEmpty(r.Note))
		}
		return cells
	}, "No follow-ups.")
}

// maxCaller is how much of a caller's name the table shows, so that a row fits into a terminal of 80 columns.
const maxCaller = 21

func clip(name string) string {
	if runes := []rune(name); len(runes) > maxCaller {
		return string(runes[:maxCaller-1]) + "…"
	}
	return name
}

// whose returns the account of a row, or the number of a caller who belongs to none.
func whose(r followup.Row) string {
	if r.Customer == nil {
		return r.From
	}
	return string(*r.Customer) + " " + orEmpty(r.Account)
}

func (l followUpList) filter(s *control.Session) followup.Filter {
	f := followup.Filter{Customer: policy.CustomerNumber(l.Customer), Owner: who(s, l.Owner, "")}
	switch l.State {
	case "waiting":
		f.Waiting = true
	case "open", "taken", "done":
		f.State = followup.State(l.State)
	}
	if l.Late {
		f.LateAt = s.Now()
	}
	return f
}

// followUps goes through the follow-ups of a filter, page by page.
func followUps(ctx context.Context, s *control.Session, filter followup.Filter) iter.Seq2[followup.FollowUp, error] {
	return func(yield func(followup.FollowUp, error) bool) {
		for page := (followup.Page{Limit: 500}); ; {
			found, err := s.Store.FollowUps(ctx, filter, page)
			if err != nil {
				yield(followup.FollowUp{}, err)
				return
			}
			for _, f := range found.List {
				if !yield(f, nil) {
					return
				}
			}
			if page.After = found.Next; page.After == "" {
				return
			}
		}
	}
}

// due returns how long people have for a follow-up, or for how long it has been late: "in 12m", "late 3h5m", "done".
func due(r followup.Row, now time.Time) string {
	left := r.DueAt.Sub(now)
	switch {
	case r.State == followup.Done:
		return "done"
	case left < 0:
		return "late " + shortTime(-left)
	}
	return "in " + shortTime(left)
}

// shortTime returns a length of time in days and hours, or in hours and minutes.
func shortTime(d time.Duration) string {
	hours, minutes := int(d.Hours()), int(d.Minutes())%60
	switch {
	case hours >= 48:
		return fmt.Sprintf("%dd%dh", hours/24, hours%24)
	case hours > 0:
		return fmt.Sprintf("%dh%dm", hours, minutes)
	}
	return fmt.Sprintf("%dm", minutes)
}

type followUpTake struct {
	ID string `arg:"" name:"ID" help:"The follow-up, as the list shows it."`
	By string `placeholder:"NAME" help:"Who takes it: a specialist's short name or name, or anybody (default: the operating system's user)."`
}

func (followUpTake) Help() string {
	return flags.Examples("Says that you look after a caller. Nobody else can take it then, and nobody is alarmed of it any more.",
		"supportline followups take 1 --by ada")
}

func (t followUpTake) Run(ctx context.Context, s *control.Session) error {
	f, err := s.FollowUps.TakeFollowUp(ctx, followup.ID(t.ID), followUpAct(s, t.By, ""))
	if err != nil {
		return flags.Absent(t.ID, err)
	}
	fmt.Fprintf(s.Err, "Follow-up %s of %s is %s's.\n", f.ID, caller(f), control.Plain(f.Owner))
	return nil
}

type followUpCall struct {
	ID string `arg:"" name:"ID" help:"The follow-up, as the list shows it."`
	As string `placeholder:"WHO" help:"Whose phone rings first: a specialist's short name or name, or a number (default: the phone of whoever does it)."`
	By string `placeholder:"NAME" help:"Who does it: a specialist's short name or name, or anybody (default: the operating system's user)."`
}

func (followUpCall) Help() string {
	return flags.Examples(`Rings a specialist, says who it is about, then rings the caller, who confirms with a key. In the opening hours of the
line that was called; critical callers at any time. The server places the call, and whoever does it takes the follow-up.`,
		"supportline followups call 1 --by ada", "supportline followups call 1 --as ben")
}

func (c followUpCall) Run(ctx context.Context, s *control.Session) error {
	asked, err := s.FollowUps.AskCallBack(ctx, followup.ID(c.ID), policy.Target(c.As), followUpAct(s, c.By, ""))
	if err != nil {
		return flags.Absent(c.ID, err)
	}
	who := asked.Phone.Full()
	if asked.Person != "" {
		who = s.Settings.NameOf(asked.Person) + " at " + who
	}
	fmt.Fprintf(s.Err, "Call-back %d of follow-up %s is asked for: the server rings %s first.\n", asked.Number, c.ID, control.Plain(who))
	return nil
}

type followUpDone struct {
	ID   string `arg:"" name:"ID" help:"The follow-up, as the list shows it."`
	Note string `placeholder:"TEXT" help:"What was done. It must be given."`
	By   string `placeholder:"NAME" help:"Who did it: a specialist's short name or name, or anybody (default: the operating system's user)."`
}

func (followUpDone) Help() string {
	return flags.Examples("Says that a caller has what they needed, whoever had taken it.",
		`supportline followups done 1 --by ada --note "called back, the doors open again"`)
}

func (d followUpDone) Run(ctx context.Context, s *control.Session) error {
	if strings.TrimSpace(d.Note) == "" {
		return errors.New("say what was done: --note TEXT")
	}
	f, err := s.FollowUps.FinishFollowUp(ctx, followup.ID(d.ID), followUpAct(s, d.By, d.Note))
	if err != nil {
		return flags.Absent(d.ID, err)
	}
	fmt.Fprintf(s.Err, "Follow-up %s of %s is done.\n", f.ID, caller(f))
	return nil
}

type followUpReopen struct {
	ID string `arg:"" name:"ID" help:"The follow-up, as the list shows it."`
	By string `placeholder:"NAME" help:"Who does it: a specialist's short name or name, or anybody (default: the operating system's user)."`
}

func (followUpReopen) Help() string {
	return flags.Examples("Puts a follow-up back that somebody took or did by mistake: it waits again, and anybody can take it. Nobody is alarmed anew.",
		"supportline followups reopen 1 --by ada")
}

func (r followUpReopen) Run(ctx context.Context, s *control.Session) error {
	f, err := s.FollowUps.ReopenFollowUp(ctx, followup.ID(r.ID), followUpAct(s, r.By, ""))
	if err != nil {
		return flags.Absent(r.ID, err)
	}
	fmt.Fprintf(s.Err, "Follow-up %s of %s waits again, and is nobody's.\n", f.ID, caller(f))
	return nil
}

func followUpAct(s *control.Session, by, note string) followup.Act {
	return followup.Act{At: s.Now(), By: who(s, by, s.User), Via: followup.ViaCommand, Note: note}
}

// who returns the name of a person whom a flag names, whole for a specialist, or another name where the flag is not given.
func who(s *control.Session, named, otherwise string) string {
	if p, ok := s.Settings.PersonNamed(named); ok && named != "" {
		return p.Name
	}
	return cmp.Or(named, otherwise)
}

// caller returns the account of a follow-up, or the number of a caller who belongs to none.
func caller(f followup.FollowUp) string {
	if f.Customer == "" {
		return f.From.Full()
	}
	return control.Plain(string(f.Customer) + " " + f.Account)
}

func orEmpty[T ~string](v *T) string {
	if v == nil {
		return ""
	}
	return string(*v)
}
