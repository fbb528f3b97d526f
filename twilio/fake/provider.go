package fake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Provider is a telephone company in one struct. Transport, Clock and People are needed; the rest may be left out. One Provider carries one
// call at a time.
type Provider struct {
	AccountSID string
	Token      string // signs every webhook
	Transport  http.RoundTripper
	Clock      Clock
	People     People
	Faults     Faults
	Race       Race
	Seed       string // SIDs follow from it and a count; give each process that shares a log its own
	// Account, where there is one, is what the provider has on record: its token signs instead of Token, a dialled number's settings are
	// taken from it where Incoming has none, and the calls that were active are listed in it.
	Account *Account
	// Settle, if there is one, is called before time passes: it returns when the house has nothing under way. A house that works beside its
	// webhooks needs it on a Clock that does not wait for it.
	Settle func()

	sids int
}

// Number are the settings of a dialled number at the provider: full URLs, empty where there is none.
type Number struct {
	Voice    string
	Fallback string
	Status   string
	GET      bool // the number's own webhooks are GET requests; all others stay POST
	// FallbackGET says the same of the fallback.
	FallbackGET bool
}

// Incoming is a call that comes in.
type Incoming struct {
	From    string // E.164, "anonymous", "", "sip:a@b" or "client:x"
	To      string // the dialled number
	Verstat string // the carrier's word on From: "TN-Validation-Passed-A"; "": none, as outside the USA
	Number  Number
}

// Record is what the provider knows of a call afterwards.
type Record struct {
	SID     string
	Status  string // completed, busy or no-answer
	Seconds int    // from the answer to the end
	Events  []Event
	// Troubles are the entries of the provider's debugger: answers that failed, documents that could not be followed, a repeated
	// webhook that was answered differently. Where one reached the caller, the caller heard the provider's own error sentence.
	Troubles []string
	// Warnings are callbacks that the house refused; the caller notices nothing.
	Warnings []string
}

// Race says which of several specialists who are rung at once wins.
type Race int

// The provider's documents leave it open; a house must work with both.
const (
	FirstPickup Race = iota // the first to pick up; the other legs are cancelled at once
	FirstAccept             // the first whose screening ends well; the others ring on until then
)

// Delivery is what happens to callbacks, the webhooks that nobody waits for.
type Delivery int

// The ways callbacks arrive. Late ones come after everything else; of Reordered ones each changes places with its neighbour.
const (
	Once Delivery = iota
	Lost
	Twice
	Late
	Reordered
)

// Faults are what can go wrong on the way.
type Faults struct {
	Callbacks Delivery
	// Retry sends each webhook that gives instructions twice and follows the second answer; answers that differ are a trouble.
	Retry bool
	// Lose drops the n-th callback of a call, from 0, if it says so; whatever else happens to callbacks. nil: none.
	Lose func(n int) bool
	// NoActionAfterHangUp leaves out the requests whose answer nobody needs: the end of a dial or of a recording when the caller has hung up.
	NoActionAfterHangUp bool
}

// ErrLoop is returned when a house sends a call in circles.
var ErrLoop = errors.New("the call was given more than 200 documents")

const maxDocuments = 200

// Call carries one call from the first ring to its end and returns when the last callback is delivered. It fails only where the
// provider would be at a loss (ErrLoop, a Provider without transport); a house that answers badly makes Troubles, not an error. When
// ctx ends, the caller hangs up.
func (p *Provider) Call(ctx context.Context, in Incoming) (Record, error) {
	if p.Transport == nil || p.Clock == nil || p.People == nil {
		return Record{}, errors.New("fake: a provider needs a Transport, a Clock and People")
	}
	if p.Account != nil && in.Number == (Number{}) {
		in.Number = p.Account.settings(in.To)
	}
	c := &call{Provider: p, ctx: ctx, in: in, began: p.Clock.Now(), gets: map[string]bool{}}
	c.caller = &party{sid: p.sid("CA"), from: in.From, to: in.To, direction: "inbound", status: "ringing"}
	if in.Number.FallbackGET {
		c.byMethod("", in.Number.Fallback, http.MethodGet)
	}
	c.note(TheCaller, "dials", in.To)
	c.Account.begin(c)
	c.run()
	c.finish()
	c.finishLegs()
	c.Account.forget(c)
	return c.record, c.err
}

func (p *Provider) sid(kind string) string {
	p.sids++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", p.Seed, kind, p.sids))
	return kind + hex.EncodeToString(sum[:16])
}

// call is one call in progress.
type call struct {
	*Provider
	ctx        context.Context
	in         Incoming
	caller     *party
	began      time.Time
	answered   time.Time
	callbacks  int    // so far
	typed      string // keys pressed after an input had ended: the next question gets them
	documents  int
	gone       bool // the caller hung up
	passed     time.Duration
	redirected string // the house brings the caller to this address
	outbound   []*leg // legs that were rung beside the call, and are not over
	pending    []*leg // legs whose specialists have not said how they answer
	room       room
	held       []callback
	gets       map[string]bool // addresses that are asked for with GET
	record     Record
	err        error
}

// next is where a verb leads: nowhere in particular (the next verb), to another document, or to the end of the call.
type next struct {
	url    string
	params map[string]string
	end    bool
}

var end = next{end: true}

func (c *call) run() {
	doc, ok := c.document(c.caller, c.in.Number.Voice, nil)
	for ok {
		n := next{}
		for _, v := range doc.Verbs {
			if n = c.perform(v); c.redirected != "" && !n.end {
				n = next{url: c.redirected}
			}
			c.redirected = ""
			if n.end || n.url != "" {
				break
			}
		}
		if n.url == "" {
			return
		}
		doc, ok = c.document(c.caller, n.url, n.params)
	}
}

// byMethod remembers how a document wants its next one to be asked for.
func (c *call) byMethod(base, address, method string) {
	if u, err := resolve(base, address); err == nil {
		c.gets[u] = method == http.MethodGet
	}
}

func (c *call) finish() {
	if c.gone {
		c.note(TheCaller, "hangs up", "")
	} else {
		c.note(TheProvider, "ends the call", "")
	}
	p := c.caller
	switch {
	case c.answered.IsZero() && p.status == "ringing" && c.gone:
		p.status = "no-answer"
	case !c.answered.IsZero() || p.status == "ringing":
		p.status = "completed"
	}
	c.record.SID, c.record.Status = p.sid, p.status
	params := map[string]string{"CallStatus": p.status}
	if !c.answered.IsZero() {
		c.record.Seconds = seconds(c.Clock.Now().Sub(c.answered))
		params["CallDuration"] = fmt.Sprint(c.record.Seconds)
		params["Duration"] = fmt.Sprint((c.record.Seconds + 59) / 60)
	}
	c.listCall(p, c.began, c.answered)
	c.report(p, c.in.Number.Status, params)
	c.flush()
}

// note adds an event to the transcript.
func (c *call) note(who, did, text string) {
	e := Event{At: c.Clock.Now(), Who: who, Did: did, Text: text}
	c.record.Events = append(c.record.Events, e)
	c.People.Note(e)
}

func (c *call) trouble(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	c.record.Troubles = append(c.record.Troubles, what)
	c.note(TheProvider, "reports", what)
}

// answer starts the caller's clock at the provider: the call is no longer only ringing.
func (c *call) answer() {
	if c.answered.IsZero() {
		c.answered, c.caller.status = c.Clock.Now(), "in-progress"
	}
}

func (c *call) hangUp() next {
	c.gone, c.caller.status = true, "completed"
	return end
}

// seconds is a duration as the provider reports it.
func seconds(d time.Duration) int { return int(d.Round(time.Second) / time.Second) }

func isKey(keys string) bool { return strings.Trim(keys, "0123456789*#") == "" }
