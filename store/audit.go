package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// Audit is what people did to the directory, to calls, to cases, to notices, to users and to the dates of lines, who signed in, and what retention removed, oldest first. It reads in
// short steps, as Calls does.
func (s *Store) Audit(ctx context.Context) iter.Seq2[policy.AuditEntry, error] {
	return pages(ctx, s, auditBucket, decodeAudit)
}

// Note adds an entry to the audit, for what changes nothing else in the store: a sign-in, a look at what is masked.
func (s *Store) Note(ctx context.Context, e policy.AuditEntry) error {
	return s.write(ctx, func(tx *bolt.Tx) error { return note(tx, e) })
}

func decodeAudit(k, v []byte) (policy.AuditEntry, error) {
	return decode[policy.AuditEntry]("audit entry", fmt.Sprintf("%x", k), v)
}

// note adds an entry to the audit.
func note(tx *bolt.Tx, e policy.AuditEntry) error {
	n, err := tx.Bucket(auditBucket).NextSequence()
	if err != nil {
		return err
	}
	return noteAs(tx, binary.BigEndian.AppendUint64(nil, n), e)
}

func noteAs(tx *bolt.Tx, k []byte, e policy.AuditEntry) error {
	value, err := encode(e)
	if err != nil {
		return fmt.Errorf("audit of %s cannot be written: %w", e.Act, err)
	}
	return tx.Bucket(auditBucket).Put(k, value)
}

// forget takes a customer's number, and what people wrote about the account, out of the audit.
func forget(tx *bolt.Tx, number policy.CustomerNumber) error {
	audit := tx.Bucket(auditBucket)
	named := map[string]policy.AuditEntry{}
	err := audit.ForEach(func(k, v []byte) error {
		e, err := decodeAudit(k, v)
		if err == nil && e.Customer == number {
			e.Customer, e.Reason = "", ""
			named[string(k)] = e
		}
		return err
	})
	if err != nil {
		return err
	}
	for k, e := range named {
		if err := noteAs(tx, []byte(k), e); err != nil {
			return err
		}
	}
	return nil
}
