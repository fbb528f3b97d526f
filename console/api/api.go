package api

import (
	_ "embed"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"go.uber.org/zap"

	"github.com/officernd/supportline/policy/users"
)

// Path is where the API is.
const Path = "/api/v1"

// documentPath is where the OpenAPI file is, for which no token is needed.
const documentPath = Path + "/openapi.yaml"

//go:embed openapi.yaml
var document []byte

type api struct{ Deps }

// operation is one thing that the API answers.
type operation struct {
	method, path string // path follows Path, with echo's names of parameters
	needs        users.Permission
	params       []string // the names that the query may have
	handle       func(*request) error
}

// operations returns all operations but the document. Each noun's file has its own.
func operations() []operation {
	return slices.Concat(
		[]operation{{http.MethodGet, "", "", nil, (*request).index}, {http.MethodGet, "/health", "", nil, (*request).health}},
		callOperations(), specialistOperations(), usageOperations(), customerOperations(), caseOperations(), followUpOperations(), offerOperations(), lineOperations(), auditOperations(),
	)
}

// New returns the handler of everything under Path.
func New(d Deps) http.Handler {
	a := &api{d}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = a.Address
	e.HTTPErrorHandler = a.failed
	e.Use(middleware.GzipWithConfig(middleware.GzipConfig{MinLength: 1 << 10, Skipper: func(c echo.Context) bool { return IsExport(c.Request()) }}))
	e.Use(middleware.RecoverWithConfig(middleware.RecoverConfig{DisablePrintStack: true, LogErrorFunc: a.panicked}))
	e.GET(documentPath, func(c echo.Context) error { return c.Blob(http.StatusOK, "application/yaml", document) })
	for _, o := range operations() {
		e.Add(o.method, Path+o.path, a.authorized(o))
	}
	return e
}

func (a *api) panicked(c echo.Context, err error, stack []byte) error {
	a.Logger.Error("API handler panicked", zap.String("route", c.Path()), zap.Error(err), zap.ByteString("stack", stack))
	return errPanicked
}

// authorized lets programs with a token, and the permission that an operation needs, to its handler.
func (a *api) authorized(o operation) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := &request{Context: c, api: a, now: a.Now(), zone: time.UTC}
		c.Set(requestKey, r)
		c.Response().Header().Set("Cache-Control", "no-store")
		user, token, err := a.Bearer(r.ctx(), c.Request().Header.Get(echo.HeaderAuthorization), c.RealIP(), r.now)
		if err != nil {
			return err
		}
		r.user, r.token = user, token
		if o.needs != "" && !r.may(o.needs) {
			a.Logger.Warn("not permitted", zap.String("user", r.user.Name), zap.String("token", r.token.Name), zap.String("route", c.Path()),
				zap.String("permission", string(o.needs)))
			return errNotPermitted
		}
		if err := r.knowParams(o.params); err != nil {
			return err
		}
		return o.handle(r)
	}
}

// index lists the operations. It comes from the table that routes them, so it cannot be wrong.
func (r *request) index() error {
	type entry struct {
		Method string   `json:"method"`
		Path   string   `json:"path"`
		Params []string `json:"params"`
	}
	index := struct {
		Document   string  `json:"document"`
		Operations []entry `json:"operations"`
	}{Document: documentPath}
	for _, o := range operations() {
		index.Operations = append(index.Operations, entry{o.method, Path + o.path, append([]string{}, o.params...)})
	}
	return r.JSON(http.StatusOK, index)
}

// health answers whether the server is well, and which version it is.
func (r *request) health() error {
	if err := r.api.Ready(r.ctx()); err != nil {
		r.api.Logger.Error("not ready", zap.Error(err))
		return errNotReady
	}
	return r.JSON(http.StatusOK, struct {
		Status  string    `json:"status"`
		Version string    `json:"version"`
		Now     time.Time `json:"now"`
	}{"ok", r.api.Version, r.now.UTC()})
}

// IsExport reports whether a request is for an export, which streams.
func IsExport(r *http.Request) bool {
	return r.URL.RawPath == "" && (r.URL.Path == Path+exportPath || r.URL.Path == Path+followUpExportPath)
}
