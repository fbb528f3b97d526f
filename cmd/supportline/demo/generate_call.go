package demo

import (
	"fmt"
	"math"
	"time"

	"github.com/officernd/supportline/policy"
)

// call makes the n-th call of the log.
func (m *maker) call(n int, start time.Time) policy.Call {
	i := m.account()
	c := policy.Call{
		SID: policy.CallSID(fmt.Sprintf("CA%016x%016x", m.Seed^0x9e3779b97f4a7c15, n)), StartedAt: start, Answered: true, Config: m.Settings.Version,
		From: policy.Phone(fmt.Sprintf("+1555%07d", max(0, i))), Status: "completed",
	}
	if i >= 0 && i%3 > 0 { // the others call from numbers that nobody wrote down
		c.OnFile = m.customers[i].Number
	}
	line := m.line(i, start)
	c.Line, c.Closed = line.Number, !line.At(start).Open
	if m.random.IntN(50) > 0 { // the others never said who they are
		m.identify(&c, i)
	}
	c.Intent = m.intent()
	if c.Intent.AsksTicket() && m.random.IntN(10) > 0 {
		c.Ticket = policy.Ticket(fmt.Sprintf("%d", 10_000+m.month*1000+i%97*10+m.random.IntN(6)))
	}
	switch chance := m.random.IntN(100); {
	case c.Closed && !m.letIn(line, c):
		m.closed(&c)
	case chance < 7:
		m.left(&c, start.Add(time.Duration(10+m.random.IntN(80))*time.Second))
	case chance < 10:
		m.unanswered(&c)
	default:
		m.served(&c, i)
	}
	return c
}

// letIn reports whether a closed line lets the call in.
func (m *maker) letIn(line policy.Line, c policy.Call) bool {
	action, _ := m.Settings.AfterHoursAt(line, c.Intent, c.StartedAt)
	return action == policy.Connect
}

// line returns the line that was called: the account's own, or any that is open.
func (m *maker) line(i int, start time.Time) policy.Line {
	home := m.Settings.Lines[m.random.IntN(len(m.Settings.Lines))]
	if i >= 0 {
		if own, ok := m.Settings.Line(m.customers[i].Line); ok {
			home = own
		}
	}
	if home.At(start).Open {
		return home
	}
	for _, l := range m.Settings.Lines {
		if l.At(start).Open {
			return l
		}
	}
	return home
}

// identify assigns the call to an account, in the month of the account's home line (rule 4).
func (m *maker) identify(c *policy.Call, i int) {
	if i < 0 {
		return
	}
	customer := m.customers[i]
	home, ok := m.Settings.Line(customer.Line)
	if !ok {
		return
	}
	c.Customer, c.Account, c.Month = customer.Number, customer.Name, policy.MonthOf(c.StartedAt, home.Zone)
}

// intent returns a random reason to call, most of them about a ticket.
func (m *maker) intent() policy.Intent {
	switch chance := m.random.IntN(100); {
	case chance < 10:
		return policy.Critical
	case chance < 30:
		return policy.Restricted
	case chance < 60:
		return policy.TicketStatus
	case chance < 75:
		return policy.RaiseSeverity
	}
	return policy.Question
}

// closed ends a call on a closed line, some with a message.
func (m *maker) closed(c *policy.Call) {
	c.Intent, c.Ticket = "", ""
	end := c.StartedAt.Add(time.Duration(12+m.random.IntN(40)) * time.Second)
	if m.random.IntN(2) == 0 {
		c.Message = &policy.Recording{Seconds: 5 + m.random.IntN(60), At: end} // without a SID: nobody made a sound that could be fetched
	}
	m.end(c, end)
}

// left ends a call whose caller hung up before a specialist accepted.
func (m *maker) left(c *policy.Call, end time.Time) {
	if hunting := c.StartedAt.Add(25 * time.Second); hunting.Before(end) {
		c.HuntingAt = hunting
	}
	m.end(c, end)
}

// unanswered ends a call that no specialist answered.
func (m *maker) unanswered(c *policy.Call) {
	c.HuntingAt, c.Exhausted = c.StartedAt.Add(25*time.Second), true
	m.end(c, c.HuntingAt.Add(time.Minute))
}

// served ends a call that a specialist accepted.
func (m *maker) served(c *policy.Call, i int) {
	c.HuntingAt = c.StartedAt.Add(time.Duration(18+m.random.IntN(25)) * time.Second)
	answered := c.HuntingAt.Add(time.Duration(4+m.random.IntN(30)) * time.Second)
	accepted := answered.Add(5 * time.Second)
	talk := m.talk(i)
	seconds := talk + 4 // with the screening
	ended := accepted.Add(time.Duration(talk) * time.Second)
	team := m.Settings.Team(policy.Line{}, c.Intent)
	var who policy.Reached
	if len(team.Steps) > 0 {
		who = m.Settings.MayReach(team.Steps[0].To)[0]
	}
	c.Legs = []policy.Leg{{
		SID: "CAf" + c.SID[3:], To: who.Phone, Person: who.Person.ID, Name: who.Person.Name, Status: "completed", RangAt: c.HuntingAt.Add(time.Second), AnsweredAt: answered,
		ScreenedAt: accepted.Add(-4 * time.Second), AcceptedAt: accepted, EndedAt: ended, Seconds: &seconds,
	}}
	m.end(c, ended.Add(time.Second))
	if i >= 0 && profileOf(i) == trainee && m.random.IntN(2) == 0 {
		c.Training = true
		c.Acts = append(c.Acts, policy.Act{At: ended, By: "demo", Kind: policy.ActTraining})
	}
	if m.Settings.Row(*c, false).OverLong && m.random.IntN(4) == 0 {
		c.Waived = true
		c.Acts = append(c.Acts, policy.Act{At: ended, By: "demo", Kind: policy.ActWaive, Reason: "an outage", Limit: m.Settings.FairUse.CallLimit})
	}
}

// talk returns a length in seconds: six minutes in the middle, a long tail beyond the usual limit; a longTalker's are much longer.
func (m *maker) talk(i int) int {
	middle := 360.0
	if i >= 0 && profileOf(i) == longTalker {
		middle = 1500
	}
	return min(int(middle*math.Exp(0.7*m.random.NormFloat64())), 3*60*60)
}

func (m *maker) end(c *policy.Call, end time.Time) {
	total := int(end.Sub(c.StartedAt) / time.Second)
	c.EndedAt, c.TotalSeconds = end, &total
}
