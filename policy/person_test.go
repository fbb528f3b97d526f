package policy_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

// staff has three specialists. Cleo is rung at an app and gets texts on her mobile, Ben has no telephone.
func staff() policy.Settings {
	return policy.Settings{
		FairUse: policy.FairUse{CallLimit: 20 * time.Minute},
		People: []policy.Person{
			{ID: "ada", Name: "Ada Moreau", Phone: "+15550100001"},
			{ID: "ben", Name: "Ben Okafor"},
			{ID: "cleo", Name: "Zoë Lind", Phone: "sip:cleo@example.com;transport=tls", SMS: "+15550100003"},
		},
		Rotas: map[string][]policy.PersonID{"primary": {"ben", "cleo"}},
	}
}

// onCall is a roster of who is on call in each rota at any time.
type onCall map[string][]policy.PersonID

func (r onCall) OnCall(rota string, _ time.Time) []policy.PersonID { return r[rota] }

// TestPersonAt: an address is its specialist's in every spelling that the provider may have for it.
func TestPersonAt(t *testing.T) {
	for to, want := range map[policy.Phone]policy.PersonID{
		"+15550100001": "ada", "15550100001": "ada", "tel:+1-555-010-0001": "ada", "sip:+15550100001@carrier.example": "ada",
		"sip:cleo@example.com": "cleo", "sip:Cleo@Example.com;user=x": "cleo", "+15550100003": "cleo",
		"+15550100002": "", "": "", "anonymous": "", "sip:ben@example.com": "", "client:ada": "",
	} {
		if p, ok := staff().PersonAt(to); p.ID != want || ok != (want != "") {
			t.Errorf("%q is %q's, want %q's", to.Full(), p.ID, want)
		}
	}
}

// TestReach: each person and number once, in the order of the targets; who cannot be rung has no number.
func TestReach(t *testing.T) {
	s := staff()
	s.Roster = onCall{"primary": {"cleo", "gone", "ada"}}
	var got []string
	for _, r := range s.Reach([]policy.Target{"+15550100009", "rota:primary", "ada", "+15550100001", "ben", "zoe", "rota:night"}, time.Time{}) {
		got = append(got, string(r.Person.ID)+" "+r.Phone.Full())
	}
	want := []string{" +15550100009", "cleo sip:cleo@example.com;transport=tls", "ada +15550100001", "ben "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if found := s.MayReach([]policy.Target{"rota:primary"}); len(found) != 2 || found[0].Person.ID != "ben" || found[1].Person.ID != "cleo" {
		t.Errorf("whoever may be on call: %+v", found)
	}
	s.Roster = nil
	if found := s.Reach([]policy.Target{"rota:primary"}, time.Time{}); len(found) > 0 {
		t.Errorf("without a roster: %+v", found)
	}
}

// TestParseSpecialist: people type names, short names and numbers, also of those who left.
func TestParseSpecialist(t *testing.T) {
	type found struct {
		Person policy.PersonID
		To     policy.Phone
	}
	for text, want := range map[string]found{
		"": {}, "ada": {"ada", "+15550100001"}, "Ada": {"ada", "+15550100001"}, "ADA MOREAU": {"ada", "+15550100001"}, "ben": {"ben", ""},
		"ZOË LIND": {"cleo", "sip:cleo@example.com;transport=tls"}, "gone": {"gone", ""}, "+15550100001": {"", "+15550100001"}, "sip:x@y.example": {"", "sip:x@y.example"},
	} {
		id, to, err := staff().ParseSpecialist(text)
		if diff := cmp.Diff(want, found{id, to}); diff != "" || err != nil {
			t.Errorf("%q: %s%v", text, diff, err)
		}
	}
	if _, _, err := staff().ParseSpecialist("Ada Moro"); !errors.Is(err, policy.ErrNobody) || !strings.Contains(err.Error(), "ada, ben, cleo") {
		t.Errorf("a name that nobody has: %v", err)
	}
}

// TestFilterByPerson: calls on legs that are known as a person's, wherever they rang, and those of nobody's at the person's address.
func TestFilterByPerson(t *testing.T) {
	for name, row := range map[string]struct {
		filter policy.Filter
		leg    policy.Leg
		want   bool
	}{
		"hers":                             {policy.Filter{Person: "ada", Specialist: "+15550100001"}, policy.Leg{To: "+15550100001", Person: "ada"}, true},
		"hers, at the number of before":    {policy.Filter{Person: "ada", Specialist: "+15550100001"}, policy.Leg{To: "+15550100008", Person: "ada"}, true},
		"of before people had names":       {policy.Filter{Person: "ada", Specialist: "+15550100001"}, policy.Leg{To: "+15550100001"}, true},
		"at her number, when it was Ben's": {policy.Filter{Person: "ada", Specialist: "+15550100001"}, policy.Leg{To: "+15550100001", Person: "ben"}, false},
		"of a number, whoever had it":      {policy.Filter{Specialist: "+15550100001"}, policy.Leg{To: "+15550100001", Person: "ben"}, true},
		"of nobody at no number":           {policy.Filter{Person: "ben"}, policy.Leg{}, false},
		"of who left":                      {policy.Filter{Person: "gone"}, policy.Leg{To: "+15550100001", Person: "gone"}, true},
	} {
		row.leg.SID, row.leg.AcceptedAt = "CA2", time.Unix(1, 0)
		if got := row.filter.Matches(policy.Call{Legs: []policy.Leg{row.leg}}); got != row.want {
			t.Errorf("%s: %t", name, got)
		}
		row.leg.AcceptedAt = time.Time{}
		if row.filter.Matches(policy.Call{Legs: []policy.Leg{row.leg}}) {
			t.Errorf("%s: a call that was not accepted", name)
		}
	}
}

// TestSpecialistsHaveTheirNamesOfNow: a row and the history of a call have the name that the configuration has, and the ID of who left. Those who may not
// see numbers see names.
func TestSpecialistsHaveTheirNamesOfNow(t *testing.T) {
	c := explainCall()
	c.Legs[0].Person, c.Legs[1].Person = "ada", "cleo"
	for name, row := range map[string]struct {
		change func(*policy.Settings)
		want   string
	}{
		"now":        {func(*policy.Settings) {}, "Zoë Lind"},
		"renamed":    {func(s *policy.Settings) { s.People[2].Name = "Zoë Okafor" }, "Zoë Okafor"},
		"new number": {func(s *policy.Settings) { s.People[2].Phone = "+15550100044" }, "Zoë Lind"},
		"gone":       {func(s *policy.Settings) { s.People = s.People[:2] }, "cleo"},
	} {
		s := staff()
		row.change(&s)
		r := s.Row(c, true).Masked()
		if r.SpecialistName == nil || *r.SpecialistName != row.want || *r.Specialist != "sip:***@example.com" || r.TakenBy() != row.want {
			t.Errorf("%s: %+v", name, r)
		}
		told := strings.Join(lines(s.Explain(c, true, c.EndedAt)), "\n")
		if !strings.Contains(told, row.want+" accepted the call") || !strings.Contains(told, "Ada Moreau passed the call on") || strings.Contains(told, "sip:") {
			t.Errorf("%s: %s", name, told)
		}
	}
	c.Legs[1].Person = ""
	if r := staff().Row(c, true); r.SpecialistName != nil || r.TakenBy() != "sip:oncall@example.com" {
		t.Errorf("nobody's number: %+v", r)
	}
}

// TestTheCallLimitIsToldWithAName of who talks, where there is one.
func TestTheCallLimitIsToldWithAName(t *testing.T) {
	c := explainCall()
	c.EndedAt, c.Status, c.TotalSeconds, c.Legs[1].EndedAt, c.Legs[1].Seconds, c.Legs[1].Status = time.Time{}, "", nil, time.Time{}, nil, "in-progress"
	for person, want := range map[policy.PersonID]string{"cleo": "Zoë Lind", "gone": "gone", "": ""} {
		c.Legs[1].Person = person
		_, notices, _ := policy.CallLimitNotice(c, c.Legs[1].AcceptedAt.Add(21*time.Minute), staff())
		if len(notices) != 1 || notices[0].Facts["specialist_name"] != want {
			t.Errorf("%q: %+v", person, notices)
		}
		if _, named := notices[0].Facts["specialist_name"]; named != (want != "") {
			t.Errorf("%q: facts %v", person, slices.Collect(maps.Keys(notices[0].Facts)))
		}
	}
}

// TestGapsAreToldOnceADay of each step, in the change in which they became known, and never of calls to try a line.
func TestGapsAreToldOnceADay(t *testing.T) {
	at := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	before := policy.Call{SID: "CA1", State: policy.State{Gaps: []policy.RingGap{{At: at, Team: "critical", To: []policy.Target{"ben"}, Why: "Ben Okafor has no phone"}}}}
	after := before
	after.State.Gaps = append(slices.Clone(before.State.Gaps), policy.RingGap{At: at, Team: "critical", To: []policy.Target{"ben", "rota:night"}, Why: "nobody is on call"})
	told := policy.GapNotices(before, after, "https://console.example.com/calls/CA1")
	want := []policy.Notice{{
		Key: "rota-gap/step/critical/ben, rota:night/2026-11-24", Kind: policy.NoticeRotaGap, At: at, Facts: map[string]string{
			"sid": "CA1", "team": "critical", "to": "ben, rota:night", "rota": "night", "why": "nobody is on call", "from": "2026-11-24T10:00:00Z",
			"link": "https://console.example.com/calls/CA1",
		},
	}}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
	other := after
	other.SID = "CA2"
	if again := policy.GapNotices(policy.Call{}, other, ""); len(again) != 2 || again[1].Key != want[0].Key {
		t.Errorf("another call of the day tells %+v", again)
	}
	if again := policy.GapNotices(after, after, ""); len(again) > 0 {
		t.Errorf("a later change tells %+v", again)
	}
	after.From = policy.TestCaller("mila")
	if again := policy.GapNotices(before, after, ""); len(again) > 0 {
		t.Errorf("a call to try a line tells %+v", again)
	}
}

// TestWithPeople: who was rung is written down once, as a leg's address becomes known, and stays.
func TestWithPeople(t *testing.T) {
	s := staff()
	var c policy.Call
	learns := func(r policy.Report) policy.Call {
		c = s.WithPeople(c, c.Learn(r))
		return c
	}
	learns(policy.Report{Leg: "CA2", DialEnd: true})
	if l := c.Leg("CA2"); l.Person != "" || l.To != "" {
		t.Errorf("the end of a dial names nobody: %+v", l)
	}
	learns(policy.Report{Leg: "CA2", To: "+15550100001", Status: "completed"})
	c.State.Rung = []policy.Rung{{Person: "ben", To: "+15550100001"}}
	learns(policy.Report{Leg: "CA3", To: "15550100001", Status: "ringing"})
	learns(policy.Report{Leg: "CA4", To: "+15550100044", Status: "ringing"})
	s.People = []policy.Person{{ID: "eve", Name: "Eve Holt", Phone: "+15550100001"}, {ID: "new", Name: "New", Phone: "+15550100044"}}
	for _, sid := range []policy.CallSID{"CA2", "CA3", "CA4"} {
		learns(policy.Report{Leg: sid, To: c.Leg(sid).To, Status: "completed"})
	}
	for sid, want := range map[policy.CallSID]policy.PersonID{"CA2": "ada", "CA3": "ben", "CA4": ""} {
		if got := c.Leg(sid).Person; got != want {
			t.Errorf("%s is of %q, want %q", sid, got, want)
		}
	}
}
