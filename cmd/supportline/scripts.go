package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/cmd/supportline/phone"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/twilio/fake"
)

// scriptsIn lists the call scripts of a folder, by name.
func scriptsIn(folder string) ([]string, error) {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, errors.Join(err, fmt.Errorf("--scripts %s: name a folder with scripts, or one script with --script", folder))
	}
	files, err := filepath.Glob(filepath.Join(globbed(folder), "*.call"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no scripts are in %s: their names end in .call", folder)
	}
	return files, err
}

// globbed is a folder's name as a pattern that means itself.
func globbed(folder string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(folder)
}

// playScripts plays each script in a house of its own and prints a line for each. The answer is no when one differs; a script that cannot be
// played is an error, after all the others were.
func (p *program) playScripts(ctx context.Context, configFile string, files []string) error {
	base, err := p.scriptConfig(configFile)
	if err != nil {
		return err
	}
	differ := 0
	var unplayed []error
	for _, file := range files {
		took, err := p.playScript(ctx, base, file)
		var different *phone.Difference
		switch {
		case err == nil:
			fmt.Fprintf(p.Out, "ok    %s (%d ms)\n", file, took.Milliseconds())
		case errors.As(err, &different):
			differ++
			fmt.Fprintf(p.Out, "DIFF  %s (%d ms)\n      %s\n", file, took.Milliseconds(), err)
		default:
			unplayed = append(unplayed, err)
		}
	}
	fmt.Fprintf(p.Err, "%s, %d as written\n", plural(len(files), "script"), len(files)-differ-len(unplayed))
	switch {
	case len(unplayed) > 0:
		return errors.Join(unplayed...)
	case differ > 0:
		return control.Exit(control.RefusedExit)
	}
	return nil
}

func (p *program) playScript(ctx context.Context, base scriptConfig, file string) (took time.Duration, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	script, err := phone.Parse(file, text)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	_, err = phone.Play(ctx, script, base.opener(filepath.Dir(file)))
	return time.Since(began), err
}

// scriptConfig is the configuration that scripts are played against, before their own changes to it.
type scriptConfig struct {
	name string
	text []byte
	env  func(string) (string, bool)
}

// scriptConfig reads the configuration for scripts: the file, or where the default one is not there the shipped example.
func (p *program) scriptConfig(file string) (scriptConfig, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) && file == defaultConfig {
		return scriptConfig{name: "supportline.example.yaml", text: config.Example(), env: p.Env}, nil
	}
	return scriptConfig{name: file, text: text, env: p.Env}, err
}

// The account of a script's house, where the configuration names none.
const (
	scriptAccount = "AC00000000000000000000000000000000"
	scriptToken   = "script"
)

// opener opens houses for a script in a folder, each with a store of its own that is gone when the house closes.
func (c scriptConfig) opener(folder string) phone.Opener {
	return func(setup phone.Setup) (phone.Server, error) {
		conf, err := c.with(setup.Overrides)
		if err != nil {
			return nil, err
		}
		place, err := os.MkdirTemp("", "supportline-script-")
		if err != nil {
			return nil, err
		}
		conf.Store = "bolt:" + filepath.Join(place, "store.db")
		provider := demo.NewAccount(conf, setup.Now)
		app, err := server.OpenOver(fake.Straight(provider), conf, setup.Now, zap.NewNop(), store.Options{Size: scriptStore})
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(place))
		}
		scripted := &scriptHouse{App: app, place: place, provider: provider}
		if err := errors.Join(scripted.fill(setup.Customers, folder), scripted.restrict(setup.Restricted)); err != nil {
			return nil, errors.Join(err, scripted.Close())
		}
		return scripted, nil
	}
}

// scriptStore is the size of a script's store: a call needs little, and a folder of scripts opens many.
const scriptStore = 1 << 20

// with is the configuration with a script's changes.
func (c scriptConfig) with(overrides []phone.Override) (config.Config, error) {
	options := config.Options{Offline: true}
	for _, o := range overrides {
		options.Overlays = append(options.Overlays, config.Overlay{Path: o.Path, Text: o.YAML})
	}
	conf, problems := config.Parse(c.name, c.text, c.env, options)
	if len(problems) > 0 {
		var text strings.Builder
		err := config.WriteProblems(&text, problems)
		return conf, errors.Join(err, errors.New(strings.TrimSpace(text.String())))
	}
	if conf.Twilio.AccountSID == "" {
		conf.Twilio.AccountSID = scriptAccount
	}
	if conf.Twilio.AuthToken == "" {
		conf.Twilio.AuthToken = scriptToken
	}
	return conf, nil
}

// scriptHouse is a house as scripts call it.
type scriptHouse struct {
	*server.App
	place    string
	provider *fake.Account
}

// fill brings customers in: those of a file, seen from the script's folder, or the shipped sample.
func (h *scriptHouse) fill(file, folder string) error {
	if file == "" {
		return h.bringIn("customers.example.csv", config.ExampleCustomers())
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(folder, file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return h.bringIn(file, text)
}

func (h *scriptHouse) bringIn(name string, text []byte) error {
	return demo.ImportCustomers(context.Background(), h.Store, h.Conf.Settings, name, text, userName())
}

// restrict carries a case of each account to restricted, as people would.
func (h *scriptHouse) restrict(accounts []policy.CustomerNumber) error {
	ctx, who, why := context.Background(), userName(), "so that a script can call"
	for _, account := range accounts {
		c, err := h.Store.OpenCase(ctx, account, who, why, nil, h.Now())
		if err != nil {
			return fmt.Errorf("restricted %s: %w", account, err)
		}
		for _, to := range []policy.CaseState{policy.CaseContacted, policy.CaseDiscussed, policy.CaseWatching, policy.CaseRestricted} {
			if _, err := h.Store.MoveCase(ctx, c.ID, policy.Move{At: h.Now(), By: who, To: to, Via: policy.ViaPhone, Note: why}, nil); err != nil {
				return fmt.Errorf("restricted %s: %w", account, err)
			}
		}
	}
	return nil
}

// Account is the configuration's.
func (h *scriptHouse) Account() phone.Account {
	return server.PhoneAccount(h.Conf)
}

// Provider is the account that the house asks.
func (h *scriptHouse) Provider() *fake.Account { return h.provider }

// Settle waits for what the house does beside the webhooks, and does what is due by itself. Nobody outside is told anything.
func (h *scriptHouse) Settle() { h.App.Settle(context.Background()) }

// Handler answers the webhooks.
func (h *scriptHouse) Handler() http.Handler { return h.Webhooks }

// Explain is the whole story of a logged call.
func (h *scriptHouse) Explain(ctx context.Context, sid policy.CallSID) ([]policy.Decision, error) {
	call, err := h.Store.Call(ctx, sid)
	if err != nil {
		return nil, err
	}
	counted, err := h.Store.TicketCounter(ctx)(call)
	return call.Explain(h.Conf.Settings.FairUse, counted, h.Now()), err
}

// Row is the call as the exports show it.
func (h *scriptHouse) Row(ctx context.Context, sid policy.CallSID) (policy.Row, error) {
	call, err := h.Store.Call(ctx, sid)
	if err != nil {
		return policy.Row{}, err
	}
	return store.Accounts{Store: h.Store, FairUse: h.Conf.Settings.FairUse}.Rows(ctx)(call)
}

// errBroken is what a script's broken store says.
var errBroken = errors.New("the script broke the store")

// Break makes every commit fail, until it is called with false.
func (h *scriptHouse) Break(broken bool) {
	if broken {
		h.Store.FailWrites(errBroken)
	} else {
		h.Store.FailWrites(nil)
	}
}

// Close closes the house and removes its store.
func (h *scriptHouse) Close() error { return errors.Join(h.App.Close(), os.RemoveAll(h.place)) }
