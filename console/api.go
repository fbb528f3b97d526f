package console

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// apiPath is where the API is. It is for programs: they bring a token, and neither cookies nor forms work there.
const apiPath = "/api/v1"

// maxBody bounds what a program may send: acts and moves are short.
const maxBody = 64 << 10

//go:embed openapi.yaml
var apiDocument []byte

// operation is one thing that the API answers.
type operation struct {
	method, path string // path is the end behind apiPath, with echo's names of parameters
	needs        users.Permission
	params       []string // names that may stand in the query
	handle       func(*request) error
}

// operations are all of them, apart from the document. Each file of the API has its own.
func (s *site) operations() []operation {
	return slices.Concat(
		[]operation{{http.MethodGet, "", "", nil, s.apiIndex}, {http.MethodGet, "/health", "", nil, (*request).apiHealth}},
		apiCalls(), apiActs(), apiUsage(), apiCustomers(), apiCases(), apiLines(), apiAudit(),
	)
}

// api is the API. It answers in JSON, problems too.
func (s *site) api() http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = s.address()
	e.HTTPErrorHandler = s.apiFailed
	e.Use(middleware.GzipWithConfig(middleware.GzipConfig{MinLength: 1 << 10, Skipper: streams}))
	e.Use(middleware.RecoverWithConfig(middleware.RecoverConfig{DisablePrintStack: true, LogErrorFunc: s.panicked}))
	e.GET(apiPath+"/openapi.yaml", func(c echo.Context) error { return c.Blob(http.StatusOK, "application/yaml", apiDocument) })
	for _, o := range s.operations() {
		e.Add(o.method, apiPath+o.path, s.authorized(o))
	}
	return e
}

// authorized lets programs with a token, and the permission that an operation needs, to its handler.
func (s *site) authorized(o operation) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := &request{Context: c, site: s, now: s.Now(), zone: time.UTC}
		c.Set(requestKey, r)
		c.Response().Header().Set("Cache-Control", "no-store")
		if err := r.authorize(); err != nil {
			return err
		}
		if o.needs != "" && !r.may(o.needs) {
			s.Logger.Warn("not permitted", zap.String("user", r.user.Name), zap.String("token", r.token.Name), zap.String("route", c.Path()),
				zap.String("permission", string(o.needs)))
			return errNotPermitted
		}
		if err := r.knowParams(o.params); err != nil {
			return err
		}
		return o.handle(r)
	}
}

// requestKey is where the handler of errors finds whose request failed.
const requestKey = "request"

// authorize finds the user in whose name the program asks.
func (r *request) authorize() error {
	user, token, err := r.site.signin.Bearer(r.ctx(), r.Request().Header.Get(echo.HeaderAuthorization), r.RealIP(), r.now)
	if err != nil {
		return err
	}
	r.user, r.token = user, &token
	return nil
}

// knowParams refuses a name in the query that means nothing: a filter that was misspelt would select everything.
func (r *request) knowParams(known []string) error {
	for name := range r.QueryParams() {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%w: %q is no parameter here; the document at %s/openapi.yaml shows which there are", errWrongInput, name, apiPath)
		}
	}
	return nil
}

// body reads what a program sent into v: one JSON object, with names that are known.
func (r *request) body(v any) error {
	kind, _, err := mime.ParseMediaType(r.Request().Header.Get(echo.HeaderContentType))
	if err != nil || kind != echo.MIMEApplicationJSON {
		return errNotJSON
	}
	d := json.NewDecoder(http.MaxBytesReader(r.Response(), r.Request().Body, maxBody))
	d.DisallowUnknownFields()
	err = d.Decode(v)
	if err == nil {
		if _, rest := d.Token(); !errors.Is(rest, io.EOF) {
			err = errors.New("something follows the object")
		}
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return errTooLarge
	case err != nil:
		return fmt.Errorf("%w: the body cannot be read: %s", errWrongInput, err.Error())
	}
	return nil
}

// limit is how many entries of a list are wanted: the usual number unless told, from 1 to most.
func (r *request) limit(usual, most int) (int, error) {
	text := r.QueryParam("limit")
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%w: limit is %q; write a number from 1 to %d", errWrongInput, text, most)
	}
	return n, nil
}

// inZone sets the zone of days in the query: UTC unless told.
func (r *request) inZone() error {
	name := r.QueryParam("zone")
	if name == "" {
		return nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return fmt.Errorf("%w: zone is %q; write a name of the zone database, such as Europe/London", errWrongInput, name)
	}
	r.zone = zone
	return nil
}

// next is where a list goes on, as JSON: null at its end, where there is no cursor.
func next(cursor string) *string {
	if cursor == "" {
		return nil
	}
	return &cursor
}

// full says whether the program sees telephone numbers in full, and takes it down in the audit where it gets some: what says whose, and many in how
// many entries.
func (r *request) full(what string, customer policy.CustomerNumber, subject string, many int) (bool, error) {
	if !r.may(users.SeeNumbers) {
		return false, nil
	}
	if many == 0 {
		return true, nil
	}
	detail := fmt.Sprintf("the telephone numbers of %s, over the API with the token %q", what, r.token.Name)
	return true, r.site.Audit.Note(r.ctx(), policy.AuditEntry{At: r.now, By: r.user.Name, Act: users.ActReveal, Customer: customer, Subject: subject, Detail: detail})
}

// apiIndex says what there is. It comes from the operations themselves, so that it cannot be wrong.
func (s *site) apiIndex(r *request) error {
	type entry struct {
		Method string   `json:"method"`
		Path   string   `json:"path"`
		Params []string `json:"params"`
	}
	index := struct {
		Document   string  `json:"document"`
		Operations []entry `json:"operations"`
	}{Document: apiPath + "/openapi.yaml"}
	for _, o := range s.operations() {
		index.Operations = append(index.Operations, entry{o.method, apiPath + o.path, append([]string{}, o.params...)})
	}
	return r.JSON(http.StatusOK, index)
}

// apiHealth says whether the server is well, and which one it is.
func (r *request) apiHealth() error {
	health := struct {
		Status  string    `json:"status"`
		Version string    `json:"version"`
		Now     time.Time `json:"now"`
	}{"ok", r.site.Version, r.now.UTC()}
	if err := r.site.Ready(r.ctx()); err != nil {
		r.site.Logger.Error("not ready", zap.Error(err))
		return errNotReady
	}
	return r.JSON(http.StatusOK, health)
}

// part is a part of the path, as it was meant: a plus may be written as %2B.
func (r *request) part(name string) string {
	text, err := url.PathUnescape(r.Param(name))
	if err != nil {
		return r.Param(name)
	}
	return text
}
