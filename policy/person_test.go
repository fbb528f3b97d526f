package policy_test

import (
	"errors"
	"fmt"
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
		"at her mobile, of before":         {policy.Filter{Person: "ada", Texts: "+15550100003"}, policy.Leg{To: "+15550100003"}, true},
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

// TestASharedTelephoneIsNobodys: where two people get texts at one number, a call to it was to neither of them.
func TestASharedTelephoneIsNobodys(t *testing.T) {
	s := staff()
	if s.TextsOf("cleo") != "+15550100003" || s.TextsOf("gone") != "" || s.TextsOf("") != "" || s.TextsOf("ben") != "" {
		t.Errorf("Cleo alone: %q", s.TextsOf("cleo").Full())
	}
	s.People[1].SMS = "+15550100003"
	if p, ok := s.PersonAt("+15550100003"); ok || s.TextsOf("cleo") != "" || s.TextsOf("ben") != "" {
		t.Errorf("it is %s's", p.Name)
	}
	s.People[1].Phone = "+15550100003"
	if p, _ := s.PersonAt("+15550100003"); p.ID != "ben" {
		t.Errorf("whose telephone it is: %q", p.ID)
	}
}

// TestWhoLeftKeepsTheNameOfThen on calls, where their legs have it.
func TestWhoLeftKeepsTheNameOfThen(t *testing.T) {
	s := staff()
	leg := s.Rang(policy.Leg{SID: "CA2"}, "+15550100001", "ada")
	s.People[0].Name = "Ada Okafor"
	if got := s.LegName(leg); got != "Ada Okafor" {
		t.Errorf("renamed: %q", got)
	}
	s.People = s.People[1:]
	if got := s.LegName(leg); got != "Ada Moreau" {
		t.Errorf("gone: %q", got)
	}
	s.People = append(s.People, policy.Person{ID: "eve", Name: "Eve Holt", Phone: "+15550100001"}) // who got the number
	if got := s.LegName(leg); got != "Ada Moreau" {
		t.Errorf("her number is another's: %q", got)
	}
}

// TestWhatACallWasForEachSpecialist: who took it, and how the ringing of the others ended.
func TestWhatACallWasForEachSpecialist(t *testing.T) {
	at, seconds := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC), 100
	c := policy.Call{SID: "CA1", StartedAt: at, EndedAt: at.Add(time.Hour)}
	for _, l := range []policy.Leg{
		{SID: "CA2", Person: "ada", Name: "Ada Moreau", To: "+15550100001", Status: "no-answer"},
		{SID: "CA3", Person: "ada", Name: "Ada Moreau", To: "+15550100077", AnsweredAt: at, AcceptedAt: at, Seconds: &seconds, Status: "completed"}, // her app
		{SID: "CA4", To: "+15550100009", Status: "busy"},
		{SID: "CA5", Person: "ben", To: "+15550100002", AnsweredAt: at, PassedAt: at, Status: "completed"},
		{SID: "CA6", Person: "ben", To: "+15550100002", AnsweredAt: at, Status: "completed"},
		{SID: "CA7", Person: "ben", To: "+15550100002", Status: "canceled"},
		{SID: "CA8", Person: "ben", To: "+15550100002", Status: "failed"},
		{SID: "CA9", Person: "ben", To: "+15550100002", AnsweredAt: at, AcceptedAt: at.Add(time.Second), NotBridged: true, Status: "completed"},
		{SID: "CB1", Person: "ben", To: "+15550100002", Status: "ringing"},
	} {
		c = c.WithLeg(l)
	}
	want := []policy.PersonFigures{
		{Person: "ada", Name: "Ada Moreau", Figures: policy.Figures{Calls: 1, TalkSeconds: 100, Rings: 2, Unanswered: 1}},
		{To: "+15550100009", Figures: policy.Figures{Rings: 1, Busy: 1}},
		{Person: "ben", Figures: policy.Figures{Rings: 6, Passed: 1, NoKey: 1, Stopped: 2, Failed: 1}},
	}
	if diff := cmp.Diff(want, c.Figures()); diff != "" {
		t.Error(diff)
	}
	back := policy.Call{SID: "CA1", CallBackOf: "CA0", StartedAt: at, EndedAt: at.Add(time.Hour)}.
		WithLeg(policy.Leg{SID: "CA1", Person: "ada", To: "+15550100001", AcceptedAt: at}).
		WithLeg(policy.Leg{SID: "CA2", To: "+442079460018", AcceptedAt: at, Seconds: &seconds})
	want = []policy.PersonFigures{{Person: "ada", Figures: policy.Figures{Calls: 1, CallBacks: 1, TalkSeconds: 100}}}
	if diff := cmp.Diff(want, back.Figures()); diff != "" {
		t.Errorf("a call-back: %s", diff)
	}
	c.From = policy.TestCaller("mila")
	if got := c.Figures(); len(got) > 0 {
		t.Errorf("a call that tries the line: %+v", got)
	}
}

// TestFiguresAreSummedUpByPerson: by whose number it is now where nobody was known then, by the name of then for who was renamed or left, and by
// number for nobody's.
func TestFiguresAreSummedUpByPerson(t *testing.T) {
	s := staff()
	s.People[0].Name, s.People[0].User = "Ada Okafor", "ada@example.com"
	call := policy.Figures{Calls: 1, Rings: 1}
	rows := s.FiguresRows([]policy.PersonFigures{
		{Person: "ada", Name: "Ada Moreau", Figures: call},
		{To: "+15550100001", Figures: call},
		{Name: "Ada Moreau", Figures: policy.Figures{Done: 1}},
		{Name: "ada@example.com", Figures: policy.Figures{Heard: 1}},
		{Person: "gone", Name: "Gil Ong", Figures: call},
		{Name: "Gil Ong", Figures: policy.Figures{Done: 2}},
		{Person: "old", Figures: call},
		{Name: "mila", Figures: policy.Figures{Done: 3}},
		{To: "+15550100009", Figures: call},
		{To: "+15550100003", Figures: call},
	})
	var got []string
	text := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	for _, r := range rows {
		id := "-"
		if r.Specialist != nil {
			id = string(*r.Specialist)
		}
		got = append(got, fmt.Sprintf("%s, %s, %s: %d calls, %d rings, %d heard, %d done", id, text(r.Name), text(r.Masked().Number), r.Calls, r.Rings, r.Heard, r.Done))
	}
	want := []string{
		"ada, Ada Okafor, -: 2 calls, 2 rings, 1 heard, 1 done", "ben, Ben Okafor, -: 0 calls, 0 rings, 0 heard, 0 done",
		"cleo, Zoë Lind, -: 1 calls, 1 rings, 0 heard, 0 done", "gone, Gil Ong, -: 1 calls, 1 rings, 0 heard, 2 done",
		"-, mila, -: 0 calls, 0 rings, 0 heard, 3 done", "old, old, -: 1 calls, 1 rings, 0 heard, 0 done", "-, -, +15*******09: 1 calls, 1 rings, 0 heard, 0 done",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var csv strings.Builder
	each := func(yield func(policy.FiguresRow, error) bool) { yield(rows[0], nil) }
	if err := policy.WriteCSV(&csv, each); err != nil || csv.String() != "specialist,name,number,calls,callbacks,talk_seconds,rings,passed,no_key,busy,unanswered,stopped,failed,voicemails_heard,followups_done\n"+
		"ada,Ada Okafor,,2,0,0,2,0,0,0,0,0,0,1,1\n" {
		t.Errorf("%v: %s", err, csv.String())
	}
}
