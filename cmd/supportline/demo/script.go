package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/phone"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/twilio/fake"
)

// A Script is the configuration that call scripts are played against, before their own changes to it.
type Script struct {
	Name string
	Text []byte
	Env  func(string) (string, bool)
}

// The account where the configuration names none.
const (
	scriptAccount = "AC00000000000000000000000000000000"
	scriptToken   = "script"
)

// Opener returns what opens an App for a script in a folder, each with a store of its own that is gone when the App closes.
func (c Script) Opener(folder string) phone.Opener {
	return func(setup phone.Setup) (phone.Server, error) {
		conf, err := c.with(setup.Overrides)
		if err != nil {
			return nil, err
		}
		place, err := os.MkdirTemp("", "supportline-script-")
		if err != nil {
			return nil, err
		}
		conf.Store = config.Store{File: filepath.Join(place, "store.db")}
		provider := NewAccount(conf, setup.Now)
		provider.Change(func(s *fake.State) { s.Runs = true }) // a script carries the calls to people who have not called
		app, err := server.OpenOver(fake.Straight(provider), conf, setup.Now, zap.NewNop(), scriptStore)
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(place))
		}
		made := &scripted{App: app, place: place, provider: provider}
		if err := errors.Join(made.fill(setup.Customers, folder), made.restrict(setup.Restricted)); err != nil {
			return nil, errors.Join(err, made.Close())
		}
		return made, nil
	}
}

// scriptStore is the size of a script's store: a call needs little, and a folder of scripts opens many.
const scriptStore = 1 << 20

// with returns the configuration with a script's changes.
func (c Script) with(overrides []phone.Override) (config.Config, error) {
	options := config.Options{Offline: true}
	for _, o := range overrides {
		options.Overlays = append(options.Overlays, config.Overlay{Path: o.Path, Text: o.YAML})
	}
	conf, problems := config.Parse(c.Name, c.Text, c.Env, options)
	if len(problems) > 0 {
		var text strings.Builder
		err := config.WriteProblems(&text, problems)
		return conf, errors.Join(err, errors.New(strings.TrimSpace(text.String())))
	}
	conf.Settings.MadeUp = true
	conf.Twilio.APIURL, conf.Twilio.Edge, conf.Twilio.Region = "", "", "" // an account of the script's own answers
	conf.Twilio.AccountSID = cmp.Or(conf.Twilio.AccountSID, scriptAccount)
	conf.Twilio.AuthToken = cmp.Or(conf.Twilio.AuthToken, scriptToken)
	return conf, nil
}

// scripted is an App as scripts call it.
type scripted struct {
	*server.App
	place    string
	provider *fake.Account
}

// fill brings customers in: those of a file, seen from the script's folder, or the shipped sample.
func (s *scripted) fill(file, folder string) (err error) {
	name, text := "customers.example.csv", config.ExampleCustomers()
	if file != "" {
		if name = file; !filepath.IsAbs(name) {
			name = filepath.Join(folder, name)
		}
		if text, err = os.ReadFile(name); err != nil {
			return err
		}
	}
	return ImportCustomers(context.Background(), s.Store, s.Conf.Settings, name, text, "script")
}

// restrict carries a case of each account to restricted, as people would.
func (s *scripted) restrict(accounts []policy.CustomerNumber) error {
	ctx, who, why := context.Background(), "script", "so that a script can call"
	for _, account := range accounts {
		c, err := s.Store.OpenCase(ctx, account, who, why, nil, s.Now())
		if err != nil {
			return fmt.Errorf("restricted %s: %w", account, err)
		}
		for _, to := range []policy.CaseState{policy.CaseContacted, policy.CaseDiscussed, policy.CaseWatching, policy.CaseRestricted} {
			if _, err := s.Store.MoveCase(ctx, c.ID, policy.Move{At: s.Now(), By: who, To: to, Via: policy.ViaPhone, Note: why}, nil); err != nil {
				return fmt.Errorf("restricted %s: %w", account, err)
			}
		}
	}
	return nil
}

func (s *scripted) Account() phone.Account {
	return server.PhoneAccount(s.Conf)
}

func (s *scripted) Provider() *fake.Account { return s.provider }

// Settle waits for what the App does beside the webhooks, and does what is due by itself.
func (s *scripted) Settle() { s.App.Settle(context.Background()) }

func (s *scripted) Handler() http.Handler { return s.Webhooks }

func (s *scripted) Explain(ctx context.Context, sid policy.CallSID) ([]policy.Decision, error) {
	call, err := s.Store.Call(ctx, sid)
	if err != nil {
		return nil, err
	}
	counted, err := s.Store.TicketCounter(ctx)(call)
	return s.Conf.Settings.Explain(call, counted, s.Now()), err
}

// FollowUp returns the follow-up of a call, with the result of its last call-back.
func (s *scripted) FollowUp(ctx context.Context, sid policy.CallSID) (any, error) {
	f, err := s.Store.FollowUpOf(ctx, sid)
	shown := struct {
		followup.FollowUp
		Result string `json:"result"`
	}{FollowUp: f}
	if last := len(f.CallBacks) - 1; last >= 0 {
		shown.Result = f.CallBacks[last].Result
	}
	return shown, err
}

// Take takes the follow-up of a call for a person, as at the console.
func (s *scripted) Take(ctx context.Context, sid policy.CallSID, by string) error {
	f, err := s.Store.FollowUpOf(ctx, sid)
	if err == nil {
		_, err = s.Store.TakeFollowUp(ctx, f.ID, s.act(by))
	}
	return err
}

// CallBack asks to call the caller of a call back, as at the console.
func (s *scripted) CallBack(ctx context.Context, sid policy.CallSID, by string) error {
	f, err := s.Store.FollowUpOf(ctx, sid)
	if err == nil {
		_, err = s.Store.AskCallBack(ctx, f.ID, policy.Target(by), s.act(by))
	}
	return err
}

func (s *scripted) act(by string) followup.Act {
	if p, ok := s.Settings().PersonNamed(by); ok {
		by = p.Name
	}
	return followup.Act{At: s.Now(), By: by, Via: followup.ViaConsole}
}

// Row returns the call as the exports show it.
func (s *scripted) Row(ctx context.Context, sid policy.CallSID) (policy.Row, error) {
	call, err := s.Store.Call(ctx, sid)
	if err != nil {
		return policy.Row{}, err
	}
	return s.Store.Rows(ctx, s.Conf.Settings)(call)
}

// errBroken is the error of a store that a script broke.
var errBroken = errors.New("the script broke the store")

// Break makes every commit fail, until it is called with false.
func (s *scripted) Break(broken bool) {
	if broken {
		s.Store.FailWrites(errBroken)
	} else {
		s.Store.FailWrites(nil)
	}
}

func (s *scripted) Close() error { return errors.Join(s.App.Close(), os.RemoveAll(s.place)) }
