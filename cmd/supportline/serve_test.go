package main

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/officernd/supportline/cmd/supportline/server"
)

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

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
