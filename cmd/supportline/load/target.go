package load

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
)

// A Target is the server that is driven, and what its callers need to know.
type Target struct {
	Address   string // of the listener of webhooks: plain HTTP
	PublicURL string // without a trailing slash; what is signed, and the beginning of every address in an answer
	Account   string
	Token     string
	Lines     []policy.Phone
	Menu      map[policy.Intent]string // the key of each reason to call
	Digits    int                      // of a customer number
}

// Reasons to drive no server.
var (
	errNotLoopback = errors.New("it is no loopback address. The load writes its calls into the log, as many as the server can take, and changes the figures " +
		"that are computed from it. If the server and its log are yours, and nobody relies on them, add --yes-this-is-mine")
	errWhisper = errors.New("notice: whisper makes the server ring each specialist over the provider's API: made-up calls would ring people. " +
		"Drive a server whose configuration has notice: notify")
)

// NewTarget returns the server of a configuration, at another address than its own if to is not empty. mine allows addresses of other machines.
func NewTarget(conf config.Config, to string, mine bool) (Target, error) {
	if to == "" {
		to = conf.Listen.Webhooks
	}
	address, loopback, err := near(to)
	switch {
	case err != nil:
		return Target{}, fmt.Errorf("%s is not an address: %w: write a host and a port, such as 127.0.0.1:8080", to, err)
	case !loopback && !mine:
		return Target{}, fmt.Errorf("%s: %w", to, errNotLoopback)
	case conf.Settings.Announce:
		return Target{}, errWhisper
	}
	t := Target{
		Address: address, PublicURL: strings.TrimSuffix(conf.PublicURL, "/"), Account: conf.Twilio.AccountSID, Token: conf.Twilio.AuthToken,
		Menu: map[policy.Intent]string{}, Digits: conf.Settings.Identification.Digits,
	}
	for _, l := range conf.Settings.Lines {
		t.Lines = append(t.Lines, l.Number)
	}
	for _, k := range conf.Settings.Menu {
		t.Menu[k.Intent] = k.Key
	}
	return t, nil
}

// near returns where to connect to, and whether that stays on this machine. A listener on all addresses is reached by the loopback one.
func near(address string) (to string, loopback bool, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", false, err
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case host == "", err == nil && ip.IsUnspecified():
		return net.JoinHostPort("127.0.0.1", port), true, nil
	case err == nil:
		return address, ip.IsLoopback(), nil
	}
	return address, host == "localhost", nil
}

// IsDemo reports whether a configuration is that of a demo, whose account at the provider is made up as well.
func IsDemo(conf config.Config) bool {
	api, err := url.Parse(conf.Twilio.APIURL)
	if err != nil {
		return false
	}
	_, loopback, err := near(api.Host)
	return err == nil && loopback && api.Path == config.DemoAccount
}

// within returns the path of an address below the public URL, and the address of the request.
func (t Target) within(address string) (path string, ok bool) {
	return strings.CutPrefix(address, t.PublicURL)
}
