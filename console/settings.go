package console

import (
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// Settings are the company's decisions about the console, checked.
type Settings struct {
	// URL is where people reach the console through a proxy with TLS: https, no trailing slash, no path. Empty: straight, over plain http.
	URL         string
	Idle        time.Duration // a session without a page ends after so long
	Session     time.Duration // every session ends after so long
	Permissions policy.Permissions
}

// secure says that cookies travel over TLS alone.
func (s Settings) secure() bool { return strings.HasPrefix(s.URL, "https://") }
