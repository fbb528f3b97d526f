package store

import (
	"bytes"
	"context"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// SearchCustomers are the customers that a text finds (policy.Text.MatchesCustomer), by number, at most limit of them and only those after a
// number; "" is from the first. Whether an account is restricted is said. next is where to go on: "" when there are no more. Fewer
// than limit may be found at one time although there are more: a step costs bounded work.
func (s *Store) SearchCustomers(ctx context.Context, text policy.Text, limit int, after policy.CustomerNumber) (found []policy.Customer, next policy.CustomerNumber, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) (err error) {
		found, next, err = searchCustomers(tx, text, max(1, limit), string(after))
		return err
	})
	return found, next, err
}

// maxCandidates is how many customers one page reads, wanted or not.
const maxCandidates = 5000

func searchCustomers(tx *bolt.Tx, t policy.Text, limit int, after string) (found []policy.Customer, next policy.CustomerNumber, err error) {
	looked, last := 0, ""
	for number := range candidates(tx, t, after) {
		if len(found) == limit || looked == maxCandidates {
			return found, policy.CustomerNumber(last), nil
		}
		looked, last = looked+1, number
		c, err := directoryEntry(tx, number)
		if err != nil {
			return nil, "", err
		}
		if t.MatchesCustomer(c) {
			found = append(found, c)
		}
	}
	return found, "", nil
}

// candidates are the numbers after one that a text may find, in order: by the index, or all where the text is on too many to be looked up.
func candidates(tx *bolt.Tx, t policy.Text, after string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		customers := tx.Bucket(customersBucket).Cursor()
		k, _ := customers.Seek([]byte(after))
		if string(k) == after && k != nil {
			k, _ = customers.Next()
		}
		listed, few := listedCustomers(tx, t)
		if t.Empty() || !few {
			for ; k != nil && yield(string(k)); k, _ = customers.Next() {
			}
			return
		}
		for _, number := range listed {
			if number > after && !yield(number) {
				return
			}
		}
	}
}

// listedCustomers are the numbers of customers that a text may find, in order.
func listedCustomers(tx *bolt.Tx, t policy.Text) (numbers []string, few bool) {
	search := tx.Bucket(searchBucket)
	numbers, few = customersNumbered(tx, t)
	if !few {
		return nil, false
	}
	if len(t.Words) > 0 {
		named, few := underWords(search, ofName, t.Words, maxTerms)
		if !few {
			return nil, false
		}
		numbers = append(numbers, named...)
	}
	for _, part := range t.Digits {
		calling, few := underPart(search, ofNumber, part, maxTerms, func(string) bool { return true })
		if !few {
			return nil, false
		}
		numbers = append(numbers, calling...)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), true
}

func customersNumbered(tx *bolt.Tx, t policy.Text) (numbers []string, few bool) {
	cursor := tx.Bucket(customersBucket).Cursor()
	for k, _ := cursor.Seek([]byte(t.Whole)); strings.HasPrefix(string(k), t.Whole) && k != nil; k, _ = cursor.Next() {
		if len(numbers) == maxTerms {
			return nil, false
		}
		numbers = append(numbers, string(k))
		if !t.NumberPrefix() {
			break
		}
	}
	return numbers, true
}

// customerSearchKeys are the entries of a customer in the search's index.
func customerSearchKeys(c policy.Customer) []entry {
	var keys []entry
	add := func(k indexKey) {
		k = k.text(string(c.Number))
		if _, there := find(keys, k); !there {
			keys = append(keys, entry{key: k})
		}
	}
	for _, word := range words(c.Name) {
		add(wordKey(ofName, word))
	}
	for _, phone := range c.Phones() {
		for _, gram := range grams(phone.Full()) {
			add(partKey(ofNumber, gram))
		}
	}
	return keys
}

// placesUnder are the places of the search's entries under a prefix, oldest first.
func placesUnder(tx *bolt.Tx, prefix indexKey) (places [][]byte) {
	cursor := tx.Bucket(searchBucket).Cursor()
	for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Next() {
		places = append(places, bytes.Clone(k[len(prefix):]))
	}
	return places
}
