package postgres

import (
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/officernd/supportline/store"
)

// explained is an error with the place of the database and what to do.
type explained struct {
	text string
	err  error
}

func (x explained) Error() string { return x.text }

func (x explained) Unwrap() error { return x.err }

// Explain implements store.Engine: it adds host, port and database, and the remedy.
func (e *Engine) Explain(err error) error {
	if err == nil || errors.As(err, new(explained)) {
		return err
	}
	text := "database " + e.place + ": " + lines.Replace(err.Error())
	if advice := e.advice(err); advice != "" {
		text += ": " + advice
	}
	return explained{text, err}
}

// lines makes one line of an error that has one for each host.
var lines = strings.NewReplacer(":\n\t", ": ", "\n\t", "; ", "\n", "; ")

func (e *Engine) advice(err error) string {
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		if advice := adviceOf(pg); advice != "" {
			return advice
		}
	}
	dns := (*net.DNSError)(nil)
	switch {
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "the server's certificate is of an authority that this machine does not know: name a file with the authority's own, sslrootcert=FILE, in the URL"
	case errors.As(err, new(x509.HostnameError)):
		return "the server's certificate is for another name: write that name as the host in the URL"
	case errors.As(err, new(x509.CertificateInvalidError)):
		return "the server's certificate is not in force: renew it there, and look at the clocks"
	case errors.Is(err, store.ErrNotOurs):
		return "give a database of its own, or make the schema in this one (CREATE SCHEMA " + schema + "); nothing was changed"
	case errors.Is(err, errOldServer):
		return "use PostgreSQL 15 or newer"
	case errors.As(err, &dns):
		return "there is no host of that name: correct the URL, or the name service of this machine"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: start the database, or correct host and port of the URL"
	case strings.Contains(err.Error(), "server refused TLS connection"):
		return "the server has no TLS: turn it on there, or write sslmode=disable into the URL on a network that you trust"
	case errors.Is(err, store.ErrUnknown):
		return "look whether it is there before it is done again"
	case errors.Is(err, store.ErrAway):
		return "see whether the database runs and can be reached from this machine"
	}
	return ""
}

func adviceOf(pg *pgconn.PgError) string {
	switch {
	case strings.Contains(pg.Message, "no encryption"), strings.Contains(pg.Message, "SSL off"):
		return "the server wants TLS: write sslmode=require or, better, sslmode=verify-full into the URL"
	case pg.Code == "28P01":
		return "user or password is wrong: correct the URL"
	case strings.HasPrefix(pg.Code, "28"):
		return "the server does not admit this user from this machine: correct the URL, or the server's pg_hba.conf"
	case pg.Code == "3D000":
		return "there is no such database: CREATE DATABASE, or correct the URL"
	case pg.Code == "42501" && strings.Contains(pg.Message, "database"):
		return "the role may not make the tables: as the owner of the database, CREATE SCHEMA " + schema + " AUTHORIZATION for the role, or GRANT CREATE ON DATABASE to it"
	case pg.Code == "42501":
		return "the role lacks rights: as the owner of the tables, GRANT USAGE ON SCHEMA " + schema + " to it, and GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + schema
	case pg.Code == "25006":
		return "the server is read-only, such as a standby: name the primary, or all hosts, in the URL"
	case pg.Code == "53300":
		return "the server has no connection left: raise its max_connections, or lower pool_max_conns in the URL"
	case pg.Code == "08P01":
		return "a pooler in between does not admit what was sent: leave options out of the URL"
	}
	return ""
}
