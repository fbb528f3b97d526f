package postgres

import (
	"slices"

	"github.com/officernd/supportline/store"
)

// fewSpans are read by a statement each. More of one bucket and direction go into one statement.
const fewSpans = 4

// kind is shared by the spans of one statement.
type kind struct {
	bucket store.Bucket
	shape  int
	limit  int
}

// read reads pages in one round trip.
func (s *scan) read(list []*wish) bool {
	kinds := map[kind][]*wish{}
	var order []kind
	for _, w := range list {
		k := kind{w.span.Bucket, shape(w.span.Back, w.span.To != nil), w.limit}
		if kinds[k] == nil {
			order = append(order, k)
		}
		kinds[k] = append(kinds[k], w)
	}
	var statements []statement
	for _, k := range order {
		if wishes := kinds[k]; len(wishes) > fewSpans {
			statements = append(statements, s.lateral(k, wishes))
		} else {
			for _, w := range wishes {
				statements = append(statements, s.single(k, w))
			}
		}
	}
	if !s.reader.send(statements...) {
		return false
	}
	for _, w := range list {
		if compare := func(a, b entry) int { return w.cursor.order(a.key, b.key) }; !slices.IsSortedFunc(w.got, compare) {
			slices.SortFunc(w.got, compare)
		}
	}
	return true
}

func (s *scan) single(k kind, w *wish) statement {
	args := []any{from(w), w.limit}
	if w.span.To != nil {
		args = []any{from(w), w.span.To, w.limit}
	}
	return statement{queriesOf[k.bucket].pages[k.shape], args, func(v [][]byte) {
		w.got = append(w.got, entry{s.reader.kept.keep(v[0]), s.reader.kept.keep(v[1])})
	}}
}

func (s *scan) lateral(k kind, wishes []*wish) statement {
	var begins, ends [][]byte
	for _, w := range wishes {
		begins, ends = append(begins, from(w)), append(ends, w.span.To)
	}
	args := []any{begins, k.limit}
	if wishes[0].span.To != nil {
		args = []any{begins, ends, k.limit}
	}
	return statement{queriesOf[k.bucket].laterals[k.shape], args, func(v [][]byte) {
		w := wishes[number(v[0])-1]
		w.got = append(w.got, entry{s.reader.kept.keep(v[1]), s.reader.kept.keep(v[2])})
	}}
}

func from(w *wish) []byte {
	if w.span.From == nil {
		return []byte{}
	}
	return w.span.From
}
