package postgres

import (
	"context"
	"time"
)

// Warning describes a setting of the server by which it does not hold all that is acknowledged.
type Warning struct{ Setting, Text string }

// held are the settings of a server that decide what survives, and what is lost otherwise.
var held = []struct{ setting, bad, warning string }{
	{"fsync", "off", "fsync is off on the database server: a crash of its machine can lose everything"},
	{"full_page_writes", "off", "full_page_writes is off on the database server: a crash of its machine can damage the tables"},
	{"synchronous_standby_names", "", "the database server waits for no standby (synchronous_standby_names is empty): a failover can lose the last seconds"},
}

// HoldingSettings returns the names of the settings that Warnings looks at.
func HoldingSettings() []string {
	var names []string
	for _, h := range held {
		names = append(names, h.setting)
	}
	return names
}

const warningsWithin = 5 * time.Second

// Warnings returns what of acknowledged changes the server's settings do not hold. A server that does not know a setting has no warning of it. The
// error is that the server could not be asked.
func (e *Engine) Warnings(ctx context.Context) (list []Warning, err error) {
	ctx, cancel := context.WithTimeout(ctx, warningsWithin)
	defer cancel()
	for _, h := range held {
		var value *string // nil: it is not known there
		if err := e.main.QueryRow(ctx, setting, h.setting).Scan(&value); err != nil {
			return nil, e.Explain(final(ctx, err))
		}
		if value != nil && *value == h.bad {
			list = append(list, Warning{h.setting, h.warning})
		}
	}
	return list, nil
}
