package ivr

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/twilio"
)

// Alarms holds the alarms of which people are told by telephone.
type Alarms interface {
	// Alarm returns an alarm. The error is alarm.ErrNone if there is none.
	Alarm(ctx context.Context, id alarm.ID) (alarm.Alarm, error)
	// TakeAlarm takes an alarm and all of its follow-ups that are open, for act.By. Taking again what one has changes nothing. The error wraps
	// followup.ErrTaken or followup.ErrDone where somebody was quicker.
	TakeAlarm(ctx context.Context, id alarm.ID, act followup.Act) (alarm.Alarm, error)
}

// Texts learns what became of text messages.
type Texts interface {
	// TextLost takes the provider's word that the text message by which a notice was told will never arrive, and why, by its error code (0: it
	// gives none). It may come more than once, and for a notice that is gone.
	TextLost(ctx context.Context, notice string, code int, at time.Time) error
}

// AlarmCall is the call by which one person is told of an alarm.
type AlarmCall struct {
	Alarm  alarm.ID          // "" for an event that has none, which nobody can take
	Kind   policy.NoticeKind // of the event
	Person policy.PersonID   // "" for a bare number
	To     policy.Phone
	From   policy.Phone // one of our lines
}

// nobodyPart stands in a path for an alarm or a person that there is not.
const nobodyPart = "-"

// The bounds of an alarm's call.
const (
	alarmRings    = 30                      // seconds: longer than most voicemails wait, so that a phone that is far away is reached
	alarmTimeout  = 2                       // seconds between two keys, and of silence
	alarmTurns    = 8                       // questions in all
	alarmSilences = 2                       // the second ends the call: nobody is there, or a voicemail listens
	machineWithin = 1250 * time.Millisecond // a key within a second of the pick-up is a machine's; the rest is for the network
)

// OutboundLeg returns the call as it is placed. Nothing depends on callbacks of its progress, which may be lost: an alarm that nobody takes goes on.
func (c AlarmCall) OutboundLeg(publicURL string) twilio.OutboundLeg {
	return twilio.OutboundLeg{From: c.From.Full(), To: c.To.Full(), Seconds: alarmRings, URL: trimmed(publicURL) + "/" + c.path(alarmTurn{Number: 1})}
}

func (c AlarmCall) path(t alarmTurn) string {
	q := url.Values{"kind": {string(c.Kind)}}
	if !t.Since.IsZero() {
		q.Set("since", strconv.FormatInt(t.Since.UnixMilli(), 10))
	}
	if t.Silences > 0 {
		q.Set("silences", strconv.Itoa(t.Silences))
	}
	who := cmp.Or(string(c.Person), nobodyPart)
	return "alarm/" + cmp.Or(string(c.Alarm), nobodyPart) + "/" + url.PathEscape(who) + "/" + strconv.Itoa(t.Number) + "?" + q.Encode()
}

// alarmTurn is one webhook of an alarm's call. The call has no record: what it has to remember is in the address of its next webhook.
type alarmTurn struct {
	Number   int       // 1 is the pick-up
	Since    time.Time // of the pick-up; zero at the pick-up itself
	Silences int       // so far
	Keys     string    // "" for silence
	Finished bool      // the keys ended with #, so that none was waited for
}

// takes reports whether the person takes the alarm: with 1 and nothing else, unless it is a machine's tone.
func (t alarmTurn) takes(now time.Time) bool {
	pressed := now
	if !t.Finished {
		pressed = now.Add(-alarmTimeout * time.Second)
	}
	return t.Keys == "1" && pressed.Sub(t.Since) >= machineWithin
}

// next returns the turn that follows, and whether there is one.
func (t alarmTurn) next(now time.Time) (alarmTurn, bool) {
	n := alarmTurn{Number: t.Number + 1, Since: t.Since, Silences: t.Silences}
	if t.Number <= 1 {
		n.Since = now
	} else if t.Keys == "" {
		n.Silences++
	}
	return n, n.Silences < alarmSilences && n.Number <= alarmTurns+1
}

// alarmSays are the words about an event by its kind, and those about several of them.
func alarmSays(kind policy.NoticeKind, count int) Phrase {
	if several := "alarm-" + string(kind) + "-several"; count > 1 && alarmsOfSeveral[several] {
		return phrase(several, "count", strconv.Itoa(count))
	}
	if !spokenKinds[kind] {
		return phrase("alarm-other")
	}
	return phrase("alarm-" + string(kind))
}

var (
	alarmsOfSeveral = map[string]bool{"alarm-critical-missed-several": true}
	spokenKinds     = map[policy.NoticeKind]bool{
		policy.NoticeCriticalRinging: true, policy.NoticeCriticalMissed: true, policy.NoticeMissed: true, policy.NoticeVoicemail: true,
		policy.NoticeCallLimit: true, policy.NoticeTickets: true, policy.NoticeCase: true, policy.NoticeStoreTrouble: true,
		policy.NoticeProviderTrouble: true, policy.NoticeRotaGap: true, policy.NoticeFeedFailed: true, policy.NoticeBackup: true,
	}
)

// askAlarm returns the words that ask somebody to take an alarm. They name no account, since a voicemail may listen.
func askAlarm(a alarm.Alarm, t alarmTurn) (say []Phrase) {
	switch {
	case t.Number <= 1:
		say = append(say, phrase("here"))
	case t.Keys == "", t.Keys == "1": // the 1 of a machine, or of somebody who has not heard the question
		say = append(say, phrase("menu-silence"))
	default:
		say = append(say, phrase("menu-wrong"))
	}
	return append(say, alarmSays(a.Event.Kind, a.Count), phrase("alarm-keys"))
}

// maxSpokenName is how many letters a name has that is said, as the names of specialists have.
const maxSpokenName = 60

// alarmOver returns the words about an alarm that somebody else has taken, or that is done.
func alarmOver(a alarm.Alarm) []Phrase {
	// Else it is the number of somebody without a name, or longer than a prompt: a command takes any text for who does it.
	named := strings.ContainsFunc(a.TakenBy, unicode.IsLetter) && utf8.RuneCountInString(a.TakenBy) <= maxSpokenName
	switch {
	case a.State == policy.AlarmTaken && named:
		return []Phrase{phrase("alarm-taken", "owner", a.TakenBy)}
	case a.State == policy.AlarmTaken:
		return []Phrase{phrase("alarm-taken-unnamed")}
	}
	return []Phrase{phrase("alarm-done")}
}

// alarmYours returns the words to who has taken an alarm: whom it is about, and where to find it.
func alarmYours(a alarm.Alarm) []Phrase {
	say := []Phrase{phrase("alarm-yours")}
	if account := a.Event.Facts["account"]; account != "" {
		say = append(say, phrase("alarm-account", "account", account))
	}
	if a.Count > 1 {
		say = append(say, phrase("alarm-count", "count", strconv.Itoa(a.Count)))
	}
	if len(a.FollowUps) > 0 {
		return append(say, phrase("alarm-followup"))
	}
	return append(say, phrase("alarm-console"))
}

// alarmRoutes registers the routes of the calls that tell people of alarms, and of the progress of text messages.
func (h *webhooks) alarmRoutes(on func(string, func(*hook) error)) {
	on("/alarm/:alarm/:person/:turn", h.alarm)
	on("/message/status", h.messageStatus)
}

// alarm answers a webhook of an alarm's call. It writes only where the alarm is taken, and one that arrives again gets the same answer: the alarm
// stays with who took it.
func (h *webhooks) alarm(w *hook) error {
	c, t := alarmCallOf(w)
	if h.Alarms == nil || c.Alarm == "" {
		return h.alarmTold(w, "alarm-look")
	}
	a, err := h.Alarms.Alarm(w.ctx, c.Alarm)
	switch {
	case errors.Is(err, alarm.ErrNone):
		return h.alarmEnds(w, alarmOver(a))
	case err != nil:
		return err
	}
	by := alarmName(w)
	mine := a.State == policy.AlarmTaken && a.TakenBy == by
	switch {
	case t.Number > 1 && t.takes(w.now) && (a.State == policy.AlarmOpen || mine):
		return h.takeAlarm(w, c.Alarm, by)
	case a.State != policy.AlarmOpen:
		return h.alarmEnds(w, alarmOver(a))
	}
	next, goesOn := t.next(w.now)
	if !goesOn {
		return h.alarmEnds(w, []Phrase{phrase("alarm-goodbye")})
	}
	keys := twilio.Gather{
		Input: "dtmf", Action: h.form.base + "/" + c.path(next), Timeout: alarmTimeout, NumDigits: 2, EmptyResult: true,
		Prompts: h.form.say(w.line, askAlarm(a, t)...),
	}
	return h.send(w, document(nil, keys, twilio.Hangup{}))
}

func (h *webhooks) takeAlarm(w *hook, id alarm.ID, by string) error {
	a, err := h.Alarms.TakeAlarm(w.ctx, id, followup.Act{At: w.now, By: by, Via: followup.ViaPhone})
	if errors.Is(err, followup.ErrTaken) || errors.Is(err, followup.ErrDone) || errors.Is(err, alarm.ErrNone) {
		if a, err = h.Alarms.Alarm(w.ctx, id); err == nil || errors.Is(err, alarm.ErrNone) {
			return h.alarmEnds(w, alarmOver(a))
		}
	}
	if err != nil {
		return err
	}
	return h.alarmEnds(w, alarmYours(a))
}

func (h *webhooks) alarmEnds(w *hook, say []Phrase) error {
	return h.send(w, document(h.form.say(w.line, say...), twilio.Hangup{}))
}

// alarmTold answers with the event alone, twice, and with what to do about it: it can't be taken, or not now.
func (h *webhooks) alarmTold(w *hook, id string) error {
	c, _ := alarmCallOf(w)
	event := []Phrase{phrase("here"), alarmSays(c.Kind, 1)}
	return h.alarmEnds(w, append(append(event, event...), phrase(id)))
}

// alarmCallOf reads the address of a webhook of an alarm's call.
func alarmCallOf(w *hook) (c AlarmCall, t alarmTurn) {
	if id := w.Param("alarm"); id != nobodyPart {
		c.Alarm = alarm.ID(id)
	}
	if person, err := url.PathUnescape(w.Param("person")); err == nil && person != nobodyPart {
		c.Person = policy.PersonID(person)
	}
	c.Kind = policy.NoticeKind(w.QueryParam("kind"))
	t = alarmTurn{Number: w.number("turn"), Keys: w.Digits, Finished: w.FinishedOnKey == "#"}
	if since, err := strconv.ParseInt(w.QueryParam("since"), 10, 64); err == nil {
		t.Since = time.UnixMilli(since).UTC()
	}
	t.Silences, _ = strconv.Atoi(w.QueryParam("silences")) // 0 if there are none
	return c, t
}

// alarmName returns the name of whom an alarm's call reaches: the person's, or the number, masked.
func alarmName(w *hook) string {
	c, _ := alarmCallOf(w)
	if p, ok := w.settings.Person(c.Person); ok {
		return cmp.Or(p.Name, string(p.ID))
	}
	return policy.Phone(w.To).String()
}

// messageStatus takes the progress of a text message. Only its loss matters, and that may be told more than once.
func (h *webhooks) messageStatus(w *hook) error {
	lost := twilio.SentMessage{Status: w.MessageStatus}.Lost()
	notice := w.QueryParam("notice")
	if h.Texts == nil || !lost || notice == "" {
		return w.NoContent(http.StatusNoContent)
	}
	code, _ := strconv.Atoi(w.ErrorCode) // 0 if the provider gives none
	if err := h.Texts.TextLost(w.ctx, notice, code, w.reported()); err != nil {
		return err
	}
	return w.NoContent(http.StatusNoContent)
}

// MessageStatusURL returns the URL to which the progress of the text message is reported by which a notice is told.
func MessageStatusURL(publicURL, notice string) string {
	return trimmed(publicURL) + "/message/status?" + url.Values{"notice": {notice}}.Encode()
}
