package config

import (
	"net"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/notices"
)

// url returns an absolute https address without anything that would be lost or doubled when a path is appended.
func (c *checker) url(t text) string {
	if t.silent() {
		return ""
	}
	wrong := urlProblems(t.Value)
	if len(wrong) > 0 {
		c.wrong(t, strings.Join(wrong, " and "), "write it like https://support.example.com")
		return ""
	}
	return strings.TrimRight(t.Value, "/")
}

func urlProblems(s string) []string {
	u, err := url.Parse(s)
	switch {
	case s == "":
		return []string{"is empty"}
	case err != nil || u.Hostname() == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		return []string{"is not the address of a web server"}
	}
	var wrong []string
	for _, rule := range []struct {
		broken bool
		what   string
	}{
		{u.Scheme != "https" && (u.Scheme != "http" || !notices.Loopback(u.Hostname())), "does not begin with https:// (http:// is for this machine only)"},
		{u.User != nil, "holds a user name or password, which the provider does not sign"},
		{strings.Contains(u.Host, "_"), "has an underscore in the host's name, which the provider refuses"},
		{strings.HasSuffix(u.Host, ":") || u.Port() != "" && !validPort(u.Port()), "has a port that does not exist"},
		{strings.Trim(u.Path, "/") != "" && path.Clean(u.Path) != strings.TrimSuffix(u.Path, "/"), "has a path with // or dots in it"},
		{strings.ContainsAny(s, "?#"), "holds a ? or a #"},
	} {
		if rule.broken {
			wrong = append(wrong, rule.what)
		}
	}
	return wrong
}

// hostOf returns the host of an address that was checked, or "".
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// schemeless returns an address without its scheme.
func schemeless(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	return rest
}

func (c *checker) optionalURL(t text) string {
	if t.Value == "" {
		return ""
	}
	return c.url(t)
}

// maxLink bounds an address that is written into letters and spoken in part.
const maxLink = 500

// link returns the address of a page for people, which may have a query and a fragment. That of a demo is on this machine, by http.
func (c *checker) link(t text) string {
	if t.Value == "" {
		return ""
	}
	u, err := url.Parse(t.Value)
	if err != nil || u.Scheme != "https" && (u.Scheme != "http" || !notices.Loopback(u.Hostname())) || u.Hostname() == "" || u.User != nil || len(t.Value) > maxLink ||
		strings.ContainsFunc(t.Value, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("<>\"{}", r) }) {
		c.wrong(t, "is "+quoted(t.Value)+", which is not the address of a page", "write it like https://help.example.com/phone-support")
		return ""
	}
	return t.Value
}

func validPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 0 && n <= 65535
}

func (c *checker) listen(l listen) Listen {
	webhooks, console := c.hostPort(l.Webhooks), c.hostPort(l.Console)
	if console != "" && !private(console) {
		c.wrong(l.Console, "is "+quoted(console)+", which can be reached from outside: the console is for ops only",
			"write a loopback or private address, such as 127.0.0.1:8081")
	}
	metrics := c.metrics(l.Metrics)
	if webhooks != "" && console != "" && clash(webhooks, console) {
		what := "listen has " + webhooks + " for webhooks and " + console + " for the console, and only one can have the port"
		c.add(either(l.Console, l.Webhooks), what, "write two different ports")
	}
	for _, other := range []string{webhooks, console} {
		if metrics != "" && other != "" && clash(metrics, other) {
			c.wrong(l.Metrics, "is "+metrics+", and listen has "+other+" already", "write another port")
		}
	}
	return Listen{Webhooks: webhooks, Console: console, Metrics: metrics}
}

// metrics returns the address of health and metrics, which tell nothing of callers, and much of the company.
func (c *checker) metrics(t text) string {
	if t.Value == "" {
		return ""
	}
	address := c.hostPort(t)
	if address != "" && !private(address) {
		c.wrong(t, "is "+quoted(address)+", which can be reached from outside: health and metrics are for your own programs only",
			"write a loopback or private address, such as 127.0.0.1:8082")
	}
	return address
}

func (c *checker) hostPort(t text) string {
	if t.silent() {
		return ""
	}
	host, port, err := net.SplitHostPort(t.Value)
	if err != nil || !validPort(port) || strings.ContainsAny(host, " /@") {
		c.wrong(t, "is "+quoted(t.Value)+", which is not an address to listen on", "write host:port, such as 127.0.0.1:8080")
		return ""
	}
	return t.Value
}

// private reports whether an address is for this machine or its own network: a loopback or private IP address, or a name without dots, as
// containers have.
func private(hostPort string) bool {
	host, _, _ := net.SplitHostPort(hostPort)
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host != "" && !strings.Contains(host, ".")
	}
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
}

// clash reports whether two listeners want the same port of the same address. Port 0 is a different one each time.
func clash(a, b string) bool {
	hostA, portA, _ := net.SplitHostPort(a)
	hostB, portB, _ := net.SplitHostPort(b)
	return portA == portB && portA != "0" && (hostA == hostB || every(hostA) || every(hostB))
}

func every(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

var placeName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// place returns a part of the provider's host names.
func (c *checker) place(t text, want string) string {
	if t.Value != "" && !t.silent() && !placeName.MatchString(t.Value) {
		c.wrong(t, "is not a name", "write "+want+`, or ""`)
		return ""
	}
	return t.Value
}
