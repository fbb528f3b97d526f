package postgres_test

import (
	"testing"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/postgres"
	"github.com/officernd/supportline/store/postgres/postgrestest"
	"github.com/officernd/supportline/store/storetest"
)

func TestEngine(t *testing.T) {
	storetest.RunEngine(t, func(t testing.TB) storetest.Entries { return database(postgrestest.Emptied(t)) })
}

func TestEnginesOfThreeProcesses(t *testing.T) {
	storetest.RunShared(t, func(t testing.TB) storetest.Entries { return database(postgrestest.Emptied(t)) })
}

func TestEnginesBehindPgBouncer(t *testing.T) {
	storetest.RunShared(t, func(t testing.TB) storetest.Entries {
		return database(postgrestest.PgBouncer(t, postgrestest.Emptied(t)))
	})
}

// database is the URL of a place for entries.
type database string

func (url database) Engine(t testing.TB) store.Engine {
	t.Helper()
	e, err := postgres.Open(t.Context(), string(url), postgres.Options{Connections: 8})
	if err != nil {
		t.Fatal(err)
	}
	return e
}
