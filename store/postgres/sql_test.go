package postgres

import (
	"context"
	"io/fs"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/store"
)

// forbidden are constructs that one of PostgreSQL 15, CockroachDB and YugabyteDB lacks or does otherwise, or that do not work through a pooler which
// gives each transaction another connection.
var forbidden = map[string]string{
	`advisory`:                        "not every server has advisory locks, and they belong to a session",
	`\b(LISTEN|NOTIFY|UNLISTEN)\b`:    "notifications belong to a session, and not every server has them",
	`\b(BIG|SMALL)?SERIAL\b`:          "numbers of a serial column are in no order on a database that is spread",
	`(^|;)\s*(RE)?SET\b`:              "settings of a session reach other transactions through a pooler: set_config(..., true)",
	`\bPREPARE\b|\bDEALLOCATE\b`:      "named statements belong to a session",
	`\bTEMP(ORARY)?\b`:                "temporary tables belong to a session",
	`\bmin\(|\bmax\(`:                 "PostgreSQL 15 has no least bytea: ORDER BY k LIMIT 1",
	`k DESC\)`:                        "keys are ascending",
	`\bLOCK TABLE\b|\bTRUNCATE\b`:     "locks a whole table, also against readers",
	`\bMERGE\b|\bWITHOUT OVERLAPS\b`:  "newer than the oldest server",
	`\bRETURNING OLD\b|\bctid\b`:      "not everywhere",
	`\bDO \$\$|\bCREATE FUNCTION\b`:   "no program in the database",
	`\bUPDATE\b[^;]*\bFROM\b[^;]*unn`: "locks rows in the planner's order: lock first, or INSERT ... ON CONFLICT",
}

// allSQL returns every statement of the package, by where it is.
func allSQL(t *testing.T) map[string]string {
	t.Helper()
	begin, err := withOptional(func(string) (bool, error) { return true, nil })
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{
		"settings": begin, "insertMark": insertMark, "refuseMark": refuseMark, "readMark": readMark, "oldMarks": oldMarks,
		"beginView": beginView, "beginUpdate": beginUpdate, "beginCommit": beginCommit, "ourTables": ourTables, "ourSchema": ourSchema, "ourVersion": ourVersion,
		"otherTables": otherTables, "createSchema": createSchema, "setting": setting, "server": server, "about": about, "mayCreate": mayCreate,
		"mayWrite":     mayWrite,
		"shareStripes": shareStripes, "lockStripes": lockStripes, "shortWaits": shortWaits,
	}
	for i, q := range queriesOf {
		v := reflect.ValueOf(q)
		for f := range v.NumField() {
			name := store.Buckets()[i].String() + "." + v.Type().Field(f).Name
			if v.Field(f).Kind() == reflect.String {
				all[name] = v.Field(f).String()
				continue
			}
			for n := range v.Field(f).Len() {
				all[name+string(rune('0'+n))] = v.Field(f).Index(n).String()
			}
		}
	}
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(text)
	}
	return all
}

func TestSQLIsWhatAllServersUnderstand(t *testing.T) {
	for name, sql := range allSQL(t) {
		for pattern, why := range forbidden {
			if found := regexp.MustCompile(`(?im)` + pattern).FindString(sql); found != "" {
				t.Errorf("%s has %q: %s\n%s", name, found, why, sql)
			}
		}
	}
}

func TestMigrationsOnlyCreateAndMayRunTwice(t *testing.T) {
	for name, sql := range allSQL(t) {
		if !strings.HasSuffix(name, ".sql") {
			continue
		}
		if !strings.Contains(sql, "set_config('lock_timeout', '2s', true)") {
			t.Errorf("%s has no lock_timeout", name)
		}
		_, up, ok := strings.Cut(sql, "-- +goose Up\n")
		if !ok || strings.Contains(up, "+goose") {
			t.Errorf("%s is no migration that only goes up, in a transaction", name)
		}
		for statement := range strings.SplitSeq(strings.TrimSpace(up), ";") {
			statement = strings.TrimSpace(statement)
			if statement != "" && !regexp.MustCompile(`^(CREATE (TABLE|INDEX|VIEW|UNIQUE INDEX) IF NOT EXISTS |SELECT set_config\(|CREATE OR REPLACE VIEW |INSERT INTO supportline.stripes .* ON CONFLICT \(n\) DO NOTHING$)`).MatchString(statement) {
				t.Errorf("%s does not only create, or may not run twice: %s", name, statement)
			}
		}
	}
}

func TestEachBucketHasATable(t *testing.T) {
	var created strings.Builder
	for name, sql := range allSQL(t) {
		if strings.HasSuffix(name, ".sql") {
			created.WriteString(sql)
		}
	}
	for _, b := range store.Buckets() {
		if want := "CREATE TABLE IF NOT EXISTS " + table(b) + " (k bytea PRIMARY KEY, v bytea NOT NULL);"; !strings.Contains(created.String(), want) {
			t.Errorf("no migration has %q: add one", want)
		}
	}
}

// The server ends what takes too long before our side gives it up, which costs the connection.
func TestTheServerLearnsOfADeadline(t *testing.T) {
	e := &Engine{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if statement, lock := e.timeouts(ctx); max(statement, lock) > 800*time.Millisecond || min(statement, lock) < 100*time.Millisecond {
		t.Errorf("with a second left: %v for a statement, %v for a lock", statement, lock)
	}
	if statement, lock := e.timeouts(t.Context()); statement != statementTimeout || lock != lockTimeout {
		t.Errorf("without a deadline: %v for a statement, %v for a lock", statement, lock)
	}
}
