package postgres

import (
	"errors"
	"fmt"
	"testing"

	"github.com/officernd/supportline/store"
)

// TestAnErrorIsOneLine: whoever reads it is told each cause once, with what to do behind it.
func TestAnErrorIsOneLine(t *testing.T) {
	refused := errors.New("failed to connect to `user=me database=log`:\n\t127.0.0.1:1 (127.0.0.1): dial error: connection refused\n" +
		"\t127.0.0.1:1 (127.0.0.1): dial error: connection refused\n\t[::1]:1 (localhost): server error: FATAL: too many")
	e := &Engine{place: "127.0.0.1:1/log"}
	err := e.Explain(fmt.Errorf("%w: %w", store.ErrAway, refused))
	const want = "database 127.0.0.1:1/log: the database is away: connection refused; FATAL: too many: see whether the database runs and can be reached from this machine"
	if err.Error() != want || !errors.Is(err, store.ErrAway) || !errors.Is(err, refused) {
		t.Errorf("%q, want %q", err, want)
	}
}
