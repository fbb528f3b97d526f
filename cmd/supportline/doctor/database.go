package doctor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/store/postgres"
)

// databaseState is the state of a database, in its own words.
type databaseState struct {
	postgres.About
	warnings []postgres.Warning
}

// database examines the database that store names: whether it can be reached, what its role may do, and what it holds of what is acknowledged.
func (d *Doctor) database(ctx context.Context) []Finding {
	if !d.Conf.Store.IsDatabase() {
		return nil
	}
	state, err := d.asked(ctx)
	if err != nil {
		return []Finding{wrong("database", "correct store in the configuration, or the database: without it callers are connected, and nothing is logged", "%v", err)}
	}
	return state.findings(d.Conf.Store)
}

// asked returns what the database tells, which is asked for once.
func (d *Doctor) asked(ctx context.Context) (databaseState, error) {
	ask := func() (state databaseState, err error) {
		ctx, cancel := context.WithTimeout(ctx, firstWithin)
		defer cancel()
		opened, err := server.OpenEngine(ctx, d.Conf.Store, server.EngineOptions{Connections: 1})
		if err != nil {
			return state, err
		}
		defer func() { err = errors.Join(err, opened.Close()) }()
		engine := opened.(*postgres.Engine)
		if state.About, err = engine.About(ctx); err == nil {
			state.warnings, err = engine.Warnings(ctx)
		}
		return state, err
	}
	if d.firsts == nil {
		return ask()
	}
	return d.firsts.database.get(ask)
}

// away reports whether the database cannot be asked, which its own examination tells.
func (d *Doctor) away(ctx context.Context) bool {
	if !d.Conf.Store.IsDatabase() || !d.firsts.tells("database") {
		return false
	}
	_, err := d.asked(ctx)
	return err != nil
}

// triedServer is the oldest version of PostgreSQL on which supportline is tried.
const triedServer = 15

func (s databaseState) findings(place config.Store) []Finding {
	how := "not encrypted"
	if s.Encrypted {
		how = "encrypted"
	}
	if s.Pooled {
		how += ", through a pooler"
	}
	found := []Finding{ok("database", "%s, version %s, %s", place, s.Version, how)}
	if !s.Encrypted && !place.IsNear() {
		found = append(found, warning("database", "let the server offer TLS, and add sslmode=verify-full to store",
			"the connection is not encrypted: whoever is on the way can read along"))
	}
	if major, _, _ := strings.Cut(s.Version, "."); numberOf(major) < triedServer {
		found = append(found, warning("database", fmt.Sprintf("move to PostgreSQL %d or newer", triedServer), "supportline is not tried on version %s", s.Version))
	}
	if s.Lacks != "" {
		found = append(found, wrong("database", "let the role own the database, or the schema supportline and its tables: ALTER DATABASE ... OWNER TO ...",
			"its role has no right %s", s.Lacks))
	}
	for _, w := range s.warnings {
		found = append(found, ofSetting(w))
	}
	return append(found, s.clock())
}

// clock compares this machine's clock with the database's, by which all processes share the work among themselves.
func (s databaseState) clock() Finding {
	direction := "ahead of"
	if s.Ahead < 0 {
		direction = "behind"
	}
	if s.Ahead.Abs() > maxSkew {
		return wrong("database clock", "let both machines set their clocks from the network: timedatectl set-ntp true",
			"this machine's clock is %v %s the database's", s.Ahead.Abs().Truncate(time.Second), direction)
	}
	return ok("database clock", "within %v of ours", maxSkew)
}

// ofSetting returns the finding of what a setting of the database lets go of.
func ofSetting(w postgres.Warning) Finding {
	switch w.Setting {
	case "synchronous_standby_names":
		return warning("database", "add a synchronous standby, or accept that: docs/operating.md has what is lost then", "%s", w.Text)
	default:
		return wrong("database", "set "+w.Setting+" = on on the database server, and restart it", "%s", w.Text)
	}
}

// numberOf returns a number as it is written, 0 for anything else.
func numberOf(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}
