package store

import (
	"bytes"
	"context"
	"fmt"
)

// CheckIndex compares the indexes that an engine has with those that follow from its records, and the segments of histories with the calls that name
// them. It returns the differences as sentences.
func CheckIndex(ctx context.Context, e Engine) (wrong []string, err error) {
	err = e.View(ctx, func(tx Reader) error {
		if tx.Get(metaBucket, schemaKey) == nil {
			return nil // nothing was ever written
		}
		want, err := indexOf(tx)
		if err != nil {
			return err
		}
		wrong = append(differences(tx, indexBucket, want), differences(tx, searchBucket, want)...)
		wrong = append(append(wrong, strayNames(tx)...), straySteps(tx)...)
		return nil
	})
	return wrong, err
}

// indexOf makes the indexes from the records. Unindexed calls stay so.
func indexOf(tx Reader) (memoryTx, error) {
	want := memoryTx{}
	for b := range bucketCount {
		for k, v := range (span{}).in(tx, b) {
			if b != indexBucket && b != searchBucket {
				want.Put(b, k, v)
			}
		}
	}
	if err := indexOthers(want); err != nil {
		return nil, err
	}
	var edits []Edit
	for k, v := range (span{}).in(tx, callsBucket) {
		r, err := readRecord(k, v)
		if err != nil {
			return nil, err
		}
		edits = append(edits, allKeys(r.Call, tx.Get(searchBucket, unindexedKey(k)) != nil)...)
	}
	writeMany(want, edits)
	return want, nil
}

// differences returns the entries that one of two indexes lacks. The names that an account had on calls stay as long as it has any, so that
// the index may have more of them than one that is made anew.
func differences(tx Reader, b Bucket, want memoryTx) (wrong []string) {
	for k, v := range (span{}).in(want, b) {
		if value := tx.Get(b, k); value == nil || !bytes.Equal(value, v) {
			wrong = append(wrong, fmt.Sprintf("%s lacks %q: %x, and has %x", b, k, v, value))
		}
	}
	for k, v := range (span{}).in(tx, b) {
		older := b == searchBucket && (k[0] == byNames || k[0] == byWord)
		if !older && want.Get(b, k) == nil {
			wrong = append(wrong, fmt.Sprintf("%s has %q: %x, which nothing leads to", b, k, v))
		}
	}
	return wrong
}

// strayNames returns the names of accounts without calls, and words of no name.
func strayNames(tx Reader) (wrong []string) {
	known := map[string]bool{}
	for k := range under(key(byNames)).in(tx, searchBucket) {
		customer := string(partOf(k))
		if under(key(byCustomer).part(customer)).isEmpty(tx, indexBucket) {
			wrong = append(wrong, fmt.Sprintf("the name %q is of an account without calls", k))
		}
		for _, word := range words(string(k[2+len(customer):])) {
			known[string(wordKey(byWord, word).text(customer))] = true
		}
	}
	for k := range under(key(byWord)).in(tx, searchBucket) {
		if !known[string(k)] {
			wrong = append(wrong, fmt.Sprintf("the word %q is of no name", k))
		}
	}
	return wrong
}

// straySteps returns the segments that no call names, or more than one, and those that a call names and that are not there.
func straySteps(tx Reader) (wrong []string) {
	owners := map[uint64]string{}
	for k, v := range (span{}).in(tx, callsBucket) {
		r, err := readRecord(k, v)
		if err != nil {
			return append(wrong, err.Error())
		}
		for _, n := range r.Steps {
			if other, twice := owners[n]; twice {
				wrong = append(wrong, fmt.Sprintf("step %d is of %s and of %s", n, other, r.Call.SID))
			}
			owners[n] = string(r.Call.SID)
			if tx.Get(stepsBucket, stepKey(n)) == nil {
				wrong = append(wrong, fmt.Sprintf("step %d of %s is not there", n, r.Call.SID))
			}
		}
	}
	if n := (span{}).count(tx, stepsBucket, noLimit); n != len(owners) {
		wrong = append(wrong, fmt.Sprintf("%d steps are there, and calls name %d", n, len(owners)))
	}
	return wrong
}

// HoldCommits lets commits wait until release is called.
func HoldCommits(s *Store) (release func() error, err error) {
	held, free, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- s.engine.Update(context.Background(), func(Writer) error {
			close(held)
			<-free
			return nil
		})
	}()
	<-held
	return func() error {
		close(free)
		return <-done
	}, nil
}

// ForgetFigures removes what the versions before the figures of specialists did not write, whole with that all were filled in.
func ForgetFigures(ctx context.Context, e Engine, whole bool) error {
	return e.Update(ctx, func(tx Writer) error {
		var keys [][]byte
		for k := range under(key(byPerson)).in(tx, searchBucket) {
			keys = append(keys, bytes.Clone(k))
		}
		for _, k := range keys {
			tx.Delete(searchBucket, k)
		}
		if whole {
			tx.Delete(metaBucket, filledKey)
		}
		return nil
	})
}
