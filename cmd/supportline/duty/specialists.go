package duty

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/policy"
)

// Specialists is "calls specialists": what each specialist did in a month.
type Specialists struct {
	Month  string `placeholder:"YYYY-MM" help:"The month (default: the current one)."`
	Format string `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

// Help returns what the figures are.
func (Specialists) Help() string {
	return flags.Examples(`The calls that began in the month, on the clock of the first line, by who took them and whose telephone rang;
the voicemails that were heard and the follow-ups that were done in it. A person whose number changed is one
person; a number that is nobody's stands by itself.`,
		"supportline calls specialists", "supportline calls specialists --month 2026-10 --format csv > october.csv")
}

// Run shows the figures. Calls of a log that an older version wrote are read in first.
func (l Specialists) Run(ctx context.Context, s *control.Session) error {
	month, err := s.Month("--month", l.Month)
	if err != nil {
		return err
	}
	from, until := month.Bounds(s.Settings.HomeZone())
	found, since, err := s.Store.Figures(ctx, from, until)
	if err == nil && !since.IsZero() {
		fmt.Fprintln(s.Err, "The calls of an older version are being read in.")
		if err = s.Store.FillFigures(ctx); err == nil {
			found, _, err = s.Store.Figures(ctx, from, until)
		}
	}
	if err != nil {
		return err
	}
	t := control.Table{
		Head: []string{
			"SPECIALIST", "CALLS", "CALL-BACKS", "TALK", "RINGS", "PASSED ON", "NO KEY", "BUSY", "UNANSWERED", "STOPPED", "FAILED", "HEARD", "DONE",
		},
		Right: map[string]bool{},
	}
	for _, head := range t.Head[1:] {
		t.Right[head] = true
	}
	return control.Print(s, l.Format, control.Each(s.Settings.FiguresRows(found)), t, func(r policy.FiguresRow) []string {
		return append([]string{whoDid(r)}, figures(r.Figures)...)
	}, "No specialists, and no calls.")
}

func whoDid(r policy.FiguresRow) string {
	for _, who := range []*string{r.Name, r.Number} {
		if who != nil {
			return *who
		}
	}
	return ""
}

// figures returns the cells of figures in the order of the table.
func figures(f policy.Figures) (cells []string) {
	talk := time.Duration(f.TalkSeconds) * time.Second
	for _, n := range []int{f.Calls, f.CallBacks, -1, f.Rings, f.Passed, f.NoKey, f.Busy, f.Unanswered, f.Stopped, f.Failed, f.Heard, f.Done} {
		cells = append(cells, strconv.Itoa(n))
	}
	cells[2] = fmt.Sprintf("%d:%02d", int(talk.Minutes()), int(talk.Seconds())%60)
	return cells
}
