package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
)

// hello is what a client sends first: the command line, and who is at the terminal. With Tokens it asks instead for the fingerprints of the
// auth tokens that the server accepts, one per line.
type hello struct {
	Args   []string `json:"args"`
	Tokens bool     `json:"tokens,omitempty"`
	surroundings
}

// client runs one data command in the server: it sends the command line, passes output on, and gives input when it is asked for, so that
// a command which reads nothing takes nothing away from whoever else reads this standard input.
type client struct {
	conn     net.Conn
	in       io.Reader
	out, err io.Writer
}

// run gives the command's exit status as an error that has been said. When ctx ends the connection is closed, and with it the work in the
// server.
func (c client) run(ctx context.Context, h hello) error {
	defer c.conn.Close()
	done := make(chan error, 1)
	go func() { done <- c.exchange(h) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c client) exchange(h hello) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	frames := &frameWriter{w: c.conn}
	if err := frames.write(frameHello, text); err != nil {
		return lost(err)
	}
	for {
		kind, payload, err := readFrame(c.conn)
		if err != nil {
			return lost(err)
		}
		switch kind {
		case frameOutput:
			_, err = c.out.Write(payload)
		case frameWords:
			_, err = c.err.Write(payload)
		case frameInput:
			err = c.give(frames)
		case frameStatus:
			return ended(payload)
		}
		if err != nil {
			return err
		}
	}
}

// give sends the next part of the input; an empty one is its end.
func (c client) give(frames *frameWriter) error {
	buffer := make([]byte, 64<<10)
	n, err := c.in.Read(buffer)
	for n == 0 && err == nil {
		n, err = c.in.Read(buffer)
	}
	if n == 0 && !errors.Is(err, io.EOF) {
		return err
	}
	return frames.write(frameInput, buffer[:n])
}

func ended(payload []byte) error {
	switch {
	case len(payload) != 1:
		return errors.New("the server ended the command without a status")
	case payload[0] == statusDone:
		return nil
	}
	return said(int(payload[0]))
}

func lost(err error) error {
	return fmt.Errorf("the server went away before the command was done (%w): look whether it was, then run it again", err)
}
