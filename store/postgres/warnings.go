package postgres

import (
	"context"
	"time"
)

// held are the settings of a server that decide what survives, and what is lost otherwise.
var held = []struct{ setting, bad, warning string }{
	{"fsync", "off", "fsync is off on the database server: a crash of its machine can lose everything"},
	{"full_page_writes", "off", "full_page_writes is off on the database server: a crash of its machine can damage the tables"},
	{"synchronous_standby_names", "", "the database server waits for no standby (synchronous_standby_names is empty): a failover can lose the last seconds"},
}

const warningsWithin = 5 * time.Second

// Warnings returns what of acknowledged changes the server's settings do not hold. A server that does not tell has no warnings.
func (e *Engine) Warnings(ctx context.Context) (list []string) {
	ctx, cancel := context.WithTimeout(ctx, warningsWithin)
	defer cancel()
	for _, h := range held {
		var value string
		if err := e.main.QueryRow(ctx, setting, h.setting).Scan(&value); err == nil && value == h.bad {
			list = append(list, h.warning)
		}
	}
	return list
}
