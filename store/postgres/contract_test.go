package postgres_test

import (
	"testing"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/postgres"
	"github.com/officernd/supportline/store/postgres/postgrestest"
	"github.com/officernd/supportline/store/storetest"
)

func TestEngine(t *testing.T) {
	url := postgrestest.Database(t)
	storetest.RunEngine(t, func(t testing.TB) storetest.Entries { return emptied(t, url) })
}

func TestEnginesOfThreeProcesses(t *testing.T) {
	url := postgrestest.Database(t)
	storetest.RunShared(t, func(t testing.TB) storetest.Entries { return emptied(t, url) })
}

func TestEnginesBehindPgBouncer(t *testing.T) {
	url := postgrestest.PgBouncer(t, postgrestest.Database(t))
	storetest.RunShared(t, func(t testing.TB) storetest.Entries { return emptied(t, url) })
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

// emptied returns a database without entries: to make a new one takes longer.
func emptied(t testing.TB, url string) database {
	t.Helper()
	postgrestest.SQL(t, url, `DO $$
DECLARE name text;
BEGIN
	FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'supportline' AND tablename NOT IN ('migrations', 'migrating') LOOP
		EXECUTE format('DELETE FROM supportline.%I', name);
	END LOOP;
END $$`)
	return database(url)
}
