package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// caseKeys are the index entries of a case: by account, so that the open one is found, and on each call whether it restricts the account.
func caseKeys(c policy.Case) []entry {
	if c.Customer == "" { // of an account that was erased
		return nil
	}
	return []entry{{append(key(byCase).part(string(c.Customer)), casePlace(c.ID)...), []byte(c.State)}}
}

// caseLength is how many bytes the key of a case has.
const caseLength = 8

// casePlace is the key of a case; none for what is no number of a case.
func casePlace(id policy.CaseID) []byte {
	n, err := strconv.ParseUint(string(id), 10, 64)
	if err != nil || n == 0 {
		return nil
	}
	return binary.BigEndian.AppendUint64(nil, n)
}

// Case is one case; policy.ErrNoCase if there is none.
func (s *Store) Case(ctx context.Context, id policy.CaseID) (policy.Case, error) {
	var found policy.Case
	err := s.view(ctx, func(tx *bolt.Tx) (err error) {
		found, err = readCase(tx, id)
		return err
	})
	return found, err
}

func readCase(tx *bolt.Tx, id policy.CaseID) (policy.Case, error) {
	place := casePlace(id)
	if place == nil {
		return policy.Case{}, fmt.Errorf("%w: %q", policy.ErrNoCase, string(id))
	}
	value := tx.Bucket(casesBucket).Get(place)
	if value == nil {
		return policy.Case{}, fmt.Errorf("%w: %s", policy.ErrNoCase, id)
	}
	return decodeCase(place, value)
}

func decodeCase(k, v []byte) (policy.Case, error) {
	return decode[policy.Case]("case", fmt.Sprintf("%x", k), v)
}

// Cases are all cases, open and closed, in the order in which they were opened. It reads in short steps, as Calls does.
func (s *Store) Cases(ctx context.Context) iter.Seq2[policy.Case, error] {
	return pages(ctx, s, casesBucket, decodeCase)
}

// CasesOf are the cases of an account, in the order in which they were opened. It reads those and no others.
func (s *Store) CasesOf(ctx context.Context, customer policy.CustomerNumber) ([]policy.Case, error) {
	var found []policy.Case
	err := s.view(ctx, func(tx *bolt.Tx) (err error) {
		found, err = casesOf(tx, customer)
		return err
	})
	return found, err
}

// OpenCases are the cases that are not closed, in the order in which they were opened. It reads the index alone.
func (s *Store) OpenCases(ctx context.Context) ([]policy.CaseHead, error) {
	var found []policy.CaseHead
	from := []byte(key(byCase))
	for from != nil {
		err := s.view(ctx, func(tx *bolt.Tx) error {
			cursor := tx.Bucket(indexBucket).Cursor()
			k, v := cursor.Seek(from)
			from = nil
			for n := 0; bytes.HasPrefix(k, key(byCase)); k, v = cursor.Next() {
				if n++; n > summaryPage {
					from = bytes.Clone(k)
					return nil
				}
				if state := policy.CaseState(v); state != policy.CaseClosed {
					id := binary.BigEndian.Uint64(k[len(k)-caseLength:])
					found = append(found, policy.CaseHead{ID: policy.CaseID(strconv.FormatUint(id, 10)), Customer: policy.CustomerNumber(partOf(k)), State: state})
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(found, func(a, b policy.CaseHead) int { return bytes.Compare(casePlace(a.ID), casePlace(b.ID)) })
	return found, nil
}

// ClosedCases are at most limit of the closed cases, those that were opened last first, and whether there are more. before is the case
// that the page before ended with; "" for the first page.
func (s *Store) ClosedCases(ctx context.Context, before policy.CaseID, limit int) (found []policy.Case, more bool, err error) {
	below := bytes.Repeat([]byte{0xff}, caseLength)
	if before != "" {
		if below = casePlace(before); below == nil {
			return nil, false, fmt.Errorf("%w: %q", policy.ErrNoCase, string(before))
		}
	}
	for done := false; !done; {
		err := s.view(ctx, func(tx *bolt.Tx) error {
			cursor := tx.Bucket(casesBucket).Cursor()
			step := cursor.Prev
			if k, _ := cursor.Seek(below); k == nil {
				step = cursor.Last
			}
			k, v := step()
			for n := 0; n < pageLength; n++ {
				if k == nil {
					done = true
					return nil
				}
				c, err := decodeCase(k, v)
				if err != nil {
					return err
				}
				if !c.Open() && len(found) == limit {
					more, done = true, true
					return nil
				}
				if !c.Open() {
					found = append(found, c)
				}
				below = bytes.Clone(k)
				k, v = cursor.Prev()
			}
			return nil
		})
		if err != nil {
			return nil, false, err
		}
	}
	return found, more, nil
}

// casesOf are the cases of an account, in the order in which they were opened.
func casesOf(tx *bolt.Tx, customer policy.CustomerNumber) ([]policy.Case, error) {
	var found []policy.Case
	prefix, cursor := key(byCase).part(string(customer)), tx.Bucket(indexBucket).Cursor()
	cases := tx.Bucket(casesBucket)
	for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Next() {
		place := k[len(prefix):]
		c, err := decodeCase(place, cases.Get(place))
		if err != nil {
			return nil, err
		}
		found = append(found, c)
	}
	return found, nil
}

// restricted says whether an open case restricts an account. It is asked on each call, so it reads the index alone.
func restricted(tx *bolt.Tx, customer policy.CustomerNumber) bool {
	prefix, cursor := key(byCase).part(string(customer)), tx.Bucket(indexBucket).Cursor()
	for k, v := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = cursor.Next() {
		if policy.CaseState(v).Restricts() {
			return true
		}
	}
	return false
}

// openCase is the account's open case: there is never more than one.
func openCase(cases []policy.Case) *policy.Case {
	for i := range cases {
		if cases[i].Open() {
			return &cases[i]
		}
	}
	return nil
}

// lastClosed is the case that was closed last: an account has one after the other.
func lastClosed(cases []policy.Case) *policy.Case {
	for i := range slices.Backward(cases) {
		if !cases[i].Open() {
			return &cases[i]
		}
	}
	return nil
}

// OpenCase opens a case by hand, with the months it rests on as they are now, and notes in the audit who did it. Errors:
// policy.ErrNoCustomer, policy.ErrCaseOpen, policy.ErrNoNote.
func (s *Store) OpenCase(ctx context.Context, customer policy.CustomerNumber, by, text string, months []policy.Usage, at time.Time) (policy.Case, error) {
	var opened policy.Case
	err := s.write(ctx, func(tx *bolt.Tx) error {
		account, err := readCustomer(tx, string(customer))
		if err != nil {
			return err
		}
		if text == "" {
			return fmt.Errorf("%w: say why the case of customer %s is opened", policy.ErrNoNote, customer)
		}
		opened, err = flag(tx, policy.NewCase(account, months, by, text, at))
		return err
	})
	if err != nil {
		return policy.Case{}, err
	}
	return opened, nil
}

// putCase writes a new case under the next number, unless the account has an open one.
func putCase(tx *bolt.Tx, c policy.Case) (policy.Case, error) {
	cases, err := casesOf(tx, c.Customer)
	if err != nil {
		return policy.Case{}, err
	}
	if open := openCase(cases); open != nil {
		return policy.Case{}, fmt.Errorf("%w: case %s of customer %s is %s", policy.ErrCaseOpen, open.ID, c.Customer, open.State)
	}
	n, err := tx.Bucket(casesBucket).NextSequence()
	if err != nil {
		return policy.Case{}, err
	}
	c.ID = policy.CaseID(strconv.FormatUint(n, 10))
	return c, putChanged(tx, casesBucket, casePlace(c.ID), c, nil, caseKeys(c))
}

// MoveCase takes a case one step on (policy.Case.Moved), and writes who did it into the audit and the notices into the outbox, all in one
// step. Errors: policy.ErrNoCase, and those of Moved.
func (s *Store) MoveCase(ctx context.Context, id policy.CaseID, move policy.Move, notices []policy.Notice) (policy.Case, error) {
	out, err := newNotices(notices)
	if err != nil {
		return policy.Case{}, err
	}
	var after policy.Case
	err = s.write(ctx, func(tx *bolt.Tx) error {
		before, err := readCase(tx, id)
		if err != nil {
			return err
		}
		if after, err = before.Moved(move); err != nil {
			return err
		}
		if err := putChanged(tx, casesBucket, casePlace(id), after, caseKeys(before), caseKeys(after)); err != nil {
			return err
		}
		if err := putNew(tx, out); err != nil {
			return err
		}
		detail := fmt.Sprintf("from %s to %s", before.State, after.State)
		return note(tx, policy.AuditEntry{At: move.At, By: move.By, Act: "case-move", Customer: before.Customer, Subject: string(id), Detail: detail, Reason: move.Note})
	})
	if err != nil {
		return policy.Case{}, err
	}
	return after, nil
}
