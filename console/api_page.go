package console

import (
	"net/http"

	"github.com/officernd/supportline/console/api"
)

// apiNoun is the page that names the OpenAPI file, and explains the kinds of problems where their addresses lead.
func (s *site) apiNoun() noun {
	return noun{path: "/api", route: func(r routes) {
		r.get("/api", func(r *request) error { return r.render(http.StatusOK, "api", api.Problems()) })
	}}
}
