package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

// TestReviewOpensOneCase holds rules 8 and 9: only sustained load opens a case, never a second one, and after a closing only later load.
func TestReviewOpensOneCase(t *testing.T) {
	t.Parallel()
	november := time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC)
	open := &policy.Case{ID: "1", State: policy.CaseWatching}
	closed := func(at time.Time) *policy.Case {
		return &policy.Case{
			ID: "1", State: policy.CaseClosed, Months: usages("2026-03", "..o.oo"),
			Moves: []policy.Move{{At: at, By: "mila", To: policy.CaseClosed, Note: "n"}},
		}
	}
	for name, row := range map[string]struct {
		months       string // that end with 2026-11
		open, closed *policy.Case
		want         bool
	}{
		"no month":                                 {months: ""},
		"one bad month warns only":                 {months: ".....o"},
		"two bad months":                           {months: "....oo"},
		"three of six":                             {months: "o..o.o", want: true},
		"three of six, none of them now":           {months: "ooo...", want: true},
		"a case is open":                           {months: "oooooo", open: open},
		"a case that knew of it was closed":        {months: "ooo...", closed: closed(time.Date(2026, 8, 20, 9, 0, 0, 0, time.UTC))},
		"over while the closed case was open":      {months: "oooo..", closed: closed(time.Date(2026, 9, 20, 9, 0, 0, 0, time.UTC))},
		"over again after the closing":             {months: "ooo..o", closed: closed(time.Date(2026, 9, 20, 9, 0, 0, 0, time.UTC)), want: true},
		"closed in the month that is still over":   {months: "ooo..o", closed: closed(november)},
		"not sustained although later than a case": {months: "o....o", closed: closed(time.Date(2026, 9, 20, 9, 0, 0, 0, time.UTC))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			months := usages(policy.Month("2026-12").Plus(-len(row.months)), row.months)
			v := policy.Review(policy.ReviewInput{Customer: holder, Months: months, Open: row.open, Closed: row.closed}, fair, november)
			if (v.Open != nil) != row.want {
				t.Errorf("opens %+v, want one: %t", v.Open, row.want)
			}
		})
	}
}

// TestReviewFreezesTheEvidence: the case has the months it rests on, why it was opened and by whom, and one notice tells of it.
func TestReviewFreezesTheEvidence(t *testing.T) {
	t.Parallel()
	months := usages("2026-06", "o..o.o")
	v := policy.Review(policy.ReviewInput{Customer: holder, Months: months}, fair, at(0))
	note := "over in 3 of 6 months, and 3 are sustained load: 2026-06, 2026-09, 2026-11"
	want := policy.Case{
		Customer: holder.Number, Account: holder.Name, State: policy.CaseFlagged, OpenedAt: at(0), Months: usages("2026-06", "o..o.o"),
		Moves: []policy.Move{{At: at(0), By: "supportline", To: policy.CaseFlagged, Note: note}},
	}
	if diff := cmp.Diff(want, *v.Open); diff != "" {
		t.Error(diff)
	}
	months[0].Tickets = 99
	if v.Open.Months[0].Tickets == 99 {
		t.Error("the evidence changes with the figures")
	}
	last := v.Notices[len(v.Notices)-1]
	if last.Kind != policy.NoticeCase || last.Key != "case/204518/2026-11" || last.Facts["over_months"] != "2026-06, 2026-09, 2026-11" {
		t.Errorf("people are told %+v", last)
	}
}

// TestTicketNotices: at 80 and at 100 percent of the limit, each under a key of its own, so that none is told twice.
func TestTicketNotices(t *testing.T) {
	t.Parallel()
	for tickets, want := range map[int][]string{
		0:  nil,
		12: nil,
		13: {"tickets/204518/2026-11/80"}, // 80 percent of 16 are 12.8
		15: {"tickets/204518/2026-11/80"},
		16: {"tickets/204518/2026-11/80", "tickets/204518/2026-11/100"},
		40: {"tickets/204518/2026-11/80", "tickets/204518/2026-11/100"},
	} {
		u := policy.Usage{Month: "2026-11", Customer: holder.Number, Account: holder.Name, Tickets: tickets, TicketLimit: 16}
		v := policy.Review(policy.ReviewInput{Customer: holder, Months: []policy.Usage{u}}, fair, at(0))
		var got []string
		for _, n := range v.Notices {
			got = append(got, n.Key)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("at %d tickets: %s", tickets, diff)
		}
	}
}

// TestCallLimitNotice: passing the call limit is told once, while they talk.
func TestCallLimitNotice(t *testing.T) {
	t.Parallel()
	talks := overLong()
	talks.EndedAt, talks.Legs[0].Seconds, talks.Legs[0].To = time.Time{}, nil, "+15550100001"
	accepted := talks.Legs[0].AcceptedAt
	with := func(change func(*policy.Call)) policy.Call {
		c := talks.Clone()
		change(&c)
		return c
	}
	for name, row := range map[string]struct {
		call        policy.Call
		after       time.Duration
		told, words bool
	}{
		"at the limit":               {talks, 20 * time.Minute, false, false},
		"past it":                    {talks, 20*time.Minute + time.Second, true, true},
		"told already":               {with(func(c *policy.Call) { c.LimitToldAt = accepted }), time.Hour, false, false},
		"waived already":             {with(func(c *policy.Call) { c.Waived = true }), time.Hour, false, false},
		"over":                       {with(func(c *policy.Call) { c.Legs[0].Seconds = seconds(1304) }), time.Hour, false, false},
		"nobody accepted":            {with(func(c *policy.Call) { c.Legs[0].AcceptedAt = time.Time{} }), time.Hour, false, false},
		"its end was never reported": {talks, 4*time.Hour + time.Second, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := accepted.Add(row.after)
			call, notices, told := policy.CallLimitNotice(row.call, now, fair)
			if told != row.told || (len(notices) == 1) != row.words {
				t.Fatalf("told %t with %+v", told, notices)
			}
			if _, talking := call.Talking(); told && talking {
				t.Error("the call would be looked at again")
			}
			if _, again, twice := policy.CallLimitNotice(call, now.Add(time.Minute), fair); told && (twice || len(again) > 0) {
				t.Error("it is told twice")
			}
		})
	}
	_, notices, _ := policy.CallLimitNotice(talks, accepted.Add(1201*time.Second), fair)
	want := map[string]string{
		"sid": "CA1", "customer": "204518", "account": "Northwind", "specialist": "+15550100001",
		"accepted_at": accepted.Format(time.RFC3339), "elapsed_seconds": "1201", "limit_seconds": "1200",
	}
	if diff := cmp.Diff(want, notices[0].Facts); diff != "" || notices[0].Key != "call-limit/CA1" {
		t.Errorf("%s: %s", notices[0].Key, diff)
	}
	conference := with(func(c *policy.Call) { c.Legs[0].Attempt = 1 })
	_, notices, _ = policy.CallLimitNotice(conference, accepted.Add(1201*time.Second), fair)
	if len(notices) != 2 || notices[0].Channel != "" || notices[1].Channel != policy.ChannelAnnouncement || notices[1].To != string(talks.Legs[0].SID) {
		t.Errorf("in a conference the specialist hears it too: %+v", notices)
	}
}

// TestMoveNotice: what the account holder is told of a move, under a key of its own for each.
func TestMoveNotice(t *testing.T) {
	t.Parallel()
	c := policy.NewCase(holder, usages("2026-06", "o.oo"), "supportline", "sustained", at(0))
	c.ID = "7"
	c, err := c.Moved(policy.Move{At: at(60), By: "mila", To: policy.CaseContacted, Via: policy.ViaEmail, Note: "wrote to Ada"})
	if err != nil {
		t.Fatal(err)
	}
	want := policy.Notice{
		Key: "case-moved/7/2", Kind: policy.NoticeMove, At: at(60), Customer: holder.Number, Channel: policy.ChannelEmail, To: holder.Email,
		Facts: map[string]string{
			"case": "7", "customer": "204518", "account": "Northwind", "account_holder": "Ada", "state": "contacted", "from_state": "flagged",
			"note": "wrote to Ada", "by": "mila", "via": "email", "over_months": "2026-06, 2026-08, 2026-09",
		},
	}
	if diff := cmp.Diff(want, c.MoveNotice(holder)); diff != "" {
		t.Error(diff)
	}
}

// TestSummaryNotice sums a month over all accounts.
func TestSummaryNotice(t *testing.T) {
	t.Parallel()
	accounts := []policy.Usage{
		{Customer: "1", Account: "A", Calls: 5, Tickets: 4, TalkSeconds: 300, OverLong: 1, Over: true, Sustained: true},
		{Customer: "2", Account: "B", Calls: 2, Tickets: 2, TalkSeconds: 100, Waived: 1, Training: 2},
		{Customer: "3", Account: "C", Calls: 7, Tickets: 6, TalkSeconds: 10, Training: 1, Over: true},
	}
	want := policy.Notice{
		Key: "summary/2026-11", Kind: policy.NoticeSummary, At: at(0),
		Facts: map[string]string{
			"month": "2026-11", "accounts": "3", "calls": "14", "tickets": "12", "talk_seconds": "410", "over_long": "1", "waived": "1",
			"training": "3", "over": "2", "sustained": "1", "over_accounts": "A (1)\nC (3)", "sustained_accounts": "A (1)",
			"training_accounts": "B (2): 2",
		},
	}
	if diff := cmp.Diff(want, policy.SummaryNotice("2026-11", accounts, fair, at(0))); diff != "" {
		t.Error(diff)
	}
}
