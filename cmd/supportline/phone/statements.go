package phone

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio/fake"
)

// The statements. One that sets the scene is a function on the player. The others belong to a call, or look at it afterwards.
type (
	scene   func(*player)
	fault   func(*player) // breaks or mends something of the open server
	setting func(*Setup)  // of the server, before it opens
	dialing struct{ to, from, verstat, forwarded string }

	press   string
	say     string
	wait    time.Duration
	silence struct{}
	talk    time.Duration
	leave   time.Duration
	hangUp  struct{}
	partner struct{} // the specialist hangs up
	hear    struct{ text string }
	hearNot struct{ text string }
	nothing struct{}                  // nothing more is heard
	told    struct{ to, text string } // a specialist hears
	rung    struct{ to string }       // a specialist was rung in this call
	notRung struct{ to string }
	logged  struct{ field, want string }
	traced  struct {
		rule, text string
		not        bool
	}

	texted    struct{ to, text string } // a text was sent there
	notTexted struct{ to string }

	take     struct{ by string }
	callBack struct{ by, refusal string } // refusal is part of the reason why it can't be asked for, "" where it can
	followUp struct{ field, want string }
)

// form is one way to write a statement.
type form struct {
	pattern string
	help    string
	make    func(v []string) any
}

var deliveries = map[string]fake.Delivery{
	"once": fake.Once, "lost": fake.Lost, "twice": fake.Twice, "late": fake.Late, "reordered": fake.Reordered,
}

const fullAttestation = "TN-Validation-Passed-A"

// accept is the time before a specialist presses the key, unless the script has another.
const accept = time.Second

var sceneForms = []form{
	{"clock TIME [ZONE]", "the time at which it begins, in UTC unless a zone is named; later: the time to pass to", func(v []string) any {
		return clockMove{v[0], strings.Join(v[1:], "")}
	}},
	{"with KEY: REST", "replaces one key of the configuration by a YAML value", func(v []string) any {
		o := Override{Path: strings.TrimSuffix(v[0], ":"), YAML: v[1]}
		return setting(func(s *Setup) { s.Overrides = append(s.Overrides, o) })
	}},
	{"customers REST", "a customers file, relative to the script, instead of the shipped sample", func(v []string) any {
		return setting(func(s *Setup) { s.Customers = v[0] })
	}},
	{"restricted CUSTOMER", "the account is restricted: people carried its case so far", func(v []string) any {
		return setting(func(s *Setup) { s.Restricted = append(s.Restricted, policy.CustomerNumber(v[0])) })
	}},
	{"callbacks HOW", "how reports arrive that nobody waits for: once, lost, twice, late or reordered", func(v []string) any {
		return scene(func(p *player) { p.provider.Faults.Callbacks = deliveries[v[0]] })
	}},
	{"retry every webhook", "sends each webhook twice; the answers must be the same", func([]string) any {
		return scene(func(p *player) { p.provider.Faults.Retry = true })
	}},
	{"no request after hanging up", "the provider doesn't tell the end of a dial when the caller hangs up", func([]string) any {
		return scene(func(p *player) { p.provider.Faults.NoActionAfterHangUp = true })
	}},
	{"break the store", "from here the store refuses everything", func([]string) any {
		return fault(func(p *player) { p.server.Break(true) })
	}},
	{"mend the store", "from here it works again", func([]string) any {
		return fault(func(p *player) { p.server.Break(false) })
	}},
	{"break the account", "from here the provider's REST API answers nothing", func([]string) any {
		return fault(func(p *player) { p.refuse(true) })
	}},
	{"break the conferences", "from here the provider lets nobody into a conference", func([]string) any {
		return fault(func(p *player) { p.provider.Faults.NoConference = true })
	}},
	{"mend the conferences", "from here it does again", func([]string) any {
		return fault(func(p *player) { p.provider.Faults.NoConference = false })
	}},
	{"mend the account", "from here it works again", func([]string) any {
		return fault(func(p *player) { p.refuse(false) })
	}},
}

var specialistForms = []form{
	{"specialist ADDRESS accepts", "picks up at once and presses 1", func(v []string) any {
		return specialist(v[0], fake.Specialist{Presses: []string{"1"}, Thinks: accept})
	}},
	{"specialist ADDRESS accepts after DURATION [thinking DURATION]", "picks up after so much ringing and presses 1", func(v []string) any {
		s := fake.Specialist{PicksUp: span(v[1]), Presses: []string{"1"}, Thinks: accept}
		if len(v) == 3 {
			s.Thinks = span(v[2])
		}
		return specialist(v[0], s)
	}},
	{"specialist ADDRESS passes on [after DURATION]", "picks up and presses 2", func(v []string) any {
		return specialist(v[0], fake.Specialist{PicksUp: optional(v, 1), Presses: []string{"2"}, Thinks: accept})
	}},
	{"specialist ADDRESS presses KEYS then KEYS [after DURATION]", "picks up and presses one key, and another when asked again", func(v []string) any {
		return specialist(v[0], fake.Specialist{PicksUp: optional(v, 3), Presses: v[1:3], Thinks: accept})
	}},
	{"specialist ADDRESS presses KEYS [after DURATION]", "picks up and presses that", func(v []string) any {
		return specialist(v[0], fake.Specialist{PicksUp: optional(v, 2), Presses: v[1:2], Thinks: accept})
	}},
	{"specialist ADDRESS voicemail [after DURATION]", "a voicemail picks up: no key is pressed", func(v []string) any {
		return specialist(v[0], fake.Specialist{PicksUp: optional(v, 1)})
	}},
	{"specialist ADDRESS sends KEYS [after DURATION]", "a machine picks up, and sends these keys half a second later", func(v []string) any {
		return specialist(v[0], fake.Specialist{PicksUp: optional(v, 2), Tones: v[1]})
	}},
	{"specialist ADDRESS hangs up after DURATION", "picks up at once and hangs up so much later, while being told who calls", func(v []string) any {
		return specialist(v[0], fake.Specialist{Leaves: span(v[1])})
	}},
	{"specialist ADDRESS refuses [after DURATION]", "is busy", func(v []string) any {
		return specialist(v[0], fake.Specialist{Status: "busy", PicksUp: optional(v, 1)})
	}},
	{"specialist ADDRESS fails [after DURATION]", "can't be reached", func(v []string) any {
		return specialist(v[0], fake.Specialist{Status: "failed", PicksUp: optional(v, 1)})
	}},
	{"specialist ADDRESS does not answer", "lets it ring", func(v []string) any {
		return specialist(v[0], fake.Specialist{Status: "no-answer"})
	}},
}

var callForms = []form{
	{"dial NUMBER from ADDRESS", "calls", func(v []string) any { return dialing{to: v[0], from: caller(v[1])} }},
	{"dial NUMBER from ADDRESS attested", "calls, and the carrier vouches fully for the caller's number", func(v []string) any {
		return dialing{to: v[0], from: caller(v[1]), verstat: fullAttestation}
	}},
	{"dial NUMBER from ADDRESS verstat VERSTAT", "calls with another word of the carrier", func(v []string) any {
		return dialing{to: v[0], from: caller(v[1]), verstat: v[2]}
	}},
	{"dial NUMBER from ADDRESS forwarded by ADDRESS", "calls another telephone, which forwards the call to the line", func(v []string) any {
		return dialing{to: v[0], from: caller(v[1]), forwarded: v[2]}
	}},
	{"hear TEXT", "the line has said that since the caller last did something", func(v []string) any { return hear{v[0]} }},
	{"hear not TEXT", "it has not said that", func(v []string) any { return hearNot{v[0]} }},
	{"hear nothing more", "nothing was said after what was heard last", func([]string) any { return nothing{} }},
	{"press KEYS", "presses keys: 204518, 1, #, *#", func(v []string) any { return press(v[0]) }},
	{"say TEXT", "speaks", func(v []string) any { return say(v[0]) }},
	{"stay silent", "lets the time for an answer run out", func([]string) any { return silence{} }},
	{"wait DURATION", "lets time pass, in which the server rings whom it has to tell of alarms and to call back", func(v []string) any { return wait(span(v[0])) }},
	{"talk DURATION", "talks with the specialist for so long", func(v []string) any { return talk(span(v[0])) }},
	{"leave message DURATION", "speaks into the recording for so long", func(v []string) any { return leave(span(v[0])) }},
	{"hang up", "the caller hangs up", func([]string) any { return hangUp{} }},
	{"specialist hangs up", "the specialist ends the talk", func([]string) any { return partner{} }},
	{"specialist ADDRESS hears TEXT", "the specialist was told that", func(v []string) any { return told{v[0], v[1]} }},
	{"rung ADDRESS", "the specialist was rung", func(v []string) any { return rung{v[0]} }},
	{"not rung ADDRESS", "the specialist was not rung", func(v []string) any { return notRung{v[0]} }},
}

var logForms = []form{
	{"log FIELD REST", "the finished call's field, as in the JSON export; null where it is unknown", func(v []string) any { return logged{v[0], v[1]} }},
	{"trace RULE [TEXT]", "the rule decided something in the call; with a text: its result or inputs hold that", func(v []string) any {
		return traced{rule: v[0], text: strings.Join(v[1:], "")}
	}},
	{"no trace RULE", "the rule decided nothing", func(v []string) any { return traced{rule: v[0], not: true} }},
}

var textForms = []form{
	{"texted NUMBER TEXT", "a text message with that was sent there; a wait before it lets it go out", func(v []string) any { return texted{v[0], v[1]} }},
	{"not texted NUMBER", "none was", func(v []string) any { return notTexted{v[0]} }},
}

var followUpForms = []form{
	{"take by PERSON", "somebody takes the follow-up", func(v []string) any { return take{v[0]} }},
	{"call back by PERSON", "somebody calls the caller back: the next wait rings their own phone first", func(v []string) any { return callBack{by: v[0]} }},
	{"no call back by PERSON TEXT", "they can't, for a reason with this text", func(v []string) any { return callBack{v[0], v[1]} }},
	{"followup NAME REST", "the follow-up's field, as in its JSON; result is that of the last call-back", func(v []string) any { return followUp{v[0], v[1]} }},
}

func forms() []form {
	return slices.Concat(sceneForms, specialistForms, callForms, logForms, textForms, followUpForms)
}

func specialist(to string, s fake.Specialist) scene {
	return func(p *player) { p.specialists[to] = s }
}

func span(s string) time.Duration {
	d, _ := time.ParseDuration(s) // the pattern has checked it
	return d
}

func optional(v []string, i int) time.Duration {
	if i < len(v) {
		return span(v[i])
	}
	return 0
}

func caller(from string) string {
	if from == "nobody" {
		return ""
	}
	return from
}

// fields returns the names of a call's fields in the exports.
func fields() []string {
	return slices.Sorted(maps.Keys(flat(policy.Row{})))
}

// flat returns the fields of plain data by their JSON names, each as text: null, true, 180, served.
func flat(row any) map[string]string {
	text, err := json.Marshal(row)
	if err != nil {
		panic(err) // plain data
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		panic(err)
	}
	out := map[string]string{}
	for name, value := range raw {
		var s string
		if json.Unmarshal(value, &s) != nil || string(value) == "null" {
			s = string(value)
		}
		out[name] = s
	}
	return out
}
