package remedy

import (
	"strconv"
	"time"

	"github.com/officernd/supportline/policy"
)

// WrapUp returns the event that asks the specialist of a call for a word on it, when a change of the call made the end of a talk known. told is false where
// that is not news, where nobody is asked, and for calls to try a line.
func WrapUp(before, after policy.Call, s policy.Settings, now time.Time) (event policy.Notice, told bool) {
	seconds, _, talked := after.Talk()
	_, _, was := before.Talk()
	if !talked || was {
		return policy.Notice{}, false
	}
	leg, _ := after.Accepted()
	end := leg.AcceptedAt.Add(time.Duration(seconds) * time.Second) // the specialist's leg may end before the call does
	if now.Sub(end) > toldWithin {
		return policy.Notice{}, false
	}
	return asked(policy.NoticeWrapUp, after, seconds, end, s)
}

// toldWithin bounds how long after a talk its specialist is asked: the provider's list of calls may bring up older ones.
const toldWithin = 12 * time.Hour

// AtLimit returns the event that tells the specialist of a call, who is still talking, that it passed the limit.
func AtLimit(c policy.Call, elapsed time.Duration, s policy.Settings, at time.Time) (event policy.Notice, told bool) {
	n, told := asked(policy.NoticeTalkLimit, c, int(elapsed/time.Second), at, s)
	n.Until = at.Add(helpsWithin)
	return n, told
}

// helpsWithin is how long it is tried to tell a specialist that the talk passed the limit: later the talk is most likely over, of which they hear anyway.
const helpsWithin = 15 * time.Minute

func asked(kind policy.NoticeKind, c policy.Call, talk int, at time.Time, s policy.Settings) (policy.Notice, bool) {
	leg, accepted := c.Accepted()
	who := s.LegPerson(leg)
	if _, known := s.Person(who); !accepted || !known || s.WrapUp == "" || c.Test() || c.Erased {
		return policy.Notice{}, false
	}
	n := policy.Notice{Key: string(kind) + "/" + string(c.SID), Kind: kind, At: at, Customer: c.Customer, Person: who, Facts: map[string]string{
		"sid": string(c.SID), "account": c.Account, "intent": string(c.Intent), "talk_seconds": strconv.Itoa(talk),
		"limit_seconds": strconv.Itoa(int(s.FairUse.CallLimit / time.Second)),
	}}
	if c.Ticket != "" {
		n.Facts["ticket"] = string(c.Ticket)
	}
	if time.Duration(talk)*time.Second > s.FairUse.CallLimit {
		n.Facts["over"] = "yes"
	}
	return n, true
}
