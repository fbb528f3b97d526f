package policy

import (
	"strconv"
	"time"
)

// RowColumns are the names of a call's CSV, in the order of Cells.
func RowColumns() []string {
	return []string{
		"sid", "line", "from", "customer", "account", "intent", "ticket", "outcome", "started_at", "answered_at", "ended_at", "talk_seconds",
		"wait_seconds", "total_seconds", "specialist", "over_long", "waived", "training", "counted", "month",
	}
}

// Cells are the row as CSV: times in RFC 3339, and nothing where a value is not known.
func (r Row) Cells() []string {
	return []string{
		string(r.SID), r.Line, r.From, textCell(r.Customer), textCell(r.Account), textCell(r.Intent), textCell(r.Ticket), textCell(r.Outcome),
		timeCell(r.StartedAt), timeCell(r.AnsweredAt), timeCell(r.EndedAt), figureCell(r.TalkSeconds), figureCell(r.WaitSeconds),
		figureCell(r.TotalSeconds), textCell(r.Specialist), strconv.FormatBool(r.OverLong), strconv.FormatBool(r.Waived),
		strconv.FormatBool(r.Training), strconv.FormatBool(r.Counted), textCell(r.Month),
	}
}

// Masked is the row for those who may not see telephone numbers: the caller's and the specialist's are masked. The line's is public.
func (r Row) Masked() Row {
	r.From = Phone(r.From).String()
	if r.Specialist != nil {
		masked := Phone(*r.Specialist).String()
		r.Specialist = &masked
	}
	return r
}

func textCell[T ~string](v *T) string {
	if v == nil {
		return ""
	}
	return string(*v)
}

func timeCell(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func figureCell(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}
