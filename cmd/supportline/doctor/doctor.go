package doctor

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/twilio"
)

// The states of a finding.
const (
	OK      = "ok"
	Warning = "warning"
	Wrong   = "wrong"
)

// A Finding is what one look at one thing found.
type Finding struct {
	Check string `json:"check"`
	State string `json:"state"` // OK, Warning or Wrong
	Found string `json:"found"`
	Fix   string `json:"fix,omitempty"` // what to do, unless it is ok
}

func ok(check, format string, args ...any) Finding {
	return Finding{Check: check, State: OK, Found: fmt.Sprintf(format, args...)}
}

func warning(check, fix, format string, args ...any) Finding {
	return Finding{check, Warning, fmt.Sprintf(format, args...), fix}
}

func wrong(check, fix, format string, args ...any) Finding {
	return Finding{check, Wrong, fmt.Sprintf(format, args...), fix}
}

// An examination is one look at something, which may find several things.
type examination struct {
	name string
	look func(context.Context) []Finding
}

// The bounds of the examinations: how many run at once, and how long each may take.
const (
	examinedAtOnce = 4
	examinedWithin = 30 * time.Second
)

// Account is the part of the provider's account that the examinations ask. A twilio.Account is one.
type Account interface {
	NumberAccount
	TextAccount
	Credentials() string
	Info(context.Context) (twilio.AccountInfo, error)
	DialingAllowed(ctx context.Context, country string) (bool, error)
}

// Doctor holds what the examinations need.
type Doctor struct {
	Conf    config.Config
	Account Account
	Signer  Account      // the same account, asked with the auth token; nil if Account is
	HTTP    *http.Client // follows no redirects
	Now     func() time.Time
	Store   func(context.Context) (StoreState, error) // measures the store, in the process that has it open

	firsts  *firsts       // of a run; nil outside of one
	shifted time.Duration // how far Now is ahead of this machine's clock: a demo's
}

// New returns a Doctor of an installation that asks over the network.
func New(conf config.Config, now func() time.Time, store func(context.Context) (StoreState, error)) (*Doctor, error) {
	at, err := server.Account(conf, nil)
	if err != nil {
		return nil, err
	}
	d := &Doctor{
		Conf: conf, Account: at, Now: now, Store: store, HTTP: noRedirects(),
	}
	if conf.Twilio.APIKey != "" {
		conf.Twilio.APIKey, conf.Twilio.APISecret = "", ""
		if d.Signer, err = server.Account(conf, nil); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// noRedirects returns a client that follows no redirects.
func noRedirects() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// examinations returns all of them, in the order of their findings.
func (d *Doctor) examinations() []examination {
	return []examination{
		{"configuration", d.configuration},
		{"account", d.credentials},
		{"auth token", d.token},
		{"token rotation", d.rotation},
		{"numbers", d.numbers},
		{"public address", d.public},
		{"signed request", d.signed},
		{"paths", d.routes},
		{"specialists", d.specialists},
		{"calls a second", d.pace},
		{"sender", d.sender},
		{"texts", d.texts},
		{"rotas", d.rotas},
		{"texts", d.texted},
		{"wrap-up", d.wrapUps},
		{"calendars", d.feeds},
		{"server", d.server},
		{"database", d.database},
		{"store", d.log},
		{"receivers", d.receivers},
		{"fallback", d.fallback},
		{"mail", d.mail},
		{"channels", d.channels},
		{"single sign-on", d.sso},
	}
}

// Findings returns the findings of the examinations: of all, or of those that are named. They run at the same time, and their findings come in a
// fixed order, each as soon as it is its turn.
func (d *Doctor) Findings(ctx context.Context, named ...string) iter.Seq[Finding] {
	return func(yield func(Finding) bool) {
		d := d.on(ctx, named)
		all := slices.DeleteFunc(d.examinations(), func(e examination) bool { return len(named) > 0 && !slices.Contains(named, e.name) })
		results := make([]chan []Finding, len(all))
		slots := make(chan struct{}, examinedAtOnce)
		for i, e := range all {
			results[i] = make(chan []Finding, 1)
			go func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				results[i] <- e.examine(ctx, examinedWithin)
			}()
		}
		for _, result := range results {
			for _, f := range <-result {
				if !yield(f) {
					return
				}
			}
		}
	}
}

// examine looks, for as long as within. A look that does not come back by then is left behind, so that it holds nothing else up.
func (e examination) examine(ctx context.Context, within time.Duration) []Finding {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	found, err := control.Await(ctx, func() ([]Finding, error) { return e.look(ctx), nil })
	if err != nil {
		return []Finding{wrong(e.name, "look whether this machine reaches the network, and try again", "nothing came back within %v", within)}
	}
	return found
}
