package remedy_test

import (
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/remedy"
)

// talked returns a call that a specialist accepted at noon and whose talk took so long; 0: it goes on.
func talked(by policy.PersonID, long time.Duration) policy.Call {
	c := policy.Call{SID: "CA1", Customer: "204518", Account: "Northwind", Intent: policy.Question, StartedAt: noon.Add(-time.Minute), Answered: true}
	leg := policy.Leg{SID: "CA2", To: "+447400000001", Person: by, AcceptedAt: noon}
	if long > 0 {
		c.EndedAt, leg.DialEndedAt = noon.Add(long), noon.Add(long)
	}
	return c.WithLeg(leg)
}

// The specialist of a talk is asked once, when its end becomes known, and told whether it was over the limit.
func TestSpecialistIsAskedWhenATalkEnds(t *testing.T) {
	going, ended := talked("ada", 0), talked("ada", 25*time.Minute)
	event, told := remedy.WrapUp(going, ended, here, noon.Add(25*time.Minute))
	if !told || event.Key != "wrap-up/CA1" || event.Person != "ada" || event.Facts["talk_seconds"] != "1500" || event.Facts["over"] != "yes" || event.Channel != "" {
		t.Errorf("%+v, %t", event, told)
	}
	short, _ := remedy.WrapUp(going, talked("ada", 5*time.Minute), here, noon.Add(5*time.Minute))
	if short.Facts["over"] != "" {
		t.Errorf("a short talk: %+v", short)
	}
	first := talked("ada", 25*time.Minute)
	first.EndedAt = time.Time{}
	if _, told := remedy.WrapUp(going, first, here, noon.Add(25*time.Minute)); !told {
		t.Error("the end of the specialist's leg, which is known before that of the call, is no news")
	}
	if _, told := remedy.WrapUp(first, ended, here, noon.Add(25*time.Minute)); told {
		t.Error("it is told again when the call ends")
	}
	off := here
	off.WrapUp = ""
	for name, c := range map[string]struct {
		before, after policy.Call
		s             policy.Settings
		now           time.Time
	}{
		"known already":              {ended, ended, here, noon.Add(26 * time.Minute)},
		"it goes on":                 {going, going, here, noon.Add(26 * time.Minute)},
		"nobody is asked":            {going, ended, off, noon.Add(26 * time.Minute)},
		"a number of nobody":         {talked("", 0), withNumber(talked("", 25*time.Minute), "+447400999999"), here, noon.Add(26 * time.Minute)},
		"who left the configuration": {talked("zoe", 0), talked("zoe", 25*time.Minute), here, noon.Add(26 * time.Minute)},
		"brought up a day later":     {going, ended, here, noon.Add(24 * time.Hour)},
	} {
		if event, told := remedy.WrapUp(c.before, c.after, c.s, c.now); told {
			t.Errorf("%s: %+v", name, event)
		}
	}
}

func withNumber(c policy.Call, to policy.Phone) policy.Call {
	leg, _ := c.Accepted()
	leg.To = to
	return c.WithLeg(leg)
}

// The specialist who still talks past the limit is told so.
func TestSpecialistIsToldAtTheLimit(t *testing.T) {
	event, told := remedy.AtLimit(talked("ada", 0), 1201*time.Second, here, noon.Add(1201*time.Second))
	if !told || event.Key != "talk-limit/CA1" || event.Person != "ada" || event.Facts["talk_seconds"] != "1201" || event.Facts["limit_seconds"] != "1200" || event.Until.Sub(event.At) != 15*time.Minute {
		t.Errorf("%+v, %t", event, told)
	}
}
