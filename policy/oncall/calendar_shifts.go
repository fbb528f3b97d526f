package oncall

import (
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// maxGapTexts bounds how many entries are quoted for a time in which nobody was recognised.
const maxGapTexts = 3

// onCall is what is written for one time.
type onCall struct {
	people []policy.Person
	of     []int      // how many entries name each of them
	nobody []*written // entries that name nobody
}

// shiftsOf puts what is written in order: those of all entries of a time are on call, in the order of the configuration.
func shiftsOf(all []written, people []policy.Person) (shifts []Shift) {
	var begin, end []*written
	var changes []time.Time
	for i := range all {
		begin = append(begin, &all[i])
		changes = append(changes, all[i].from, all[i].until)
	}
	end = slices.Clone(begin)
	slices.SortStableFunc(begin, func(a, b *written) int { return a.from.Compare(b.from) })
	slices.SortStableFunc(end, func(a, b *written) int { return a.until.Compare(b.until) })
	slices.SortFunc(changes, time.Time.Compare)
	on := onCall{people: people, of: make([]int, len(people))}
	for _, at := range slices.CompactFunc(changes, time.Time.Equal) {
		if n := len(shifts); n > 0 && shifts[n-1].Until.IsZero() {
			shifts[n-1].Until = at.UTC()
		}
		for ; len(end) > 0 && !end[0].until.After(at); end = end[1:] {
			on.leave(end[0])
		}
		for ; len(begin) > 0 && !begin[0].from.After(at); begin = begin[1:] {
			on.enter(begin[0])
		}
		if s := on.shift(at.UTC()); len(s.People) > 0 || s.Note != "" {
			shifts = joined(shifts, s)
		}
	}
	return shifts
}

// joined adds a shift, or lets the last one go on where nothing changed.
func joined(shifts []Shift, s Shift) []Shift {
	if n := len(shifts); n > 0 {
		last := &shifts[n-1]
		if last.Until.Equal(s.From) && last.Note == s.Note && slices.Equal(last.People, s.People) {
			last.Until = time.Time{}
			return shifts
		}
	}
	return append(shifts, s)
}

func (o *onCall) enter(w *written) {
	for _, p := range w.people {
		o.of[p]++
	}
	if len(w.people) == 0 {
		o.nobody = append(o.nobody, w)
	}
}

func (o *onCall) leave(w *written) {
	for _, p := range w.people {
		o.of[p]--
	}
	if i := slices.Index(o.nobody, w); i >= 0 {
		o.nobody = slices.Delete(o.nobody, i, i+1)
	}
}

// shift returns who is on call from a time. Where that is nobody, its note is what is written.
func (o *onCall) shift(from time.Time) Shift {
	s := Shift{From: from, Why: ByCalendar}
	for i, n := range o.of {
		if n > 0 {
			s.People = append(s.People, o.people[i].ID)
		}
	}
	if len(s.People) > 0 {
		return s
	}
	var texts []string
	for _, w := range o.nobody[:min(len(o.nobody), 4*maxGapTexts)] {
		if text := shortened(w.text); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	s.Note = strings.Join(texts[:min(len(texts), maxGapTexts)], "; ")
	return s
}
