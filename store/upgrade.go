package store

import (
	"bytes"
	"errors"
	"strconv"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// upgrade makes the buckets that are missing, and the index anew from what the others hold.
func upgrade(tx *bolt.Tx) error {
	if err := tx.DeleteBucket(indexBucket); err != nil && !errors.Is(err, berrors.ErrBucketNotFound) {
		return err
	}
	for _, name := range buckets {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	if err := indexCalls(tx); err != nil {
		return err
	}
	if err := indexAll(tx, customersBucket, customerKeys); err != nil {
		return err
	}
	if err := indexAll(tx, casesBucket, caseKeys); err != nil {
		return err
	}
	if err := indexAll(tx, noticesBucket, noticeKeys); err != nil {
		return err
	}
	if err := indexAll(tx, removalsBucket, removalKeys); err != nil {
		return err
	}
	return tx.Bucket(metaBucket).Put(schemaKey, []byte(strconv.Itoa(schema)))
}

func indexCalls(tx *bolt.Tx) error {
	index := tx.Bucket(indexBucket)
	return tx.Bucket(callsBucket).ForEach(func(k, v []byte) error {
		r, err := decode[record]("call", string(k), v)
		if err != nil {
			return err
		}
		if err := index.Put(key(bySID).text(string(r.Call.SID)), bytes.Clone(k[:timeLength])); err != nil {
			return err
		}
		return write(tx, indexEdits(nil, callKeys(r.Call)))
	})
}

// indexAll makes the entries of everything in a bucket.
func indexAll[T any](tx *bolt.Tx, bucket []byte, keys func(T) []entry) error {
	return tx.Bucket(bucket).ForEach(func(k, v []byte) error {
		found, err := decode[T](string(bucket), string(k), v)
		if err != nil {
			return err
		}
		return write(tx, indexEdits(nil, keys(found)))
	})
}
