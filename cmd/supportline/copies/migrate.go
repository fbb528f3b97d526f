package copies

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/transfer"
)

// Migrate copies a store from one engine into another, which is empty or has half of this very migration, and returns what was copied and compared.
// No server may work with either. The names are those of the engines in errors.
func Migrate(ctx context.Context, from, to store.Engine, fromName, toName string, progress func(done, all int64)) ([]transfer.BucketSum, error) {
	switch version, err := store.SchemaOf(ctx, from); {
	case errors.Is(err, store.ErrHalfCopied):
		return nil, worded{fmt.Sprintf("%s: %v: finish that one first", fromName, err), err}
	case errors.Is(err, store.ErrNotOurs):
		return nil, worded{fmt.Sprintf("%s: there is no log in it that could be copied: look at store in the configuration", fromName), err}
	case err != nil:
		return nil, err
	case version > store.Schema:
		return nil, from.Explain(store.ErrNewer)
	}
	for name, e := range map[string]store.Engine{fromName: from, toName: to} {
		if err := idle(ctx, name, e); err != nil {
			return nil, err
		}
	}
	sums, err := transfer.Copy(ctx, from, to, transfer.Options{Progress: progress})
	switch {
	case errors.Is(err, transfer.ErrNotEmpty):
		err = worded{fmt.Sprintf("%s: %v: name an empty database, or a new file. Nothing was changed there", toName, err), err}
	case errors.Is(err, store.ErrHalfCopied):
		err = worded{fmt.Sprintf("%s: %v: a copy of another store. Name an empty database, or a new file", toName, err), err}
	}
	return sums, err
}

// idle returns an error if a server works with an engine. A file that this process has open is nobody else's, whatever a server that was killed left
// in it.
func idle(ctx context.Context, name string, e store.Engine) error {
	if _, sole := e.(store.SoleEngine); sole {
		return nil
	}
	all, err := store.Processes(ctx, e)
	if err != nil {
		return fmt.Errorf("%s: whether servers work with it can't be read: %w", name, err)
	}
	var hosts []string
	for _, p := range all {
		if !p.Gone {
			hosts = append(hosts, fmt.Sprintf("%s (process %d)", p.Host, p.Number))
		}
	}
	if len(hosts) > 0 {
		return worded{fmt.Sprintf("%s: a server works with it, on %s: stop every server, and do it again. One that was killed counts as stopped after a minute",
			name, strings.Join(hosts, ", ")), errAtWork}
	}
	return nil
}

var errAtWork = errors.New("a server works with the store")
