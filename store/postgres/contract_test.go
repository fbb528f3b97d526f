package postgres_test

import (
	"testing"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/postgres"
	"github.com/officernd/supportline/store/postgres/postgrestest"
	"github.com/officernd/supportline/store/storetest"
)

// database is a place for entries.
type database string

func (d database) Engine(t testing.TB) store.Engine {
	e, err := postgres.Open(t.Context(), string(d), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEngine(t *testing.T) {
	storetest.RunEngine(t, func(t testing.TB) storetest.Entries { return database(postgrestest.Database(t)) })
}
