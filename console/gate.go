package console

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/officernd/supportline/console/api"
)

// maxForm bounds the body of a form: the longest texts of people, with everything in them escaped, and more fields than any form has.
const maxForm = 64 << 10

// gated refuses bodies that no form of the console sends, so that no handler ever parses one: parts of a multipart form would be kept on the disk.
// A form is read here and given on from memory. The import alone takes a file, and reads it when it knows who sends it.
func gated(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		switch {
		case r.Method == http.MethodGet, r.Method == http.MethodHead:
			r.Body = http.NoBody
		case r.Method == http.MethodPost && c.Path() == importPath:
			r.Body = http.MaxBytesReader(c.Response(), r.Body, maxUpload+maxFormAround)
		default:
			if err := readForm(c); err != nil {
				return err
			}
		}
		return next(c)
	}
}

func readForm(c echo.Context) error {
	r := c.Request()
	kind, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if r.ContentLength != 0 && (err != nil || kind != echo.MIMEApplicationForm) {
		return errNoForm
	}
	text, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, maxForm))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return errLargeForm
	case err != nil:
		return errCutForm
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	return nil
}

const eventsEnd = "/events"

// streams reports whether a request is for events or an export, which are neither compressed nor a sign of life.
func streams(c echo.Context) bool { return streaming(c.Request()) }

// streaming is streams before a request is routed. No header has a say: whoever sends it would choose. No address of a stream has an escape.
func streaming(r *http.Request) bool {
	asked := r.URL.Path
	ofOne := slices.ContainsFunc([]string{phonePath, followUpsPath, alarmsPath}, func(section string) bool {
		of, _ := path.Match(section+"/*"+eventsEnd, asked)
		return of
	})
	return r.URL.RawPath == "" && (ofOne || asked == nowPath+eventsEnd || asked == followUpsPath+eventsEnd || asked == callsPath+api.ExportEnd || api.IsExport(r))
}

// ownPages are the pages that answer with a file, or change something such as the audit, or cost much. A link on another site would start them in
// the name of whoever follows it.
var ownPages = map[string]bool{
	callsPath + api.ExportEnd: true, callsPath + "/:sid/recordings/:recording": true, chargesPath + ".csv": true, linesPath + "/dates.yaml": true,
	nowPath + eventsEnd: true, phonePath + "/:id" + eventsEnd: true, followUpsPath + eventsEnd: true, followUpsPath + "/:id" + eventsEnd: true,
	alarmsPath + "/:id" + eventsEnd: true,
}

// fromElsewhere reports whether a page of another site made the browser send a request. A browser says so; an address that a person typed, or
// opened from a mail program, comes from nowhere.
func fromElsewhere(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "same-site"
}

// sameOrigin refuses changes that a page of another site makes a person's browser send.
func (s *console) sameOrigin(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	if s.Settings.URL != "" {
		_ = guard.AddTrustedOrigin(s.Settings.URL) // it was checked
	}
	bare := echo.New()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Logger.Warn("request from another site refused", zap.String("path", r.URL.Path))
		s.failed(errOtherSite, bare.NewContext(r, w))
	}))
	return guard.Handler(next)
}

// Hosts are the names under which people and programs ask for the console. An address is always one of them; any other name could be another site's,
// whose pages would then count as the console's own (DNS rebinding).
type Hosts struct {
	URL    string // console.url, or ""
	Listen string // listen.console, whose host may be a container's name
}

// Guard returns a handler that refuses requests for other hosts with 421, and a sentence that names the key to set.
func (h Hosts) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.has(r.Host) {
			http.Error(w, h.advice(), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// has reports whether a request's host is one of the names, or an address. Only programs without a browser send none.
func (h Hosts) has(host string) bool {
	name := hostName(host)
	if _, err := netip.ParseAddr(name); err == nil || name == "" || name == "localhost" {
		return true
	}
	own, err := url.Parse(h.URL)
	return err == nil && name == hostName(own.Host) || name == hostName(h.Listen)
}

func (h Hosts) advice() string {
	if h.URL != "" {
		return "The console is at " + h.URL + ", and answers under no other name. A proxy before it must pass the Host header on as it came " +
			"(console.url in the configuration)."
	}
	return "The console does not know itself by this name. Write the address under which people open it into the configuration: " +
		"console.url: https://console.example.com. Without it, open it by an IP address or as localhost."
}

// hostName returns the name in a host with or without a port, as names are compared.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}
