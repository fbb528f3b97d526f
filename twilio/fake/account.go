package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/officernd/supportline/twilio"
)

// Account is a handler that answers the provider's REST API over one account, as far as twilio.Account uses it. It is safe for concurrent use.
// A Provider with an Account lists its calls there, signs with its token, and takes the numbers' settings from it.
type Account struct {
	mu          sync.Mutex
	state       State
	sids        int
	active      []string                // SIDs of the calls under way
	outbound    map[string]string       // outbound legs under way: SID to the caller's SID
	actions     map[string][]restAction // by the caller's SID, not yet run
	conferences map[string]string       // under way: name to SID
	nextStart   time.Time               // the earliest start of the next call that is created
	calls       []Created               // not taken yet
	unsent      []Text                  // not taken yet
	changed     chan struct{}           // one of the two has something new
}

// State holds what the provider stores of the account. Its times are on the provider's clock.
type State struct {
	SID, Name, Status, Type, Owner string
	Token                          string            // the primary auth token: signs webhooks
	Secondary                      string            // the secondary auth token: accepted, but nothing is signed with it before it is promoted; "": none
	Keys                           map[string]string // API keys and their secrets
	Numbers                        []twilio.OwnedNumber
	SMSURLs                        map[string]string // of messages, by the number's SID
	Calls                          []twilio.ListedCall
	Recordings                     []twilio.ListedRecording
	Countries                      map[string]bool // ISO codes of the countries that may be called

	Now func() time.Time
	// ListLag is the time from a call's start until it is listed, EndLag that from its end until its end and duration are.
	ListLag, EndLag time.Duration
	MediaLag        time.Duration // from the end of a recording until its sound is available
	// UnlistedMedia makes a sound available for recordings that are not listed, such as those of a phone in another process.
	UnlistedMedia  bool
	Deleted        []string // SIDs of the recordings that were deleted
	FirstSID       int      // where the count in new SIDs begins: accounts of one log one after the other need different ones
	CallsPerSecond int      // how many calls that are created start in a second; 0: one
	// Runs accepts calls that belong to no call under way: somebody runs them (Provider.Place, Serve).
	Runs         bool
	RefusedCalls map[string]int // by number: the error code with which a call to it is refused

	Texts        []Text         // in the order in which they were sent
	RefusedTexts map[string]int // by receiver: the error code with which a text is refused (21614: no mobile number)
	LostTexts    map[string]int // by receiver or sender: the error code with which a text is lost later (30006: a landline)
	// Services are the numbers of the messaging services by their SIDs, Campaigns the state of their registrations for texts to the USA, and
	// Verifications that of toll-free numbers.
	Services      map[string][]string
	Campaigns     map[string]string
	Verifications map[string]string

	// Interfere is called before each request. It returns whether it has answered the request.
	Interfere func(w http.ResponseWriter, r *http.Request) bool
	Requests  []string // method and path of each, in order
}

// NewAccount returns an active account without numbers. now is the provider's clock.
func NewAccount(sid, token string, now func() time.Time) *Account {
	return &Account{outbound: map[string]string{}, actions: map[string][]restAction{}, conferences: map[string]string{}, changed: make(chan struct{}, 1), state: State{
		SID: sid, Name: "Example", Status: "active", Type: "Full", Owner: sid, Token: token, Keys: map[string]string{}, SMSURLs: map[string]string{},
		Countries: map[string]bool{"US": true, "CA": true, "GB": true}, Now: now, RefusedCalls: map[string]int{}, RefusedTexts: map[string]int{},
		LostTexts: map[string]int{}, Services: map[string][]string{}, Campaigns: map[string]string{}, Verifications: map[string]string{},
	}}
}

// AddNumber adds a number as it is after its purchase: it answers with the provider's greeting.
func (a *Account) AddNumber(number string) (sid string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	sid = a.sid("PN")
	a.state.Numbers = append(a.state.Numbers, twilio.OwnedNumber{
		SID: sid, Number: number, Name: number, Voice: true, SMS: true, ReceiveMode: "voice", Status: "in-use", AddressNeeded: "none",
		EmergencyStatus: "Inactive", EmergencyAddress: "unregistered",
		VoiceSettings: twilio.VoiceSettings{
			VoiceURL: "https://demo.twilio.com/welcome/voice/", VoiceMethod: "POST", FallbackMethod: "POST", StatusMethod: "POST",
		},
	})
	a.state.SMSURLs[sid] = "https://demo.twilio.com/welcome/sms/reply"
	return sid
}

// Change calls by with the account's state, which it may read and change. No request is answered meanwhile.
func (a *Account) Change(by func(*State)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	by(&a.state)
}

func (a *Account) sid(kind string) string {
	a.sids++
	return fmt.Sprintf("%s%032x", kind, 0xabc000000+a.state.FirstSID+a.sids)
}

// ServeHTTP answers a request to any of the provider's hosts.
func (a *Account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.state.Requests = append(a.state.Requests, r.Method+" "+r.URL.Path)
	interfere := a.state.Interfere
	a.mu.Unlock()
	if interfere != nil && interfere(w, r) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	w.Header().Set("Date", a.state.Now().UTC().Format(http.TimeFormat))
	if !a.state.admits(r) {
		Refuse(w, http.StatusUnauthorized, 20003, "Authenticate")
		return
	}
	if err := r.ParseForm(); err != nil {
		Refuse(w, http.StatusBadRequest, 20001, "Invalid parameter")
		return
	}
	for _, t := range a.routes() {
		if id, ok := t.match(r, a.state.SID); ok {
			t.answer(w, r, id)
			return
		}
	}
	Refuse(w, http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
}

// admits reports whether r has the credentials of the account or of one of its API keys.
func (s *State) admits(r *http.Request) bool {
	user, secret, ok := r.BasicAuth()
	if !ok {
		return false
	}
	if user == s.SID {
		return secret == s.Token || (s.Secondary != "" && secret == s.Secondary)
	}
	kept, known := s.Keys[user]
	// The provider does not allow API keys to manage the account.
	managed := r.URL.Path == secondaryToken || r.URL.Path == tokenPromotion
	return known && secret == kept && !managed
}

// Refuse answers with an error in the provider's form.
func Refuse(w http.ResponseWriter, status, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"code": code, "message": message, "more_info": fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code), "status": status,
	})
}

// route is one operation of the API. A * in its path stands for an identifier.
type route struct {
	method, path string
	answer       func(w http.ResponseWriter, r *http.Request, id string)
}

func (t route) match(r *http.Request, account string) (id string, ok bool) {
	path := strings.Replace(t.path, "{AC}", "/2010-04-01/Accounts/"+account, 1)
	before, after, wild := strings.Cut(path, "*")
	if r.Method != t.method {
		return "", false
	}
	if !wild {
		return "", r.URL.Path == path
	}
	id, begins := strings.CutPrefix(r.URL.Path, before)
	id, ends := strings.CutSuffix(id, after)
	inner := strings.Contains(id, "/") != strings.Contains(id, "/Participants/")
	return id, begins && ends && id != "" && !inner
}

func (a *Account) routes() []route {
	const get, post, remove = http.MethodGet, http.MethodPost, http.MethodDelete
	return []route{
		{get, "{AC}.json", a.fetchAccount},
		{get, "{AC}/IncomingPhoneNumbers.json", a.listNumbers},
		{get, "{AC}/IncomingPhoneNumbers/*.json", a.fetchNumber},
		{post, "{AC}/IncomingPhoneNumbers/*.json", a.updateNumber},
		{get, "/v1/DialingPermissions/Countries/*", a.country},
		{get, "{AC}/Calls.json", a.listCalls},
		{get, "{AC}/Calls/*.json", a.fetchCall},
		{post, "{AC}/Calls.json", a.createCall},
		{post, "{AC}/Calls/*.json", a.updateCall},
		{get, "{AC}/Conferences.json", a.listConferences},
		{post, "{AC}/Conferences/*.json", a.updateParticipant},
		{get, "{AC}/Messages.json", a.listMessages},
		{get, "{AC}/Messages/*.json", a.fetchMessage},
		{post, "{AC}/Messages.json", a.createMessage},
		{get, "/v1/Services/*/PhoneNumbers", a.servicePool},
		{get, "/v1/Services/*/Compliance/Usa2p", a.campaigns},
		{get, "/v1/Tollfree/Verifications", a.verifications},
		{get, "/v1/Messaging/GeoPermissions", a.textCountries},
		{get, "{AC}/Recordings.json", a.listRecordings},
		{remove, "{AC}/Recordings/*.json", a.deleteRecording},
		{get, "{AC}/Recordings/*.wav", a.media},
		{post, secondaryToken, a.createSecondary},
		{remove, secondaryToken, a.deleteSecondary},
		{post, tokenPromotion, a.promote},
	}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (a *Account) fetchAccount(w http.ResponseWriter, _ *http.Request, _ string) {
	s := a.state
	reply(w, http.StatusOK, map[string]any{
		"sid": s.SID, "friendly_name": s.Name, "status": s.Status, "type": s.Type, "owner_account_sid": s.Owner, "auth_token": "redacted",
	})
}
