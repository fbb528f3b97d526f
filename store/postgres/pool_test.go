package postgres

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

// TestConnectionsOpenAFewAtATime: a slot is free again when a connection is ready, or is closed without having been.
func TestConnectionsOpenAFewAtATime(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	g := &gate{slots: make(chan struct{}, connecting)}
	dial := func(ctx context.Context) (net.Conn, error) { return g.dialer()(ctx, "tcp", l.Addr().String()) }
	var all []net.Conn
	for range connecting {
		c, err := dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		all = append(all, c)
	}
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := dial(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one more than %d is being opened: %v", connecting, err)
	}
	opened(all[0])
	all[1].Close()
	for range 2 {
		c, err := dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	opened(all[0]) // a slot is given back once
	all[0].Close()
	if n := len(g.slots); n != connecting {
		t.Errorf("%d slots are taken", n)
	}
}

// TestRefusedAddressIsLeftAloneForAMoment, and no other one.
func TestRefusedAddressIsLeftAloneForAMoment(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	g := &gate{slots: make(chan struct{}, connecting)}
	dial := func(address string) error {
		c, err := g.dialer()(context.Background(), "tcp", address)
		if err == nil {
			c.Close()
		}
		return err
	}
	first := dial(gone.Addr().String())
	if again := dial(gone.Addr().String()); first == nil || again != first {
		t.Errorf("got %v, then %v", first, again)
	}
	if err := dial(l.Addr().String()); err != nil {
		t.Error(err)
	}
	if err := dial(l.Addr().String()); err != nil {
		t.Error(err)
	}
}

func TestOldServerIsRefused(t *testing.T) {
	e := &Engine{place: "localhost:5432/db"}
	for version, refused := range map[string]bool{"90624": true, "100023": true, "110002": false, "150018": false} {
		err := e.Explain(checkVersion(version))
		if (err != nil) != refused || refused && !strings.Contains(err.Error(), "use PostgreSQL 15 or newer") {
			t.Errorf("%s: %v", version, err)
		}
	}
}

func TestOutageThatNobodyAskedAboutIsForgotten(t *testing.T) {
	var o outage
	now := time.Now()
	o.missed(now)
	o.missed(now.Add(time.Second))
	if d := o.lasts(now.Add(2 * time.Second)); d != 2*time.Second {
		t.Errorf("it lasts %v", d)
	}
	o.missed(now.Add(time.Hour))
	if d := o.lasts(now.Add(time.Hour)); d != 0 {
		t.Errorf("it lasts %v", d)
	}
	o.missed(now.Add(time.Hour + time.Second))
	o.over()
	if d := o.lasts(now.Add(time.Hour + 2*time.Second)); d != 0 {
		t.Errorf("it lasts %v", d)
	}
}
