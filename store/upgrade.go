package store

import (
	"bytes"
	"errors"
	"strconv"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/officernd/supportline/policy"
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
	index := tx.Bucket(indexBucket)
	err := tx.Bucket(callsBucket).ForEach(func(k, v []byte) error {
		r, err := decode[record]("call", string(k), v)
		if err != nil {
			return err
		}
		call := r.Call
		if err := index.Put(key(bySID).text(string(call.SID)), bytes.Clone(k)); err != nil {
			return err
		}
		return write(tx, indexEdits(nil, callKeys(call)))
	})
	if err != nil {
		return err
	}
	err = tx.Bucket(customersBucket).ForEach(func(k, v []byte) error {
		customer, err := decode[policy.Customer]("customer", string(k), v)
		if err != nil {
			return err
		}
		return write(tx, indexEdits(nil, customerKeys(customer)))
	})
	if err != nil {
		return err
	}
	return tx.Bucket(metaBucket).Put(schemaKey, []byte(strconv.Itoa(schema)))
}
