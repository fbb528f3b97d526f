package main

import (
	"context"
	"testing"

	"github.com/officernd/supportline/cmd/supportline/server"
)

// mustServe runs a server until the returned stop, which gives what run gave.
func mustServe(t *testing.T, h *server.App) (s *server.Server, stop func() error) {
	t.Helper()
	s, err := server.Listen(h, parseCommand)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return s, func() error {
		cancel()
		return <-done
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
