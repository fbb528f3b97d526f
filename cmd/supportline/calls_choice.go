package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy"
)

// callsChoice are the flags that select calls by what happened on them.
type callsChoice struct {
	Specialist  string        `placeholder:"NUMBER" help:"Calls that this specialist accepted: a number, or a SIP address."`
	Ticket      string        `placeholder:"T" help:"Calls about this ticket."`
	OverLong    bool          `help:"Calls that talked longer than call_limit and were not waived."`
	Waived      bool          `help:"Calls that were waived as necessary."`
	Training    bool          `help:"Calls that were marked as training."`
	TalkAtLeast time.Duration `placeholder:"TIME" help:"Calls that talked so long or longer, such as 10m."`
	TalkAtMost  time.Duration `placeholder:"TIME" help:"Calls that talked so long or shorter."`
	Text        string        `placeholder:"TEXT" help:"A customer number or its beginning, words of a name, a SID or its beginning, a ticket, or 4 digits or more of the caller's number."`
}

// choose brings the flags into a filter.
func (c callsChoice) choose(f *policy.Filter, fair policy.FairUse) error {
	for flag, d := range map[string]time.Duration{"--talk-at-least": c.TalkAtLeast, "--talk-at-most": c.TalkAtMost} {
		if d < 0 || d%time.Second != 0 {
			return fmt.Errorf("%s %s: write whole seconds or more, for example 90s or 10m", flag, d)
		}
	}
	if c.TalkAtMost > 0 && c.TalkAtMost < c.TalkAtLeast {
		return fmt.Errorf("--talk-at-most %s is less than --talk-at-least %s: no call can be both", c.TalkAtMost, c.TalkAtLeast)
	}
	f.Specialist, f.Ticket, f.Waived, f.Training = policy.Phone(c.Specialist), policy.Ticket(c.Ticket), c.Waived, c.Training
	f.TalkAtLeast, f.TalkAtMost = int(c.TalkAtLeast/time.Second), int(c.TalkAtMost/time.Second)
	f.Text, f.Numbers = c.Text, true // whoever can run commands on the store can read all of it
	if c.OverLong {
		f.OverLong = fair.CallLimit
	}
	return nil
}

// callsPages are the flags that read the log page by page.
type callsPages struct {
	Page  bool `help:"One page of calls, and where the next one is."`
	Older mark `placeholder:"MARK" help:"The page of older calls that another page named."`
	Newer mark `placeholder:"MARK" help:"The page of newer calls that another page named."`
}

// mark is a flag that takes a place in a list.
type mark policy.Cursor

// UnmarshalText takes what a page printed.
func (m *mark) UnmarshalText(text []byte) error {
	place, err := policy.ParseCursor(string(text))
	*m = mark(place)
	return err
}

func (p callsPages) paged() bool {
	return p.Page || !policy.Cursor(p.Older).IsZero() || !policy.Cursor(p.Newer).IsZero()
}

func (l callsList) page(ctx context.Context, s *control.Session, f policy.Filter) (policy.Found[policy.Call], error) {
	page, err := pageOf(l.Limit, l.Older, l.Newer)
	if err != nil {
		return policy.Found[policy.Call]{}, err
	}
	return s.Store.Search(ctx, f, page)
}

// pageOf is the page that flags ask for.
func pageOf(limit int, older, newer mark) (policy.Page, error) {
	page := policy.Page{Length: limit, Older: policy.Cursor(older), Newer: policy.Cursor(newer)}
	switch {
	case !page.Older.IsZero() && !page.Newer.IsZero():
		return page, fmt.Errorf("--older and --newer lead to different pages: give one of them")
	case limit > page.Size():
		return page, fmt.Errorf("--limit %d: a page has at most %d", limit, page.Size())
	}
	return page, nil
}

// tellPage says where the pages beside a page are, and how far it came where it ended early.
func tellPage(w io.Writer, older, newer policy.Cursor, searchedTo time.Time, zone *time.Location) {
	if !searchedTo.IsZero() {
		fmt.Fprintf(w, "So far the search came to %s, and it can go on.\n", searchedTo.In(zone).Format("2006-01-02 15:04:05"))
	}
	if !newer.IsZero() {
		fmt.Fprintf(w, "Newer: --newer %s\n", newer)
	}
	if !older.IsZero() {
		fmt.Fprintf(w, "Older: --older %s\n", older)
	}
}
