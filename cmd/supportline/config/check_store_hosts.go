package config

import (
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$`)

// hosts returns the hosts, each with its port if it has one. A folder of a socket becomes a parameter.
func (r *storeReader) hosts(written string, parameters url.Values) []string {
	written = unmarked(written, r.replaced)
	if folder, err := url.PathUnescape(written); err == nil && strings.HasPrefix(folder, "/") {
		parameters.Set("host", folder)
		return nil
	}
	if written == "" {
		if parameters.Get("host") == "" {
			r.reject("names no host", "write it like "+likeADatabase)
		}
		return nil
	}
	if strings.Contains(written, "@") {
		r.reject("has a user in what stands for its host", "write user and password on their own: "+likeADatabase)
		return nil
	}
	hosts := strings.Split(written, ",")
	for _, h := range hosts {
		if what, instead := wrongHost(h); what != "" {
			r.reject(what, instead)
			break // the others are likely wrong in the same way
		}
	}
	return hosts
}

// wrongHost returns what is wrong with a host and its port.
func wrongHost(written string) (what, instead string) {
	host, port := written, ""
	if i := strings.LastIndex(written, ":"); i > strings.LastIndex(written, "]") {
		host, port = written[:i], written[i+1:]
		if port == "" || port == "0" || !validPort(port) {
			return "has a port that does not exist", "write a number from 1 to 65535 after the host, usually :5432"
		}
	}
	bare, bracketed := strings.CutPrefix(host, "[")
	switch {
	case host == "":
		return "names no host", "write it like " + likeADatabase
	case bracketed && net.ParseIP(strings.TrimSuffix(bare, "]")) != nil:
	case strings.Count(host, ":") > 0:
		return "has more than one port, or an IPv6 address without brackets", "write host:5432, or [2001:db8::1]:5432"
	case !hostName.MatchString(host):
		return "has a character in its host that no host's name has", "write the name or the address of the host alone, such as db.example.com"
	}
	return "", ""
}

// secured notes that somebody on the way could read along.
func (r *storeReader) secured(hosts []string, mode string) {
	public := func(h string) bool { return !near(h) }
	if slices.Contains([]string{"", "disable", "allow", "prefer"}, mode) && slices.ContainsFunc(hosts, public) {
		r.notes = append(r.notes, remark{
			what:    "leaves it to the server whether the connection is encrypted, to a host that is not of this network",
			instead: "add ?sslmode=verify-full, and &sslrootcert=FILE if the certificate is of an authority of your own",
		})
	}
}

// near reports whether a host, with its port or without, is on this machine or its own network.
func near(host string) bool {
	if _, _, err := net.SplitHostPort(host); err != nil {
		host += ":5432"
	}
	return private(host)
}
