package doctor

import (
	"context"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

var tuesday = time.Date(2026, time.November, 24, 15, 0, 0, 0, time.UTC) // both lines are open

// installation is a store with its webhooks beside an account that the provider plays, at one moment and without a network.
type installation struct {
	t        *testing.T
	conf     config.Config
	at       *fake.Account
	client   *twilio.Account
	store    *store.Store
	webhooks http.Handler
}

func mustConfig(t *testing.T) config.Config {
	t.Helper()
	none := func(string) (string, bool) { return "", false }
	conf, problems := config.Parse(filepath.Join(t.TempDir(), "supportline.yaml"), config.Demo("127.0.0.1:1", "127.0.0.1:2"), none, config.Options{})
	for _, p := range problems {
		t.Fatal(p)
	}
	return conf
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	conf := mustConfig(t)
	account := demo.NewAccount(conf, at(tuesday))
	opened := must(bolt.OpenStore(filepath.Join(t.TempDir(), "s.db"), 1<<20, store.Options{Now: at(tuesday)}))
	t.Cleanup(func() { _ = opened.Close() })
	webhooks := ivr.NewWebhooks(ivr.Deps{
		Settings: func() *policy.Settings { return &conf.Settings }, Words: conf.Words, Log: opened, Directory: opened, PublicURL: conf.PublicURL,
		Verifier: must(twilio.NewVerifier(conf.PublicURL, conf.Twilio.AccountSID, conf.Twilio.AuthToken)), Now: at(tuesday), Logger: zap.NewNop(),
	})
	client := must(twilio.NewAccount(twilio.AccountConfig{
		AccountSID: conf.Twilio.AccountSID, AuthToken: conf.Twilio.AuthToken, Transport: fake.Straight(account),
	}))
	public := http.NewServeMux()
	public.Handle("/", webhooks)
	public.HandleFunc("/hooks/pagerduty", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	public.HandleFunc("/w/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.WriteHeader(http.StatusNotFound)
	})
	return &installation{t, conf, account, client, opened, public}
}

// provision sets the account's numbers.
func (i *installation) provision() {
	i.t.Helper()
	plans, _ := twilio.Plan(WantedNumbers(i.conf), must(i.client.Numbers(i.t.Context())))
	for _, plan := range plans {
		must(Apply(i.t.Context(), i.client, plan))
	}
}

// doctor examines the installation, whose webhooks answer for every address.
func (i *installation) doctor() *Doctor {
	return &Doctor{
		Conf: i.conf, Account: i.client, Now: at(tuesday), HTTP: &http.Client{Transport: fake.Straight(i.webhooks)},
		Store: func(context.Context) (StoreState, error) {
			return StoreState{Commits: []time.Duration{time.Millisecond}}, nil
		},
	}
}

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
