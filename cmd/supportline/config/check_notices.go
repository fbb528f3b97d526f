package config

import (
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/notices"
)

func (c *checker) notices(n notice) notices.Settings {
	if n.At == (place{}) {
		return notices.Settings{}
	}
	s := notices.Settings{
		From: c.sender(n.From), Ops: c.ops(n.Ops), SMTP: c.smtp(n.SMTP), Webhook: c.webhook(n.Webhook), Templates: c.templates(n.Templates),
		Summary: c.oneOf(n.Summary, "off", "on") == "on",
	}
	mail, post := n.SMTP.At != (place{}), n.Webhook.At != (place{})
	switch {
	case !mail && !post:
		c.add(n.At, "notices has neither a mail server nor a webhook, so nothing goes out", "add smtp: { server: smtp.example.com:587 }, or remove notices")
	case mail && n.From.Value == "" && !n.From.Given && n.From.At == (place{}):
		c.add(n.At, "notices has a mail server and no sender", "add from: support@example.com")
	case !mail && len(n.Ops.Items) > 0:
		c.add(n.Ops.At, "ops has addresses, and notices has no mail server", "add smtp: { server: smtp.example.com:587 }")
	}
	return s
}

// sender is an address, with a name where the file has one.
func (c *checker) sender(t text) string {
	if t.silent() {
		return ""
	}
	if a, err := netmail.ParseAddress(t.Value); err != nil || !domainOf(a.Address) {
		c.wrong(t, "is "+quoted(t.Value)+", which is no e-mail address", "write support@example.com, or Support <support@example.com>")
		return ""
	}
	return t.Value
}

func (c *checker) ops(l list[text]) []string {
	var to []string
	for _, t := range l.Items {
		if t.silent() {
			continue
		}
		switch a, err := netmail.ParseAddress(t.Value); {
		case err != nil || a.Address != t.Value || !domainOf(t.Value):
			c.wrong(t, "holds "+quoted(t.Value)+", which is no e-mail address", "write an address alone, such as ops@example.com")
		case slices.ContainsFunc(to, func(before string) bool { return strings.EqualFold(before, t.Value) }):
			c.wrong(t, "names "+quoted(t.Value)+" twice", "keep one of the two")
		default:
			to = append(to, t.Value)
		}
	}
	return to
}

// domainOf says whether an address ends in something that can be a domain.
func domainOf(address string) bool {
	_, domain, found := strings.Cut(address, "@")
	return found && !strings.ContainsAny(domain, "@[] ") && strings.Trim(domain, ".") == domain && domain != ""
}

func (c *checker) smtp(s smtp) notices.SMTP {
	checked := notices.SMTP{User: s.User.Value, Password: s.Password.Value, TLS: notices.TLS(c.oneOf(s.TLS, "starttls", "required", "none"))}
	host, port, err := net.SplitHostPort(s.Server.Value)
	switch {
	case s.Server.silent():
	case err != nil || host == "" || !validPort(port) || port == "0" || strings.ContainsAny(host, " /@"):
		c.wrong(s.Server, "is "+quoted(s.Server.Value)+", which is no address of a mail server", "write host:port, such as smtp.example.com:587")
	default:
		checked.Server = s.Server.Value
	}
	if (s.User.Value == "") != (s.Password.Value == "") && !c.offline {
		at := s.At
		if there := s.User; there.Given && there.Value != "" {
			at = there.At
		} else if s.Password.Given {
			at = s.Password.At
		}
		c.add(at, "smtp has only one of user and password", "write both, or neither")
	}
	if checked.TLS == notices.TLSNone && s.User.Value != "" && checked.Server != "" && !loopback(host) {
		c.wrong(s.TLS, "is none, which would send the password in clear", "write starttls or required, or leave out user and password")
	}
	return checked
}

// webhook never shows the address: many of them are secrets.
func (c *checker) webhook(w webhook) notices.Webhook {
	if t := w.URL; !t.silent() {
		u, err := url.Parse(t.Value)
		switch {
		case t.Value == "" && c.offline:
		case err != nil || u.Hostname() == "" || u.User != nil || strings.Contains(t.Value, "#") || u.Port() != "" && !validPort(u.Port()) ||
			strings.ContainsFunc(t.Value, func(r rune) bool { return r <= ' ' || r > '~' }):
			c.wrong(t, "is no address that a webhook can have", "write it like https://ops.example.com/supportline")
		case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
			c.wrong(t, "does not begin with https:// (http:// is for this machine only)", "write it like https://ops.example.com/supportline")
		}
	}
	switch t := w.Secret; {
	case t.silent() || t.Value == "" && c.offline:
	case len(t.Value) < 16 || !secret.MatchString(t.Value):
		c.wrong(t, "is too easy to guess, or has spaces in it", "write at least 16 characters that were made at random, as openssl rand -hex 16 gives them")
	}
	return notices.Webhook{URL: w.URL.Value, Secret: w.Secret.Value}
}

// templates reads the company's own words for notices. What is wrong in them is reported under their own files' names.
func (c *checker) templates(t text) *notices.Templates {
	if t.silent() {
		return nil
	}
	if t.Value == "" {
		c.wrong(t, "is empty", "write the name of a folder, or remove the key")
		return nil
	}
	folder := t.Value
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(c.folder, folder)
	}
	own, problems, err := notices.ReadTemplates(folder)
	if err != nil {
		c.wrong(t, fmt.Sprintf("names the folder %s, which cannot be read: %v", folder, err), "write the name of a folder, seen from the folder of this file")
		return nil
	}
	for _, p := range problems {
		c.add(place{file: p.File, line: p.Line, column: p.Column}, p.What, p.Instead)
	}
	return own
}
