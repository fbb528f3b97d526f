package fake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Provider is a telephone provider. Transport, Clock and People are required. A Provider runs one call at a time.
type Provider struct {
	AccountSID string
	Token      string // signs every webhook
	Transport  http.RoundTripper
	Clock      Clock
	People     People
	Faults     Faults
	Seed       string // SIDs are derived from it and a count; processes that share a log need different ones
	// Account may be nil. Its token takes the place of Token, its number settings are used if Incoming has none, and calls are listed in it.
	Account *Account
	// Settle, unless nil, is called before time passes and returns when the server has no REST action under way. It is needed on a Clock that
	// does not wait.
	Settle func()

	sids int
}

// Number has the settings of a dialled number: full URLs, or "".
type Number struct {
	Voice    string
	Fallback string
	Status   string
	GET      bool // the number's own webhooks are GET requests; all others stay POST
	// FallbackGET makes requests to the fallback GET requests.
	FallbackGET bool
}

// Incoming is an incoming call.
type Incoming struct {
	From    string // E.164, "anonymous", "", "sip:a@b" or "client:x"
	To      string // the dialled number
	Verstat string // the carrier's attestation of From: "TN-Validation-Passed-A"; "": none, as outside the USA
	// ForwardedFrom is the number that forwarded the call to To, where the carrier says so.
	ForwardedFrom string
	Number        Number
}

// Record is the provider's record of a call.
type Record struct {
	SID     string
	Status  string // completed, busy or no-answer
	Seconds int    // from the answer to the end
	Events  []Event
	// Troubles are the entries of the provider's debugger: answers that failed, documents that could not be followed, a repeated
	// webhook that was answered differently.
	Troubles []string
	// Warnings are callbacks that the server refused. They have no effect on the call.
	Warnings []string
}

// Delivery is how callbacks arrive.
type Delivery int

// The deliveries. Late callbacks arrive after everything else; Reordered ones are swapped in pairs.
const (
	Once Delivery = iota
	Lost
	Twice
	Late
	Reordered
)

// Faults are failures of the provider and the network.
type Faults struct {
	Callbacks Delivery
	// Retry sends each request for a document twice and follows the second answer. Different answers are a trouble.
	Retry bool
	// Lose reports whether to drop the n-th callback of a call, from 0, before Callbacks applies. nil drops none.
	Lose func(n int) bool
	// NoActionAfterHangUp leaves out the requests of a Dial's or a Record's action when the caller has hung up.
	NoActionAfterHangUp bool
	// NoConference lets nobody into a conference: each such Dial fails at once.
	NoConference bool
}

// ErrLoop is returned when a call follows more than maxDocuments documents.
var ErrLoop = errors.New("the call was given more than 200 documents")

const maxDocuments = 200

// Call runs one call from the first ring to its end and returns when the last callback is delivered. A server that answers badly makes
// Troubles, not an error; the errors are ErrLoop and those of a Provider that is not complete. When ctx ends, the caller hangs up.
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

type call struct {
	*Provider
	ctx        context.Context
	in         Incoming
	caller     *party
	began      time.Time
	answered   time.Time
	callbacks  int    // so far
	typed      string // keys pressed after an input had ended, for the next question
	documents  int
	gone       bool // the caller hung up
	passed     time.Duration
	redirected string // URL to which the server has redirected the call
	outbound   []*leg // outbound legs
	pending    []*leg // legs whose specialists are pending
	room       room
	held       []callback
	gets       map[string]bool // URLs to be requested with GET
	record     Record
	err        error
}

// next names what follows a verb: another document, the end of the call, or else the next verb.
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

// byMethod remembers the method with which a document is to be requested.
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

// answer answers the caller's call, unless that is answered.
func (c *call) answer() {
	if c.answered.IsZero() {
		c.answered, c.caller.status = c.Clock.Now(), "in-progress"
	}
}

func (c *call) hangUp() next {
	c.gone, c.caller.status = true, "completed"
	return end
}

// seconds returns a duration as the provider reports it.
func seconds(d time.Duration) int { return int(d.Round(time.Second) / time.Second) }
