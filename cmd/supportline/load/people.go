package load

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/officernd/supportline/policy"
)

// How people behave, in percent of calls and of rung legs.
const (
	fromOnFile = 70 // of the callers whose account has numbers on file call from one
	hangsUp    = 5  // of the callers hang up in the middle, after firstWebhooks of theirs at most
	accepts    = 75
	declines   = 8
	isBusy     = 4 // the rest does not answer

	firstWebhooks = 6
)

// caller is who calls, why, and how patiently.
type caller struct {
	line     policy.Phone
	from     string
	attested bool
	customer policy.CustomerNumber
	kind     string
	key      string // of the menu
	leaves   int    // after so many webhooks; 0: never
	mistakes int    // wrong numbers that are still to be entered
}

// person draws the next caller.
func (l *Load) person(rng *rand.Rand) caller {
	who := caller{kind: l.Mix.draw(rng), line: l.Lines[rng.IntN(len(l.Lines))], from: nobodys(rng), attested: rng.IntN(2) == 0}
	intent := policy.Intent(who.kind)
	switch who.kind {
	case unidentified, wrong:
		intent = policy.Question
	case missed:
		intent = policy.Critical
	}
	who.key = l.Menu[intent]
	if who.kind == wrong {
		who.mistakes = 1
	}
	if len(l.Customers) > 0 {
		c := l.Customers[rng.IntN(len(l.Customers))]
		who.customer = c.Number
		if known := c.CallerNumbers; len(known) > 0 && who.kind != unidentified && who.kind != wrong && rng.IntN(100) < fromOnFile {
			who.from = known[rng.IntN(len(known))].Full()
		}
	}
	if who.kind != missed && rng.IntN(100) < hangsUp {
		who.leaves = 1 + rng.IntN(firstWebhooks)
	}
	return who
}

// nobodys returns a number of a range that is kept for films and books, in Britain or America.
func nobodys(rng *rand.Rand) string {
	if rng.IntN(2) == 0 {
		return fmt.Sprintf("+447700900%03d", rng.IntN(1000))
	}
	return fmt.Sprintf("+1%d55501%02d", 202+rng.IntN(700), rng.IntN(100))
}

// answer returns the keys that the caller presses at a step of the call, which the path of the action names; "" is silence.
func (c *call) answer(action string) string {
	path, _ := c.load.within(action)
	step, _, _ := strings.Cut(strings.TrimPrefix(path, "/voice/"), "/")
	switch step {
	case "known":
		return "*"
	case "number":
		return c.number()
	case "closed", "menu", "restricted":
		return c.who.key
	case "ticket":
		return fmt.Sprintf("%05d#", c.rng.IntN(100000))
	}
	return ""
}

func (c *call) number() string {
	switch {
	case c.who.kind == unidentified, c.who.customer == "":
		return "0"
	case c.who.mistakes > 0:
		c.who.mistakes--
		return strings.Repeat("9", c.load.Digits)
	}
	return string(c.who.customer)
}

// What a rung specialist does.
type reaction int

const (
	rejects reaction = iota // busy
	ignores
	passesOn
	takes
)

func react(rng *rand.Rand, kind string) reaction {
	switch n := rng.IntN(100); {
	case kind == missed:
		return ignores
	case n < accepts:
		return takes
	case n < accepts+declines:
		return passesOn
	case n < accepts+declines+isBusy:
		return rejects
	}
	return ignores
}
