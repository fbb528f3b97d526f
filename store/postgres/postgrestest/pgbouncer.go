package postgrestest

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"syscall"
	"testing"
)

// PgBouncer starts a PgBouncer in transaction mode in front of a database, and returns the database's URL through it. It ends with the test.
func PgBouncer(t testing.TB, database string) string {
	t.Helper()
	pgbouncer, err := program("pgbouncer", "pgbouncer")
	must(t, err)
	h, err := newHome()
	must(t, err)
	t.Cleanup(func() { must(t, h.close()) })
	port, err := freePort()
	must(t, err)
	behind, err := url.Parse(database)
	must(t, err)
	// Nothing beyond the defaults is accepted at the start of a connection.
	must(t, h.write("pgbouncer.ini", fmt.Sprintf(`[databases]
* = host=%s port=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = md5
auth_file = users.txt
pool_mode = transaction
default_pool_size = 20
max_client_conn = 1000
`, behind.Hostname(), behind.Port(), port)))
	must(t, h.write("users.txt", fmt.Sprintf("\"supportline\" %q\n\"postgres\" %[1]q\n", password)))
	p, err := h.start("pgbouncer", pgbouncer, "pgbouncer.ini")
	must(t, err)
	t.Cleanup(func() { must(t, p.end(syscall.SIGTERM)) })
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	must(t, p.until(func() bool { return listens(address) }))
	front, err := at(database, address)
	must(t, err)
	return front
}

// listens reports whether somebody accepts connections at an address.
func listens(address string) bool {
	c, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return false
	}
	return c.Close() == nil
}
