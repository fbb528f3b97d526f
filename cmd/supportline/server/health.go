package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"time"
)

// Health is the answer of /healthz and /readyz. Now is the server's own clock, which a demo can have shifted.
type Health struct {
	Status  string    `json:"status"`
	Version string    `json:"version"`
	Now     time.Time `json:"now"`
}

// AskHealth asks the private listener. An answer other than 200 is an error that quotes it.
func AskHealth(ctx context.Context, address, path string) (Health, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return Health{}, err
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		address = net.JoinHostPort("localhost", port)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return Health{}, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return Health{}, err
	}
	defer response.Body.Close()
	var h Health
	if err := json.NewDecoder(response.Body).Decode(&h); err != nil {
		return Health{}, fmt.Errorf("%s on %s answered %s, and not as a supportline server does", path, address, response.Status)
	}
	if response.StatusCode != http.StatusOK {
		return h, fmt.Errorf("%s on %s answered %s: %s", path, address, response.Status, h.Status)
	}
	return h, nil
}

// Version returns what the build knows of itself: a release's number, or the commit.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}
