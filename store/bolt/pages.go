package bolt

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"time"

	bbolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/store"
)

// copyPages writes the pages of one transaction.
//
// A hot copy must not be one long transaction: commits then use no page again that was freed since, and each writes the growing list of those. So the
// pages are copied before it, as they are found, in steps with rests. In the transaction all are looked at once more, which takes no disk, and those
// that changed since are written again.
func (e *Engine) copyPages(c *pageCopy, hot bool) error {
	if hot {
		size := int64(0)
		if err := e.reading(func(tx *bbolt.Tx) error { size = tx.Size(); return nil }); err != nil {
			return err
		}
		if err := c.pass(size, true); err != nil {
			return err
		}
	}
	return e.reading(func(tx *bbolt.Tx) error {
		if err := c.pass(tx.Size(), false); err != nil {
			return err
		}
		return c.lead(tx, tx.DB().Info().PageSize)
	})
}

const (
	// copyStep is how many bytes are copied at a time: a commit waits for their way to the disk, or for a part of it.
	copyStep = 1 << 20
	// longestRest bounds the rest after a step, which is as long as the step took.
	longestRest = 50 * time.Millisecond
)

// pageCopy copies the pages of a file that changes.
type pageCopy struct {
	ctx      context.Context
	from, to *os.File
	seed     maphash.Seed
	sums     []uint64 // of the pages as they were written
	buffer   []byte
	progress func(done, all int64) // may be nil
}

// pass writes the pages up to a size that are not as they were written before, in steps that are on the disk one by one if it rests between them.
func (c *pageCopy) pass(size int64, rests bool) error {
	for at := int64(0); at < size; at += copyStep {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		began := time.Now()
		step := c.buffer[:min(copyStep, size-at)]
		if _, err := c.from.ReadAt(step, at); errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: it has less than %d bytes", store.ErrTruncated, size)
		} else if err != nil {
			return err
		}
		if err := c.write(step, at); err != nil {
			return err
		}
		if rests {
			if err := c.to.Sync(); err != nil {
				return err
			}
			if c.progress != nil {
				c.progress(at+int64(len(step)), size)
			}
			c.rest(min(time.Since(began), longestRest))
		}
	}
	return nil
}

func (c *pageCopy) rest(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.ctx.Done():
	}
}

// write writes the pages of a step that changed, those that are next to each other at once.
func (c *pageCopy) write(step []byte, at int64) error {
	for begin, end := 0, 0; begin < len(step); begin = end + pageSize {
		for end = begin; end < len(step) && c.changed(step[end:end+pageSize], at+int64(end)); {
			end += pageSize
		}
		if _, err := c.to.WriteAt(step[begin:end], at+int64(begin)); err != nil {
			return err
		}
	}
	return nil
}

// changed reports whether a page is not as it was written before, and notes how it is at first. A sum of 64 bits is as good as the page: that another content
// has the same, with a seed of this copy's own, is less likely than a fault of the memory.
func (c *pageCopy) changed(page []byte, at int64) bool {
	n, sum := int(at/pageSize), maphash.Bytes(c.seed, page)
	if n == len(c.sums) {
		c.sums = append(c.sums, sum)
		return true
	}
	return sum != c.sums[n]
}

// lead writes the two first pages, which lead to those of a transaction.
func (c *pageCopy) lead(tx *bbolt.Tx, size int) error {
	to := &firstPages{to: c.to, left: 2 * size}
	if _, err := tx.WriteTo(to); to.left > 0 {
		return first(to.err, err)
	}
	return nil
}

// firstPages takes so many bytes as are left, and no more.
type firstPages struct {
	to   *os.File
	at   int64
	left int
	err  error // of the file
}

func (f *firstPages) Write(b []byte) (n int, err error) {
	if len(b) > f.left {
		return 0, io.ErrShortWrite
	}
	n, f.err = f.to.WriteAt(b, f.at)
	f.at, f.left = f.at+int64(n), f.left-n
	return n, f.err
}
