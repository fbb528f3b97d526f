package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// TestEachCauseIsToldOnce, on one line, whatever was tried; and it can still be asked for.
func TestEachCauseIsToldOnce(t *testing.T) {
	_, err := pgx.Connect(context.Background(), "postgres://me:hush@127.0.0.1:1,localhost:1/log?connect_timeout=2")
	if err == nil {
		t.Fatal("somebody listens on port 1")
	}
	got := brief(fmt.Errorf("no connection: %w", err))
	if strings.Contains(got.Error(), "\n") || strings.Contains(got.Error(), "me") || strings.Count(got.Error(), "127.0.0.1:1:") != 1 || !strings.Contains(got.Error(), "connection refused") {
		t.Errorf("%q", got)
	}
	if _, is := errors.AsType[*pgconn.ConnectError](got); !is {
		t.Error("the error is lost")
	}
	if other := errors.New("a\nb"); brief(other) != other {
		t.Error("another error is changed")
	}
}
