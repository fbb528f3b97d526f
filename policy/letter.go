package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Letter reports whether notices of the kind go to an account holder, and to nobody else.
func (k NoticeKind) Letter() bool { return k == NoticeMove || k == NoticeHolder }

// LetterFacts returns what every notice can name besides its own facts: the company, and the pages of it that help.
func (s Settings) LetterFacts() map[string]string {
	return given(
		"company", s.Company, "link_policy", s.Links.Policy, "link_training", s.Links.Training, "link_screen_sharing", s.Links.ScreenSharing,
	)
}

// FactTraining is the fact of a letter that holds how many training calls put the account on the training list (rule 7): the letter offers a session. It is
// empty where the account is not on the list.
const FactTraining = "training_calls"

// trainingCalls returns the value of FactTraining.
func (u Usage) trainingCalls(fair FairUse) string {
	if !u.NeedsTraining(fair) {
		return ""
	}
	return strconv.Itoa(u.Training)
}

// holderPercents are the parts of the month's tickets at which the account holder is told (rule 15).
var holderPercents = []int{80, 100}

// TicketWarnings returns the prefixes of the keys of all warnings about an account's tickets in a month.
func TicketWarnings(customer CustomerNumber, month Month) []string {
	return []string{warnings(NoticeTickets, customer, month), warnings(NoticeHolder, customer, month)}
}

func warnings(kind NoticeKind, customer CustomerNumber, month Month) string {
	return fmt.Sprintf("%s/%s/%s/", kind, customer, month)
}

// ticketNotices returns the warnings about the tickets of the last month, to ops and to the account holder. If the holder has no e-mail address,
// that to ops says that somebody must phone.
//
// A warning has the figure of the moment at which it is made. So where a review finds several percentages reached at once, because tickets
// were counted late or the warnings were just switched on, only the highest is told: the lower one would arrive with it, with a figure that is no
// longer true, or with the same one.
func ticketNotices(s ReviewInput, fair FairUse, at time.Time) []Notice {
	u := s.Months[len(s.Months)-1]
	var notices []Notice
	percents, mustPhone := fair.WarnAt, fair.tellsHolder(u.Month, at) && s.Customer.Email == ""
	if mustPhone {
		percents = slices.Concat(percents, holderPercents)
	}
	told := s.toldAt(NoticeTickets, u.Month)
	if n, due := ticketNotice(NoticeTickets, u, percents, told, at); due {
		reached := func(percent int) bool { return percent > told && u.reached(percent) }
		if mustPhone && slices.ContainsFunc(holderPercents, reached) {
			n.Facts = with(n.Facts, "must_phone", s.Customer.Holder())
		}
		notices = append(notices, n)
	}
	if fair.tellsHolder(u.Month, at) && s.Customer.Email != "" {
		if n, due := ticketNotice(NoticeHolder, u, holderPercents, s.toldAt(NoticeHolder, u.Month), at); due {
			n.Channel, n.To = ChannelEmail, s.Customer.Email
			n.Facts = with(with(n.Facts, "account_holder", s.Customer.AccountHolder, FactTraining, u.trainingCalls(fair)), fair.rates()...)
			notices = append(notices, n)
		}
	}
	return notices
}

// tellsHolder reports whether account holders are told of a month: before it costs, and so not when the month has been over for more than a day.
func (f FairUse) tellsHolder(month Month, at time.Time) bool {
	return f.TellHolder && month >= MonthOf(at.Add(-24*time.Hour), time.UTC)
}

// toldAt returns the highest percentage that a kind of warning was made for in a month, or 0.
func (s ReviewInput) toldAt(kind NoticeKind, month Month) (percent int) {
	for _, key := range s.Told {
		if rest, of := strings.CutPrefix(key, warnings(kind, s.Customer.Number, month)); of {
			text, _, _ := strings.Cut(rest, "/")
			n, _ := strconv.Atoi(text)
			percent = max(percent, n)
		}
	}
	return percent
}

// ticketNotice returns the warning of the highest percentage that has been reached. due is false if that, or a higher one, was told.
func ticketNotice(kind NoticeKind, u Usage, percents []int, told int, at time.Time) (n Notice, due bool) {
	highest := 0
	for _, percent := range percents {
		if u.reached(percent) {
			highest = max(highest, percent)
		}
	}
	if highest <= told {
		return Notice{}, false
	}
	return Notice{
		Key: warnings(kind, u.Customer, u.Month) + strconv.Itoa(highest), Kind: kind, At: at, Customer: u.Customer,
		Facts: with(u.facts(), "percent", strconv.Itoa(highest), "tickets_left", strconv.Itoa(max(0, u.TicketLimit-u.Tickets))),
	}, true
}

func (u Usage) reached(percent int) bool { return u.Tickets*100 >= percent*u.TicketLimit }

// rates returns the rates of tickets over the limit as facts, each with its currency; none that is 0.
func (f FairUse) rates() (facts []string) {
	for _, r := range []struct {
		name string
		rate float64
	}{{"per_ticket", f.PerTicket}, {"per_minute_over_tickets", f.PerMinuteOverTickets}} {
		if r.rate > 0 {
			facts = append(facts, r.name, Decimal(minorUnits(r.rate, f.Currency), f.Currency)+" "+f.Currency)
		}
	}
	return facts
}

// MoveNotice returns the e-mail that tells the account holder of the case's last move, to the address in the directory. month is the account's load of
// the month of the move: a letter to an account that is on the training list offers a session, unless the case is closed.
func (c Case) MoveNotice(holder Customer, month Usage, fair FairUse) Notice {
	n := len(c.Moves)
	m := c.Moves[n-1]
	training := ""
	for _, u := range append(slices.Clip(c.Months), month) {
		if m.To != CaseClosed {
			training = cmp.Or(u.trainingCalls(fair), training)
		}
	}
	return Notice{
		Key: fmt.Sprintf("case-moved/%s/%d", c.ID, n), Kind: NoticeMove, At: m.At, Customer: c.Customer, Channel: ChannelEmail, To: holder.Email,
		Facts: given(
			"case", string(c.ID), "customer", string(c.Customer), "account", c.Account, "account_holder", holder.AccountHolder,
			"state", string(m.To), "from_state", string(m.From), "note", m.Note, "by", m.By, "via", m.Via,
			"over_months", strings.Join(overMonths(c.Months), ", "), "figures", c.figures(), FactTraining, training,
		),
	}
}

// figures returns the months of the evidence in which the account was over, or else all in which it called, one a line.
func (c Case) figures() string {
	anyOver := slices.ContainsFunc(c.Months, func(u Usage) bool { return u.Over })
	var lines []string
	for _, u := range c.Months {
		if u.Over || !anyOver && u.Calls > 0 {
			lines = append(lines, u.figures())
		}
	}
	return strings.Join(lines, "\n")
}

func (u Usage) figures() string {
	text := fmt.Sprintf("%s: %d of %d phone tickets", u.Month, u.Tickets, u.TicketLimit)
	switch u.OverLong {
	case 0:
		return text
	case 1:
		return text + ", 1 call over the call limit"
	}
	return fmt.Sprintf("%s, %d calls over the call limit", text, u.OverLong)
}
