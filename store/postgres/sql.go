package postgres

import (
	"fmt"
	"strings"

	"github.com/officernd/supportline/store"
)

// schema is where the tables are: one of its own, so that nothing depends on a search path, and a role needs no rights elsewhere.
const schema = "supportline"

// The transactions. A View sees one snapshot. An Update is serializable among Updates. A Commit compares what it locked, and needs no snapshot.
const (
	beginView   = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	beginUpdate = "BEGIN ISOLATION LEVEL SERIALIZABLE"
	beginCommit = "BEGIN ISOLATION LEVEL READ COMMITTED"
	endCommit   = "COMMIT"
	endRollback = "ROLLBACK"
)

// settings sets what holds for a transaction, and reads the clock: $1 and $2 are the timeouts of a statement and of a lock, $3 how long the transaction
// may wait for its client, as texts.
const settings = "SELECT clock_timestamp(), set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true), " +
	"set_config('idle_in_transaction_session_timeout', $3, true)"

// optional are settings that not every server has. Entries are found by their keys, in the order of keys: statistics that are old, or a plan for any
// values, must not make a transaction lock or read a whole table or range.
var optional = []struct{ name, value string }{
	{"synchronous_commit", "on"}, {"enable_seqscan", "off"}, {"enable_bitmapscan", "off"}, {"jit", "off"},
}

// withOptional returns settings with the optional ones that a server has.
func withOptional(has func(name string) (bool, error)) (string, error) {
	sql := settings
	for _, o := range optional {
		there, err := has(o.name)
		if err != nil {
			return "", err
		}
		if there {
			sql += ", set_config('" + o.name + "', '" + o.value + "', true)"
		}
	}
	return sql, nil
}

// shortWaits sets the timeout of a lock, $1, for the rest of a transaction.
const shortWaits = "SELECT set_config('lock_timeout', $1, true)"

// What is looked at outside of transactions.
const (
	server       = "SELECT pg_backend_pid(), current_setting('server_version_num')"
	setting      = "SELECT current_setting($1, true)" // null where it is not known
	about        = "SELECT current_setting('server_version'), clock_timestamp()"
	createSchema = "CREATE SCHEMA IF NOT EXISTS " + schema
	ourTables    = "SELECT c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace " +
		"WHERE n.nspname = '" + schema + "' AND c.relkind IN ('r', 'p')"
	ourVersion = "SELECT version_id FROM " + schema + ".migrations WHERE is_applied ORDER BY version_id DESC LIMIT 1"
	ourSchema  = "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = '" + schema + "'"
	// otherTables are those of others in the database, except what extensions have brought.
	otherTables = "SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace " +
		"WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'crdb_internal', 'pg_extension', '" + schema + "') " +
		"AND n.nspname NOT LIKE 'pg\\_t%' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1 LIMIT 3"
)

// Locks on keys of bucket guards that are not there: see stripe.
const (
	shareStripes = "SELECT n FROM " + schema + ".stripes WHERE n = ANY($1::integer[]) ORDER BY n FOR SHARE"
	lockStripes  = "SELECT n FROM " + schema + ".stripes WHERE n = ANY($1::integer[]) ORDER BY n FOR UPDATE"
)

// The rights that a role needs: to make what is not there, and to read and write what is.
const (
	mayCreate = "SELECT CASE WHEN EXISTS (" + ourNamespace + ") THEN has_schema_privilege('" + schema + "', 'CREATE') " +
		"ELSE has_database_privilege(current_database(), 'CREATE') END"
	ourNamespace = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = '" + schema + "'"
	mayWrite     = "SELECT count(*) = 0 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace " +
		"WHERE n.nspname = '" + schema + "' AND c.relkind = 'r' AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') " +
		"AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))"
)

// Marks of commits. refused is that the commit of this mark was looked for and not found, so that it never will be there.
const (
	insertMark = "INSERT INTO " + schema + ".marks (id, at, refused) VALUES ($1, now(), false)"
	refuseMark = "INSERT INTO " + schema + ".marks (id, at, refused) VALUES ($1, now(), true) ON CONFLICT (id) DO NOTHING"
	// readMark writes, so that its commit waits for the standbys that the commit it finds may not have waited for.
	readMark = "UPDATE " + schema + ".marks SET at = now() WHERE id = $1 RETURNING refused"
	oldMarks = "DELETE FROM " + schema + ".marks WHERE id IN (SELECT id FROM " + schema + ".marks WHERE id < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING id"
)

// queries are the statements of one bucket.
type queries struct {
	get, fetch, present, count   string
	share, lock, lockAll         string
	insert, upsert, remove, wipe string
	next                         string
	pages                        [4]string // of one span: see shape
	laterals                     [4]string // of many
}

var queriesOf = func() (all []queries) {
	for _, b := range store.Buckets() {
		all = append(all, newQueries(table(b), b.String()))
	}
	return all
}()

func table(b store.Bucket) string { return schema + `."` + b.String() + `"` }

// shape is which of the statements of a scan reads a span.
func shape(back, bounded bool) int {
	n := 0
	if back {
		n++
	}
	if bounded {
		n += 2
	}
	return n
}

// lastNumber is the last key of a bucket as a number, 0 if there is none.
var lastNumber = func() string {
	var bytes []string
	for i := range 8 {
		bytes = append(bytes, fmt.Sprintf("(get_byte(k, %d)::bigint << %d)", i, 56-8*i))
	}
	return "coalesce((SELECT " + strings.Join(bytes, " | ") + " FROM {t} ORDER BY k DESC LIMIT 1), 0)"
}()

func newQueries(table, name string) queries {
	in := strings.NewReplacer("{t}", table, "{s}", schema, "{b}", name).Replace
	q := queries{
		get:     in("SELECT v FROM {t} WHERE k = $1"),
		fetch:   in("SELECT k, v FROM {t} WHERE k = ANY($1::bytea[])"),
		present: in("SELECT k FROM {t} WHERE k = ANY($1::bytea[])"),
		count:   in("SELECT count(*) FROM (SELECT 1 FROM {t} WHERE k >= $1 AND k < $2 ORDER BY k LIMIT $3) AS counted"),
		share:   in("SELECT k, v FROM {t} WHERE k = ANY($1::bytea[]) ORDER BY k FOR SHARE"),
		lock:    in("SELECT k, v FROM {t} WHERE k = ANY($1::bytea[]) ORDER BY k FOR UPDATE"),
		lockAll: in("SELECT count(*) FROM (SELECT k FROM {t} ORDER BY k FOR UPDATE) AS locked"),
		insert:  in("INSERT INTO {t} (k, v) SELECT k, v FROM unnest($1::bytea[], $2::bytea[]) AS e(k, v)"),
		upsert:  in("INSERT INTO {t} (k, v) SELECT k, v FROM unnest($1::bytea[], $2::bytea[]) AS e(k, v) ON CONFLICT (k) DO UPDATE SET v = excluded.v"),
		remove:  in("DELETE FROM {t} WHERE k = ANY($1::bytea[])"),
		wipe:    in("DELETE FROM {t} WHERE k >= ''"),
		next: in("INSERT INTO {s}.sequences AS s (bucket, n) VALUES ('{b}', " + lastNumber + " + $1::bigint) " +
			"ON CONFLICT (bucket) DO UPDATE SET n = greatest(s.n + $1::bigint, excluded.n) RETURNING n"),
	}
	for _, back := range []bool{false, true} {
		for _, bounded := range []bool{false, true} {
			q.pages[shape(back, bounded)] = in(page("$1", "$2", "$3", back, bounded))
			spans := "unnest($1::bytea[]) WITH ORDINALITY AS s(f, n)"
			if bounded {
				spans = "unnest($1::bytea[], $2::bytea[]) WITH ORDINALITY AS s(f, t, n)"
			}
			limit := "$2"
			if bounded {
				limit = "$3"
			}
			q.laterals[shape(back, bounded)] = in("SELECT s.n, e.k, e.v FROM " + spans + ", LATERAL (" + page("s.f", "s.t", limit, back, bounded) + ") AS e")
		}
	}
	return q
}

func page(from, to, limit string, back, bounded bool) string {
	where, order := "k >= "+from, "k"
	if bounded {
		where += " AND k < " + to
	} else if limit == "$3" {
		limit = "$2"
	}
	if back {
		order = "k DESC"
	}
	return "SELECT k, v FROM {t} WHERE " + where + " ORDER BY " + order + " LIMIT " + limit
}
