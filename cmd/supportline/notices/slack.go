package notices

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// slackKind is a channel of Slack, in which the bot of an app of the company posts.
var slackKind = Kind{
	Name: policy.ChannelSlack, Key: "slack", Noun: "a Slack channel", Check: checkSlack,
	Fields: []Field{{Key: "slack", Need: `"#support-line"`}, {Key: "token", Need: `"${SLACK_TOKEN}"`, Secret: true}},
}

// slackAPI is where Slack takes requests.
const slackAPI = "https://slack.com/api"

// Slack is the channel that posts into a channel of Slack, and changes what it posted as people take an alarm. An event that has a receiver goes to
// that member as a direct message.
type Slack struct {
	Called  policy.Channel
	Channel string // "#support-line", or the channel's ID
	Token   string `json:"-"` // of the bot
	Public  string // names this installation in what marks a message: the public URL without its scheme
	API     string // in the place of Slack's own address, for demos and tests; "": Slack's
}

// String keeps the token out of logs.
func (s Slack) String() string { return "Slack, channel " + s.Channel }

// GoString keeps it out of %#v as well.
func (s Slack) GoString() string { return s.String() }

// Name returns the channel's name.
func (s Slack) Name() policy.Channel { return s.Called }

// Pauses returns those of about a day: a chat is read at once or scrolled past.
func (s Slack) Pauses() []time.Duration { return oneDay }

// Address returns the one message of an event.
func (s Slack) Address(event policy.Notice) []policy.Notice {
	event.Key, event.Channel = event.Key+"/"+string(s.Name()), s.Name()
	if event.To != "" {
		sum := sha256.Sum256([]byte(event.To))
		event.Key += "/" + hex.EncodeToString(sum[:4])
	}
	return []policy.Notice{event}
}

var (
	slackChannel = regexp.MustCompile(`^(#[^\s#@<>"'A-Z]{1,80}|[CG][A-Z0-9]{6,})$`)
	slackToken   = regexp.MustCompile(`^xox[be][.a-zA-Z0-9-]{10,}$`)
)

func checkSlack(f *Form) Channel {
	channel, token := f.Block.Fields["slack"], f.Block.Fields["token"]
	if !channel.Silent() && !slackChannel.MatchString(channel.Text) {
		f.Wrong(channel, "is "+channel.quoted()+", which is not a channel of Slack", `write its name in quotes, "#support-line", or its ID, C0123456789`)
	}
	switch {
	case token.Silent() || token.Text == "" && f.Offline:
	case token.Text == "":
		f.Wrong(token, "is empty", "write the bot token of the Slack app, which begins with xoxb-")
	case !slackToken.MatchString(token.Text):
		f.Wrong(token, "is not the token of a bot", "write the Bot User OAuth Token of the Slack app, which begins with xoxb-")
	}
	return Slack{Called: f.Name, Channel: channel.Text, Token: token.Text, Public: f.Public}
}

// Send posts a message, unless an earlier attempt did.
func (s Slack) Send(ctx context.Context, n policy.Notice, w Words, now time.Time) error {
	if s.posted(ctx, n) != nil {
		return nil
	}
	_, err := s.post(ctx, n, w, now)
	return err
}

// Show posts a message, or changes the one that was posted, which is found by its ID though the channel has another name by now. One that somebody
// deleted is not posted again, nor is one whose ID was lost with the answer of Slack, where it is found.
func (s Slack) Show(ctx context.Context, n policy.Notice, w Words, now time.Time) (map[string]string, error) {
	var found map[string]string
	if n.Receipt["ts"] == "" {
		found = s.posted(ctx, n)
	}
	at := cmp.Or(found["ts"], n.Receipt["ts"])
	switch {
	case at == "" && n.State == policy.AlarmDone:
		return nil, nil
	case at == "":
		return s.post(ctx, n, w, now)
	}
	m := slackMessage{Channel: cmp.Or(found["channel"], n.Receipt["channel"]), TS: at, Text: slackText(n, w)}
	_, err := s.call(ctx, "chat.update", n, m, now)
	if f := asFailure(err); f != nil && f.class == "slack message_not_found" {
		return found, nil
	}
	return found, err
}

// post posts a message and returns what Slack named it.
func (s Slack) post(ctx context.Context, n policy.Notice, w Words, now time.Time) (map[string]string, error) {
	a, err := s.call(ctx, "chat.postMessage", n, slackMessage{
		Channel: cmp.Or(n.To, s.Channel), Text: slackText(n, w), Metadata: &slackMark{slackEvent, slackPayload{s.mark(n)}},
	}, now)
	if err != nil {
		return nil, err
	}
	return map[string]string{"channel": a.Channel, "ts": a.TS}, nil
}

// slackMessage is a message to Slack. Links are not looked at by Slack: what it fetches, it shows to everybody.
type slackMessage struct {
	Channel     string     `json:"channel"`
	TS          string     `json:"ts,omitempty"` // of the message that is changed
	Text        string     `json:"text"`
	UnfurlLinks bool       `json:"unfurl_links"`
	UnfurlMedia bool       `json:"unfurl_media"`
	Metadata    *slackMark `json:"metadata,omitempty"`
}

// slackAnswer is what we read of an answer of Slack.
type slackAnswer struct {
	OK      bool   `json:"ok"`
	Error   string `json:"error"`
	Needed  string `json:"needed"` // the scope that is missing
	Channel string `json:"channel"`
	TS      string `json:"ts"`
}

// call has a message of a notice posted or changed.
func (s Slack) call(ctx context.Context, method string, n policy.Notice, m slackMessage, now time.Time) (slackAnswer, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return slackAnswer{}, refused("encoding", err.Error())
	}
	var a slackAnswer
	if _, err := s.request(ctx, method, "application/json; charset=utf-8", body, now, &a); err != nil {
		return a, err
	}
	if !a.OK {
		return a, s.refusal(a, cmp.Or(n.To, s.Channel))
	}
	return a, nil
}

// ask asks a method of Slack's API something.
func (s Slack) ask(ctx context.Context, method string, query url.Values, into any) (http.Header, error) {
	return s.request(ctx, method, "application/x-www-form-urlencoded", []byte(query.Encode()), time.Time{}, into)
}

// request sends one request and reads the answer, whose fields say whether it was carried out.
func (s Slack) request(ctx context.Context, method, kind string, body []byte, now time.Time, into any) (http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, cmp.Or(s.API, slackAPI)+"/"+method, bytes.NewReader(body))
	if err != nil {
		return nil, refused("slack address", "the address of Slack cannot be used")
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Authorization", "Bearer "+s.Token)
	a, err := asked("Slack", r)
	switch {
	case err != nil:
		return nil, err
	case a.status == http.StatusTooManyRequests:
		return nil, putOff("slack 429", "Slack limits how often we post", a.wait(now))
	case a.status != http.StatusOK:
		return nil, later(fmt.Sprintf("slack %d", a.status), "Slack answered "+statusText(a.status))
	}
	return a.header, a.read("Slack", into)
}

// passing are the refusals of Slack that may be over at the next attempt.
var passing = []string{"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org", "org_login_required", "accesslimited"}

// refusal returns what a refusal of Slack means, and what to do about it. Its codes are those of the documentation of chat.postMessage and chat.update.
func (s Slack) refusal(a slackAnswer, to string) *failure {
	code := slackWord(a.Error, "a code that is none")
	switch {
	case code == "ratelimited", code == "rate_limited":
		return putOff("slack 429", "Slack limits how often we post", usualWait)
	case slices.Contains(passing, code):
		return later("slack "+code, "Slack cannot take it now: "+code)
	}
	words := s.inWords(code, to, a.Needed)
	if words == "" {
		return refused("slack refused", fmt.Sprintf("Slack refused it for %s: %s. Its documentation of chat.postMessage says what that means", to, code))
	}
	return refused("slack "+code, words)
}

// slackWord returns a code or a scope as Slack has them, or something else where it is none.
func slackWord(said, otherwise string) string {
	if !regexp.MustCompile(`^[a-z_0-9:.]{1,60}$`).MatchString(said) {
		return otherwise
	}
	return said
}

// inWords returns what a refusal means and what to do, "" for one that nobody foresaw.
func (s Slack) inWords(code, to, needed string) string {
	key := "channels." + string(s.Called)
	switch code {
	case "not_in_channel":
		return fmt.Sprintf("the Slack app is not in %s: write /invite and the app's name there", to)
	case "channel_not_found":
		return fmt.Sprintf("Slack knows no %s, or the app may not see it: correct %s.slack, or invite the app where the channel is private", to, key)
	case "is_archived":
		return fmt.Sprintf("%s is archived in Slack: bring it back, or name another channel in %s.slack", to, key)
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type":
		return fmt.Sprintf("Slack does not take the token (%s): install the app again, and put its bot token into %s.token", code, key)
	case "missing_scope":
		return fmt.Sprintf("the Slack app lacks the scope %s: add it under OAuth & Permissions, and install the app again", slackWord(needed, "chat:write"))
	case "user_not_found", "cannot_dm_bot", "messages_tab_disabled", "user_disabled":
		return fmt.Sprintf("Slack cannot write to the member %s (%s): correct slack of that person in specialists", to, code)
	case "message_not_found":
		return fmt.Sprintf("somebody deleted the message in %s", to)
	case "cant_update_message", "edit_window_closed":
		return fmt.Sprintf("Slack lets us not change the message in %s (%s): it was posted by another app, or too long ago", to, code)
	}
	return ""
}

// The bounds of a message, before what Slack reads as markup is escaped. Slack cuts texts past 40,000 characters, and people read none of 4,000.
const (
	maxHeading = 200
	maxMessage = 2500
)

// slackText returns a message: how far people are with it, what it is about, and while it is open what is to be done and a link to take it. What others wrote is shown as
// text: nothing in it calls anybody or looks like a link of ours.
func slackText(n policy.Notice, w Words) string {
	var lines []string
	if state := stateLine(n); state != "" {
		lines = append(lines, "*"+escaped(state)+"*")
	}
	text := withoutLinks(w.Text, n)
	if n.State == policy.AlarmTaken || n.State == policy.AlarmDone { // what is to be done stands below the facts, and is somebody's by now
		text, _, _ = strings.Cut(text, "\n\n")
	}
	lines = append(lines, "*"+escaped(clip(w.Subject, maxHeading))+"*", escaped(clip(text, maxMessage)))
	var links []string
	if to := n.Facts["take_link"]; to != "" && (n.State == "" || n.State == policy.AlarmOpen) {
		links = append(links, linked(to, linkWords(n.Kind)))
	}
	if to := n.Facts["link"]; to != "" {
		links = append(links, linked(to, "The call in the console"))
	}
	if len(links) > 0 {
		lines = append(lines, strings.Join(links, "  ·  "))
	}
	return strings.Join(lines, "\n")
}

// linkWords returns what the link of a notice says.
func linkWords(k policy.NoticeKind) string {
	if k == policy.NoticeWrapUp || k == policy.NoticeTalkLimit {
		return "Say what the call was"
	}
	return "I take it"
}

// stateLine returns how far people are with an alarm, "" while nobody has taken it.
func stateLine(n policy.Notice) string {
	by := func(name string) string {
		if who := n.Facts[name]; who != "" {
			return " by " + clip(who, maxHeading)
		}
		return ""
	}
	switch n.State {
	case policy.AlarmTaken:
		return "Taken" + by("taken_by")
	case policy.AlarmDone:
		return "Done" + by("done_by")
	}
	return ""
}

// withoutLinks returns a text without the links that the message shows in another way, without the line before each that leads to it ("I take it:"),
// and without blank lines at its ends.
func withoutLinks(text string, n policy.Notice) string {
	var kept []string
	for line := range strings.SplitSeq(text, "\n") {
		shown := slices.ContainsFunc([]string{"take_link", "link"}, func(name string) bool {
			return n.Facts[name] != "" && strings.Contains(line, n.Facts[name])
		})
		switch last := len(kept) - 1; {
		case !shown && (line != "" || last < 0 || kept[last] != ""): // a link leaves no gap
			kept = append(kept, line)
		case shown && last >= 0 && strings.HasSuffix(kept[last], ":"):
			kept = kept[:last]
		}
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

// escaped returns a text in which Slack finds no markup of links and of calls for attention.
func escaped(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// linked returns a link with a text of ours.
func linked(to, text string) string {
	return "<" + strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C").Replace(to) + "|" + escaped(text) + ">"
}

// Probe reports whether Slack takes the token, whether the app may post, and where it may look, whether it is in the channel. It posts nothing.
func (s Slack) Probe(ctx context.Context) error {
	scopes, err := s.scopes(ctx)
	if err != nil || slices.Contains(scopes, "chat:write.public") { // which posts into channels that the app is not in
		return err
	}
	if len(scopes) > 0 && !slices.Contains(scopes, "chat:write") {
		return refused("slack missing_scope", s.inWords("missing_scope", s.Channel, "chat:write"))
	}
	return s.member(ctx)
}

// scopes returns what the app may do, as far as Slack says so.
func (s Slack) scopes(ctx context.Context) ([]string, error) {
	var a slackAnswer
	header, err := s.ask(ctx, "auth.test", url.Values{}, &a)
	switch {
	case err != nil:
		return nil, err
	case !a.OK:
		return nil, s.refusal(a, s.Channel)
	}
	return strings.FieldsFunc(header.Get("X-OAuth-Scopes"), func(r rune) bool { return r == ',' || r == ' ' }), nil
}

// member reports whether the app is in the channel. Where the app may not list its channels, the first message will tell.
func (s Slack) member(ctx context.Context) error {
	id, err := s.channelID(ctx)
	switch f := asFailure(err); {
	case f != nil && (f.class == "slack missing_scope" || f.class == slackMany):
		return nil
	case err == nil && id == "":
		return refused("slack not_in_channel", s.inWords("not_in_channel", s.Channel, ""))
	}
	return err
}

const (
	// maxPages bounds the pages of a list of channels, of up to 1,000 each.
	maxPages = 10
	// slackMany is the class of the failure that there are more.
	slackMany = "slack many"
)

// channelID returns the ID of the channel, "" where the app is not in it.
func (s Slack) channelID(ctx context.Context) (string, error) {
	query := url.Values{"types": {"public_channel,private_channel"}, "exclude_archived": {"true"}, "limit": {"1000"}}
	for range maxPages {
		var a struct {
			slackAnswer
			Channels []struct{ ID, Name string } `json:"channels"`
			Metadata struct {
				Next string `json:"next_cursor"`
			} `json:"response_metadata"`
		}
		_, err := s.ask(ctx, "users.conversations", query, &a)
		switch {
		case err != nil:
			return "", err
		case !a.OK:
			return "", s.refusal(a.slackAnswer, s.Channel)
		}
		for _, c := range a.Channels {
			if "#"+c.Name == s.Channel || c.ID == s.Channel {
				return c.ID, nil
			}
		}
		if a.Metadata.Next == "" {
			return "", nil
		}
		query.Set("cursor", a.Metadata.Next)
	}
	return "", refused(slackMany, "the Slack app is in too many channels to look through")
}
