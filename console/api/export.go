package api

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// ExportEnd is the last part of the path of an export.
const ExportEnd = "/export"

const (
	// exportsEach and exportsAll are how many lists are sent at one time to one person, programs included, and to all people. Each reads the log as
	// fast as its reader takes it.
	exportsEach, exportsAll = 2, 8
	// exportPatience is how long a reader may take nothing. A client that stands still would keep its place otherwise.
	exportPatience = time.Minute
	// An export rests after every restRows rows, for maxRest at most: the time in which a slow reader took nothing was no work.
	restRows = 10
	maxRest  = 10 * time.Millisecond
)

// ErrManyExports is returned while as many exports are sent as may be at one time.
var ErrManyExports error = manyExports{}

type manyExports struct{}

func (manyExports) Error() string             { return "too many exports at once" }
func (manyExports) RetryAfter() time.Duration { return 10 * time.Second }

// exportForms are the media types of the formats.
var exportForms = map[string]string{"csv": "text/csv; charset=utf-8", "json": "application/json"}

// Exports sends lists of calls, and of follow-ups, as files, a bounded number at one time. Pages and the API share one.
type Exports struct {
	Calls  Calls
	Policy policy.Settings
	Audit  Audit
	Secret []byte // the key of Sign
	// Slot waits until a row may be read, and returns a function that ends that.
	Slot   func(ctx context.Context) (done func())
	Logger *zap.Logger

	running Places
}

// Export is one file to send.
type Export struct {
	By      string // the user
	Token   string // the name of the token, "" for a person
	Numbers bool   // telephone numbers are in full
	Filter  CallFilter
	Format  string // csv or json
	At      time.Time
	Zone    *time.Location // of days in the filter and of the file's name
}

// Send streams every call that the filter selects, newest first, with the columns of "supportline calls". It holds a few calls at a time, and ends
// when the client is gone. The error is ErrWrongInput, ErrManyExports or internal; once the file has begun, a failure cuts the connection.
func (e *Exports) Send(c echo.Context, x Export) error {
	if err := x.known(); err != nil {
		return err
	}
	filter, err := x.Filter.Parse(e.Policy, e.Secret, x.Zone, x.Numbers)
	if err != nil {
		return err
	}
	return e.begin(c, x, "calls", x.entry(filter), func() { send(e, c, x, e.rows(c.Request().Context(), filter, x.Numbers)) })
}

// begin notes an export in the audit, answers with the head of a file and lets the rest be sent, if there is a place for it.
func (e *Exports) begin(c echo.Context, x Export, name string, entry users.AuditEntry, rest func()) error {
	leave, theirs := e.running.Take(x.By, exportsEach, exportsAll)
	switch {
	case leave != nil:
		defer leave()
	case theirs >= exportsEach:
		return fmt.Errorf("%w: you have %d running", ErrManyExports, theirs)
	default:
		return fmt.Errorf("%w: other people have as many running as can be", ErrManyExports)
	}
	if err := e.Audit.Note(c.Request().Context(), entry); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", exportForms[x.Format])
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s.%s"`, name, x.At.In(x.Zone).Format("2006-01-02-150405"), x.Format))
	h.Set("Cache-Control", "no-store")
	rest()
	return nil
}

// known returns an error for a format that there is not.
func (x Export) known() error {
	if _, known := exportForms[x.Format]; !known {
		return fmt.Errorf("%w: format is %q; write csv or json", ErrWrongInput, x.Format)
	}
	return nil
}

// entry returns the audit's entry of the export.
func (x Export) entry(filter policy.Filter) users.AuditEntry {
	return users.AuditEntry{At: x.At, By: x.By, Act: users.ActExport, Customer: filter.Customer, Subject: "calls", Detail: x.detail(x.Filter.Words())}
}

// detail returns what the audit has of the export of some rows.
func (x Export) detail(rows string) string {
	detail := x.Format + " of " + rows
	if x.Token != "" {
		detail += fmt.Sprintf(", over the API with the token %q", x.Token)
	}
	return detail
}

// rows returns the rows of an export. Each is read and made within a slot, and yielded outside of it.
func (e *Exports) rows(ctx context.Context, filter policy.Filter, numbers bool) iter.Seq2[policy.Row, error] {
	rowOf := rowMaker(ctx, e.Calls, e.Policy, numbers)
	return func(yield func(policy.Row, error) bool) {
		rest := rest{ctx: ctx, since: time.Now()}
		done := e.Slot(ctx)
		defer func() { done() }()
		for c, err := range e.Calls.Calls(ctx, filter) {
			var row policy.Row
			if err == nil {
				row, err = rowOf(c)
			}
			done()
			if !yield(row, err) || err != nil {
				return
			}
			rest.take()
			done = e.Slot(ctx)
		}
	}
}

// rest makes an export, which is long, leave half of the time to others.
type rest struct {
	ctx   context.Context
	rows  int
	since time.Time // by the machine's clock
}

// take counts a row, and from time to time rests as long as was worked.
func (b *rest) take() {
	if b.rows++; b.rows%restRows != 0 {
		return
	}
	timer := time.NewTimer(min(time.Since(b.since), maxRest))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-b.ctx.Done():
	}
	b.since = time.Now()
}

// send streams rows. A failure in the middle, a panic too, cuts the connection, so that nobody takes a part for the whole.
func send[T any](e *Exports, c echo.Context, x Export, rows iter.Seq2[T, error]) {
	whole := false
	defer func() {
		if panicked := recover(); panicked != nil {
			e.Logger.Error("export panicked", zap.String("user", x.By), zap.Any("panic", panicked), zap.Stack("stack"))
		}
		if !whole {
			panic(http.ErrAbortHandler)
		}
	}()
	out := &stream{c.Response(), http.NewResponseController(c.Response().Writer), time.Now}
	c.Response().WriteHeader(http.StatusOK)
	err := out.begin()
	if err == nil && x.Format == "json" {
		err = policy.WriteJSON(out, rows)
	} else if err == nil {
		err = policy.WriteCSV(out, rows)
	}
	if whole = err == nil; !whole && !errors.Is(err, context.Canceled) && c.Request().Context().Err() == nil {
		e.Logger.Error("export failed", zap.String("user", x.By), zap.Error(err))
	}
}

// stream is an answer that may take longer than others, as long as its reader goes on taking it.
type stream struct {
	http.ResponseWriter
	control *http.ResponseController
	clock   func() time.Time // the machine's, by which deadlines of connections go
}

// begin sends the head of the answer, so that the file is there at once.
func (s *stream) begin() error {
	if err := s.more(); err != nil {
		return err
	}
	return s.control.Flush()
}

// more extends the deadline for one more piece.
func (s *stream) more() error {
	err := s.control.SetWriteDeadline(s.clock().Add(exportPatience))
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// Write writes one piece, for which the reader has exportPatience.
func (s *stream) Write(p []byte) (int, error) {
	if err := s.more(); err != nil {
		return 0, err
	}
	return s.ResponseWriter.Write(p)
}
