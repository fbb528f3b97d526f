package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
)

// Hello is a client's first message: the command line, and the terminal of the person. With Tokens it asks instead for the fingerprints of the
// auth tokens that the server accepts, one per line.
type Hello struct {
	Args   []string `json:"args"`
	Tokens bool     `json:"tokens,omitempty"`
	Terminal
}

// A Client runs one Command in the server: it sends the command line, passes output on, and sends input when it is asked for, so that a command
// which reads nothing takes nothing away from another reader of this standard input.
type Client struct {
	Conn     net.Conn
	In       io.Reader
	Out, Err io.Writer
}

// Run returns the command's exit status as an error that has been said. When ctx ends, the connection is closed, and with it the work in the
// server.
func (c Client) Run(ctx context.Context, h Hello) error {
	defer c.Conn.Close()
	_, err := Await(ctx, func() (any, error) { return nil, c.exchange(h) })
	return err
}

func (c Client) exchange(h Hello) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	frames := &frameWriter{w: c.Conn}
	if err := frames.write(frameHello, text); err != nil {
		return lost(err)
	}
	for {
		kind, payload, err := readFrame(c.Conn)
		if err != nil {
			return lost(err)
		}
		switch kind {
		case frameOutput:
			_, err = c.Out.Write(payload)
		case frameWords:
			_, err = c.Err.Write(payload)
		case frameInput:
			err = c.sendInput(frames)
		case frameStatus:
			return ended(payload)
		}
		if err != nil {
			return err
		}
	}
}

// sendInput sends the next part of the input; an empty one is its end.
func (c Client) sendInput(frames *frameWriter) error {
	buffer := make([]byte, 64<<10)
	n, err := c.In.Read(buffer)
	for n == 0 && err == nil {
		n, err = c.In.Read(buffer)
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
	case payload[0] == Done:
		return nil
	}
	return Exit(int(payload[0]))
}

func lost(err error) error {
	return fmt.Errorf("the server went away before the command was done (%w): look whether it was, then run it again", err)
}
