package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/console"
)

// Health is the answer of /healthz and /readyz. Now is the server's own clock, which a demo can have shifted. Store is "ok", or for how long a
// database has not answered, and NotHeld is what the database does not hold of what is acknowledged, as its settings are.
type Health struct {
	Status  string    `json:"status"`
	Version string    `json:"version"`
	Now     time.Time `json:"now"`
	Store   string    `json:"store,omitempty"`
	NotHeld []string  `json:"not_held,omitempty"`
	// Process is this one, and Processes is how many share the store, where several can. Differ is how they are not alike, in sentences.
	Process   string   `json:"process,omitempty"`
	Processes int      `json:"processes,omitempty"`
	Differ    []string `json:"differ,omitempty"`
}

// readyWithin bounds the look at the store: whoever asks has seconds at most.
const readyWithin = 4 * time.Second

// healthPaths lists the paths of health and metrics: /healthz (the process answers, so that callers are connected), /readyz (the store can be
// written) and /metrics. A proxy goes by /healthz: while the database is away every process still connects its callers.
var healthPaths = []string{"/healthz", "/readyz", "/metrics"}

// healthRoutes returns the routes for the programs that watch the server.
func (a *App) healthRoutes() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		a.answer(w, http.StatusOK, "ok")
	})
	routes.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
		defer cancel()
		if err := a.Store.Ping(ctx); err != nil {
			a.Sampled.Error("not ready", zap.Error(err))
			a.answer(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		a.answer(w, http.StatusOK, "ready")
	})
	routes.Handle("GET /metrics", a.Counters.handler())
	return routes
}

func (a *App) answer(w http.ResponseWriter, status int, health string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	h := Health{Status: health, Version: Version(), Now: a.Now().UTC(), Store: a.watched.state()}
	for _, n := range a.watched.warnings() {
		h.NotHeld = append(h.NotHeld, n.Text)
	}
	if seen := a.around.Load(); seen != nil {
		h.Process, h.Differ = nameOf(a.process), seen.differ
		for _, p := range seen.all {
			if !p.Gone {
				h.Processes++
			}
		}
	}
	_ = json.NewEncoder(w).Encode(h) // a client that is gone needs no answer
}

// privateRoutes returns the routes for the people who run the server: the console for those who sign in, under its own names alone, and health and
// metrics for this machine, unless they have a listener of their own.
func (a *App) privateRoutes() http.Handler {
	routes := http.NewServeMux()
	for _, path := range healthPaths {
		routes.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case a.Conf.Listen.Metrics != "":
				http.Error(w, "Health and metrics have a listener of their own: listen.metrics in the configuration has its address.", http.StatusNotFound)
			case !fromThisMachine(r) || isNameOf(a.Conf.Console.URL, r.Host):
				const elsewhere = "Health and metrics are for this machine alone here; listen.metrics in the configuration gives them a listener of their own."
				http.Error(w, elsewhere, http.StatusNotFound)
			default:
				a.Health.ServeHTTP(w, r)
			}
		})
	}
	routes.Handle("/", a.Counters.watchPages(a.Console()))
	return console.Hosts{URL: a.Conf.Console.URL, Listen: a.Conf.Listen.Console}.Guard(routes)
}

// fromThisMachine reports whether a program on this machine sent a request: over loopback, or from the very address that it was sent to. What a
// proxy passes on for somebody else is not.
func fromThisMachine(r *http.Request) bool {
	if passedOn(r) {
		return false
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || from.Addr().Unmap().IsLoopback() {
		return err == nil
	}
	own, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && own.AddrPort().Addr().Unmap() == from.Addr().Unmap()
}

// passedOn reports whether a proxy sent a request, as far as its headers tell.
func passedOn(r *http.Request) bool {
	for name := range r.Header {
		if name == "Forwarded" || name == "Via" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded-") {
			return true
		}
	}
	return false
}

// isNameOf reports whether a request asks for the host at which a proxy with TLS has the console. Programs on this machine ask the listener itself.
func isNameOf(consoleURL, host string) bool {
	own, err := url.Parse(consoleURL)
	return err == nil && own.Scheme == "https" && (strings.EqualFold(host, own.Host) || strings.EqualFold(host, own.Hostname()))
}

// AskHealth asks the listener of health and metrics. An answer other than 200 is an error that quotes it.
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
