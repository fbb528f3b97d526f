package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	defaultConnections = 20
	urgentConnections  = 2
	// connecting is how many connections a pool opens at the same time: a server that comes back is not met by all at once.
	connecting     = 4
	connectTimeout = 5 * time.Second
	// refusedPause is how long an address that refused a connection is not tried again.
	refusedPause = 100 * time.Millisecond
	idleClose    = 10 * time.Minute
	// lifetimeJitter keeps connections that were opened together from ending together.
	lifetimeJitter = 10 * time.Minute
)

// pool is a bounded pool of connections.
type pool struct {
	*pgxpool.Pool
	unnamed atomic.Bool // statements have no names: behind a pooler that gives each transaction another connection
	gate    gate
	// epoch numbers the times when all connections were given up. Those of an older one are no news when they fail.
	epoch atomic.Int64
}

// Keys of what a connection carries.
const (
	epochKey   = "epoch"
	warningKey = "warning"
)

// parse reads a URL. Its errors have nothing of it, since it has a password.
func parse(url string, o Options) (*pgxpool.Config, error) {
	if !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		return nil, errors.New(`the store's URL does not begin with "postgres://": write postgres://USER:PASSWORD@HOST:5432/DATABASE`)
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("the store's URL cannot be read%s: write postgres://USER:PASSWORD@HOST:5432/DATABASE, with special characters of the "+
			"password as %%40 for @ and the like", unreadable(err))
	}
	if !strings.Contains(url, "pool_max_conns=") {
		config.MaxConns = int32(o.Connections)
	}
	if !strings.Contains(url, "pool_max_conn_idle_time=") {
		config.MaxConnIdleTime = idleClose
	}
	if !strings.Contains(url, "pool_max_conn_lifetime_jitter=") {
		config.MaxConnLifetimeJitter = lifetimeJitter
	}
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false } // a lost connection is found by its first statement
	c := config.ConnConfig
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectTimeout
	}
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = schema
	}
	c.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	if len(c.Fallbacks) > 0 && c.ValidateConnect == nil && severalHosts(c) {
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	return config, nil
}

// unreadable returns the part of pgx's error that has no part of the URL.
func unreadable(err error) string {
	for _, known := range []string{"invalid port", "invalid userinfo", "invalid URL escape", "sslmode", "target_session_attrs", "pool_max_conns", "connect_timeout"} {
		if strings.Contains(err.Error(), known) {
			return " (" + known + ")"
		}
	}
	return ""
}

func severalHosts(c *pgx.ConnConfig) bool {
	for _, f := range c.Fallbacks {
		if f.Host != c.Host || f.Port != c.Port {
			return true
		}
	}
	return false
}

func newPool(config *pgxpool.Config, size int32, unnamed bool) (*pool, error) {
	p := &pool{gate: gate{slots: make(chan struct{}, connecting)}}
	p.unnamed.Store(unnamed)
	config = config.Copy()
	config.MaxConns, config.MinConns, config.MinIdleConns = size, min(config.MinConns, size), min(config.MinIdleConns, size)
	config.ConnConfig.OnNotice = func(c *pgconn.PgConn, n *pgconn.Notice) {
		if warned, ok := c.CustomData()[warningKey].(*bool); ok && n.Code == "01000" {
			*warned = true
		}
	}
	config.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
		if p.unnamed.Load() {
			c.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
		}
		c.DialFunc = p.gate.dialer()
		return nil
	}
	config.AfterConnect = func(_ context.Context, c *pgx.Conn) error {
		opened(c.PgConn().Conn())
		data := c.PgConn().CustomData()
		data[epochKey], data[warningKey] = p.epoch.Load(), new(bool)
		return nil
	}
	var err error
	p.Pool, err = pgxpool.NewWithConfig(context.Background(), config)
	return p, err
}

// hurry is how long a database is waited for that has been away for a while, in each round trip and for a connection.
const hurry = time.Second

func (e *Engine) acquire(ctx context.Context, p *pool) (*pgxpool.Conn, error) {
	if e.isAway() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, hurry)
		defer cancel()
	}
	c, err := p.Acquire(ctx)
	if err != nil && ctx.Err() != nil {
		if s := p.Stat(); s.AcquiredConns() == s.MaxConns() {
			err = errBusy
		}
		return nil, fmt.Errorf("%w: %w", err, ctx.Err())
	}
	return c, err
}

// drop throws a connection away, and with it those that were opened before it was found out: they likely have the same fault.
func (p *pool) drop(c *pgxpool.Conn) {
	if c == nil {
		return
	}
	epoch, _ := c.Conn().PgConn().CustomData()[epochKey].(int64)
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // it is not to be said good-bye to
	_ = c.Conn().Close(ctx)
	if p.epoch.CompareAndSwap(epoch, epoch+1) {
		p.Reset()
	}
}

// gate opens connections a few at a time.
type gate struct {
	slots chan struct{}

	mu      sync.Mutex
	refused map[string]refusedDial
}

type refusedDial struct {
	at  time.Time
	err error
}

// dialer returns what one connection dials with: through the gate until it is ready, later, to cancel a statement, beside it.
func (g *gate) dialer() pgconn.DialFunc {
	ready := &atomic.Bool{}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if !ready.Load() {
			return g.dial(ctx, ready, network, address)
		}
		ctx, cancel := context.WithTimeout(ctx, cancelTimeout)
		defer cancel()
		return dialer.DialContext(ctx, network, address)
	}
}

const cancelTimeout = time.Second

// dial opens a connection. Its slot is free again when the connection is ready, or closed.
func (g *gate) dial(ctx context.Context, ready *atomic.Bool, network, address string) (net.Conn, error) {
	if err := g.lately(address); err != nil {
		return nil, err
	}
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	release := sync.OnceFunc(func() { <-g.slots })
	c, err := dialer.DialContext(ctx, network, address)
	g.note(address, err)
	if err != nil {
		release()
		return nil, err
	}
	return &opening{Conn: c, ready: ready, release: release}, nil
}

// lately returns the error of an address that was tried a moment ago.
func (g *gate) lately(address string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r := g.refused[address]; time.Since(r.at) < refusedPause {
		return r.err
	}
	return nil
}

func (g *gate) note(address string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refused == nil {
		g.refused = map[string]refusedDial{}
	}
	if err == nil {
		delete(g.refused, address)
		return
	}
	g.refused[address] = refusedDial{time.Now(), err}
}

// opening is a connection that holds a slot of the gate until it is ready.
type opening struct {
	net.Conn
	ready   *atomic.Bool
	release func()
}

func (o *opening) Close() error {
	o.release()
	return o.Conn.Close()
}

// opened lets the gate know that a connection is ready.
func opened(c net.Conn) {
	for {
		switch inner := c.(type) {
		case *opening:
			inner.ready.Store(true)
			inner.release()
			return
		case interface{ NetConn() net.Conn }:
			c = inner.NetConn()
		default:
			return
		}
	}
}

// A peer that is silent is given up after some seconds, also in the middle of a statement that has no deadline.
const (
	userTimeout  = 10 * time.Second
	keepAlive    = 5 * time.Second
	keepAliveAll = 3
)

var dialer = &net.Dialer{
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: keepAlive, Interval: keepAlive, Count: keepAliveAll},
	Control:         control,
}

// placeOf returns host, port and database.
func placeOf(c *pgx.ConnConfig) string {
	hosts := []string{net.JoinHostPort(c.Host, fmt.Sprint(c.Port))}
	for _, f := range c.Fallbacks {
		if at := net.JoinHostPort(f.Host, fmt.Sprint(f.Port)); at != hosts[len(hosts)-1] {
			hosts = append(hosts, at)
		}
	}
	return strings.Join(hosts, ",") + "/" + cmp.Or(c.Database, c.User)
}
