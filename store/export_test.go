package store

import (
	"bytes"
	"fmt"
	"os"

	bolt "go.etcd.io/bbolt"
)

// CheckIndex compares the indexes of a closed file with those that follow from its records, and the segments of histories with the calls that
// name them. It returns the differences as sentences.
func CheckIndex(path, scratch string) (wrong []string, err error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	anew, err := bolt.Open(scratch, 0o600, &bolt.Options{NoSync: true, NoFreelistSync: true})
	if err != nil {
		return nil, err
	}
	defer os.Remove(scratch)
	defer anew.Close()
	err = db.View(func(was *bolt.Tx) error {
		if was.Bucket(metaBucket) == nil {
			return nil // nothing was ever written
		}
		if err := anew.Update(func(tx *bolt.Tx) error { return indexAnew(tx, was) }); err != nil {
			return err
		}
		return anew.View(func(tx *bolt.Tx) error { // not before the commit: bbolt tells an empty value from none in what is written only
			for _, name := range [][]byte{indexBucket, searchBucket} {
				wrong = append(wrong, differences(name, tx.Bucket(name), was.Bucket(name))...)
			}
			wrong = append(wrong, strayNames(was)...)
			return nil
		})
	})
	return append(wrong, straySteps(db)...), err
}

// indexAnew copies the records and makes the indexes from them. Unindexed calls stay so.
func indexAnew(tx, was *bolt.Tx) error {
	for _, name := range buckets {
		to, err := tx.CreateBucket(name)
		if err != nil {
			return err
		}
		if string(name) == string(indexBucket) || string(name) == string(searchBucket) {
			continue
		}
		to.FillPercent = 1
		if err := was.Bucket(name).ForEach(to.Put); err != nil {
			return err
		}
	}
	if err := indexOthers(tx); err != nil {
		return err
	}
	var edits []edit
	err := was.Bucket(callsBucket).ForEach(func(k, v []byte) error {
		r, err := readRecord(k, v)
		if err != nil {
			return err
		}
		unindexed := was.Bucket(searchBucket).Get(unindexedKey(k)) != nil
		edits = append(edits, allKeys(r.Call, unindexed)...)
		return nil
	})
	if err != nil {
		return err
	}
	return writeMany(tx, edits)
}

// differences returns the entries that one of two indexes lacks. The names that an account had on calls stay as long as it has any, so that
// the index may have more of them than one that is made anew.
func differences(name []byte, want, got *bolt.Bucket) (wrong []string) {
	_ = want.ForEach(func(k, v []byte) error {
		if value := got.Get(k); value == nil || !bytes.Equal(value, v) {
			wrong = append(wrong, fmt.Sprintf("%s lacks %q: %x, and has %x", name, k, v, value))
		}
		return nil
	})
	_ = got.ForEach(func(k, v []byte) error {
		older := string(name) == string(searchBucket) && (k[0] == byNames || k[0] == byWord)
		if !older && want.Get(k) == nil {
			wrong = append(wrong, fmt.Sprintf("%s has %q: %x, which nothing leads to", name, k, v))
		}
		return nil
	})
	return wrong
}

// strayNames returns the names of accounts without calls, and words of no name.
func strayNames(tx *bolt.Tx) (wrong []string) {
	search, known := tx.Bucket(searchBucket), map[string]bool{}
	_ = search.ForEach(func(k, _ []byte) error {
		if k[0] != byNames {
			return nil
		}
		customer := string(partOf(k))
		if under(key(byCustomer).part(customer)).isEmpty(tx.Bucket(indexBucket)) {
			wrong = append(wrong, fmt.Sprintf("the name %q is of an account without calls", k))
		}
		for _, word := range words(string(k[2+len(customer):])) {
			known[string(wordKey(byWord, word).text(customer))] = true
		}
		return nil
	})
	_ = search.ForEach(func(k, _ []byte) error {
		if k[0] == byWord && !known[string(k)] {
			wrong = append(wrong, fmt.Sprintf("the word %q is of no name", k))
		}
		return nil
	})
	return wrong
}

// straySteps returns the segments that no call names, or more than one, and those that a call names and that are not there.
func straySteps(db *bolt.DB) (wrong []string) {
	err := db.View(func(tx *bolt.Tx) error {
		if tx.Bucket(callsBucket) == nil {
			return nil
		}
		owners := map[uint64]string{}
		err := tx.Bucket(callsBucket).ForEach(func(k, v []byte) error {
			r, err := readRecord(k, v)
			for _, n := range r.Steps {
				if other, twice := owners[n]; twice {
					wrong = append(wrong, fmt.Sprintf("step %d is of %s and of %s", n, other, r.Call.SID))
				}
				owners[n] = string(r.Call.SID)
				if tx.Bucket(stepsBucket).Get(stepKey(n)) == nil {
					wrong = append(wrong, fmt.Sprintf("step %d of %s is not there", n, r.Call.SID))
				}
			}
			return err
		})
		if n := tx.Bucket(stepsBucket).Stats().KeyN; n != len(owners) {
			wrong = append(wrong, fmt.Sprintf("%d steps are there, and calls name %d", n, len(owners)))
		}
		return err
	})
	if err != nil {
		wrong = append(wrong, err.Error())
	}
	return wrong
}

// HoldCommits lets commits wait until release is called.
func HoldCommits(s *Store) (release func() error, err error) {
	tx, err := s.db.Begin(true)
	if err != nil {
		return nil, err
	}
	return tx.Rollback, nil
}
