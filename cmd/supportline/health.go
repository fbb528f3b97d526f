package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"time"
)

// healthCommand is "health": for container health checks, and for scripts that wait for a server.
type healthCommand struct {
	Ready bool          `help:"Ask whether the store can be written, too."`
	Wait  time.Duration `placeholder:"DURATION" help:"Go on asking for so long."`
}

// Help shows examples.
func (healthCommand) Help() string {
	return `Exit status 0: the server of this configuration answers that it is well. 1: it does not.

Example:

    supportline health --ready --wait 10s`
}

// askEvery is the pause between two questions.
const askEvery = 50 * time.Millisecond

func (c healthCommand) run(ctx context.Context, p *program, configFile string) error {
	path := "/healthz"
	if c.Ready {
		path = "/readyz"
	}
	give := time.After(c.Wait)
	again := time.NewTicker(askEvery)
	defer again.Stop()
	for {
		conf, err := p.settings(configFile) // each time: a demo that starts can move to other ports
		if err != nil {
			return err
		}
		_, err = askHealth(ctx, conf.Listen.Console, path)
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-give:
			return no("the server is not well: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// askHealth asks the private listener; anything but a 200 is an error that says what was answered.
func askHealth(ctx context.Context, address, path string) (health, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return health{}, err
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		address = net.JoinHostPort("localhost", port)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return health{}, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return health{}, err
	}
	defer response.Body.Close()
	var h health
	if err := json.NewDecoder(response.Body).Decode(&h); err != nil {
		return health{}, fmt.Errorf("%s on %s answered %s, and not as a supportline server does", path, address, response.Status)
	}
	if response.StatusCode != http.StatusOK {
		return h, fmt.Errorf("%s on %s answered %s: %s", path, address, response.Status, h.Status)
	}
	return h, nil
}

// versionCommand is "version".
type versionCommand struct{}

// Help shows an example.
func (versionCommand) Help() string { return "Example:\n\n    supportline version" }

func (versionCommand) run(_ context.Context, p *program, _ string) error {
	_, err := fmt.Fprintln(p.Out, "supportline", version())
	return err
}

// version is what the build knows of itself: a release's number, or the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}
