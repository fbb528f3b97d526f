package console

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"go.uber.org/zap"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy/users"
)

// console is the ops web console.
type console struct {
	Deps
	views     views
	assets    assets
	signin    *signin.Service
	uploads   *uploads
	limiter   limiter
	following api.Places // streams of events that are open
	exports   *api.Exports
	sections  []section
}

// section is one kind of thing that the console shows. Its file holds its routes and their handlers.
type section struct {
	title  string  // in the navigation; "" for a section that is not in it
	routes []route // that of its first page first
}

// route is one page of a section, or one change, for people who are signed in and have the permission that it needs; "" for all of them.
type route struct {
	method, path string
	handle       func(*request) error
	needs        users.Permission
}

// all returns the sections in the order of the navigation.
func (s *console) all() []section {
	sections := []section{
		{"Now", nowRoutes},
		{"Calls", callsRoutes},
		{"Follow-ups", followUpsRoutes},
		{"On call", onCallRoutes},
		{"Accounts", accountsRoutes},
		{"Fair use", fairUseRoutes},
		{"Lines", linesRoutes},
		{"Phone", phoneRoutes},
		{"Audit", auditRoutes},
		{"Users", usersRoutes},
		{"Health", healthRoutes},
		{"", slices.Concat(callRoutes, alarmRoutes, importRoutes, chargesRoutes, whatIfRoutes, profileRoutes, signOutRoutes)},
	}
	if s.Phones == nil {
		sections = slices.DeleteFunc(sections, func(n section) bool { return n.title == "Phone" })
	}
	return sections
}

// New returns the console, which serves everything under "/".
func New(d Deps) http.Handler {
	if d.Yield == nil {
		d.Yield = func() {}
	}
	if d.Secret == nil {
		d.Secret = make([]byte, 32)
		_, _ = rand.Read(d.Secret) // never fails
	}
	s := &console{Deps: d, views: newViews(), assets: newAssets(), uploads: &uploads{}, limiter: newLimiter()}
	s.signin = signin.New(signin.Deps{
		Settings: d.Settings.Settings, Users: d.Users, Sessions: d.Sessions, Tokens: d.Tokens, Audit: d.Audit, Now: d.Now, Logger: d.Logger,
	})
	s.sections = s.all()
	s.exports = &api.Exports{Calls: d.Calls, Policy: d.Policy, Audit: d.Audit, Secret: d.Secret, Slot: s.limiter.acquire, Logger: d.Logger}
	front := http.NewServeMux()
	front.Handle("GET "+assetsPath, s.assets)
	front.Handle("/", s.limited(s.signin.LoadAndSave(s.pages())))
	outer := http.NewServeMux()
	programs := s.limited(s.api())
	outer.Handle(api.Path, programs)
	outer.Handle(api.Path+"/", programs) // no cookie works there, so another site has nothing to misuse
	outer.Handle("/", s.sameOrigin(front))
	return s.secured(outer)
}

func (s *console) api() http.Handler {
	return api.New(api.Deps{
		Policy: s.Policy, Permissions: s.Settings.Permissions, Lines: s.Lines, Calls: s.Calls, Accounts: s.Accounts, Cases: s.Cases,
		FollowUps: s.FollowUps, Offers: s.Offers, Audit: s.Audit,
		Exports: s.exports, Secret: s.Secret, Bearer: s.signin.Bearer, Ready: s.Ready, Address: s.signin.Address, Version: s.Version, Now: s.Now, Logger: s.Logger,
	})
}

// pages returns the handler of everything but static files and the API.
func (s *console) pages() http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = s.signin.Address
	e.HTTPErrorHandler = s.failed
	e.Use(middleware.GzipWithConfig(middleware.GzipConfig{MinLength: 1 << 10, Skipper: streams}))
	e.Use(middleware.RecoverWithConfig(middleware.RecoverConfig{DisablePrintStack: true, LogErrorFunc: s.panicked}), gated)
	for _, n := range s.sections {
		for _, o := range n.routes {
			e.Add(o.method, o.path, s.guarded(o))
		}
	}
	for _, o := range s.signInRoutes() {
		e.Add(o.method, o.path, s.handled(o.handle))
	}
	e.GET("/", s.guarded(route{handle: (*request).home}))
	e.Any("/*", s.guarded(route{handle: func(*request) error { return echo.ErrNotFound }}))
	return e
}

func (s *console) panicked(c echo.Context, err error, stack []byte) error {
	s.Logger.Error("page panicked", zap.String("route", c.Path()), zap.Error(err), zap.ByteString("stack", stack))
	return errBroken
}

// contentPolicy lets a page use what comes from the console itself, but no inline script or style, whoever put it there. Pictures may be data, because
// those of the stylesheet are.
const contentPolicy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// oneYear is how long a browser remembers that the console is reached by TLS alone.
const oneYear = "max-age=31536000"

// secured adds the headers that keep other sites and programs out to every answer.
func (s *console) secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if strings.HasPrefix(s.Settings.URL, "https:") {
			h.Set("Strict-Transport-Security", oneYear)
		}
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin") // addresses hold filters, and those hold names
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		next.ServeHTTP(w, r)
	})
}
