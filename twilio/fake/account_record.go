package fake

import (
	"strconv"
	"time"

	"github.com/officernd/supportline/twilio"
)

// settings returns the URLs of a number. They are empty if an application or a trunk takes its calls.
func (a *Account) settings(number string) Number {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, n := range a.state.Numbers {
		if n.Number == number && n.ApplicationSID == "" && n.TrunkSID == "" && n.ReceiveMode != "fax" {
			return Number{Voice: n.VoiceURL, Fallback: n.FallbackURL, Status: n.StatusURL, GET: n.VoiceMethod == "GET", FallbackGET: n.FallbackMethod == "GET"}
		}
	}
	return Number{}
}

func (p *Provider) token() string {
	if p.Account == nil {
		return p.Token
	}
	p.Account.mu.Lock()
	defer p.Account.mu.Unlock()
	return p.Account.state.Token
}

// listCall adds a call or a leg that has ended to the account's list.
func (c *call) listCall(p *party, began, answered time.Time) {
	if c.Account == nil {
		return
	}
	l := twilio.ListedCall{
		SID: p.sid, ParentSID: p.parent, From: p.from, To: p.to, Direction: p.direction, Status: p.status, StartedAt: began, EndedAt: c.Clock.Now(),
	}
	if !answered.IsZero() {
		l.Seconds = new(seconds(l.EndedAt.Sub(answered)))
	}
	c.Account.Change(func(s *State) {
		s.Calls = withCall(s.Calls, l)
		delete(c.Account.outbound, l.SID)
	})
}

// listRecording adds a recording to the account's list.
func (c *call) listRecording(recording map[string]string, started time.Time, source string) {
	if c.Account == nil {
		return
	}
	s := twilio.ListedRecording{
		SID: recording["RecordingSid"], CallSID: c.caller.sid, Status: "completed", Source: source, StartedAt: started,
	}
	if n, err := strconv.Atoi(recording["RecordingDuration"]); err == nil {
		s.Seconds = &n
	}
	c.Account.Change(func(state *State) { state.Recordings = append(state.Recordings, s) })
}
