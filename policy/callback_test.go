package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
)

var noon = time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)

// backTo is a call-back of a call, on which the caller confirmed 12 s after picking up and talked for 95 s.
func backTo(sid, of policy.CallSID, start time.Time) policy.Call {
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	c := policy.Call{
		SID: sid, CallBackOf: of, Line: "+448000668187", From: "+442079460018", Customer: "204518", Account: "Northwind", Month: policy.MonthOf(start, time.UTC),
		StartedAt: start, Answered: true, Intent: policy.Critical, Status: "completed", EndedAt: at(130),
	}
	c = c.WithLeg(policy.Leg{SID: sid, To: "+15550100001", Person: "ada", ScreenedAt: at(0), AcceptedAt: at(5), AnsweredAt: at(0), EndedAt: at(130), Seconds: new(130)})
	return c.WithLeg(policy.Leg{
		SID: sid + "-caller", To: c.From, AnsweredAt: at(10), ScreenedAt: at(10), AcceptedAt: at(22), EndedAt: at(117), Seconds: new(107),
	})
}

// TestCallBackIsTheSpecialists: what is derived from a call-back is of the specialist, by the caller's leg (rules 5 and 19).
func TestCallBackIsTheSpecialists(t *testing.T) {
	c := backTo("CA2", "CA1", noon)
	leg, accepted := c.Accepted()
	talk, rule, _ := c.Talk()
	if !accepted || leg.To != "+15550100001" || leg.Person != "ada" || talk != 95 || rule != "talk.leg" || c.Outcome() != policy.Served {
		t.Errorf("leg %+v, talk %d by %s, %s", leg, talk, rule, c.Outcome())
	}
	if _, waited := c.Wait(); waited {
		t.Error("how long the caller waited is what the follow-up says")
	}
	missed := c
	missed.Legs = []policy.Leg{c.Leg("CA2")}
	if _, accepted := missed.Accepted(); accepted || missed.Outcome() != policy.NotReached {
		t.Errorf("the specialist's key is no talk: %s", missed.Outcome())
	}
	gone := c.Anonymised()
	late := gone.Learn(policy.Report{Leg: "CA2-caller", To: c.From, Status: "completed", At: noon, Seconds: new(107)})
	if to := late.Leg("CA2-caller").To; to != "" || late.Leg("CA2").To == "" {
		t.Errorf("the caller's number is back: %q", to.Full())
	}
	var words []string
	for _, d := range (policy.Settings{People: []policy.Person{{ID: "ada", Name: "Ada Moreau"}}}).Explain(c, true, noon.Add(time.Hour)) {
		words = append(words, d.Result)
	}
	told := strings.Join(words, "\n")
	for _, want := range []string{"Ada Moreau was told whom to call back", "Ada Moreau had the caller rung", "the caller accepted the call"} {
		if !strings.Contains(told, want) {
			t.Errorf("the history lacks %q:\n%s", want, told)
		}
	}
}

// TestCallBacksOfOneCallCountOnce is rule 19: in the month of their own start, and with the other calls about their ticket.
func TestCallBacksOfOneCallCountOnce(t *testing.T) {
	first, second := backTo("CA2", "CA1", noon), backTo("CA3", "CA1", noon.Add(time.Hour))
	other, next := backTo("CA5", "CA4", noon), backTo("CA6", "CA1", noon.AddDate(0, 1, 0))
	about, again := backTo("CA7", "CA1", noon.Add(2*time.Hour)), backTo("CA8", "CA9", noon.Add(3*time.Hour))
	about.Ticket, again.Ticket = "4711", "4711"
	for _, c := range policy.ExplainUsage([]policy.CallSummary{
		first.Summary(), second.Summary(), other.Summary(), about.Summary(), again.Summary(),
	}, policy.FairUse{}) {
		want := map[policy.CallSID]string{
			"CA2": "fair-use.called-back", "CA3": "fair-use.called-back-again", "CA5": "fair-use.called-back", "CA7": "fair-use.first-about-ticket",
			"CA8": "fair-use.again-about-ticket",
		}[c.SID]
		if c.Rule != want || c.Counts != (c.SID == "CA2" || c.SID == "CA5" || c.SID == "CA7") {
			t.Errorf("%s: %v by %s, want %s", c.SID, c.Counts, c.Rule, want)
		}
	}
	if next.Month == first.Month || next.Summary().Matter() != first.Summary().Matter() {
		t.Error("the month is that of its own start")
	}
}
