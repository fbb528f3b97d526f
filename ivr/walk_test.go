package ivr_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

// walker goes through every state that a call can be in, with every input at each.
type walker struct {
	t       *testing.T
	machine ivr.Machine
	words   ivr.Words
	line    policy.Line
	now     time.Time
	first   ivr.Input
	wrong   int    // numbers that the caller tried before this call
	nothing string // what is spoken for a phrase that has no words

	onPath map[string]bool // states between here and the first ring: meeting one again is a loop
	ends   map[string]map[string]bool
	states int
}

// TestEveryPathEnds holds rule 11: whatever a caller does or does not do, each path ends with a person, a voicemail or a spoken
// goodbye, never in silence or a loop. The ways in which calls can end are the expected ones, and the same in both ways of ringing.
func TestEveryPathEnds(t *testing.T) {
	t.Parallel()
	for name, s := range variants(t) {
		for place, now := range map[string]time.Time{"open": tuesday.Add(5 * time.Hour), "closed": sunday} {
			for who, first := range firsts() {
				for _, wrong := range []int{0, 9, 10} {
					for _, outbound := range []bool{false, true} {
						if !walked(name, place, who, wrong, outbound) {
							continue
						}
						t.Run(fmt.Sprintf("%s/%s/%s/%d wrong before/outbound %t", name, place, who, wrong, outbound), func(t *testing.T) {
							t.Parallel()
							w := newWalker(t, s, first, now, wrong)
							w.machine.Outbound = outbound
							ends := slices.Sorted(maps.Keys(w.walk(policy.Call{SID: "CA1"}, first)))
							if diff := cmp.Diff(wantEnds(name, place, who, wrong), ends); diff != "" {
								t.Errorf("%d states; ends (-want +got):\n%s", w.states, diff)
							}
						})
					}
				}
			}
		}
	}
}

// refusing are the variants in which not every call without a customer number is connected.
var refusing = []string{"refuse", "refuse but critical", "refuse questions", "messages without number"}

// asksOtherwise are the variants that change how a caller is identified. The others ask as the shipped one does, so that few callers tell all of
// their ways.
var asksOtherwise = []string{"shipped", "refuse", "refuse but critical", "caller ID any", "caller ID off"}

// ringsOtherwise are the variants that change what follows the menu, walked in both ways of ringing. What is refused rings nobody.
var ringsOtherwise = []string{"shipped", "message", "recording", "critical at night"}

// walked reports whether a combination is walked: each variant with each caller for whom it makes a difference.
func walked(variant, place, who string, wrong int, outbound bool) bool {
	switch {
	case strings.Contains(variant, "night") && place == "open":
		return false // as the shipped one
	case outbound:
		return wrong == 0 && slices.Contains(ringsOtherwise, variant) && slices.Contains([]string{"known", "anonymous"}, who)
	case slices.Contains([]string{"own line", "forwarded", "strange"}, who):
		return variant == "shipped"
	case slices.Contains(asksOtherwise, variant):
		return true
	}
	return wrong != 9 && slices.Contains([]string{"known", "restricted", "anonymous"}, who) &&
		(place == "open" || strings.Contains(variant, "night") || variant == "message")
}

// wantEnds are the outcomes that calls of a variant can have. They are put together from what the rules say, not from what the machine does.
func wantEnds(variant, place, who string, wrong int) []string {
	switch who {
	case "strange": // a number that is not configured
		return []string{"failed"}
	case "own line", "forwarded": // rule 17
		return []string{"refused"}
	}
	urgent := place == "closed" && variant == "critical at night" // asked for critical calls alone, before anything else
	rings := place == "open" || urgent || variant == "two reasons at night"
	asked := rings || variant == "mixed nights"
	confirms := variant != "caller ID off" && (who == "known" || who == "restricted" || who == "unentitled" || who == "unattested" && variant == "caller ID any")
	presumed := who == "restricted" || who == "unentitled" // refused without a number, but for critical calls
	locked := wrong == 10                                  // no number is looked up any more
	connects := rings && (variant != "refuse" && variant != "messages without number" || !locked || confirms && who != "unentitled")
	var ends []string
	if connects {
		ends = append(ends, "abandoned", "served", "unanswered")
	} else if place == "open" && confirms { // asked for the key before all else
		ends = append(ends, "abandoned")
	}
	if place == "closed" {
		ends = append(ends, "closed")
	}
	if asked && (!locked || who == "unentitled" && confirms) {
		ends = append(ends, "not-entitled")
	}
	if asked && !urgent && (!locked || who == "restricted" && confirms) {
		ends = append(ends, "restricted-account")
	}
	// Refused without a number are those whom the company refuses, who are presumed to be a refused account, and who entered the number of one.
	if asked && !urgent && (slices.Contains(refusing, variant) || presumed || !locked) {
		ends = append(ends, "unidentified-refused")
	}
	if place == "open" && variant == "training" && !(locked && presumed) { // who is told of training got to the menu
		ends = append(ends, "informed")
	}
	leaves := place == "closed" && (variant != "mixed nights" || !presumed || !locked)
	if variant != "message" && (connects || leaves || variant == "messages without number") {
		ends = append(ends, "voicemail")
	}
	slices.Sort(ends)
	return ends
}

func newWalker(t *testing.T, s policy.Settings, first ivr.Input, now time.Time, wrong int) *walker {
	line, ok := s.Line(first.Line)
	if !ok {
		line = s.Lines[0]
	}
	words := ivr.DefaultWords()
	return &walker{
		t: t, machine: ivr.Machine{Settings: s}, words: words, nothing: words.Speak(line, ivr.Phrase{ID: "no such phrase"}), line: line, now: now, first: first, wrong: wrong,
		onPath: map[string]bool{}, ends: map[string]map[string]bool{},
	}
}

// variants returns the configurations that change the way of a call.
func variants(t *testing.T) map[string]policy.Settings {
	change := func(f func(*policy.Settings)) policy.Settings {
		s := settings(t)
		f(&s)
		return s
	}
	return map[string]policy.Settings{
		"shipped": settings(t),
		"refuse":  change(func(s *policy.Settings) { s.Identification.Unidentified.Default = policy.UnidentifiedRefuse }),
		"refuse but critical": change(func(s *policy.Settings) {
			s.Identification.Unidentified = policy.Unidentified{Default: policy.UnidentifiedRefuse, ByIntent: map[policy.Intent]policy.UnidentifiedAction{policy.Critical: policy.UnidentifiedConnect}}
		}),
		"refuse questions": change(func(s *policy.Settings) {
			s.Identification.Unidentified.ByIntent = map[policy.Intent]policy.UnidentifiedAction{policy.Question: policy.UnidentifiedRefuse}
		}),
		"messages without number": change(func(s *policy.Settings) { s.Identification.Unidentified.Default = policy.UnidentifiedVoicemail }),
		"message":                 change(func(s *policy.Settings) { s.NoAnswer = policy.Message; s.AfterHours.Default = policy.Message }),
		"caller ID any":           change(func(s *policy.Settings) { s.Identification.CallerID = policy.CallerIDAny }),
		"caller ID off":           change(func(s *policy.Settings) { s.Identification.CallerID = policy.CallerID("off") }),
		"recording":               change(func(s *policy.Settings) { s.Recording = true }),
		"critical at night": change(func(s *policy.Settings) {
			s.AfterHours.ByIntent = map[policy.Intent]policy.AfterHoursAction{policy.Critical: policy.Connect}
		}),
		"mixed nights": change(func(s *policy.Settings) {
			s.AfterHours = policy.AfterHours{Default: policy.Message, ByIntent: map[policy.Intent]policy.AfterHoursAction{policy.Restricted: policy.Voicemail}}
		}),
		"training": change(func(s *policy.Settings) { s.Links.Training = "https://example.com/book-training" }),
		"another line at night": change(func(s *policy.Settings) { // where that line is closed as well
			s.AfterHours.ByIntent = map[policy.Intent]policy.AfterHoursAction{policy.Critical: policy.OtherLine(us)}
		}),
		"two reasons at night": change(func(s *policy.Settings) {
			s.AfterHours.ByIntent = map[policy.Intent]policy.AfterHoursAction{policy.Critical: policy.Connect, policy.RaiseSeverity: policy.Connect}
		}),
		"a second reason let through": change(func(s *policy.Settings) { s.FairUse.LetThrough = []policy.Intent{policy.RaiseSeverity} }),
		"way to the number":           texting(t),
		"two keys only":               change(func(s *policy.Settings) { s.Menu = s.Menu[:2] }),
	}
}

func firsts() map[string]ivr.Input {
	known := ivr.Input{Step: "arrive", Line: uk, From: caller, Attested: true, Callers: []policy.Customer{northwind}}
	shared := known
	shared.Callers = []policy.Customer{northwind, loft}
	watched := northwind
	watched.Restricted = true
	restricted := known
	restricted.Callers = []policy.Customer{watched}
	unentitled := known
	unentitled.Callers = []policy.Customer{loft}
	unattested := known
	unattested.Attested = false
	return map[string]ivr.Input{
		"known":      known,
		"unattested": unattested,
		"shared":     shared,
		"restricted": restricted,
		"unentitled": unentitled,
		"anonymous":  {Step: "arrive", Line: us, From: "anonymous"},
		"own line":   {Step: "arrive", Line: uk, From: us},
		"forwarded":  {Step: "arrive", Line: uk, From: caller, Callers: []policy.Customer{northwind}, ForwardedFrom: oncall1, Rung: true},
		"strange":    {Step: "arrive", Line: "+15005550006", From: "client:x"},
	}
}

// walk returns every outcome that the call can have from here.
func (w *walker) walk(call policy.Call, in ivr.Input) map[string]bool {
	in.WrongNumbers = w.wrong + len(call.WrongNumbers)
	next, reply := w.machine.Next(call, in, w.at(in))
	here := fingerprint(next, reply)
	if _, known := w.ends[here]; !known {
		w.retryIsTheSame(next, in, reply)
	}
	w.speaks(next, in, reply)
	if reply.Ring != nil && reply.Ring.Record != w.machine.Settings.Recording {
		w.t.Errorf("recorded: %+v", reply)
	}
	return w.after(here, next.WithoutHistory(), reply) // which decides nothing
}

// after returns the outcomes that follow a reply. here is the fingerprint of both.
func (w *walker) after(here string, call policy.Call, reply ivr.Reply) map[string]bool {
	if reply.Then == ivr.ThenHangup || reply.Then == ivr.ThenNothing || reply.Then == ivr.ThenReject {
		outcome := call.Outcome()
		if outcome == "" {
			w.t.Errorf("the call is over without an outcome: %s", here)
		}
		return map[string]bool{string(outcome): true}
	}
	if ends, ok := w.ends[here]; ok {
		return ends
	}
	if w.onPath[here] {
		w.t.Fatalf("a loop: %s", here)
	}
	w.onPath[here] = true
	defer delete(w.onPath, here)
	w.states++
	ends := map[string]bool{}
	for _, branch := range w.branches(call, reply) {
		for end := range branch() {
			ends[end] = true
		}
	}
	if len(ends) == 0 {
		w.t.Errorf("nothing follows: %s", here)
	}
	w.ends[here] = ends
	return ends
}

// branches returns the ways on from a reply, one for each input.
func (w *walker) branches(call policy.Call, reply ivr.Reply) []func() map[string]bool {
	var inputs []ivr.Input
	var all []func() map[string]bool
	at := w.input(reply)
	switch reply.Then {
	case ivr.ThenAskNumber, ivr.ThenAskKey, ivr.ThenAskTicket, ivr.ThenLetType:
		inputs = w.answers(at)
	case ivr.ThenRing:
		inputs = w.dials(at)
		for _, to := range reply.Ring.To {
			all = append(all, func() map[string]bool { return w.reached(call, reply, at, to) })
		}
	case ivr.ThenWait:
		return w.outbound(call, at)
	case ivr.ThenJoin:
		return w.joined(call, at)
	case ivr.ThenRecord:
		left, gone := at, at
		left.Message = &policy.Recording{SID: "RE1", URL: "u", Seconds: 12}
		gone.Gone = true
		both := left
		both.Gone = true
		inputs = []ivr.Input{at, left, gone, both}
	default:
		w.t.Fatalf("unknown reply %+v", reply)
	}
	for _, in := range inputs {
		all = append(all, func() map[string]bool { return w.walk(call, in) })
	}
	if reply.Then == ivr.ThenRing {
		all = append(all, func() map[string]bool { return w.accepted(call, at) })
	}
	return all
}

// at returns the time of a webhook: a second passes from each to the next.
func (w *walker) at(in ivr.Input) time.Time {
	return w.now.Add(time.Duration(in.Exchange) * time.Second)
}

func (w *walker) input(reply ivr.Reply) ivr.Input {
	step, turn, _ := strings.Cut(reply.Next, "/")
	n, err := strconv.Atoi(turn)
	if err != nil {
		w.t.Fatalf("next is %q", reply.Next)
	}
	return ivr.Input{Step: step, Exchange: n, Line: w.first.Line, From: w.first.From, Callers: w.first.Callers, MayText: w.machine.Settings.Texts}
}

// answers returns what a caller can press, say, or leave unsaid.
func (w *walker) answers(at ivr.Input) []ivr.Input {
	gone := at
	gone.Gone = true
	all := []ivr.Input{at, gone}
	for _, key := range strings.Split("0123456789*#", "") {
		in := at
		in.Keys = key
		in.Number = strings.Trim(key, "*#")
		all = append(all, in)
	}
	watched := northwind
	watched.Number, watched.Restricted = "204519", true
	for number, customer := range map[string]*policy.Customer{"204518": &northwind, "204519": &watched, "555010": &loft, "999999": nil, "20451": nil} {
		in := at
		in.Keys, in.Number, in.Customer = number, number, customer
		all = append(all, in)
	}
	for _, key := range []string{"2", "9"} {
		in := at
		in.Said, in.Number, in.Key = "option "+key, key, key
		all = append(all, in)
	}
	spoken := at
	spoken.Said, spoken.Number, spoken.Customer = "two oh four five one eight", "204518", &northwind
	all = append(all, spoken)
	for _, i := range policy.Intents() {
		in := at
		in.Said, in.Intent = "about "+string(i), i
		all = append(all, in)
	}
	for _, word := range []ivr.Word{ivr.WordYes, ivr.WordNo, ivr.WordRepeat, ivr.WordLost, ivr.WordPerson, ivr.WordTraining, ivr.WordNone} {
		in := at
		in.Said, in.Word = "hm", word
		all = append(all, in)
	}
	return all
}

// reached walks the path on which one of those who were rung picks up and presses nothing. If others were rung too they are rung again, and the
// call goes on as any other.
func (w *walker) reached(call policy.Call, reply ivr.Reply, at ivr.Input, to policy.Phone) map[string]bool {
	leg := ivr.LegInput{Step: "screen", Leg: "CA-" + policy.CallSID(to+policy.Phone(reply.Next)), To: to, Try: 1}
	call, screen := w.machine.NextLeg(call, leg, w.at(at))
	w.speaks(call, ivr.Input{}, screen)
	seconds, no := 9, false
	at.Dial, at.Bridged = &policy.Report{At: w.at(at), Leg: leg.Leg, DialEnd: true, Seconds: &seconds, NotBridged: true}, &no
	others := slices.DeleteFunc(slices.Clone(reply.Ring.To), func(p policy.Phone) bool { return p == to })
	_, next := w.machine.Next(call, at, w.at(at))
	if rings := next.Ring != nil && slices.Equal(next.Ring.To, others) && len(next.Say) == 0; rings != (len(others) > 0) {
		w.t.Errorf("after %s picked up of %v: %+v", to, reply.Ring.To, next)
	}
	return w.walk(call, at)
}

// dials returns the ends of a ring step in which nobody accepted.
func (w *walker) dials(at ivr.Input) []ivr.Input {
	gone, voicemail := at, at
	gone.Gone = true
	seconds, no := 9, false
	voicemail.Dial = &policy.Report{At: w.at(at), Leg: "CA2", DialEnd: true, Seconds: &seconds, NotBridged: true}
	voicemail.Bridged = &no
	return []ivr.Input{at, gone, voicemail}
}

// accepted walks the path on which a specialist presses the accepting key.
func (w *walker) accepted(call policy.Call, at ivr.Input) map[string]bool {
	call = w.accepts(call, policy.Leg{SID: "CA3", To: oncall1}, w.at(at), 0, ivr.ThenBridge)
	seconds, yes := 60, true
	at.Dial, at.Bridged = &policy.Report{At: w.at(at), Leg: "CA3", DialEnd: true, Seconds: &seconds}, &yes
	return w.served(call, at)
}

func (w *walker) served(call policy.Call, at ivr.Input) map[string]bool {
	ends := w.walk(call, at)
	if !ends[string(policy.Served)] || len(ends) != 1 {
		w.t.Errorf("an accepted call ends %v", ends)
	}
	return ends
}

// accepts has a specialist who was rung asked, and press the accepting key.
func (w *walker) accepts(call policy.Call, leg policy.Leg, now time.Time, order int, want ivr.Then) policy.Call {
	in := ivr.LegInput{Step: "screen", Leg: leg.SID, To: leg.To, Try: 1, Attempt: order}
	call, screen := w.machine.NextLeg(call, in, now)
	if screen.Then != ivr.ThenScreen {
		w.t.Fatalf("a specialist is not asked: %+v", screen)
	}
	w.speaks(call, ivr.Input{}, screen)
	in.Step, in.Keys = "answer", "1"
	call, joined := w.machine.NextLeg(call, in, now)
	if joined.Then != want {
		w.t.Fatalf("the accepting key does not connect: %+v", joined)
	}
	return call
}

// outbound returns the ways on from a ring step whose legs are calls that we place: the caller leaves, nobody can be rung, nobody accepts,
// a specialist accepts, and one accepts and leaves before the caller comes.
func (w *walker) outbound(call policy.Call, at ivr.Input) []func() map[string]bool {
	gone, fetched := at, at
	gone.Gone, fetched.Fetched = true, true
	now, state := w.at(at), call.State
	leg := policy.Leg{SID: policy.CallSID(fmt.Sprintf("CA-%d-%d", state.Ring, state.Round))}
	leg.To = w.machine.Settings.Teams[state.Team].Steps[state.Ring].Numbers()[0]
	if len(state.Rest.To) > 0 {
		leg.SID, leg.To = leg.SID+"-again", state.Rest.To[0]
	}
	refused := w.machine.Placed(call, ivr.Placed{Attempt: at.Exchange}, now)
	late := w.machine.Placed(call, ivr.Placed{Attempt: at.Exchange, Wait: 9 * time.Second}, now)
	rung := w.machine.Placed(call, ivr.Placed{Attempt: at.Exchange, Legs: []policy.Leg{leg}}, now)
	over := func(c policy.Call) policy.Call {
		return c.Learn(policy.Report{At: now, Leg: leg.SID, Status: "completed"})
	}
	accepted := w.accepts(rung, leg, now, at.Exchange, ivr.ThenJoin)
	all := []func() map[string]bool{
		func() map[string]bool { return w.walk(call, gone) },
		func() map[string]bool { return w.walk(refused, fetched) },
		func() map[string]bool { return w.walk(over(rung), fetched) },
		func() map[string]bool { return w.walk(accepted, fetched) },
		func() map[string]bool { return w.walk(over(accepted), fetched) },
	}
	if state.Ring > 0 || state.Round > 0 || state.Rest.Times > 0 { // as in the first step, and the mixtures are many
		return all
	}
	return append(all,
		func() map[string]bool { return w.walk(late, fetched) },
		func() map[string]bool { return w.walk(w.unjoined(accepted, leg, now, at.Exchange), fetched) },
	)
}

// joined returns the ways on from the conference: a talk that ends, and a specialist who had left when the caller came.
func (w *walker) joined(call policy.Call, at ivr.Input) []func() map[string]bool {
	leg, _ := call.Accepted()
	left := call.Learn(policy.Report{At: w.at(at), Leg: leg.SID, Status: "completed"})
	alone := at
	alone.Unjoined = true
	all := []func() map[string]bool{
		func() map[string]bool { return w.served(call, at) },
		func() map[string]bool { return w.walk(left, at) },
	}
	if call.State.Ring > 0 || call.State.Round > 0 || call.State.Rest.Times > 0 {
		return all
	}
	return append(all,
		func() map[string]bool { return w.walk(w.unjoined(call, leg, w.at(at), leg.Attempt), at) },
		func() map[string]bool { return w.walk(call, alone) },
	)
}

// unjoined has the provider keep a specialist out of the conference. The specialist is told.
func (w *walker) unjoined(call policy.Call, leg policy.Leg, now time.Time, order int) policy.Call {
	in := ivr.LegInput{Step: "left", Leg: leg.SID, To: leg.To, Try: 1, Attempt: order, Unjoined: true}
	call, told := w.machine.NextLeg(call, in, now)
	if told.Then != ivr.ThenHangup || len(told.Say) == 0 {
		w.t.Errorf("a specialist outside of the conference: %+v", told)
	}
	return call
}

// speaks checks that nobody on the line hears silence: every reply has words, unless the caller is gone or hears the ringing go on.
func (w *walker) speaks(call policy.Call, in ivr.Input, reply ivr.Reply) {
	if in.Gone && reply.Then == ivr.ThenNothing && len(reply.Say) == 0 {
		return
	}
	if reply.Then == ivr.ThenReject { // a call that is not answered hears nothing of us
		if len(reply.Say) > 0 || in.Step != "arrive" {
			w.t.Errorf("rejected after an answer: %+v", reply)
		}
		return
	}
	goesOn := call.State.Rest.Times > 0 && (reply.Then == ivr.ThenRing || reply.Then == ivr.ThenWait)
	heard := goesOn || in.Fetched && reply.Ring != nil // the ringing tone, or the specialist
	for _, p := range reply.Say {
		text := w.words.Speak(w.line, p)
		if text == w.nothing {
			w.t.Errorf("%q has no words", p.ID)
		}
		heard = heard || text != ""
	}
	if heard {
		return
	}
	w.t.Errorf("silence after %+v: %+v", in, reply)
}

func (w *walker) retryIsTheSame(call policy.Call, in ivr.Input, reply ivr.Reply) {
	again, same := w.machine.Next(call, in, w.at(in).Add(time.Minute))
	if !reflect.DeepEqual(same, reply) && mustJSON(w.t, same) != mustJSON(w.t, reply) {
		w.t.Errorf("a retry hears something else:\n%+v\n%+v", reply, same)
	}
	if len(again.Exchanges) != len(call.Exchanges) || len(again.Trace) != len(call.Trace) {
		w.t.Error("a retry changed the call")
	}
}

// fingerprint returns the state of a call without its history, its counters and its times, so that a loop cannot hide behind them.
func fingerprint(call policy.Call, reply ivr.Reply) string {
	state := call.State
	state.Exchange, state.RingAttempt, state.RungAt = 0, policy.RingAttempt{Result: state.RingAttempt.Result}, time.Time{}
	step, _, _ := strings.Cut(reply.Next, "/")
	if slices.Contains([]string{"ticket", "rang", "wait", "recorded"}, step) { // the number is behind the caller
		state.Presumed, state.NotEntitled, state.Locked, state.Returns, state.Typed, state.Offered = "", false, false, 0, false, ""
	}
	wrong := 0
	if slices.Contains([]string{"number", "known", "refused", "not-entitled"}, step) { // no other step looks at it
		wrong = len(call.WrongNumbers)
	}
	text, err := json.Marshal(state) // which takes a third of the time of printing it
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("%s then %s %s customer=%s intent=%s ticket=%t closed=%t refused=%s exhausted=%t wrong=%d message=%t",
		text, reply.Then, step, call.Customer, call.Intent, call.Ticket != "", call.Closed, call.Refused, call.Exhausted,
		wrong, call.Message != nil)
}

func mustJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
