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

// warned returns the notices of a review of a month with so many of 16 tickets, after some were told.
func warned(customer policy.Customer, fair policy.FairUse, tickets int, told ...string) []policy.Notice {
	u := policy.Usage{Month: "2026-11", Customer: customer.Number, Account: customer.Name, Tickets: tickets, TicketLimit: 16}
	return policy.Review(policy.ReviewInput{Customer: customer, Months: []policy.Usage{u}, Told: told}, fair, at(0)).Notices
}

// keysOf returns the keys of notices, each with the figure in it.
func keysOf(notices []policy.Notice) (keys []string) {
	for _, n := range notices {
		keys = append(keys, n.Key+" "+n.Facts["tickets"])
	}
	return keys
}

// TestTicketNotices: at 80 and at 100 percent of the limit, each once, with the figure of that moment. What is reached at once is told once.
func TestTicketNotices(t *testing.T) {
	t.Parallel()
	const at80, at100, addressed = "tickets/204518/2026-11/80", "tickets/204518/2026-11/100", "/email/0a1b2c3d"
	for name, row := range map[string]struct {
		tickets int
		told    []string
		want    []string
	}{
		"none":                        {0, nil, nil},
		"79 percent":                  {12, nil, nil},
		"80 percent of 16 are 12.8":   {13, nil, []string{at80 + " 13"}},
		"once":                        {14, []string{at80 + addressed}, nil},
		"the limit":                   {16, []string{at80 + addressed}, []string{at100 + " 16"}},
		"both at once: the higher":    {16, nil, []string{at100 + " 16"}},
		"far over":                    {40, nil, []string{at100 + " 40"}},
		"over, and told":              {40, []string{at80 + addressed, at100 + addressed}, nil},
		"fewer than when it was told": {15, []string{at100 + addressed}, nil},
		"told in another month":       {13, []string{"tickets/204518/2026-10/80/email/1"}, []string{at80 + " 13"}},
		"told another account":        {13, []string{"tickets/2045181/2026-11/80/email/1"}, []string{at80 + " 13"}},
		"told the account holder":     {13, []string{"holder-tickets/204518/2026-11/80/email/1"}, []string{at80 + " 13"}},
	} {
		if diff := cmp.Diff(row.want, keysOf(warned(holder, fair, row.tickets, row.told...))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestHolderIsTold is the half of rule 15 about the account holder: off unless configured, at 80 and 100 percent, each once, by e-mail; ops are told
// that somebody must phone an account without an address.
func TestHolderIsTold(t *testing.T) {
	t.Parallel()
	tells := fair
	tells.TellHolder, tells.PerTicket, tells.PerMinuteOverTickets = true, 5, 1.5
	quiet := tells
	quiet.WarnAt = nil
	phoned := holder
	phoned.Email = ""
	nameless := phoned
	nameless.AccountHolder = ""
	for name, row := range map[string]struct {
		customer policy.Customer
		fair     policy.FairUse
		tickets  int
		told     []string
		want     []string
	}{
		"off":                          {holder, fair, 16, nil, []string{"tickets/204518/2026-11/100 16"}},
		"at 80 percent":                {holder, tells, 13, nil, []string{"tickets/204518/2026-11/80 13", "holder-tickets/204518/2026-11/80 13"}},
		"whatever ops are told":        {holder, quiet, 13, nil, []string{"holder-tickets/204518/2026-11/80 13"}},
		"once":                         {holder, quiet, 15, []string{"holder-tickets/204518/2026-11/80/email/1"}, nil},
		"at 100 percent":               {holder, quiet, 16, []string{"holder-tickets/204518/2026-11/80/email/1"}, []string{"holder-tickets/204518/2026-11/100 16"}},
		"both at once: the higher":     {holder, quiet, 17, nil, []string{"holder-tickets/204518/2026-11/100 17"}},
		"without an address":           {phoned, tells, 13, nil, []string{"tickets/204518/2026-11/80 13"}},
		"without one, and no warnings": {phoned, quiet, 16, nil, []string{"tickets/204518/2026-11/100 16"}},
		"without one, once":            {phoned, quiet, 16, []string{"tickets/204518/2026-11/100/email/1"}, nil},
	} {
		got := warned(row.customer, row.fair, row.tickets, row.told...)
		if diff := cmp.Diff(row.want, keysOf(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for _, n := range got {
			letter := n.Kind == policy.NoticeHolder
			if letter != n.Kind.Letter() || letter != (n.To == holder.Email && n.Channel == policy.ChannelEmail) || !letter && n.To != "" {
				t.Errorf("%s: %s goes to %q by %q", name, n.Key, n.To, n.Channel)
			}
		}
	}
	n := warned(holder, quiet, 13)[0]
	want := map[string]string{
		"month": "2026-11", "customer": "204518", "account": "Northwind", "account_holder": "Ada", "tickets": "13", "ticket_limit": "16", "tickets_left": "3",
		"percent": "80", "per_ticket": "5.00 USD", "per_minute_over_tickets": "1.50 USD", "calls": "0", "talk_seconds": "0", "over_long": "0",
	}
	if diff := cmp.Diff(want, n.Facts); diff != "" {
		t.Error(diff)
	}
	for _, row := range []struct {
		customer policy.Customer
		fair     policy.FairUse
		told     []string
		want     string
	}{
		{phoned, quiet, nil, "Ada"}, {nameless, quiet, nil, "the account holder"}, {phoned, fair, nil, ""}, {holder, tells, nil, ""},
	} {
		if n := warned(row.customer, row.fair, 13, row.told...)[0]; n.Facts["must_phone"] != row.want {
			t.Errorf("ops are told to phone %q, want %q", n.Facts["must_phone"], row.want)
		}
	}
	often := tells
	often.WarnAt = []int{50, 90}
	if n := warned(phoned, often, 9)[0]; n.Facts["percent"] != "50" || n.Facts["must_phone"] != "" {
		t.Errorf("at 50 percent nobody phones: %v", n.Facts)
	}
	if n := warned(phoned, often, 15)[0]; n.Facts["percent"] != "90" || n.Facts["must_phone"] != "Ada" {
		t.Errorf("80 percent, first seen at 90: %v", n.Facts)
	}
	if n := warned(phoned, often, 15, "tickets/204518/2026-11/80/email/1")[0]; n.Facts["percent"] != "90" || n.Facts["must_phone"] != "" {
		t.Errorf("who was to be phoned at 80 percent is phoned again at 90: %v", n.Facts)
	}
}

// TestHolderIsToldBeforeItCosts: of a month that has been over for more than a day the account holder is told no more.
func TestHolderIsToldBeforeItCosts(t *testing.T) {
	t.Parallel()
	tells := fair
	tells.TellHolder, tells.WarnAt = true, nil
	months := []policy.Usage{{Month: "2026-11", Customer: holder.Number, Tickets: 13, TicketLimit: 16}}
	for day, want := range map[time.Time]int{
		time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC): 1, time.Date(2026, 12, 1, 23, 59, 0, 0, time.UTC): 1, time.Date(2026, 12, 2, 1, 0, 0, 0, time.UTC): 0,
	} {
		if v := policy.Review(policy.ReviewInput{Customer: holder, Months: months}, tells, day); len(v.Notices) != want {
			t.Errorf("at %v: %+v", day, v.Notices)
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
			call, notices, told := policy.CallLimitNotice(row.call, now, policy.Settings{FairUse: fair})
			if told != row.told || (len(notices) == 1) != row.words {
				t.Fatalf("told %t with %+v", told, notices)
			}
			if _, talking := call.Talking(); told && talking {
				t.Error("the call would be looked at again")
			}
			if _, again, twice := policy.CallLimitNotice(call, now.Add(time.Minute), policy.Settings{FairUse: fair}); told && (twice || len(again) > 0) {
				t.Error("it is told twice")
			}
		})
	}
	_, notices, _ := policy.CallLimitNotice(talks, accepted.Add(1201*time.Second), policy.Settings{FairUse: fair})
	want := map[string]string{
		"sid": "CA1", "customer": "204518", "account": "Northwind", "specialist": "+15550100001",
		"accepted_at": accepted.Format(time.RFC3339), "elapsed_seconds": "1201", "limit_seconds": "1200",
	}
	if diff := cmp.Diff(want, notices[0].Facts); diff != "" || notices[0].Key != "call-limit/CA1" {
		t.Errorf("%s: %s", notices[0].Key, diff)
	}
	conference := with(func(c *policy.Call) { c.Legs[0].Attempt = 1 })
	_, notices, _ = policy.CallLimitNotice(conference, accepted.Add(1201*time.Second), policy.Settings{FairUse: fair})
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
			"figures": "2026-06: 17 of 16 phone tickets\n2026-08: 17 of 16 phone tickets\n2026-09: 17 of 16 phone tickets",
		},
	}
	if diff := cmp.Diff(want, c.MoveNotice(holder, policy.Usage{}, policy.FairUse{})); diff != "" {
		t.Error(diff)
	}
}

// TestALetterOffersTraining where a month of the case, or that of the move, put the account on the training list, and not when the case is closed.
func TestALetterOffersTraining(t *testing.T) {
	t.Parallel()
	fair := policy.FairUse{TrainingCallsPerMonth: 2}
	for name, row := range map[string]struct {
		of, now int // training calls in the last month of the case, and in that of the move
		to      policy.CaseState
		want    string
	}{
		"in neither":    {1, 1, policy.CaseContacted, ""},
		"of the case":   {3, 0, policy.CaseContacted, "3"},
		"of the move":   {0, 2, policy.CaseContacted, "2"},
		"of both":       {3, 2, policy.CaseContacted, "2"},
		"it was closed": {3, 2, policy.CaseClosed, ""},
	} {
		c := policy.NewCase(holder, []policy.Usage{{Month: "2026-10"}, {Month: "2026-11", Training: row.of}}, "mila", "by hand", at(0))
		c, err := c.Moved(policy.Move{At: at(60), By: "mila", To: row.to, Via: policy.ViaEmail, Note: "wrote to Ada"})
		if got := c.MoveNotice(holder, policy.Usage{Month: "2026-12", Training: row.now}, fair).Facts[policy.FactTraining]; err != nil || got != row.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, row.want)
		}
	}
}

// TestFiguresOfALetter: the months that were over, or those with calls if a case was opened by hand.
func TestFiguresOfALetter(t *testing.T) {
	t.Parallel()
	for want, months := range map[string][]policy.Usage{
		"": {{Month: "2026-09", TicketLimit: 16}},
		"2026-10: 3 of 16 phone tickets, 1 call over the call limit": {{Month: "2026-09"}, {Month: "2026-10", Calls: 3, Tickets: 3, TicketLimit: 16, OverLong: 1}},
		"2026-10: 17 of 16 phone tickets, 2 calls over the call limit": {
			{Month: "2026-09", Calls: 5, Tickets: 5, TicketLimit: 16}, {Month: "2026-10", Calls: 19, Tickets: 17, TicketLimit: 16, OverLong: 2, Over: true},
		},
	} {
		c := policy.NewCase(holder, months, "mila", "by hand", at(0))
		if got := c.MoveNotice(holder, policy.Usage{}, policy.FairUse{}).Facts["figures"]; got != want {
			t.Errorf("the figures are %q, want %q", got, want)
		}
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
