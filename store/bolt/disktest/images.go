//go:build linux

package disktest

import (
	"bytes"
	"iter"
	"math/rand/v2"
	"os"
)

const (
	// sector is what a disk writes whole or not at all.
	sector = 512
	// block is what the system writes at once, in any order.
	block = 4096
)

// Image is what a file can hold after the power was cut.
type Image struct {
	Kind    string
	Ops     int // how many operations the program had begun
	Content []byte
}

// The kinds of images.
const (
	Cut      = "cut between two writes"
	Unsynced = "some of what was not synced"
	Torn     = "a sector torn"
)

// Images returns what a file that held base can hold if the power is cut at a random moment: all that was synced, and of the rest everything, or random
// blocks, or one of them only in some sectors. A cut is between two operations; each moment is cut once before one is cut again. The
// sequence does not end.
func Images(base []byte, ops []Op, random *rand.Rand) iter.Seq[Image] {
	return func(yield func(Image) bool) {
		for {
			moments := random.Perm(len(ops) + 1)
			at := make([]bool, len(moments))
			for len(moments) > 0 { // in runs over the operations, as many moments each as make it worth the run
				n := min(len(moments), 32)
				for _, m := range moments[:n] {
					at[m] = true
				}
				if !replay(base, ops, at, random, yield) {
					return
				}
				clear(at)
				moments = moments[n:]
			}
		}
	}
}

// replay yields the images of some moments.
func replay(base []byte, ops []Op, at []bool, random *rand.Rand, yield func(Image) bool) bool {
	d := &disk{synced: bytes.Clone(base)}
	for n := range at {
		if at[n] && !d.images(n, random, yield) {
			return false
		}
		if n < len(ops) {
			d.do(ops[n])
		}
	}
	return true
}

// disk is what is known of a file on it.
type disk struct {
	synced []byte
	open   []piece // written and not synced
	lost   []piece // a sync of it failed: it may be there, or never be, whatever is synced later
}

// piece is a part of a write that gets to the disk by itself, or a new size.
type piece struct {
	at   int64
	data []byte // nil: at is the size
}

func (d *disk) do(op Op) {
	switch op.Kind {
	case Write:
		d.open = append(d.open, pieces(op.At, op.Data, block)...)
	case Truncate:
		d.open = append(d.open, piece{at: op.At})
	case Sync:
		if op.Failed {
			d.lost = append(d.lost, d.open...)
		} else {
			d.sync()
		}
		d.open = nil
	}
}

// sync makes what is open a part of what is synced, and forgets what it overwrites.
func (d *disk) sync() {
	for _, p := range d.open {
		d.synced = p.put(d.synced)
	}
	var left []piece
	for _, lost := range d.lost {
		over := false
		for _, p := range d.open {
			over = over || p.covers(lost)
		}
		if !over {
			left = append(left, lost)
		}
	}
	d.lost = left
}

// pieces divides a write at the multiples of a size.
func pieces(at int64, data []byte, size int64) (all []piece) {
	for len(data) > 0 {
		n := min(int64(len(data)), size-at%size)
		all = append(all, piece{at, data[:n]})
		at, data = at+n, data[n:]
	}
	return all
}

// put returns a content with the piece in it.
func (p piece) put(content []byte) []byte {
	end := p.at + int64(len(p.data))
	if int64(len(content)) < end {
		content = append(content, make([]byte, end-int64(len(content)))...)
	}
	if p.data == nil {
		return content[:p.at]
	}
	copy(content[p.at:], p.data)
	return content
}

func (p piece) covers(other piece) bool {
	if p.data == nil || other.data == nil {
		return p.data == nil && other.data == nil
	}
	return p.at <= other.at && other.at+int64(len(other.data)) <= p.at+int64(len(p.data))
}

// images yields one image of each kind, of those that differ.
func (d *disk) images(ops int, random *rand.Rand, yield func(Image) bool) bool {
	if !yield(Image{Cut, ops, d.with(append(d.lost[:len(d.lost):len(d.lost)], d.open...))}) {
		return false
	}
	if len(d.open)+len(d.lost) == 0 {
		return true
	}
	some := d.some(random)
	if !yield(Image{Unsynced, ops, d.with(some)}) {
		return false
	}
	all := append(d.lost[:len(d.lost):len(d.lost)], d.open...)
	torn := random.IntN(len(all))
	if all[torn].data == nil {
		return true
	}
	sectors := pieces(all[torn].at, all[torn].data, sector)
	random.Shuffle(len(sectors), func(i, j int) { sectors[i], sectors[j] = sectors[j], sectors[i] })
	sectors = sectors[:random.IntN(len(sectors))]
	if random.IntN(2) == 0 { // the disk got to it in the order of the writes
		some = all[:torn]
	}
	return yield(Image{Torn, ops, d.with(append(some[:len(some):len(some)], sectors...))})
}

// some returns random pieces of what is not synced, few or many. Their order makes a difference only for those of one block, and the system has one copy of
// each block.
func (d *disk) some(random *rand.Rand) (some []piece) {
	chance := random.Float64()
	for _, p := range append(d.lost[:len(d.lost):len(d.lost)], d.open...) {
		if random.Float64() < chance {
			some = append(some, p)
		}
	}
	return some
}

func (d *disk) with(some []piece) []byte {
	content := bytes.Clone(d.synced)
	for _, p := range some {
		content = p.put(content)
	}
	return content
}

// WriteFile writes the image to a new file, whose pages of zeros take no room.
func (i Image) WriteFile(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Truncate(int64(len(i.Content))); err != nil {
		return err
	}
	zeros := make([]byte, block)
	for _, p := range pieces(0, i.Content, block) {
		if !bytes.Equal(p.data, zeros[:len(p.data)]) {
			if _, err := file.WriteAt(p.data, p.at); err != nil {
				return err
			}
		}
	}
	return nil
}
