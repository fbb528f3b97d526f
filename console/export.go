package console

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// exportEnd is the last part of the path of an export.
const exportEnd = "/export"

const (
	// maxExports is how many lists are taken out at one time. Each reads the log as fast as its reader takes it.
	maxExports = 3
	// exportPatience is how long a reader of an export may take nothing. A client that stands still would keep its place for ever.
	exportPatience = time.Minute
	// breathRows are written between two breaths, which are not longer than maxBreath: what a reader did not take in time was no work.
	breathRows = 10
	maxBreath  = 10 * time.Millisecond
)

// exportForms are how a list can be taken out.
var exportForms = map[string]string{"csv": "text/csv; charset=utf-8", "json": "application/json"}

// callParams are the names by which a filter selects. The others say in which order and from where a page shows it.
func callParams() (names []string) {
	for _, p := range (&callFilter{}).params() {
		if !slices.Contains([]string{"order", "older", "newer"}, p.name) {
			names = append(names, p.name)
		}
	}
	return names
}

// exportAs is the address of an export of what the filter selects, all pages of it.
func (f callFilter) exportAs(format string) string {
	values := f.ordered("").values()
	values.Set("format", format)
	return callsPath + exportEnd + "?" + values.Encode()
}

// words are the filter as the audit tells it: which things were asked for, without names and numbers of people and customers.
func (f callFilter) words() string {
	values := f.values()
	var words []string
	for _, name := range callParams() {
		switch value := values.Get(name); {
		case value == "":
		case name == "customer": // the entry has it in its own place, from where an erasure removes it
			words = append(words, "one customer")
		case name == "specialist":
			words = append(words, "one specialist")
		case name == "text":
			words = append(words, "a text")
		case value == "yes":
			words = append(words, name)
		default:
			words = append(words, name+" "+value)
		}
	}
	if len(words) == 0 {
		return "all calls"
	}
	return strings.Join(words, ", ")
}

// exportCalls streams every call that the filter in the address selects, newest first, with the columns of "supportline calls". It holds a few
// calls at a time, whatever their number, and ends when the client is gone.
func (r *request) exportCalls() error {
	format := r.QueryParam("format")
	kind, known := exportForms[format]
	if !known {
		return fmt.Errorf("%w: format is %q; write csv or json", errWrongInput, format)
	}
	filter, words, err := r.selected()
	if err != nil {
		return err
	}
	defer r.site.exporting.Add(-1)
	if r.site.exporting.Add(1) > maxExports {
		return signin.Throttled{Err: errManyExports, Wait: 10 * time.Second}
	}
	entry := policy.AuditEntry{
		At: r.now, By: r.user.Name, Act: users.ActExport, Customer: filter.Customer, Subject: "calls", Detail: format + " of " + words + r.overAPI(),
	}
	if err := r.site.Audit.Note(r.ctx(), entry); err != nil {
		return err
	}
	h := r.Response().Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="calls-%s.%s"`, r.now.In(r.zone).Format("2006-01-02-150405"), format))
	h.Set("Cache-Control", "no-store")
	return r.sendRows(format, r.exported(filter))
}

// selected is what the address selects, all pages of it, and the same in words.
func (r *request) selected() (filter policy.Filter, words string, err error) {
	f := r.callFilter().ordered("")
	filter, _, err = f.parse(r.site.Policy, r.zone, r.may(users.SeeNumbers))
	return filter, f.words(), err
}

// overAPI says with which token something was done, where it was one.
func (r *request) overAPI() string {
	if r.token == nil {
		return ""
	}
	return fmt.Sprintf(", over the API with the token %q", r.token.Name)
}

// exported are the rows of an export.
func (r *request) exported(filter policy.Filter) iter.Seq2[policy.Row, error] {
	counting, numbers := newTickets(r.site.Calls), r.may(users.SeeNumbers)
	return func(yield func(policy.Row, error) bool) {
		breath := breath{ctx: r.ctx(), since: time.Now()}
		done := r.site.turns.take(r.ctx())
		defer func() { done() }()
		for c, err := range r.site.Calls.Calls(r.ctx(), filter) {
			var row policy.Row
			if err == nil {
				row, err = r.apiRow(counting, c, numbers)
			}
			done()
			if !yield(row, err) || err != nil {
				return
			}
			breath.take()
			done = r.site.turns.take(r.ctx())
		}
	}
}

// breath makes an export, which is long, leave half of its turns to others.
type breath struct {
	ctx   context.Context
	rows  int
	since time.Time // by the machine's clock
}

// take rests now and then, for as long as was worked.
func (b *breath) take() {
	if b.rows++; b.rows%breathRows != 0 {
		return
	}
	timer := time.NewTimer(min(time.Since(b.since), maxBreath))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-b.ctx.Done():
	}
	b.since = time.Now()
}

// sendRows streams rows. What fails in the middle, a bug too, cuts the connection, so that nobody takes a part for the whole.
func (r *request) sendRows(format string, rows iter.Seq2[policy.Row, error]) error {
	whole := false
	defer func() {
		if !whole {
			r.cut(recover())
		}
	}()
	out := &export{r.Response(), http.NewResponseController(r.Response().Writer), time.Now}
	r.Response().WriteHeader(http.StatusOK)
	err := out.begin()
	if err == nil && format == "json" {
		err = policy.WriteJSON(out, rows)
	} else if err == nil {
		err = policy.WriteCSV(out, policy.RowColumns(), rows, policy.Row.Cells)
	}
	if whole = err == nil; !whole && !errors.Is(err, context.Canceled) && r.ctx().Err() == nil {
		r.site.Logger.Error("an export failed", zap.String("user", r.user.Name), zap.Error(err))
	}
	return nil
}

// cut ends the connection in the middle of an answer. panicked is what was recovered from; nil: nothing.
func (r *request) cut(panicked any) {
	if panicked != nil {
		r.site.Logger.Error("an export panicked", zap.String("user", r.user.Name), zap.Any("panic", panicked), zap.Stack("stack"))
	}
	panic(http.ErrAbortHandler)
}

// export is an answer that may take longer than others, as long as its reader goes on taking it.
type export struct {
	http.ResponseWriter
	control *http.ResponseController
	clock   func() time.Time // the machine's: deadlines of connections go by it
}

// begin sends the head of the answer, so that the file is there at once.
func (e *export) begin() error {
	if err := e.more(); err != nil {
		return err
	}
	return e.control.Flush()
}

func (e *export) more() error {
	err := e.control.SetWriteDeadline(e.clock().Add(exportPatience))
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// Write gives the reader time for one more piece.
func (e *export) Write(p []byte) (int, error) {
	if err := e.more(); err != nil {
		return 0, err
	}
	return e.ResponseWriter.Write(p)
}

// exportParams are the names in the query of an export.
func exportParams() []string { return append(callParams(), "format", "zone") }
