package demo

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio/fake"
)

// OutsidePage is the path of the page on the console's address that shows what a demo's people are told.
const OutsidePage = "/demo/outside"

// Outside plays the systems by which a demo tells people: their mailbox, telephones, chat and pager. One page shows what arrives, answers calls, and
// acts on incidents.
type Outside struct {
	now      func() time.Time
	account  *fake.Account
	settings func() policy.Settings
	app      *server.App

	mu    sync.Mutex
	items []*arrival // in the order in which they arrived
}

// arrival is something that reached somebody.
type arrival struct {
	ID      int
	At      time.Time
	Kind    string // kindMail, kindCall ...
	To      string
	Subject string
	Text    string
	Pieces  []piece // the text as people see it
	State   string  // of a call, a text or an incident
	Ringing bool
	Open    bool // an incident that nobody has resolved

	key    string               // by which a stand-in finds it again
	answer chan fake.Specialist // of a call
	sender string               // of an incident: the key of the integration that opened it
}

// The kinds of arrivals, as the page calls them.
const (
	kindMail  = "E-mail"
	kindText  = "Text"
	kindCall  = "Call"
	kindSlack = "Slack"
	kindPager = "PagerDuty"
)

// Ref returns what tells an arrival from the others on the page.
func (a arrival) Ref() string {
	if a.Kind == kindText {
		return a.key
	}
	return strconv.Itoa(a.ID)
}

// NewOutside returns the outside of a demo with an account at the provider.
func NewOutside(app *server.App, account *fake.Account) *Outside {
	return &Outside{now: app.Now, account: account, settings: app.Settings, app: app}
}

// maxArrivals bounds what is remembered.
const maxArrivals = 200

// arrived adds an arrival.
func (o *Outside) arrived(a arrival) *arrival {
	o.mu.Lock()
	defer o.mu.Unlock()
	a.ID, a.At = 1, o.now()
	if n := len(o.items); n > 0 {
		a.ID = o.items[n-1].ID + 1
	}
	o.items = append(o.items, &a)
	o.items = o.items[max(0, len(o.items)-maxArrivals):]
	return &a
}

// change changes the newest arrival of a kind under a key, and reports whether there is one.
func (o *Outside) change(kind, key string, change func(*arrival)) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, a := range slices.Backward(o.items) {
		if a.Kind == kind && a.key == key {
			change(a)
			return true
		}
	}
	return false
}

// shown returns what arrived, the newest first, with the texts that the account sent.
func (o *Outside) shown() (all []arrival) {
	o.mu.Lock()
	for _, a := range o.items {
		all = append(all, *a)
	}
	o.mu.Unlock()
	o.account.Change(func(s *fake.State) {
		for _, t := range s.Texts {
			all = append(all, arrival{At: t.At, Kind: kindText, To: o.settings().WhoIsAt(t.To), Text: t.Body, State: t.Status, key: t.SID})
		}
	})
	slices.SortStableFunc(all, func(a, b arrival) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	all = all[:min(len(all), maxArrivals)]
	for i, a := range all {
		switch a.Kind {
		case kindSlack:
			all[i].Pieces = slackPieces(a.Text)
		case kindPager: // it has them already
		default:
			all[i].Pieces = plainPieces(a.Text)
		}
	}
	return all
}

//go:embed outside.html
var outsidePage string

var outsideTemplate = template.Must(template.New("outside").Funcs(template.FuncMap{
	"clock": func(t time.Time) string { return t.UTC().Format("15:04:05") },
}).Parse(outsidePage))

// With returns a handler that shows the page and plays chat and pager, and passes all else on to there.
func (o *Outside) With(there http.Handler) http.Handler {
	routes := http.NewServeMux()
	routes.Handle("/", there)
	routes.HandleFunc("GET "+OutsidePage, o.page("page"))
	routes.HandleFunc("GET "+OutsidePage+"/list", o.page("list"))
	routes.HandleFunc("GET "+pagesPath+"/{page}", companyPage)
	press := http.NewCrossOriginProtection().Handler(http.HandlerFunc(o.press))
	routes.Handle("POST "+OutsidePage+"/{id}/{key}", http.MaxBytesHandler(press, maxAsked))
	routes.Handle("POST "+config.DemoChat+"/", http.MaxBytesHandler(http.StripPrefix(config.DemoChat, http.HandlerFunc(o.chat)), maxAsked))
	routes.Handle("POST "+config.DemoPager+"/v2/enqueue", http.MaxBytesHandler(http.HandlerFunc(o.pager), maxAsked))
	return routes
}

func (o *Outside) page(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_ = outsideTemplate.ExecuteTemplate(w, name, outsideView{o.shown(), o.settings().People}) // nobody reads on
	}
}

// outsideView is what the page shows.
type outsideView struct {
	Arrivals []arrival
	People   []policy.Person // who may have pressed a button of the pager
}

// answers are those that a person can give to a call, by the last part of the button's address.
var answers = map[string]fake.Specialist{
	"1": {Presses: []string{"1"}, Thinks: time.Second}, "2": {Presses: []string{"2", "2", "2"}, Thinks: time.Second}, "voicemail": {}, "busy": {Status: "busy"},
}

// press does what a button says: it answers a call that rings, or acts on an incident.
func (o *Outside) press(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	key := r.PathValue("key")
	answer, calls := answers[key]
	state, pages := pagerStates[key]
	switch {
	case err == nil && calls:
		o.pickUp(id, answer)
	case err == nil && pages && key != trigger:
		o.actOnIncident(r.Context(), id, state, r.PostFormValue("by"))
	default:
		http.NotFound(w, r)
		return
	}
	http.Redirect(w, r, OutsidePage, http.StatusSeeOther)
}

// pickUp answers a call that rings.
func (o *Outside) pickUp(id int, answer fake.Specialist) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, a := range o.items {
		if a.ID == id && a.Ringing {
			a.Ringing = false
			a.answer <- answer
		}
	}
}

// Start rings the telephones, delivers the texts and takes letters until ctx ends.
func (o *Outside) Start(ctx context.Context) error {
	if server := mailServer(o.app.Conf); server != noMailServer {
		l, err := net.Listen("tcp", server)
		if err != nil {
			return fmt.Errorf("the demo's mailbox: %w: stop the program that listens there, or take smtp out of notices", err)
		}
		context.AfterFunc(ctx, func() { _ = l.Close() })
		go o.mailbox(l)
	}
	t := o.app.Conf.Twilio
	o.account.Change(func(s *fake.State) { s.Runs, s.FirstSID = true, int(o.now().UnixNano()) }) // the log has the calls of earlier starts
	go o.account.Serve(ctx, fake.Provider{
		AccountSID: t.AccountSID, Token: t.AuthToken, Transport: fake.Straight(o.app.Webhooks), Clock: wallClock{o.now}, People: telephones{o, ctx},
		Seed: "outside " + strconv.FormatInt(o.now().UnixNano(), 36), Account: o.account,
	})
	return nil
}

// wallClock is the demo's clock, on which time passes.
type wallClock struct{ now func() time.Time }

func (c wallClock) Now() time.Time { return c.now() }

func (c wallClock) Sleep(d time.Duration) {
	if d > 0 {
		time.Sleep(d)
	}
}
