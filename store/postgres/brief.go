package postgres

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// briefly is an error with a shorter text.
type briefly struct {
	error
	text string
}

func (b briefly) Error() string { return b.text }
func (b briefly) Unwrap() error { return b.error }

// addressOf begins what pgx tells of one address that it tried.
var addressOf = regexp.MustCompile(`^\S+ \([^)]*\): ((dial|server|hostname resolving) error: )?`)

// brief returns an error of connecting with each cause once and on one line: pgx tells of every address on a line of its own, twice where it tried with
// TLS and without, and a database that is away is told many times a minute.
func brief(err error) error {
	if _, connecting := errors.AsType[*pgconn.ConnectError](err); !connecting {
		return err
	}
	_, tries, several := strings.Cut(err.Error(), "\n")
	if !several {
		return err
	}
	var causes []string
	for line := range strings.SplitSeq(tries, "\n") {
		cause := addressOf.ReplaceAllString(strings.TrimSpace(line), "")
		if cause != "" && !slices.Contains(causes, cause) {
			causes = append(causes, cause)
		}
	}
	return briefly{err, strings.Join(causes, "; ")}
}
