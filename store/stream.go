package store

import (
	"bytes"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// stream gives places in one direction of time: from newer to older ones, or the other way. A place that was given is good until the stream
// moves on.
type stream interface {
	// seek gives the first place at this one or beyond it; nil: there is none. It never goes back.
	seek(place []byte) []byte
	// next gives the one after that which was given last.
	next() []byte
}

// direction compares places so that the one that a search comes to first is less.
type direction bool

const (
	towardsOlder direction = false
	towardsNewer direction = true
)

func (d direction) compare(a, b []byte) int {
	if d == towardsNewer {
		return bytes.Compare(a, b)
	}
	return bytes.Compare(b, a)
}

// work bounds what one page may cost, whatever was asked for.
type work struct {
	left  int
	since int // others were let through
	yield func()
}

const (
	// A page may take so many moves in the index, which is some tens of milliseconds.
	pageWork = 20_000
	// readCost is what reading one call costs, in moves, glimpseCost what looking at the parts of it that a text finds does.
	readCost    = 8
	glimpseCost = 1
)

// yieldWork is how much is done at one stretch: less than half a millisecond.
const yieldWork = 16

func (s *Store) work(left int) *work { return &work{left: left, yield: s.options.Yield} }

// spend does some of the work.
func (w *work) spend(n int) {
	w.left -= n
	if w.since += n; w.since >= yieldWork {
		w.since = 0
		w.yield()
	}
}

func (w *work) done() bool { return w.left <= 0 }

// leaf is a stream of the entries under one prefix.
type leaf struct {
	direction
	cursor *bolt.Cursor
	work   *work
	prefix []byte
	packed bool
	// keep, which may be nil, says by its value whether an entry is wanted. When there is no work left it is not asked: whoever reads
	// the call will see.
	keep func(value []byte) bool

	key    []byte // buffer for seeking
	buffer []byte // for unpacking
	place  []byte // the present one; nil: none yet, or no more
	value  []byte // what stands there
	begun  bool
}

func (l *leaf) seek(place []byte) []byte {
	if l.begun && (l.place == nil || l.compare(l.place, place) >= 0) {
		return l.place
	}
	if l.begun { // often it is the next one
		if p := l.next(); p == nil || l.compare(p, place) >= 0 {
			return p
		}
	}
	if l.begun {
		l.work.spend(2) // the first time is free, so that each page comes forward however many streams there are
	}
	l.begun = true
	l.key = append(l.key[:0], l.prefix...)
	if l.packed {
		l.key = appendPacked(l.key, place)
	} else {
		l.key = append(l.key, place...)
	}
	k, v := l.cursor.Seek(l.key)
	if l.direction == towardsOlder && !bytes.Equal(k, l.key) {
		if k == nil {
			k, v = l.cursor.Last()
		} else {
			k, v = l.cursor.Prev()
		}
	}
	return l.take(k, v)
}

func (l *leaf) next() []byte {
	if l.begun && l.place == nil {
		return nil
	}
	return l.take(l.move())
}

func (l *leaf) move() (k, v []byte) {
	l.work.spend(1)
	if l.direction == towardsNewer {
		return l.cursor.Next()
	}
	return l.cursor.Prev()
}

// take makes an entry the present one, or the first one after it that is wanted.
func (l *leaf) take(k, v []byte) []byte {
	for l.keep != nil && bytes.HasPrefix(k, l.prefix) && !l.work.done() && !l.keep(v) {
		k, v = l.move()
	}
	l.value = v
	switch {
	case k == nil || !bytes.HasPrefix(k, l.prefix):
		l.place = nil
	case l.packed:
		l.buffer = appendUnpacked(l.buffer[:0], k[len(l.prefix):])
		l.place = l.buffer
	default:
		l.place = k[len(l.prefix):]
	}
	return l.place
}

// places is a stream of single places, in its direction.
type places struct {
	direction
	list [][]byte
}

func (p *places) sort() { slices.SortFunc(p.list, p.compare) }

func (p *places) seek(place []byte) []byte {
	for len(p.list) > 0 && p.compare(p.list[0], place) < 0 {
		p.list = p.list[1:]
	}
	return p.first()
}

func (p *places) next() []byte {
	if len(p.list) > 0 {
		p.list = p.list[1:]
	}
	return p.first()
}

func (p *places) first() []byte {
	if len(p.list) == 0 {
		return nil
	}
	return p.list[0]
}
