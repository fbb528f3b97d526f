package doctor

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/ivr"
)

// part matches a part of a route that differs from call to call.
var part = regexp.MustCompile(`:[a-z]+`)

// samplePath returns a path of a route. What stands for a part makes no difference: who doesn't sign is refused before it is looked at.
func samplePath(route string) string {
	if strings.HasPrefix(route, "/sound/") {
		return "/sound/" + ivr.SampleSound
	}
	return part.ReplaceAllString(route, "x")
}

// routes asks one path of each route through the public address, to find those that a proxy does not pass on: calls would break off in the middle.
func (d *Doctor) routes(ctx context.Context) []Finding {
	const check = "paths"
	if got, err := d.publicly(ctx); err != nil || got.status != http.StatusForbidden {
		return nil // the public address has no path at all, which is told there
	}
	var missing, kinds []string
	for _, route := range server.PublicRoutes() {
		kind := "/" + strings.Split(route, "/")[1]
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
		if !d.passed(ctx, route) {
			missing = append(missing, part.ReplaceAllString(route, "*"))
		}
	}
	if len(missing) > 0 {
		return []Finding{wrong(check, "let the proxy pass these on to listen.webhooks as well, as docker-compose.yml does; callers are cut off where one is missing",
			"the proxy lacks %s", strings.Join(missing, ", "))}
	}
	return []Finding{ok(check, "all are passed on: %s", strings.Join(kinds, " "))}
}

// isLink reports whether a route is that of links in messages, where everybody gets a page, which tells no other page where it was.
func isLink(route string) bool { return strings.HasPrefix(route, "/w/") }

// passed reports whether a path of a route gets to our server: it refuses who doesn't sign without a word, while a proxy has a page of its own. A sound
// is for everybody.
func (d *Doctor) passed(ctx context.Context, route string) bool {
	path, method := samplePath(route), http.MethodPost
	if strings.HasPrefix(route, "/sound/") || strings.HasPrefix(route, "/fallback/") || isLink(route) {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(ctx, method, d.Conf.PublicURL+path, nil)
	if err != nil {
		return false
	}
	got, err := d.ask(r)
	switch {
	case err != nil:
		return false
	case strings.HasPrefix(route, "/sound/"):
		return got.status == http.StatusOK && strings.HasPrefix(got.kind, "audio/")
	}
	return isLink(route) && got.header.Get("Referrer-Policy") == "no-referrer" || got.status == http.StatusForbidden && len(got.body) == 0
}
