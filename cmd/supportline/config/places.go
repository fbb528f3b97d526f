package config

import (
	"errors"
	"strings"

	"github.com/officernd/supportline/ivr"
)

// StoreFile returns the file of the embedded store.
func (c Config) StoreFile() (string, error) {
	file, bolt := strings.CutPrefix(c.Store, "bolt:")
	if !bolt {
		return "", errors.New("this version keeps its log in a file: write store: bolt:PATH in the configuration instead of a postgres:// URL")
	}
	return file, nil
}

// Fallback returns the documents that answer callers while the server cannot.
func (c Config) Fallback() ivr.Fallback {
	return ivr.NewFallback(c.Settings, c.Words, c.FallbackBase())
}

// FallbackBase returns the address below which the fallback's documents are fetched.
func (c Config) FallbackBase() string {
	if elsewhere, hosted := c.HostedElsewhere(); hosted {
		return elsewhere
	}
	return strings.TrimSuffix(c.PublicURL, "/") + "/fallback"
}

// HostedElsewhere returns the address at which the company hosts the fallback's documents, if it does. The server itself serves them as well.
func (c Config) HostedElsewhere() (base string, hosted bool) {
	base = strings.TrimSuffix(c.FallbackURL, "/")
	return base, base != "" && base != strings.TrimSuffix(c.PublicURL, "/")
}
