package policy

import "time"

// ReviewInput is the input of a review.
type ReviewInput struct {
	Customer Customer
	Months   []Usage // consecutive, oldest first, as many as sustained load looks at; the last is the month under review
	Open     *Case   // the account's open case
	Closed   *Case   // the one that was closed last
	// Told are the keys of the warnings about the tickets of the last month that were made already (TicketWarnings).
	Told []string
}

// Verdict is the result of a review: the case to open, or nil, and the notices to people.
type Verdict struct {
	Open    *Case
	Notices []Notice
}

// opener is who opened a case that no person did.
const opener = "supportline"

// Review carries out rule 8, and warns before: it opens one case when load is sustained and no case is open, never a second one for load
// that a closed case knew of already, and tells when the month's tickets reach a part of the limit (rule 15). It returns the same verdict however
// often it is asked; a store keeps one notice of a key.
func Review(s ReviewInput, fair FairUse, at time.Time) Verdict {
	if len(s.Months) == 0 {
		return Verdict{}
	}
	last := s.Months[len(s.Months)-1]
	v := Verdict{Notices: ticketNotices(s, fair, at)}
	if s.Open != nil || !last.Sustained || !later(s.Months, s.Closed) {
		return v
	}
	opened := NewCase(s.Customer, s.Months, opener, sustainedNote(s.Months, fair), at)
	v.Open = &opened
	v.Notices = append(v.Notices, caseNotice(opened, at))
	return v
}

// later reports whether the account was over in a month after everything that the closed case knew: the months it rests on, and all
// until it was closed. The month of the closing is taken in UTC; an hour more or less on its edge only moves the next review.
func later(months []Usage, closed *Case) bool {
	if closed == nil {
		return true
	}
	var known Month
	for _, u := range closed.Months {
		known = max(known, u.Month)
	}
	for _, m := range closed.Moves {
		known = max(known, MonthOf(m.At, time.UTC))
	}
	for _, u := range months {
		if u.Over && u.Month > known {
			return true
		}
	}
	return false
}
