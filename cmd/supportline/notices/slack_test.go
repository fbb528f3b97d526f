package notices_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
)

const slackToken = "xoxb-0000-hush"

// room is a channel of a workspace, or what the bot and one member write to each other.
type room struct {
	id, name         string
	member, archived bool
}

// workspace is a Slack that keeps its rooms and messages. It answers with its faults in turn, and then as Slack does.
type workspace struct {
	*httptest.Server
	mu     sync.Mutex
	rooms  []*room
	texts  map[string]string // by room's ID and ts
	marks  map[string]any    // the metadata, likewise
	order  []string
	scopes string
	faults []http.HandlerFunc
	asked  []string
}

func startSlack(t testing.TB, faults ...http.HandlerFunc) *workspace {
	t.Helper()
	s := &workspace{texts: map[string]string{}, marks: map[string]any{}, scopes: "chat:write", faults: faults, rooms: []*room{
		{id: "C0SUPPORT1", name: "support-line", member: true},
		{id: "C0OTHERS01", name: "others"},
		{id: "C0OLD00001", name: "old", member: true, archived: true},
		{id: "D0ADA", name: "U01ADA", member: true},
	}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *workspace) channel(to string) notices.Slack {
	return notices.Slack{Called: "ops-slack", Channel: to, Token: slackToken, API: s.URL}
}

// requests returns the paths that were asked for so far.
func (s *workspace) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func (s *workspace) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.Path)
	var fault http.HandlerFunc
	if len(s.faults) > 0 {
		fault, s.faults = s.faults[0], s.faults[1:]
	}
	s.mu.Unlock()
	if fault != nil {
		fault(w, r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-OAuth-Scopes", s.scopes)
	_ = json.NewEncoder(w).Encode(s.answer(r))
}

type said map[string]any

func no(code string) said { return said{"ok": false, "error": code} }

func (s *workspace) answer(r *http.Request) said {
	if r.Header.Get("Authorization") != "Bearer "+slackToken {
		return no("invalid_auth")
	}
	switch r.URL.Path {
	case "/auth.test":
		return said{"ok": true, "user": "phone"}
	case "/users.conversations":
		return s.conversations(r)
	case "/conversations.open":
		_ = r.ParseForm()
		return s.within("im:write", said{"ok": true, "channel": said{"id": "D0" + strings.TrimPrefix(r.PostForm.Get("users"), "U01")}})
	case "/conversations.history":
		return s.history(r)
	}
	var m struct {
		Channel, TS, Text string
		Metadata          any
	}
	body, _ := io.ReadAll(r.Body)
	if err := json.Unmarshal(body, &m); err != nil || r.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		return no("invalid_json")
	}
	byName := r.URL.Path == "/chat.postMessage" // chat.update takes IDs alone
	i := slices.IndexFunc(s.rooms, func(c *room) bool {
		return c.id == m.Channel || byName && ("#"+c.name == m.Channel || strings.HasPrefix(c.id, "D") && c.name == m.Channel)
	})
	switch {
	case i < 0:
		return no("channel_not_found")
	case s.rooms[i].archived:
		return no("is_archived")
	case !s.rooms[i].member:
		return no("not_in_channel")
	case r.URL.Path == "/chat.update":
		if _, there := s.texts[s.rooms[i].id+"/"+m.TS]; !there {
			return no("message_not_found")
		}
	default:
		m.TS = fmt.Sprintf("1503435956.%06d", len(s.order)+1)
		s.order = append(s.order, s.rooms[i].id+"/"+m.TS)
		s.marks[s.rooms[i].id+"/"+m.TS] = m.Metadata
	}
	s.texts[s.rooms[i].id+"/"+m.TS] = m.Text
	return said{"ok": true, "channel": s.rooms[i].id, "ts": m.TS, "message": said{"text": m.Text}}
}

// within returns an answer, or that the app lacks the scope for it.
func (s *workspace) within(scope string, a said) said {
	if !strings.Contains(s.scopes, scope) {
		return said{"ok": false, "error": "missing_scope", "needed": scope}
	}
	return a
}

// history lists the messages of a room, the newest first.
func (s *workspace) history(r *http.Request) said {
	_ = r.ParseForm()
	var list []said
	for _, key := range slices.Backward(s.order) {
		room, ts, _ := strings.Cut(key, "/")
		if room == r.PostForm.Get("channel") && ts > r.PostForm.Get("oldest") && r.PostForm.Get("include_all_metadata") == "true" {
			list = append(list, said{"ts": ts, "metadata": s.marks[key]})
		}
	}
	return s.within("s:history", said{"ok": true, "messages": list})
}

// conversations lists one channel a page.
func (s *workspace) conversations(r *http.Request) said {
	if a := s.within("channels:read", nil); a != nil {
		return a
	}
	_ = r.ParseForm()
	var mine []said
	for _, c := range s.rooms {
		if c.member && !c.archived {
			mine = append(mine, said{"id": c.id, "name": c.name})
		}
	}
	n := len(r.PostForm.Get("cursor"))
	page := said{"ok": true, "channels": mine[min(n, len(mine)):min(n+1, len(mine))]}
	if n+1 < len(mine) {
		page["response_metadata"] = said{"next_cursor": strings.Repeat("x", n+1)}
	}
	return page
}

// messages returns what the workspace shows, a line for each message.
func (s *workspace) messages() (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range s.order {
		room, _, _ := strings.Cut(key, "/")
		all = append(all, room+": "+s.texts[key])
	}
	return all
}

func (s *workspace) rename(from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.rooms {
		if c.name == from {
			c.name = to
		}
	}
}

// The faults of a server, in the place of its answer.
func saying(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"ok": true, "channel": "C0`)
}

func hanging(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.ReadAll(r.Body)
	<-r.Context().Done()
}

func missed(account string) policy.Notice {
	return policy.Notice{
		Key: "alarm/7/ops-slack", Kind: policy.NoticeCriticalMissed, At: start, Customer: "100001", Channel: "ops-slack", State: policy.AlarmOpen,
		Facts: map[string]string{
			"account": account, "take_link": "https://support.example.com/w/TOKEN", "link": "https://console.example.com/calls/CA1?a=1&b=2", "line": "+18883071053",
		},
	}
}

var fewWords = notices.Words{Subject: "Critical call missed: Example", Text: "Account: Example\n\nNobody took it.\n\nhttps://console.example.com/calls/CA1?a=1&b=2\n\n" +
	"I take it, so that nobody else is told:\nhttps://support.example.com/w/TOKEN\n"}

const openMessage = "*Critical call missed: Example*\nAccount: Example\n\nNobody took it.\n" +
	"<https://support.example.com/w/TOKEN|I take it>  ·  <https://console.example.com/calls/CA1?a=1&amp;b=2|The call in the console>"

// A message is changed as people take the alarm and finish it, by the ID and ts of Slack's answer, though the channel has another name by then.
func TestSlackMessageIsKeptUpToDate(t *testing.T) {
	s := startSlack(t)
	c, n := s.channel("#support-line"), missed("Example")
	receipt, err := c.Show(t.Context(), n, fewWords, start)
	if diff := gocmp.Diff(map[string]string{"channel": "C0SUPPORT1", "ts": "1503435956.000001"}, receipt); diff != "" || err != nil {
		t.Fatalf("%v %s", err, diff)
	}
	if diff := gocmp.Diff([]string{"C0SUPPORT1: " + openMessage}, s.messages()); diff != "" {
		t.Error(diff)
	}
	s.rename("support-line", "phone")
	n.Receipt = receipt
	for _, step := range []struct {
		state policy.AlarmState
		want  string
	}{
		{policy.AlarmTaken, "*Taken by Ada <Moreau>*"},
		{policy.AlarmDone, "*Done by Ada <Moreau>*"},
	} {
		n.Shown, n.State = n.State, step.state
		n.Facts["taken_by"], n.Facts["done_by"] = "Ada <Moreau>", "Ada <Moreau>"
		if again, err := c.Show(t.Context(), n, fewWords, start); again != nil || err != nil {
			t.Errorf("%v, %v", again, err)
		}
		want := strings.NewReplacer("<M", "&lt;M", "u>", "u&gt;").Replace(step.want)
		want += "\n" + strings.NewReplacer("<https://support.example.com/w/TOKEN|I take it>  ·  ", "", "\n\nNobody took it.", "").Replace(openMessage)
		if diff := gocmp.Diff([]string{"C0SUPPORT1: " + want}, s.messages()); diff != "" {
			t.Error(diff)
		}
	}
}

// A message of what somebody took or did keeps its facts, and asks nobody to do anything any more.
func TestSlackAsksNobodyOnceItIsTaken(t *testing.T) {
	for _, kind := range []policy.NoticeKind{policy.NoticeCriticalMissed, policy.NoticeMissed, policy.NoticeVoicemail} {
		for state, asks := range map[policy.AlarmState]bool{policy.AlarmOpen: true, policy.AlarmTaken: false, policy.AlarmDone: false} {
			s := startSlack(t)
			n := missed("Example")
			n.Kind, n.State, n.Facts["outcome"] = kind, state, "unanswered"
			w, err := notices.DefaultTemplates().Render(n)
			if err != nil {
				t.Fatal(err)
			}
			c := s.channel("#support-line")
			open := n
			open.State = policy.AlarmOpen
			if n.Receipt, err = c.Show(t.Context(), open, w, start); err == nil && state != policy.AlarmOpen {
				n.Shown = policy.AlarmOpen
				_, err = c.Show(t.Context(), n, w, start)
			}
			if err != nil {
				t.Fatal(err)
			}
			text := strings.Join(s.messages(), "")
			if !strings.Contains(text, "Account:") || (strings.Contains(text, "Nobody took") || strings.Contains(text, "Call the customer back") || strings.Contains(text, "isten to")) != asks {
				t.Errorf("%s, %s: %s", kind, state, text)
			}
		}
	}
}

// A count that rises and a message that is gone: the one message is changed, and nothing is posted anew.
func TestSlackMessageThatSomebodyDeleted(t *testing.T) {
	s := startSlack(t)
	c, n := s.channel("#support-line"), missed("Example")
	n.Shown, n.State, n.Receipt = policy.AlarmOpen, policy.AlarmTaken, map[string]string{"channel": "C0SUPPORT1", "ts": "1.1"}
	if _, err := c.Show(t.Context(), n, fewWords, start); err != nil || len(s.messages()) > 0 {
		t.Errorf("%v, %q", err, s.messages())
	}
	n.Shown, n.State, n.Receipt = "", policy.AlarmDone, nil
	if _, err := c.Show(t.Context(), n, fewWords, start); err != nil || len(s.messages()) > 0 {
		t.Errorf("done and never shown: %v, %q", err, s.messages())
	}
}

// What others wrote is shown as text: it calls nobody, and is no link of ours.
func TestSlackShowsMarkupAsText(t *testing.T) {
	s := startSlack(t)
	n := missed("<!channel> & <b>")
	w, err := notices.DefaultTemplates().Render(n)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.channel("#support-line").Show(t.Context(), n, w, start); err != nil {
		t.Fatal(err)
	}
	shown := s.messages()[0]
	if !strings.Contains(shown, "&lt;!channel&gt; &amp; &lt;b&gt;") || strings.Contains(shown, "<!") || strings.Count(shown, "<https://") != 2 {
		t.Errorf("Slack is told %s", shown)
	}
}

// A message whose ID was lost, with the answer of Slack or with the process that got it, is found by its mark: it is not posted twice, and shows what it
// shall. Where the app may not look, or Slack does not let it, it is posted again: people are told twice rather than not at all.
func TestSlackMessageWhoseAnswerWasLost(t *testing.T) {
	const mayLook = "chat:write,channels:read,channels:history,im:write"
	for _, row := range []struct {
		name, scopes, channel, to string
		state                     policy.AlarmState
		want                      []string // the rooms of what is there
		begins                    string   // the last of them
	}{
		{"open", mayLook, "#support-line", "", policy.AlarmOpen, []string{"C0SUPPORT1"}, "*Critical"},
		{"taken", mayLook, "#support-line", "", policy.AlarmTaken, []string{"C0SUPPORT1"}, "*Taken"},
		{"done", mayLook, "#support-line", "", policy.AlarmDone, []string{"C0SUPPORT1"}, "*Done"},
		{"an event that nobody takes", mayLook, "#support-line", "", "", []string{"C0SUPPORT1"}, "*Critical"},
		{"a channel by its ID, which needs one scope alone", "chat:write,channels:history", "C0SUPPORT1", "", policy.AlarmOpen, []string{"C0SUPPORT1"}, "*Critical"},
		{"a direct message", mayLook, "#support-line", "U01ADA", policy.AlarmOpen, []string{"D0ADA"}, "*Critical"},
		{"may not look", "chat:write", "#support-line", "", policy.AlarmOpen, []string{"C0SUPPORT1", "C0SUPPORT1"}, "*Critical"},
		{"may not look, and done", "chat:write", "#support-line", "", policy.AlarmDone, []string{"C0SUPPORT1"}, "*Critical"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := startSlack(t)
			s.scopes = row.scopes
			c, n, other := s.channel(row.channel), missed("Example"), missed("Other")
			n.To, other.Key = row.to, "alarm/8/ops-slack"
			if _, err := c.Show(t.Context(), n, fewWords, start); err != nil { // and we die
				t.Fatal(err)
			}
			n.TriedAt, n.State = time.Unix(1503435956, 0), row.state
			show := func() error { _, err := c.Show(t.Context(), n, fewWords, start); return err }
			if row.state == "" {
				show = func() error { return c.Send(t.Context(), n, fewWords, start) }
			}
			if err := show(); err != nil {
				t.Fatal(err)
			}
			var rooms []string
			for _, m := range s.messages() {
				room, text, _ := strings.Cut(m, ": ")
				if rooms = append(rooms, room); len(rooms) == len(row.want) && !strings.HasPrefix(text, row.begins) {
					t.Errorf("it shows %s", text)
				}
			}
			if diff := gocmp.Diff(row.want, rooms); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if other.TriedAt = n.TriedAt; c.Send(t.Context(), other, fewWords, start) != nil || len(s.messages()) != len(rooms)+1 {
				t.Error("another notice is taken for it")
			}
		})
	}
}

// A direct message goes to the member, by the first of Slack's channels.
func TestSlackDirectMessage(t *testing.T) {
	s := startSlack(t)
	named := []notices.Channel{notices.Webhook{Called: "hook"}, s.channel("#support-line"), notices.Slack{Called: "second"}}
	event := missed("Example")
	event.Key, event.Channel, event.To = "alarm/7", policy.ChannelSlack, "U01ADA"
	told := notices.Settings{Named: named}.Addressed(event)
	if len(told) != 1 || told[0].Channel != "ops-slack" || !strings.HasPrefix(told[0].Key, "alarm/7/ops-slack/") || strings.Contains(told[0].Key, "U01ADA") {
		t.Fatalf("%+v", told)
	}
	receipt, err := s.channel("#support-line").Show(t.Context(), told[0], fewWords, start)
	if err != nil || receipt["channel"] != "D0ADA" || len(s.messages()) != 1 {
		t.Errorf("%v, %v, %q", receipt, err, s.messages())
	}
}

// A text of any length is one that Slack takes, and keeps its links whole.
func TestSlackMessageIsBounded(t *testing.T) {
	s := startSlack(t)
	w := notices.Words{Subject: strings.Repeat("a&b ", 500), Text: strings.Repeat("<&>", 20_000)}
	if _, err := s.channel("#support-line").Show(t.Context(), missed(""), w, start); err != nil {
		t.Fatal(err)
	}
	shown := s.messages()[0]
	if len(shown) > 20_000 || !strings.HasSuffix(shown, "|The call in the console>") || !strings.Contains(shown, "<https://support.example.com/w/TOKEN|I take it>") {
		t.Errorf("%d bytes: %s", len(shown), shown[len(shown)-200:])
	}
}

// Each answer of Slack is told in words, with what to do where a person has to; only what can pass is tried again.
func TestAnswersOfSlack(t *testing.T) {
	for _, row := range []struct {
		name, to string
		fault    http.HandlerFunc
		said     string
		forGood  bool
	}{
		{"not in the channel", "#others", nil, "the Slack app is not in #others: write /invite and the app's name there", true},
		{"no such channel", "#nowhere", nil, "Slack knows no #nowhere, or the app may not see it: correct channels.ops-slack.slack, or invite the app where the channel is private", true},
		{"archived", "#old", nil, "#old is archived in Slack: bring it back, or name another channel in channels.ops-slack.slack", true},
		{"a wrong token", "", saying(200, `{"ok":false,"error":"invalid_auth"}`), "Slack does not take the token (invalid_auth): install the app again, and put its bot token into channels.ops-slack.token", true},
		{"a token that was withdrawn", "", saying(200, `{"ok":false,"error":"token_revoked"}`), "Slack does not take the token (token_revoked): install the app again, and put its bot token into channels.ops-slack.token", true},
		{"a scope that is missing", "", saying(200, `{"ok":false,"error":"missing_scope","needed":"chat:write"}`), "the Slack app lacks the scope chat:write: add it under OAuth & Permissions, and install the app again", true},
		{"another refusal", "", saying(200, `{"ok":false,"error":"posting_to_general_channel_denied"}`), "Slack refused it for #support-line: posting_to_general_channel_denied. Its documentation of chat.postMessage says what that means", true},
		{"a refusal that is none", "", saying(200, `{"ok":false,"error":"<script>"}`), "Slack refused it for #support-line: a code that is none. Its documentation of chat.postMessage says what that means", true},
		{"trouble at Slack", "", saying(200, `{"ok":false,"error":"internal_error"}`), "Slack cannot take it now: internal_error", false},
		{"a limit", "", saying(429, `{"ok":false,"error":"ratelimited"}`, "Retry-After", "30"), "Slack limits how often we post: not before 30s have passed", false},
		{"a limit in a 200", "", saying(200, `{"ok":false,"error":"ratelimited"}`), "Slack limits how often we post: not before 30s have passed", false},
		{"a page of a proxy", "", saying(502, "<html>Bad Gateway</html>"), "Slack answered 502 Bad Gateway", false},
		{"a sign-in page", "", saying(200, "<html>Welcome to the hotel</html>"), "Slack answered 200 OK with something that is not JSON: a proxy on the way may have answered in its place", false},
		{"a redirect", "", saying(302, "", "Location", "https://elsewhere.example.com/"), "Slack answered 302 Found", false},
		{"an answer that is cut", "", cutOff, "Slack broke off in the middle of its answer", false},
		{"an endless answer", "", saying(200, strings.Repeat(" ", 300<<10)), "Slack answered at a length that is no answer of its own", false},
		{"nothing at all", "", hanging, "Slack did not answer in time", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := startSlack(t)
			if row.fault != nil {
				s.faults = []http.HandlerFunc{row.fault}
			}
			n := missed("Example")
			n.State = ""
			o := newOutbox(n)
			told := notices.Settings{Named: []notices.Channel{s.channel(cmp.Or(row.to, "#support-line"))}}
			notices.New(told, o, notices.Options{Now: newClock().Now, After: never, Timeout: 200 * time.Millisecond}).Once(t.Context())
			got := o.get(n.Key)
			if got.Error != row.said || got.FailedAt.IsZero() == row.forGood || got.Attempts != 1 {
				t.Errorf("the outbox says %+v", got)
			}
			if strings.Contains(got.Error, "hush") || len(s.requests()) != 1 {
				t.Errorf("asked %q", s.requests())
			}
		})
	}
}

// What Slack limits is not tried before its time, nor is anything else of the channel; another channel goes on. Then it is looked whether it was posted.
func TestSlackLimitHoldsItsOwnChannelOnly(t *testing.T) {
	s := startSlack(t, saying(429, "", "Retry-After", "300"))
	first, second := missed("First"), missed("Second")
	second.Key = "alarm/8/ops-slack"
	first.State, second.State = "", ""
	first.Until, second.Until = time.Time{}, time.Time{}
	o, c, h := newOutbox(first, second, post("post")), newClock(), startHook(t)
	told := notices.Settings{Channels: []notices.Channel{h.channel}, Named: []notices.Channel{s.channel("#support-line")}}
	sender := notices.New(told, o, notices.Options{Now: c.Now, After: never})
	var got []string
	for _, after := range []time.Duration{0, time.Minute, 299 * time.Second, 300 * time.Second} {
		c.set(start.Add(after))
		sender.Once(t.Context())
		got = append(got, fmt.Sprintf("%d to Slack, %d of them there, %d posted", len(s.requests()), len(s.messages()), len(h.got(t))))
	}
	want := []string{"1 to Slack, 0 of them there, 1 posted", "1 to Slack, 0 of them there, 1 posted", "1 to Slack, 0 of them there, 1 posted", "4 to Slack, 2 of them there, 1 posted"}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.faults = []http.HandlerFunc{saying(429, "", "Retry-After", "300")}
	late := missed("Late")
	late.Key, late.State, late.Until = "alarm/9/ops-slack", "", c.Now().Add(time.Minute)
	o.all = append(o.all, late)
	sender.Once(t.Context())
	if n := o.get(late.Key); n.FailedAt.IsZero() {
		t.Errorf("a notice whose alarm tells others by then waits all the same: %+v", n)
	}
}

// The probe posts nothing, and finds what the first message would.
func TestProbeOfSlack(t *testing.T) {
	for _, row := range []struct{ name, to, scopes, want string }{
		{"all is well", "#support-line", "chat:write,channels:read", ""},
		{"by ID", "C0SUPPORT1", "chat:write,channels:read", ""},
		{"on the second page", "D0ADA", "chat:write,channels:read", ""},
		{"not a member", "#others", "chat:write,channels:read", "the Slack app is not in #others: write /invite and the app's name there"},
		{"not a member, which it need not be", "#others", "chat:write,chat:write.public,channels:read", ""},
		{"it may not look", "#others", "chat:write", ""},
		{"it may not post", "#support-line", "channels:read", "the Slack app lacks the scope chat:write: add it under OAuth & Permissions, and install the app again"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := startSlack(t)
			s.scopes = row.scopes
			err := s.channel(row.to).Probe(t.Context())
			if got := fmt.Sprint(err); got != cmp.Or(row.want, "<nil>") || len(s.messages()) > 0 {
				t.Errorf("%s, %q", got, s.messages())
			}
		})
	}
	s := startSlack(t)
	c := s.channel("#support-line")
	c.Token = "xoxb-1111-hush"
	if err := c.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "does not take the token (invalid_auth)") {
		t.Error(err)
	}
}

// A token is in nothing that is printed.
func TestSlackTokenIsNotPrinted(t *testing.T) {
	c := startSlack(t).channel("#support-line")
	encoded, _ := json.Marshal(c)
	if printed := fmt.Sprintf("%v %+v %#v %s %s", c, c, c, c, encoded); strings.Contains(printed, "hush") {
		t.Error(printed)
	}
}
