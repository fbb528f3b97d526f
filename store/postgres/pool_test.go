package postgres

import (
	"context"
	"net"
	"sync/atomic"
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
	opening := make(chan net.Conn, 10)
	var dialled atomic.Int64
	for range 10 {
		go func() {
			c, err := g.dialer()(t.Context(), "tcp", l.Addr().String())
			if err == nil {
				dialled.Add(1)
				opening <- c
			}
		}()
	}
	for ready := range 10 {
		c := <-opening
		if n := dialled.Load(); int(n) > ready+connecting {
			t.Errorf("%d were opened, and %d are ready", n, ready)
		}
		if ready%2 == 0 {
			opened(c)
		}
		c.Close()
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
	if again := dial(gone.Addr().String()); first == nil || again != first { //nolint:errorlint // the same one
		t.Errorf("got %v, then %v", first, again)
	}
	if err := dial(l.Addr().String()); err != nil {
		t.Error(err)
	}
	if err := dial(l.Addr().String()); err != nil {
		t.Error(err)
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
