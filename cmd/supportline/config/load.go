package config

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/officernd/supportline/cmd/supportline/copies"
	"github.com/officernd/supportline/cmd/supportline/notices"
	kept "github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/oncall"
)

// Config is a checked configuration, as the program uses it.
type Config struct {
	PublicURL   string // https, no trailing slash; http only on a loopback host
	FallbackURL string // the same, or "": PublicURL
	Listen      Listen
	Console     console.Settings
	Store       Store
	Twilio      Twilio
	Settings    policy.Settings
	Words       ivr.Words // the shipped sentences with the company's own
	Notices     notices.Settings
	Rotas       []oncall.Rota
	Alarms      alarm.Rules
	FollowUps   followup.Clock
	Recordings  kept.Settings
	Backups     copies.Settings
	Notes       []Problem // advice on what can be used as it is, in the order of positions
}

// Listen holds the addresses that the server listens on, host:port. Port 0 is any free one.
type Listen struct {
	Webhooks, Console string
	Metrics           string // of health and metrics alone; "": they are on the console's, for this machine alone
}

// Health returns the address on which the server answers whether it is well.
func (l Listen) Health() string { return cmp.Or(l.Metrics, l.Console) }

// Twilio is the account at the provider. Printed, as text or JSON, it shows only the SID.
type Twilio struct {
	AccountSID    string
	AuthToken     string `json:"-"` // signs webhooks
	NextAuthToken string `json:"-"` // accepted as well; may be empty
	APIKey        string `json:"-"` // with APISecret for REST; both empty: AccountSID and AuthToken
	APISecret     string `json:"-"`
	APIURL        string
	Edge          string // of the provider's hosts; empty: its default
	Region        string
	SMSFrom       string // of texts: a number, or a messaging service, MG...; "": none are sent
}

// String keeps the secrets out of logs.
func (t Twilio) String() string { return "account " + t.AccountSID }

// GoString keeps the secrets out of %#v as well.
func (t Twilio) GoString() string { return t.String() }

// Options change how a configuration is read.
type Options struct {
	// Offline takes missing environment variables for empty, and accepts empty secrets.
	Offline bool
	// Overlays replace values of the file before anything is checked, in their order.
	Overlays []Overlay
	// Now is when the configuration is read, for notes about what is to come; Load takes the present for the zero time, and Parse makes no such notes.
	Now time.Time
	// Before are the turns that were in force until now, as the store has them: whose turn at Now becomes another's is noted. None: nothing is.
	Before []oncall.Turns
	// Overrides are those in force: one that names somebody who left the file is noted.
	Overrides []oncall.Revision
	// Channels are the kinds of channels that notices can have; nil: notices.Kinds.
	Channels []notices.Kind
}

// Load reads and checks the configuration in a file. env looks up environment variables, as os.LookupEnv does. Load returns all problems at once,
// those of the file first, in the order of their positions. A file that cannot be read is a problem too. The Config is complete if there are
// none, and must not be used otherwise.
func Load(file string, env func(string) (string, bool), o Options) (Config, []Problem) {
	text, problems := Read(file)
	if len(problems) > 0 {
		return Config{}, problems
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	return Parse(file, text, env, o)
}

// Read returns the text of a configuration, or why it cannot be read.
func Read(file string) ([]byte, []Problem) {
	text, err := ReadFile(file)
	if err == nil {
		return text, nil
	}
	what := fmt.Sprintf("the configuration cannot be read: %v", err)
	return nil, []Problem{{File: file, Line: 1, Column: 1, What: what, Instead: unread(file, err)}}
}

// Parse is Load for a text. Its problems are reported under name, and relative paths in the text begin in the folder of name.
func Parse(name string, text []byte, env func(string) (string, bool), o Options) (Config, []Problem) {
	found := &findings{}
	root := document(found, name, text, "start from supportline.example.yaml")
	if root == nil {
		return Config{}, found.list
	}
	d := &decoder{findings: found, env: env, offline: o.Offline, overlaid: map[*yaml.Node]string{}}
	for _, overlay := range o.Overlays {
		d.overlay(root, overlay)
	}
	if o.Channels == nil {
		o.Channels = notices.Kinds()
	}
	f := file{Notices: notice{Channels: channels(o.Channels)}}
	d.decode(&f, d.node(root, name, "the configuration"))
	if d.values >= maxValues {
		return Config{}, sorted(found.list, name) // what was left out would be reported as missing
	}
	f.defaults()
	c := &checker{findings: found, offline: o.Offline, folder: filepath.Dir(name), now: o.Now, before: o.Before, overrides: o.Overrides}
	checked := c.config(&f)
	var words []byte
	checked.Words, words = c.words(f.Words, checked.Settings.Company)
	checked.Settings.Version = version(text, words, o.Overlays)
	if problems := sorted(found.list, name); len(problems) > 0 {
		return Config{}, problems
	}
	checked.Notes = sorted(found.notes, name)
	return checked, nil
}

// version returns what identifies a configuration in the trace of a call. Without words and overlays it begins the SHA-256 of the file.
func version(text, words []byte, overlays []Overlay) string {
	sum := sha256.New()
	sum.Write(text)
	sum.Write(words)
	for _, o := range overlays {
		sum.Write([]byte("\x00" + o.Path + "\x00" + o.Text))
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
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
