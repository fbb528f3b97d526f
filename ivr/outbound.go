package ivr

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// outbound rings by outbound legs, which the Ringer places over the provider's REST API. Caller and specialist meet in a conference, where one of
// them alone can be told something. While the legs ring the caller hears a ringing tone, piece by piece, and between two pieces the machine
// looks whether somebody has accepted. So no webhook waits for REST, and where REST fails the step is dialled instead.
type outbound struct{}

// Bounds of a ring attempt. The first four run from its start.
const (
	placeWithin  = 8 * time.Second  // until a leg is placed: beyond it the server was stopped, or REST hangs
	ringGrace    = 5 * time.Second  // beyond the time for ringing: the provider's own count begins later
	startWithin  = 3 * time.Second  // until the last leg begins to ring, so that each rings for its whole time within ringGrace
	screenWithin = 45 * time.Second // beyond the time for ringing, for a specialist who is told who calls
	fetchWithin  = 2 * time.Second  // for the Ringer to redirect the caller
	fetchHold    = 3 * time.Second  // for the Ringer's redirect to arrive: a second one would tear the conference apart
	leftWithin   = 2 * time.Second  // between the caller's coming and the end of a leg that had left before: the provider's times are whole seconds
)

func (outbound) start(x *exchange, _ rungStep, say ...Phrase) Reply {
	reply := x.then(ThenWait, stepWait, say...)
	x.call.State.RingAttempt = policy.RingAttempt{Number: x.call.State.Exchange, StartedAt: x.now}
	return reply
}

func (outbound) state(x *exchange) ringState {
	leg, accepted := x.call.Accepted()
	switch {
	case x.call.State.Step == stepRang: // the conference is over
		switch {
		case accepted && x.in.Unjoined:
			x.unjoined("caller", leg)
			x.left(leg)
		case leftAlone(x.call):
			x.left(leg)
		}
		return dialled{}.state(x)
	case !accepted:
		return attemptOf(x.call).state(x.now, ringTime(*x.Settings, x.call))
	case leg.Over():
		x.left(leg)
		return ringUnanswered
	}
	return ringAccepted
}

// reached returns nobody, since the other legs go on ringing, unless the specialist who accepted is gone: the acceptance has stopped the others.
func (outbound) reached(x *exchange) (found []policy.Leg) {
	legs := attemptOf(x.call).legs
	if !slices.ContainsFunc(legs, func(l policy.Leg) bool { return l.NotBridged }) {
		return nil
	}
	for _, l := range legs {
		if !l.ScreenedAt.IsZero() {
			found = append(found, l)
		}
	}
	return found
}

func (outbound) late(c policy.Call) bool { return c.State.Step != stepWait }

func (outbound) joins() Then { return ThenJoin }

// waits reports whether the ringing tone is simply to go on: nothing has come of the legs yet, or the Ringer is about to redirect the caller.
// Such a webhook changes nothing.
func (x *exchange) waits() bool {
	state := x.call.State
	if x.in.Step != stepWait || state.Step != stepWait || x.in.Exchange != state.Exchange || x.in.Gone {
		return false
	}
	if found, since := settled(x.call); found != ringGoesOn {
		return !x.in.Fetched && x.now.Sub(since) < fetchHold
	}
	return attemptOf(x.call).state(x.now, ringTime(*x.Settings, x.call)) == ringGoesOn
}

// join sends the caller to the conference in which a specialist waits.
func (x *exchange) join() Reply {
	leg, _ := x.call.Accepted()
	x.call.JoinedAt = x.now
	x.note("conference.joined", "the caller was sent to the conference with the specialist", "specialist", x.named(leg.To))
	reply := x.then(ThenJoin, stepRang)
	reply.Ring = &Ring{Record: x.Recording}
	return reply
}

// dialInstead dials the present step: no leg could be placed for it, and then all later steps are dialled too, or the provider has too many of the
// account's calls to start before its legs. A Dial does not queue.
func (x *exchange) dialInstead() Reply {
	last, why := x.call.State.RingAttempt, "no outbound leg could be placed: the step is dialled"
	if last.Result == policy.RingLate {
		why = "the account's outbound legs queue at the provider: the step is dialled"
		x.outbound = false // in this exchange
	} else {
		x.call.State.DialledOnly = true
	}
	x.note("ring.plain", why, "after", x.now.Sub(last.StartedAt).String())
	return x.ring(x.Teams[x.call.State.Team])
}

// left takes back the acceptance of a specialist who was gone before the caller came.
func (x *exchange) left(leg policy.Leg) {
	leg.NotBridged = true
	x.note("leg.left", "the specialist hung up before the caller came", "leg", string(leg.SID))
	x.call, x.call.JoinedAt = x.call.WithLeg(leg), time.Time{}
}

// leftAlone reports whether the caller is alone in the conference, because the specialist's leg ended before the caller came.
func leftAlone(c policy.Call) bool {
	leg, accepted := c.Accepted()
	return accepted && leg.Attempt > 0 && !c.JoinedAt.IsZero() && !leg.EndedAt.IsZero() && leg.EndedAt.Sub(c.JoinedAt) < leftWithin &&
		c.State.Step == stepRang && c.End().IsZero()
}

// settled returns what has come of a call's ringing for good, and since when. It is ringGoesOn while only time can tell.
func settled(c policy.Call) (ringState, time.Time) {
	if leg, accepted := c.Accepted(); accepted {
		return ringAccepted, leg.AcceptedAt
	}
	return attemptOf(c).settled()
}

// rungStep is a ring step with the numbers that it leads to.
type rungStep struct {
	To  []policy.Phone
	For time.Duration
}

// stepOf returns the ring step that a call is at, or what is rung again of it. It is the zero step if it is no longer configured.
func stepOf(s policy.Settings, c policy.Call) rungStep {
	if rest := c.State.Rest; len(rest.To) > 0 {
		return rungStep{rest.To, ringTime(s, c)}
	}
	return wholeStep(s, c)
}

// wholeStep returns the ring step that a call is at, with whom it led to when it was first rung.
func wholeStep(s policy.Settings, c policy.Call) rungStep {
	steps := s.Teams[c.State.Team].Steps
	if c.State.Ring >= len(steps) {
		return rungStep{}
	}
	step := steps[c.State.Ring]
	if len(c.State.Rung) == 0 {
		return rungStep{step.Numbers(), step.For}
	}
	return rungStep{numbersOf(c.State.Rung), step.For}
}

func numbersOf(rung []policy.Rung) []policy.Phone {
	numbers := make([]policy.Phone, len(rung))
	for i, r := range rung {
		numbers[i] = r.To
	}
	return numbers
}

// ringTime returns how long the ring step that a call is at rings, or what is rung again of it.
func ringTime(s policy.Settings, c policy.Call) time.Duration {
	if rest := c.State.Rest; len(rest.To) > 0 {
		return time.Duration(rest.Seconds) * time.Second
	}
	if steps := s.Teams[c.State.Team].Steps; c.State.Ring < len(steps) {
		return steps[c.State.Ring].For
	}
	return 0
}

// attempt is a ring attempt with its legs. It does not depend on what the legs are placed for.
type attempt struct {
	policy.RingAttempt
	legs []policy.Leg
}

func attemptOf(c policy.Call) attempt {
	a := attempt{RingAttempt: c.State.RingAttempt}
	for _, l := range c.Legs {
		if l.Attempt > 0 && l.Attempt == a.Number {
			a.legs = append(a.legs, l)
		}
	}
	return a
}

// state returns the state of the attempt at a time. ring is how long its legs may ring.
func (a attempt) state(now time.Time, ring time.Duration) ringState {
	if found, _ := a.settled(); found != ringGoesOn {
		return found
	}
	since := now.Sub(a.StartedAt)
	switch {
	case a.Result == "" && since > placeWithin && len(a.legs) == 0:
		return ringRefused
	case since > ring+screenWithin, since > ring+ringGrace && !a.screening():
		return ringUnanswered
	}
	return ringGoesOn
}

// settled returns what has come of the attempt for good, and since when. It is ringGoesOn while only time can tell.
func (a attempt) settled() (found ringState, since time.Time) {
	switch a.Result {
	case policy.RingRefused, policy.RingLate:
		return ringRefused, a.ResultAt
	case "":
		return ringGoesOn, time.Time{}
	}
	for _, l := range a.legs {
		if l.Open() {
			return ringGoesOn, time.Time{}
		}
		for _, at := range []time.Time{l.EndedAt, l.PassedAt} {
			if at.After(since) {
				since = at
			}
		}
	}
	return ringUnanswered, since
}

func (a attempt) screening() bool { return slices.ContainsFunc(a.legs, policy.Leg.Screening) }

// Placed reports what came of placing the legs of an attempt.
type Placed struct {
	Attempt  int
	Legs     []policy.Leg  // SID and To of those that were placed
	Refusals []policy.Fact // address and reason of those that were not
	// Wait is how long the provider lets the last leg wait until it begins to ring.
	Wait time.Duration
}

// Placed merges a report of placed legs into the call. It may come late, twice, or after the legs' own webhooks.
func (m Machine) Placed(call policy.Call, p Placed, now time.Time) policy.Call {
	x := m.start(call.Clip(), Input{}, now)
	for _, placed := range p.Legs {
		leg := x.call.Leg(placed.SID)
		leg.To, leg.Attempt = placed.To, p.Attempt
		x.call = x.call.WithLeg(leg)
	}
	x.call = m.Settings.WithPeople(call, x.call)
	last := &x.call.State.RingAttempt
	if p.Attempt != last.Number || last.Result != "" {
		return x.call
	}
	last.Result, last.ResultAt = policy.RingPlaced, now
	switch {
	case p.Wait > startWithin:
		last.Result = policy.RingLate
		x.note("ring.queued", "the last leg would begin to ring too late", "wait", p.Wait.Round(time.Millisecond).String(), "at most", startWithin.String(),
			"calls a second", count(x.CallsPerSecond))
	case len(p.Legs) == 0:
		last.Result = policy.RingRefused
	}
	for _, f := range p.Refusals {
		x.note("ring.refused", x.named(policy.Phone(f.Name))+" could not be called", "error", f.Value)
	}
	return x.call
}

// tone is the ringing tone of a country: two frequencies in Hertz that sound in the intervals on, in seconds. The silence that follows is a
// Pause.
type tone struct {
	low, high float64
	on        [][2]float64
	length    float64
	pause     int // seconds of silence after it
}

// tones are keyed by the provider's name of the country. The frequencies are those of ITU-T E.180.
var tones = map[string]tone{
	"us": {low: 440, high: 480, on: [][2]float64{{0, 2}}, length: 2, pause: 2},
	"uk": {low: 400, high: 450, on: [][2]float64{{0, 0.4}, {0.6, 1}}, length: 1, pause: 2},
}

const sampleRate = 8000 // in Hertz, of a telephone

// wav returns the tone as a WAV file with one channel of 8 bit samples.
func (t tone) wav() []byte {
	samples := make([]byte, int(t.length*sampleRate))
	for i := range samples {
		at := float64(i) / sampleRate
		samples[i] = 128
		for _, on := range t.on {
			if at >= on[0] && at < on[1] {
				samples[i] += byte(int8(20 * (math.Sin(2*math.Pi*t.low*at) + math.Sin(2*math.Pi*t.high*at))))
			}
		}
	}
	var file bytes.Buffer
	for _, part := range []any{
		[]byte("RIFF"), uint32(36 + len(samples)),
		[]byte("WAVEfmt "), uint32(16), uint16(1), uint16(1), uint32(sampleRate), uint32(sampleRate), uint16(1), uint16(8),
		[]byte("data"), uint32(len(samples)), samples,
	} {
		_ = binary.Write(&file, binary.LittleEndian, part) // into memory
	}
	return file.Bytes()
}

// fetchedQuery marks the URL to which the Ringer redirects a caller.
const fetchedQuery = "fetched=1"

// outboundRoutes registers the routes of outbound legs, and of the conferences in which caller and specialist meet.
func (h *webhooks) outboundRoutes(on func(string, func(*hook) error)) {
	on("/leg/:call/:order/screen/:turn", h.leg(stepScreen))
	on("/leg/:call/:order/answer/:turn", h.leg(stepAnswer))
	on("/leg/:call/:order/left/:turn", h.leg(stepLeft))
	on("/leg/:call/:order/ring", h.legStatus)
	on("/conference/:call/wait", h.conferenceWait)
	on("/conference/:call/recording", func(w *hook) error {
		return h.recorded(w, policy.CallSID(w.Param("call")), policy.Report{Recording: completed(w)})
	})
	on("/announce/:line", h.announce)
}

// waitRounds is how often a party that is alone in a conference is asked for patience. The other comes within seconds. If REST fails it can take
// longer, and after three minutes whoever still waits has been told twenty times to hang up.
const waitRounds = 20

// conferenceWait answers the party that is alone in a conference, until the other comes. The provider does not ask for the document again, and silence
// follows its end, so it says the same again and again.
func (h *webhooks) conferenceWait(w *hook) error {
	var verbs []twilio.Verb
	for range waitRounds {
		verbs = append(append(verbs, h.form.say(w.line, phrase("conference-wait"))...), twilio.Pause{Seconds: 5})
	}
	return h.send(w, document(verbs))
}

// announce answers with the announcement at the call limit, which the specialist alone hears.
func (h *webhooks) announce(w *hook) error {
	line := w.line
	for _, l := range w.settings.Lines {
		if digits(l.Number.Full()) == w.Param("line") {
			line = l
		}
	}
	minutes, id := strconv.Itoa(int(w.settings.FairUse.CallLimit.Minutes())), "limit-whisper"
	if w.Request().URL.RawQuery == linkedQuery {
		id = "limit-whisper-link"
	}
	return h.send(w, document(h.form.say(line, phrase(id, "minutes", minutes))))
}

// linkedQuery marks the announcement to a specialist who is sent a link at the call limit as well.
const linkedQuery = "link=1"

// AnnounceURL returns the URL of the announcement at the call limit, for calls to a line. linked is that the specialist is sent a link as well: then the
// announcement leads there, and does not say what is in it.
func AnnounceURL(publicURL string, line policy.Phone, linked bool) string {
	address := trimmed(publicURL) + "/announce/" + digits(line.Full())
	if linked {
		address += "?" + linkedQuery
	}
	return address
}
