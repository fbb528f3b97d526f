package store

import (
	"bytes"
	"container/heap"
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

// union is every place that one of its streams has, once.
type union struct {
	direction
	streams []stream // none of them begun
	ready   ahead
	begun   bool
}

// ahead are streams by the places that they are at.
type ahead struct {
	direction
	list []headed
}

type headed struct {
	place []byte
	stream
}

func (a *ahead) Len() int           { return len(a.list) }
func (a *ahead) Less(i, j int) bool { return a.compare(a.list[i].place, a.list[j].place) < 0 }
func (a *ahead) Swap(i, j int)      { a.list[i], a.list[j] = a.list[j], a.list[i] }
func (a *ahead) Push(x any)         { a.list = append(a.list, x.(headed)) }
func (a *ahead) Pop() any {
	last := a.list[len(a.list)-1]
	a.list = a.list[:len(a.list)-1]
	return last
}

func (u *union) seek(place []byte) []byte {
	if !u.begun {
		u.begun, u.ready.direction = true, u.direction
		for _, s := range u.streams {
			if p := s.seek(place); p != nil {
				u.ready.list = append(u.ready.list, headed{p, s})
			}
		}
		heap.Init(&u.ready)
	}
	for u.ready.Len() > 0 && u.compare(u.ready.list[0].place, place) < 0 {
		u.moved(u.ready.list[0].seek(place))
	}
	return u.first()
}

func (u *union) next() []byte {
	present := bytes.Clone(u.first())
	for u.ready.Len() > 0 && bytes.Equal(u.ready.list[0].place, present) {
		u.moved(u.ready.list[0].stream.next())
	}
	return u.first()
}

// moved puts the first stream where it belongs, now that it is at another place.
func (u *union) moved(to []byte) {
	if to == nil {
		heap.Pop(&u.ready)
		return
	}
	u.ready.list[0].place = to
	heap.Fix(&u.ready, 0)
}

func (u *union) first() []byte {
	if u.ready.Len() == 0 {
		return nil
	}
	return u.ready.list[0].place
}

// both is every place that all of its streams have. Each in turn leaps to where the others are, so that the rarest leads.
type both struct {
	direction
	work    *work
	streams []stream
	// cut is set when there was no work left to find the next place: nothing is known of what lies beyond this one.
	cut []byte
}

func (b *both) seek(place []byte) []byte {
	for begin := place; b.cut == nil; {
		agreed := true
		for _, s := range b.streams {
			p := s.seek(place)
			if p == nil {
				return nil
			}
			if !bytes.Equal(p, place) {
				if b.work.done() && !bytes.Equal(begin, place) { // each page comes forward
					b.cut = bytes.Clone(place) // all up to it, and itself, is known
					return nil
				}
				place, agreed = p, false
				break
			}
		}
		if agreed {
			return place
		}
	}
	return nil
}

func (b *both) next() []byte {
	p := b.streams[0].next()
	if p == nil {
		return nil
	}
	return b.seek(p)
}
