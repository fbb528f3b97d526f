package store

import (
	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// plan finds the streams that lead to what a filter selects, in one transaction. What they give can be more than that, never less:
// policy.Filter.Matches has the last word.
type plan struct {
	direction
	work          *work
	tx            *bolt.Tx
	index, search *bolt.Bucket
}

func newPlan(tx *bolt.Tx, d direction, w *work) plan {
	return plan{d, w, tx, tx.Bucket(indexBucket), tx.Bucket(searchBucket)}
}

// maxStreams is how many streams a text may become. A text that finds more values than that is not looked up: it is on so many calls
// that looking at one after the other finds a page.
const maxStreams = 2000

// calls gives the candidates for a filter, and the part of them that can be cut short, if there is one. text is the stream of the
// filter's text; nil: it is not looked up.
func (p plan) calls(f policy.Filter, text stream) (candidates stream, narrowed *both) {
	streams := p.facets(f)
	if text != nil {
		streams = append(streams, text)
	}
	settled := len(streams) > 0
	if f.Customer != "" {
		streams = append(streams, p.account(string(f.Customer)))
	}
	if len(streams) == 0 {
		return &leaf{direction: p.direction, cursor: p.tx.Bucket(callsBucket).Cursor(), work: p.work}, nil
	}
	narrowed = &both{direction: p.direction, work: p.work, streams: streams}
	if !settled {
		return narrowed, narrowed
	}
	live := &leaf{direction: p.direction, cursor: p.search.Cursor(), work: p.work, prefix: key(byLive)}
	return &union{direction: p.direction, streams: []stream{narrowed, live}}, narrowed
}

// facets are the streams of settled calls with the values that a filter names.
func (p plan) facets(f policy.Filter) (streams []stream) {
	add := func(wanted bool, prefix indexKey) {
		if wanted {
			streams = append(streams, p.packed(prefix))
		}
	}
	outcome := f.Outcome
	if outcome == policy.InProgress {
		outcome = ""
	}
	add(f.Ticket != "", key(byTicket).part(string(f.Ticket)))
	add(f.Training, key(byMark).text(markTraining))
	add(f.Waived, key(byMark).text(markWaived))
	add(f.Specialist != "", facet(bySpecialist, f.Specialist))
	add(f.Outcome != "", facet(byOutcome, outcome))
	add(f.Intent != "", facet(byIntent, f.Intent))
	add(f.Line != "", facet(byLine, f.Line))
	few := f.Ticket != "" || f.Customer != "" // then it is quicker to read these than to leap in many bands
	if from, to, ok := f.TalkRange(); ok && !few {
		streams = append(streams, p.talk(f, from, to))
	}
	return streams
}

func (p plan) packed(prefix indexKey) *leaf {
	return &leaf{direction: p.direction, cursor: p.search.Cursor(), work: p.work, prefix: prefix, packed: true}
}

// account are an account's calls, live ones too.
func (p plan) account(number string) stream {
	return &leaf{direction: p.direction, cursor: p.index.Cursor(), work: p.work, prefix: key(byCustomer).part(number)}
}

func (p plan) talk(f policy.Filter, from, to int) stream {
	last := byte(allBands)
	if to > 0 {
		last = bandOf(to)
	}
	all := &union{direction: p.direction}
	for band := bandOf(from); band <= last; band++ {
		l := p.packed(talkKey(band))
		if f.OverLong > 0 || band == bandOf(from) || band == last {
			l.keep = func(value []byte) bool { return f.Talks(readTalk(value)) }
		}
		all.streams = append(all.streams, l)
	}
	return all
}
