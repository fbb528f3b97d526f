package notices

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// pagerDutyKind is a service of PagerDuty with an integration of the kind Events API V2.
var pagerDutyKind = Kind{
	Name: policy.ChannelPagerDuty, Key: "pagerduty", Noun: "a service of PagerDuty", Check: checkPagerDuty,
	Fields: []Field{
		{Key: "pagerduty", Need: `"${PAGERDUTY_KEY}"`, Secret: true},
		{Key: "region", Default: "us", OneOf: []string{"us", "eu"}},
		{Key: "webhook_secret", Secret: true},
	},
}

// pagerDutyAPI is where PagerDuty takes events, by its region.
var pagerDutyAPI = map[string]string{"us": "https://events.pagerduty.com", "eu": "https://events.eu.pagerduty.com"}

// PagerDuty is the channel that opens an incident, acknowledges it as somebody takes the alarm, and resolves it in the end.
type PagerDuty struct {
	Called policy.Channel
	Key    string `json:"-"` // of the integration
	Region string // us or eu
	Secret string `json:"-"` // signs what PagerDuty posts to us; "": it posts nothing
	Public string // names this installation in the keys of incidents: the public URL without its scheme
	API    string // in the place of PagerDuty's own address, for demos and tests; "": that of the region
}

// String keeps the secrets out of logs.
func (p PagerDuty) String() string { return "PagerDuty, region " + p.Region }

// GoString keeps them out of %#v as well.
func (p PagerDuty) GoString() string { return p.String() }

// Name returns the channel's name.
func (p PagerDuty) Name() policy.Channel { return p.Called }

// Pauses returns those of about a day.
func (p PagerDuty) Pauses() []time.Duration { return oneDay }

// Address returns the one incident of an event.
func (p PagerDuty) Address(event policy.Notice) []policy.Notice {
	event.Key, event.Channel = event.Key+"/"+string(p.Name()), p.Name()
	return []policy.Notice{event}
}

var pagerDutyKey = regexp.MustCompile(`^[0-9A-Za-z]{32}$`)

// checkPagerDuty never shows the key: whoever has it can wake people.
func checkPagerDuty(f *Form) Channel {
	fields := f.Block.Fields
	key, secret := fields["pagerduty"], fields["webhook_secret"]
	const instead = "write the Integration Key of the service's Events API V2 integration: 32 letters and digits"
	switch {
	case key.Silent() || key.Text == "" && f.Offline:
	case key.Text == "":
		f.Wrong(key, "is empty", instead)
	case !pagerDutyKey.MatchString(key.Text):
		f.Wrong(key, "is not the key of an integration", instead)
	}
	if secret.Text != "" && (len(secret.Text) < 16 || !printable(secret.Text)) {
		f.Wrong(secret, "is not a secret that PagerDuty gives out", "write the one that it showed when the webhook subscription was made")
	}
	return PagerDuty{Called: f.Name, Key: key.Text, Region: fields["region"].Text, Secret: secret.Text, Public: f.Public}
}

// The actions of an event.
const (
	trigger     = "trigger"
	acknowledge = "acknowledge"
	resolve     = "resolve"
)

// Send opens an incident.
func (p PagerDuty) Send(ctx context.Context, n policy.Notice, w Words, now time.Time) error {
	return p.enqueue(ctx, p.event(trigger, n, w), now)
}

// Show opens the incident, acknowledges it, or resolves it, always under one key. What was never opened is not resolved.
func (p PagerDuty) Show(ctx context.Context, n policy.Notice, w Words, now time.Time) (map[string]string, error) {
	for _, action := range actions(n) {
		if err := p.enqueue(ctx, p.event(action, n, w), now); err != nil {
			return nil, err
		}
	}
	return map[string]string{incidentKey: p.incident(n)}, nil
}

// actions returns how an incident gets to the state of a notice. One that stays where it is gets what has become known meanwhile; one that may have been
// opened, by an event whose answer was lost, is resolved, which changes nothing where it was not.
func actions(n policy.Notice) []string {
	shown, state := n.Shown, n.State
	switch {
	case state == policy.AlarmDone && (shown == policy.AlarmOpen || shown == policy.AlarmTaken || n.MayShow()):
		return []string{resolve}
	case state == policy.AlarmDone:
		return nil
	case state == policy.AlarmTaken && shown == policy.AlarmOpen:
		return []string{acknowledge}
	case state == policy.AlarmTaken:
		return []string{trigger, acknowledge}
	}
	return []string{trigger}
}

// incidentKey is the key of the incident in a receipt.
const incidentKey = "dedup_key"

// maxIncidentKey is PagerDuty's bound.
const maxIncidentKey = 255

// incident returns the key of the incident of a notice: all notices of an alarm have the same one.
func (p PagerDuty) incident(n policy.Notice) string {
	if kept := n.Receipt[incidentKey]; kept != "" {
		return kept
	}
	key := p.Public + "/" + n.Key
	if n.Alarm != "" {
		key = p.alarms() + n.Alarm
	}
	if len(key) > maxIncidentKey {
		sum := sha256.Sum256([]byte(key))
		key = hex.EncodeToString(sum[:])
	}
	return key
}

// alarms begins the keys of the incidents of alarms.
func (p PagerDuty) alarms() string { return p.Public + "/alarm/" }

// pagerDutyEvent is the body of a request to PagerDuty.
type pagerDutyEvent struct {
	RoutingKey string            `json:"routing_key"`
	Action     string            `json:"event_action"`
	DedupKey   string            `json:"dedup_key"`
	Client     string            `json:"client,omitempty"`
	ClientURL  string            `json:"client_url,omitempty"`
	Links      []pagerDutyLink   `json:"links,omitempty"`
	Payload    *pagerDutyPayload `json:"payload,omitempty"`
}

type pagerDutyLink struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

type pagerDutyPayload struct {
	Summary   string            `json:"summary"`
	Source    string            `json:"source"`
	Severity  string            `json:"severity"`
	Timestamp time.Time         `json:"timestamp"`
	Class     string            `json:"class"`
	Details   map[string]string `json:"custom_details"`
}

// maxSummary is PagerDuty's bound.
const maxSummary = 1024

// event returns the body of a request. An incident that exists needs its key only.
func (p PagerDuty) event(action string, n policy.Notice, w Words) pagerDutyEvent {
	e := pagerDutyEvent{RoutingKey: p.Key, Action: action, DedupKey: p.incident(n)}
	if action != trigger {
		return e
	}
	e.Client, e.ClientURL = "supportline", n.Facts["link"]
	for _, link := range []pagerDutyLink{{n.Facts["take_link"], "I take it"}, {n.Facts["link"], "The call in the console"}} {
		if link.Href != "" {
			e.Links = append(e.Links, link)
		}
	}
	e.Payload = &pagerDutyPayload{
		Summary: clip(policy.MaskedText(w.Subject), maxSummary), Source: p.Public, Severity: severity(n), Timestamp: n.At.UTC(), Class: string(n.Kind),
		Details: details(n),
	}
	return e
}

// severity returns how bad an event is, in PagerDuty's words.
func severity(n policy.Notice) string {
	switch n.Kind {
	case policy.NoticeCriticalMissed, policy.NoticeCriticalRinging, policy.NoticeStoreTrouble, policy.NoticeProviderTrouble:
		return "critical"
	case policy.NoticeRotaGap, policy.NoticeFeedFailed, policy.NoticeBackup:
		return "error"
	case policy.NoticeMissed, policy.NoticeVoicemail:
		if n.Facts["intent"] == string(policy.Critical) {
			return "critical"
		}
		return "warning"
	}
	return "info"
}

// numbers are the facts that are no telephone numbers though they can look like one.
var numbers = []string{"customer", "ticket", "on_file", "sid", "month", "started_at", "ended_at", "at"}

// maxDetail bounds a fact, far above any: PagerDuty takes 512 kB in all.
const maxDetail = 1000

// details returns the facts of an event without telephone numbers and links.
func details(n policy.Notice) map[string]string {
	all := maps.Clone(n.Facts)
	maps.DeleteFunc(all, func(name, value string) bool {
		return strings.HasPrefix(name, "link") || strings.HasSuffix(name, "link") || slices.Contains([]string{"line", "from", "specialist"}, name) || value == ""
	})
	for name, value := range all {
		if !slices.Contains(numbers, name) {
			value = policy.MaskedText(value)
		}
		all[name] = clip(value, maxDetail)
	}
	return all
}

// enqueue makes one attempt to have PagerDuty take an event.
func (p PagerDuty) enqueue(ctx context.Context, e pagerDutyEvent, now time.Time) error {
	body, err := json.Marshal(e)
	if err != nil {
		return refused("encoding", err.Error())
	}
	address := cmp.Or(p.API, pagerDutyAPI[p.Region]) + "/v2/enqueue"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return refused("pagerduty address", "the address of PagerDuty cannot be used")
	}
	r.Header.Set("Content-Type", "application/json")
	a, err := asked("PagerDuty", r)
	if err != nil {
		return err
	}
	return p.judged(a, now)
}

// judged returns what an answer means. An event that PagerDuty cannot read is not sent again; a service that has too many, or is not well, gets it
// later.
func (p PagerDuty) judged(a answer, now time.Time) error {
	class, said := fmt.Sprintf("pagerduty %d", a.status), "PagerDuty answered "+statusText(a.status)
	switch {
	case a.status >= 200 && a.status < 300:
		var body struct{ Status string }
		if err := a.read("PagerDuty", &body); err != nil {
			return err
		}
		if body.Status != "success" {
			return later("pagerduty unreadable", said+", and not that it took the event: a proxy on the way may have answered in its place")
		}
		return nil
	case a.status == http.StatusTooManyRequests:
		return putOff(class, "PagerDuty limits how many events it takes", a.wait(now))
	case a.status >= 400 && a.status < 500 && a.status != http.StatusRequestTimeout:
		return refused(class, said+p.why(a))
	}
	return later(class, said)
}

// why returns what PagerDuty found wrong with an event, and what to do about it.
func (p PagerDuty) why(a answer) string {
	var body struct {
		Message string
		Errors  []string
	}
	if json.Unmarshal(a.body, &body) != nil {
		return ""
	}
	said := strings.Join(append([]string{body.Message}, body.Errors...), ": ")
	if p.Key != "" {
		said = strings.ReplaceAll(said, p.Key, "(the key)")
	}
	if strings.Contains(said, "routing_key") || strings.Contains(said, "routing key") {
		said += fmt.Sprintf(": correct channels.%s.pagerduty, and its region", p.Called)
	}
	return ": " + said
}

// Probe reports whether the key looks like one. It asks nobody: whatever PagerDuty takes may wake somebody.
func (p PagerDuty) Probe(context.Context) error {
	if !pagerDutyKey.MatchString(p.Key) {
		return refused("pagerduty key", fmt.Sprintf("the key is not one of an integration: correct channels.%s.pagerduty", p.Called))
	}
	return nil
}

// PagerDutySignature is the header of what PagerDuty posts to us: "v1=HEX", once for each secret that is in force, with commas between.
const PagerDutySignature = "X-PagerDuty-Signature"

// Signed reports whether PagerDuty posted a body to us. It is false where the channel has no secret.
func (p PagerDuty) Signed(header http.Header, body []byte) bool {
	if p.Secret == "" {
		return false
	}
	mac := hmac.New(sha256.New, []byte(p.Secret))
	mac.Write(body)
	want, ours := mac.Sum(nil), false
	for _, value := range strings.Split(strings.Join(header.Values(PagerDutySignature), ","), ",") {
		signature, isV1 := strings.CutPrefix(strings.TrimSpace(value), "v1=")
		got, err := hex.DecodeString(signature)
		if isV1 && err == nil && hmac.Equal(got, want) {
			ours = true
		}
	}
	return ours
}

// PagerAct is what a person did to an incident of an alarm in PagerDuty.
type PagerAct struct {
	Alarm string // its number
	By    string // the name that the person has in PagerDuty
	Done  bool   // the incident was resolved; else it was acknowledged
}

// Read returns what a person did, from the body of a webhook (V3) that was Signed. ok is false for everything else that PagerDuty posts: other events,
// incidents that are not of our alarms, and what no person did, such as an incident that was resolved by itself or by us.
func (p PagerDuty) Read(body []byte) (act PagerAct, ok bool) {
	var posted struct {
		Event struct {
			Type  string `json:"event_type"`
			Agent *struct{ Type, Summary string }
			Data  struct {
				Type        string
				IncidentKey string `json:"incident_key"`
			}
		}
	}
	if err := json.Unmarshal(body, &posted); err != nil {
		return act, false
	}
	e := posted.Event
	id, isOurs := strings.CutPrefix(e.Data.IncidentKey, p.alarms())
	done, acknowledged := e.Type == "incident.resolved", e.Type == "incident.acknowledged"
	if !isOurs || id == "" || !done && !acknowledged || e.Agent == nil || !strings.HasPrefix(e.Agent.Type, "user") {
		return act, false
	}
	by, err := policy.WrittenLine("the name in PagerDuty", e.Agent.Summary)
	if by = strings.TrimSpace(by); err != nil || by == "" {
		by = "somebody in PagerDuty"
	}
	return PagerAct{Alarm: id, By: by, Done: done}, true
}
