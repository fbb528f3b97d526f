package postgrestest_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/store/postgres/postgrestest"
)

const patience = 30 * time.Second

// sql wants rows from statements.
func sql(t *testing.T, url, want string, statements ...string) {
	t.Helper()
	if got := postgrestest.SQL(t, url, statements...); got != want {
		t.Errorf("%q returns %q, want %q", statements, got, want)
	}
}

func TestDatabaseIsEmptyAndItsOwn(t *testing.T) {
	one, other := postgrestest.Database(t), postgrestest.Database(t)
	sql(t, one, "1", "CREATE TABLE a (k bytea PRIMARY KEY)", `INSERT INTO a VALUES ('\x00') RETURNING 1`)
	sql(t, other, "supportline|off|0", "SELECT current_user, current_setting('is_superuser'), (SELECT count(*) FROM pg_tables WHERE schemaname = 'public')")
	sql(t, postgrestest.As(t, "postgres", other), "postgres|on", "SELECT current_user, current_setting('fsync')")
}

func TestDatabaseIsEmptiedForTheNextTest(t *testing.T) {
	var first string
	t.Run("first", func(t *testing.T) {
		first = postgrestest.Emptied(t)
		sql(t, first, "", "CREATE SCHEMA s", "CREATE TABLE s.a (n int)", "INSERT INTO s.a VALUES (1)", "CREATE TABLE migrations (n int)", "INSERT INTO migrations VALUES (1)")
		if other := postgrestest.Emptied(t); other == first {
			t.Error("a database is used by two at once")
		}
	})
	for range 2 {
		url := postgrestest.Emptied(t)
		if url == first {
			sql(t, url, "0|1", "SELECT (SELECT count(*) FROM s.a), (SELECT count(*) FROM migrations)")
			return
		}
	}
	t.Error("the database is not used again")
}

func TestServerKeepsWhatItAcknowledgedWhenItIsKilled(t *testing.T) {
	s := postgrestest.NewServer(t, "max_connections=17")
	url := s.Database(t)
	sql(t, url, "17", "CREATE TABLE a (n int)", "SHOW max_connections")
	for n := range 3 {
		sql(t, url, "", fmt.Sprintf("INSERT INTO a VALUES (%d)", n))
		s.Kill(t)
		if refused(url) == nil {
			t.Error("a killed server accepts connections")
		}
		s.Start(t)
	}
	sql(t, url, "3", "SELECT count(*) FROM a")
	s.Stop(t)
	s.Start(t)
	sql(t, url, "3", "SELECT count(*) FROM a")
}

// refused dials the address of a URL.
func refused(database string) error {
	u, err := url.Parse(database)
	if err != nil {
		return err
	}
	c, err := net.Dial("tcp", u.Host)
	if err == nil {
		c.Close()
	}
	return err
}

func TestStandbyHasWhatWasAcknowledged(t *testing.T) {
	s := postgrestest.NewServer(t)
	url := s.Database(t)
	standby := s.Standby(t)
	both := postgrestest.WithStandby(t, url, standby) + "&target_session_attrs=read-write"
	sql(t, both, "1", "CREATE TABLE a (n int)", "INSERT INTO a VALUES (1) RETURNING 1")
	s.Kill(t)
	standby.Promote(t)
	sql(t, both, "1|1", "INSERT INTO a VALUES (2)", "SELECT min(n), count(*) - 1 FROM a")
}

func TestServerThatIsPausedAnswersLater(t *testing.T) {
	s := postgrestest.NewServer(t)
	url := s.Database(t)
	s.Pause(t)
	answer := make(chan string, 1)
	go func() { answer <- postgrestest.SQL(t, url, "SELECT 1") }()
	silent(t, answer)
	s.Resume(t)
	if got := <-answer; got != "1" {
		t.Errorf("got %q", got)
	}
}

// silent wants no answer for a moment.
func silent(t *testing.T, answer <-chan string) {
	t.Helper()
	select {
	case got := <-answer:
		t.Errorf("answered %q", got)
	case <-time.After(100 * time.Millisecond):
	}
}

func TestServerThatIsReadOnlyRefusesOnOpenConnections(t *testing.T) {
	s := postgrestest.NewServer(t)
	c := connect(t, s.Database(t))
	c.wants("CREATE TABLE a (n int); SELECT 1", "1")
	s.ReadOnly(t, true)
	c.wants(`INSERT INTO a VALUES (1)`, "ERROR:  25006: cannot execute INSERT in a read-only transaction")
	s.ReadOnly(t, false)
	c.wants("INSERT INTO a VALUES (1) RETURNING 1", "1")
}

// connection is a connection that stays open.
type connection struct {
	t     *testing.T
	in    *os.File
	lines chan string
}

func connect(t *testing.T, url string) *connection {
	t.Helper()
	psql := exec.Command("psql", "-XAtq", "-v", "VERBOSITY=sqlstate", "-v", "VERBOSITY=verbose", "-d", url)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	psql.Stdin = read
	out, err := psql.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	psql.Stderr = psql.Stdout
	if err := psql.Start(); err != nil {
		t.Fatal(err)
	}
	read.Close()
	c := &connection{t: t, in: write, lines: make(chan string, 100)}
	go func() {
		defer close(c.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			c.lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		write.Close()
		for range c.lines {
		}
		_ = psql.Wait() // it fails if the connection was cut
	})
	return c
}

func (c *connection) send(statement string) {
	c.t.Helper()
	if _, err := fmt.Fprintln(c.in, statement+";"); err != nil {
		c.t.Fatal(err)
	}
}

// wants sends a statement and wants a line with an answer.
func (c *connection) wants(statement, answer string) {
	c.t.Helper()
	c.send(statement)
	for late := time.After(patience); ; {
		select {
		case line, open := <-c.lines:
			if strings.Contains(line, answer) {
				return
			}
			if !open {
				c.t.Fatalf("the connection ended, wanted %q", answer)
			}
		case <-late:
			c.t.Fatalf("no answer %q to %q", answer, statement)
		}
	}
}

func TestPgBouncerGivesEachTransactionAnyConnection(t *testing.T) {
	url := postgrestest.Database(t)
	through := postgrestest.PgBouncer(t, url)
	if url == through {
		t.Fatal("there is nothing in front of the database")
	}
	sql(t, through, "1", "SELECT 1")
	sql(t, postgrestest.As(t, "postgres", through), "postgres", "SELECT current_user")
	one, other := connect(t, through), connect(t, through)
	one.wants("SET application_name = 'mine'; PREPARE p AS SELECT 2; EXECUTE p", "2")
	// The only connection to the server goes from hand to hand.
	other.wants("EXECUTE p", "2")
}

func TestProxyCutsAndRefuses(t *testing.T) {
	p := postgrestest.NewProxy(t, postgrestest.Database(t))
	c := connect(t, p.URL)
	c.wants("SELECT 1", "1")
	if now, most := p.Connections(); now != 1 || most != 1 {
		t.Errorf("%d connections, %d at most", now, most)
	}
	p.Refuse(true)
	c.wants("SELECT 2", "2")
	p.Cut()
	c.wants("SELECT 3", "connection to server was lost")
	if refused(p.URL) == nil {
		t.Error("the proxy accepts connections")
	}
	p.Refuse(false)
	sql(t, p.URL, "4", "SELECT 4")
}

func TestProxyIsSilentOrSlow(t *testing.T) {
	p := postgrestest.NewProxy(t, postgrestest.Database(t))
	c := connect(t, p.URL)
	c.wants("SELECT 1", "1")
	p.Silence(true)
	c.send("SELECT 2")
	silent(t, c.lines)
	p.Silence(false)
	c.wants("SELECT 3", "3")
	p.Delay(50 * time.Millisecond)
	began := time.Now()
	c.wants("SELECT 4", "4")
	if took := time.Since(began); took < 100*time.Millisecond {
		t.Errorf("a round trip took %v", took)
	}
}

func TestProxyLosesAnAnswer(t *testing.T) {
	url := postgrestest.Database(t)
	sql(t, url, "", "CREATE TABLE a (n int)")
	p := postgrestest.NewProxy(t, url)
	answered := p.CutAfter("commit")
	connect(t, p.URL).wants("BEGIN; INSERT INTO a VALUES (1); COMMIT", "connection to server was lost")
	select {
	case <-answered:
	case <-time.After(patience):
		t.Fatal("the server did not answer")
	}
	sql(t, url, "1", "SELECT count(*) FROM a")
	sql(t, p.URL, "1", "BEGIN; SELECT count(*) FROM a; COMMIT")
}

// A network that is gone leaves nobody a connection, and gives nobody a new one, when the answer is lost.
func TestProxyIsAwayAfterAStatement(t *testing.T) {
	url := postgrestest.Database(t)
	sql(t, url, "", "CREATE TABLE a (n int)")
	p := postgrestest.NewProxy(t, url)
	other := dial(t, p.URL)
	answered := p.AwayAfter("commit")
	connect(t, p.URL).wants("BEGIN; INSERT INTO a VALUES (1); COMMIT", "connection to server was lost")
	<-answered
	if _, err := other.in.ReadByte(); err == nil {
		t.Error("the other connection is there")
	}
	if now, _ := p.Connections(); now > 1 { // the one that was answered may be ending
		t.Errorf("%d connections are left", now)
	}
	sql(t, url, "1", "SELECT count(*) FROM a")
	p.Refuse(false)
	sql(t, p.URL, "1", "SELECT count(*) FROM a")
}

func TestProxyDeliversAStatementLate(t *testing.T) {
	url := postgrestest.Database(t)
	sql(t, url, "", "CREATE TABLE a (n int)")
	p := postgrestest.NewProxy(t, url)
	deliver := p.CutBefore("INTO a")
	connect(t, p.URL).wants("INSERT INTO a VALUES (1)", "connection to server was lost")
	sql(t, url, "0", "SELECT count(*) FROM a")
	deliver()
	sql(t, url, "1", "SELECT count(*) FROM a")
}

// TestProxySeesPreparedStatements speaks the extended protocol: a statement is prepared once, and executed by its name.
func TestProxySeesPreparedStatements(t *testing.T) {
	url := postgrestest.Database(t)
	sql(t, url, "", "CREATE TABLE a (n int)")
	p := postgrestest.NewProxy(t, url)
	c := dial(t, p.URL)
	c.send('P', "s1\x00INSERT INTO a VALUES (1)\x00\x00\x00")
	c.send('S', "")
	c.until('Z')
	answered := p.CutAfter("insert into A")
	c.send('B', "\x00s1\x00\x00\x00\x00\x00\x00\x00")
	c.send('E', "\x00\x00\x00\x00\x00")
	c.send('S', "")
	<-answered
	if _, err := c.in.ReadByte(); err == nil {
		t.Error("the answer came")
	}
	sql(t, url, "1", "SELECT count(*) FROM a")
}

// wire is a connection whose messages a test writes itself.
type wire struct {
	t  *testing.T
	c  net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, database string) *wire {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	w := &wire{t: t, c: c, in: bufio.NewReader(c)}
	w.write(nil, fmt.Sprintf("\x00\x03\x00\x00user\x00%s\x00database\x00%s\x00\x00", u.User.Username(), u.Path[1:]))
	w.until('R')
	secret, _ := u.User.Password()
	w.send('p', secret+"\x00")
	w.until('Z')
	return w
}

func (w *wire) send(kind byte, body string) { w.write([]byte{kind}, body) }

func (w *wire) write(kind []byte, body string) {
	w.t.Helper()
	n := len(body) + 4
	if _, err := w.c.Write(append(append(kind, 0, 0, byte(n>>8), byte(n)), body...)); err != nil {
		w.t.Fatal(err)
	}
}

// until reads up to a message of a kind.
func (w *wire) until(kind byte) {
	w.t.Helper()
	for {
		var head [5]byte
		for i := range head {
			b, err := w.in.ReadByte()
			if err != nil {
				w.t.Fatal(err)
			}
			head[i] = b
		}
		if _, err := w.in.Discard(int(head[3])<<8 + int(head[4]) - 4); err != nil {
			w.t.Fatal(err)
		}
		if head[0] == kind {
			return
		}
	}
}

// TestServerEndsWithATestProcessThatIsKilled runs the tests' binary once more, and kills it.
func TestServerEndsWithATestProcessThatIsKilled(t *testing.T) {
	if url := os.Getenv("POSTGRESTEST_CHILD"); url != "" {
		fmt.Println("URL " + postgrestest.Database(t))
		<-t.Context().Done() // until it is killed
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self, "-test.run", "^"+t.Name()+"$")
	child.Env = append(os.Environ(), "POSTGRESTEST_CHILD=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	database := string(bytes.TrimSpace(bytes.TrimPrefix(line, []byte("URL "))))
	sql(t, database, "1", "SELECT 1")
	folder := postgrestest.SQL(t, postgrestest.As(t, "postgres", database), "SHOW data_directory")
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	eventually(t, "the server is gone", func() bool { return refused(database) != nil })
	eventually(t, "its folder is gone", func() bool { _, err := os.Stat(folder); return os.IsNotExist(err) })
}

// eventually looks until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for late := time.After(patience); !so(); {
		select {
		case <-late:
			t.Fatalf("%s: not after %v", what, patience)
		case <-look.C:
		}
	}
}
