package console

import "github.com/labstack/echo/v4"

// AllRoutes returns the method and the path of every page but those of the identity provider.
func AllRoutes() (all []echo.Route) {
	s := &console{Deps: Deps{Phones: struct{ Phones }{}}}
	for _, n := range s.all() {
		for _, r := range n.routes {
			all = append(all, echo.Route{Method: r.method, Path: r.path})
		}
	}
	return append(all, echo.Route{Method: "GET", Path: signInPath}, echo.Route{Method: "POST", Path: signInPath}, echo.Route{Method: "GET", Path: "/"},
		echo.Route{Method: "POST", Path: "/nowhere"}, echo.Route{Method: "PUT", Path: "/nowhere"})
}

// OwnPages are the pages that other sites may not lead to.
func OwnPages() map[string]bool { return ownPages }
