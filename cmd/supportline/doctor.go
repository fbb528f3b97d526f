package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/twilio"
)

// doctorCommand is "doctor".
type doctorCommand struct {
	Format string `enum:"table,json" default:"table" placeholder:"FORMAT" help:"table or json."`
}

// Help shows examples.
func (doctorCommand) Help() string {
	return `Looks at everything that a new installation gets wrong: the account and its credentials, the numbers, the public address and its
certificate, a signed request, the clock, the voices, the specialists' numbers, the store, the place of recordings, the fallback. Each thing that isn't right has its
fix. Nothing at the provider is changed, and no call is made. Exit status 1 where something is wrong; a warning alone is 0.

Examples:

    supportline doctor
    supportline doctor --format json`
}

// How a thing is.
const (
	isOK      = "ok"
	isWarning = "warning"
	isWrong   = "wrong"
)

// finding is one thing that was looked at.
type finding struct {
	Check string `json:"check"`
	State string `json:"state"` // ok warning wrong
	Found string `json:"found"`
	Fix   string `json:"fix,omitempty"` // what to do, unless it is ok
}

func ok(check, format string, args ...any) finding {
	return finding{Check: check, State: isOK, Found: fmt.Sprintf(format, args...)}
}

func warning(check, fix, format string, args ...any) finding {
	return finding{check, isWarning, fmt.Sprintf(format, args...), fix}
}

func wrong(check, fix, format string, args ...any) finding {
	return finding{check, isWrong, fmt.Sprintf(format, args...), fix}
}

// examination is one look at something, which may find several things.
type examination struct {
	name string
	look func(context.Context) []finding
}

// The bounds of the examinations: so many at once, and so long for each.
const (
	examinedAtOnce = 4
	examinedWithin = 30 * time.Second
)

// patientAccount is what the doctor asks of the provider.
type patientAccount interface {
	numberAccount
	Credentials() string
	Info(context.Context) (twilio.AccountInfo, error)
	DialingAllowed(ctx context.Context, country string) (bool, error)
}

// doctor has what the examinations need.
type doctor struct {
	conf     config.Config
	account  patientAccount
	signer   patientAccount // the same account, asked with the auth token; nil where account is
	http     *http.Client   // follows no redirects
	now      func() time.Time
	store    func(context.Context) (storeState, error)
	rotation rotationState // what the store keeps of a change of the token
}

func (c doctorCommand) run(ctx context.Context, p *program, configFile string) error {
	conf, problems := config.Load(configFile, p.Env, config.Options{})
	if len(problems) > 0 {
		if err := config.WriteProblems(p.Out, problems); err != nil {
			return err
		}
		return no("%s has %s: the rest can't be looked at before", configFile, plural(len(problems), "problem"))
	}
	if editions, err := p.editions(ctx, conf, configFile); err == nil { // where the store can't be asked, its own finding says so
		conf.Settings = conf.Settings.With(editions)
	}
	d, err := newDoctor(ctx, p, conf, configFile)
	if err != nil {
		return err
	}
	var found []finding
	for f := range d.findings(ctx, examinedWithin) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		found = append(found, f)
		if c.Format == "table" {
			f.write(p.Out, p.colour())
		}
	}
	if c.Format == "json" {
		err = writeJSON(p.Out, func(yield func(finding, error) bool) {
			for _, f := range found {
				if !yield(f, nil) {
					return
				}
			}
		})
	}
	if err != nil {
		return err
	}
	return diagnosis(p.Err, found)
}

func newDoctor(ctx context.Context, p *program, conf config.Config, configFile string) (*doctor, error) {
	kept := p.keptRotation(ctx, conf, configFile) // what keeps it from being read is found at the store
	tokens := tokensOf(conf.Twilio, kept.rotation())
	at, err := server.Account(conf, tokens, nil)
	if err != nil {
		return nil, err
	}
	d := &doctor{
		conf: conf, account: at, now: p.Now, rotation: kept, store: func(ctx context.Context) (storeState, error) { return p.probe(ctx, conf, configFile) },
		http: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	if conf.Twilio.APIKey != "" {
		conf.Twilio.APIKey, conf.Twilio.APISecret = "", ""
		if d.signer, err = server.Account(conf, tokens, nil); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// examinations are all of them, in the order in which their findings are told.
func (d *doctor) examinations() []examination {
	return []examination{
		{"configuration", d.configuration},
		{"account", d.credentials},
		{"auth token", d.token},
		{"token rotation", d.turning},
		{"numbers", d.numbers},
		{"public address", d.public},
		{"signed request", d.signed},
		{"specialists", d.specialists},
		{"server", d.server},
		{"store", d.log},
		{"fallback", d.fallback},
	}
}

// findings are those of all examinations. They run beside each other and are told in their order, each as soon as it is its turn.
func (d *doctor) findings(ctx context.Context, within time.Duration) func(yield func(finding) bool) {
	return func(yield func(finding) bool) {
		all := d.examinations()
		results := make([]chan []finding, len(all))
		slots := make(chan struct{}, examinedAtOnce)
		for i, e := range all {
			results[i] = make(chan []finding, 1)
			go func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				results[i] <- e.examine(ctx, within)
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

// examine looks for so long. A look that doesn't come back is left behind, so that it holds nothing else up.
func (e examination) examine(ctx context.Context, within time.Duration) []finding {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	done := make(chan []finding, 1)
	go func() { done <- e.look(ctx) }()
	select {
	case found := <-done:
		return found
	case <-ctx.Done():
		return []finding{wrong(e.name, "look whether this machine reaches the network, and try again", "nothing came back within %v", within)}
	}
}

// write shows a finding, and below it what to do.
func (f finding) write(w io.Writer, colour bool) {
	state := fmt.Sprintf("%-7s", f.State)
	if code, bad := map[string]string{isWrong: red, isWarning: "33"}[f.State]; bad && colour {
		state = "\x1b[" + code + "m" + state + "\x1b[0m"
	}
	fmt.Fprintf(w, "%s  %-15s %s\n", state, f.Check, plain(f.Found))
	if f.Fix != "" {
		fmt.Fprintf(w, "%-25s-> %s\n", "", plain(f.Fix))
	}
}

// diagnosis sums up: no where something is wrong.
func diagnosis(w io.Writer, found []finding) error {
	count := map[string]int{}
	for _, f := range found {
		count[f.State]++
	}
	switch {
	case count[isWrong] > 0 && count[isWarning] > 0:
		return no("%d wrong, and %s", count[isWrong], plural(count[isWarning], "warning"))
	case count[isWrong] > 0:
		return no("%d wrong", count[isWrong])
	case count[isWarning] > 0:
		fmt.Fprintf(w, "Nothing is wrong; %s.\n", plural(count[isWarning], "warning"))
	default:
		fmt.Fprintln(w, "Everything is right.")
	}
	return nil
}
