package store

import (
	"bytes"
	"container/heap"
)

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
