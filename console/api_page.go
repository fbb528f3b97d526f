package console

import "net/http"

// apiNoun is the page that names the OpenAPI file, and explains the kinds of problems where their addresses lead.
func (s *site) apiNoun() noun {
	return noun{path: "/api", route: func(r routes) {
		r.get("/api", func(r *request) error { return r.render(http.StatusOK, "api", knownProblems()) })
	}}
}

// knownProblems returns one problem of each kind, in the order of the table. Type is the kind's name alone.
func knownProblems() (all []problem) {
	seen := map[string]bool{}
	for _, p := range problems {
		if !seen[p.name] {
			seen[p.name] = true
			all = append(all, problem{p.name, p.title, p.status, p.detail})
		}
	}
	return append(all, problem{"internal", internalProblem.Title, internalProblem.Status, internalProblem.Detail})
}
