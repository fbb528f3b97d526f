package store

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/directory"
	"github.com/officernd/supportline/policy/users"
)

// Customer returns a profile of the directory, Restricted if a case of the account says so, or policy.ErrNoCustomer.
func (s *Store) Customer(ctx context.Context, number policy.CustomerNumber) (policy.Customer, error) {
	return fetch(ctx, s, func(tx *bolt.Tx) (policy.Customer, error) { return directoryEntry(tx, string(number)) })
}

// directoryEntry returns a profile as readers see it, with whether a case restricts the account.
func directoryEntry(tx *bolt.Tx, number string) (policy.Customer, error) {
	customer, err := customerTable.get(tx, number)
	customer.Restricted = err == nil && restricted(tx, customer.Number)
	return customer, err
}

// CustomersCallingFrom returns the customers that have a number among their caller numbers, by customer number, however the caller's address
// spells it; none for a caller without a number.
func (s *Store) CustomersCallingFrom(ctx context.Context, caller policy.Phone) ([]policy.Customer, error) {
	number := caller.Caller()
	if number == "" {
		return nil, nil
	}
	prefix := key(byCaller).part(number)
	return fetch(ctx, s, func(tx *bolt.Tx) ([]policy.Customer, error) {
		return lookUp(tx, under(prefix), len(prefix), noLimit, func(tx *bolt.Tx, number []byte) (policy.Customer, error) {
			return directoryEntry(tx, string(number))
		})
	})
}

// Customers returns the directory by number. It reads in short steps, as Calls does. It does not set Restricted; Customer does.
func (s *Store) Customers(ctx context.Context) iter.Seq2[policy.Customer, error] {
	return customerTable.scan(ctx, s, span{})
}

// ImportCustomers adds customers and replaces those whose number is in the directory, all or none of them, and notes in the audit who did it.
// Other customers stay.
func (s *Store) ImportCustomers(ctx context.Context, customers []policy.Customer, by string) (directory.Result, error) {
	return s.importCustomers(ctx, customers, by, "")
}

// ImportPlanned is ImportCustomers for a plan that PlanImport showed to a person. It returns directory.ErrChanged if the plan would be
// another one now. seal is that of the plan.
func (s *Store) ImportPlanned(ctx context.Context, customers []policy.Customer, by, seal string) (directory.Result, error) {
	if seal == "" {
		return directory.Result{}, directory.ErrChanged
	}
	return s.importCustomers(ctx, customers, by, seal)
}

func (s *Store) importCustomers(ctx context.Context, customers []policy.Customer, by, seal string) (directory.Result, error) {
	sorted := byNumber(customers)
	return update(ctx, s, func(b *batch) (did directory.Result, err error) {
		var changes []directory.Change
		for _, c := range sorted {
			change, err := importCustomer(b.tx, c, &did)
			if err != nil {
				return did, err
			}
			if seal != "" {
				changes = append(changes, change)
			}
		}
		if seal != "" && directory.NewPlan(changes).Seal != seal {
			return did, directory.ErrChanged
		}
		detail := fmt.Sprintf("%d added, %d changed, %d unchanged", did.Added, did.Changed, did.Unchanged)
		return did, note(ctx, b.tx, users.AuditEntry{At: s.now(), By: by, Act: "import", Detail: detail})
	})
}

// byNumber returns customers in the order of their keys, so that a large import touches each page once.
func byNumber(customers []policy.Customer) []policy.Customer {
	sorted := slices.Clone(customers)
	slices.SortStableFunc(sorted, func(a, b policy.Customer) int { return bytes.Compare([]byte(a.Number), []byte(b.Number)) })
	return sorted
}

// PlanImport returns what ImportCustomers would do. It reads in short steps; ImportPlanned detects what changes meanwhile.
func (s *Store) PlanImport(ctx context.Context, customers []policy.Customer) (directory.Plan, error) {
	changes := make([]directory.Change, 0, len(customers))
	for step := range slices.Chunk(byNumber(customers), pageLength) {
		err := s.view(ctx, func(tx *bolt.Tx) error {
			for _, c := range step {
				_, change, err := planned(tx, c)
				if err != nil {
					return err
				}
				changes = append(changes, change)
			}
			return nil
		})
		if err != nil {
			return directory.Plan{}, err
		}
	}
	return directory.NewPlan(changes), nil
}

// importCustomer writes one customer, counts what it did, and returns it.
func importCustomer(tx *bolt.Tx, c policy.Customer, did *directory.Result) (directory.Change, error) {
	if c.Number == "" || len(c.Number) > maxPart {
		return directory.Change{}, fmt.Errorf("customer %q: a customer number has 1 to %d characters", c.Name, maxPart)
	}
	before, change, err := planned(tx, c)
	switch {
	case err != nil:
		return change, err
	case before == nil:
		did.Added++
	case change.Same():
		did.Unchanged++
		return change, nil
	default:
		did.Changed++
	}
	return change, customerTable.put(tx, []byte(c.Number), before, c)
}

// planned returns what an import does to one customer, and its profile before, nil if there is none.
func planned(tx *bolt.Tx, c policy.Customer) (before *policy.Customer, change directory.Change, err error) {
	before, err = customerTable.find(tx, []byte(c.Number))
	if change.After = c; before != nil {
		change.Before = *before
	}
	return before, change, err
}

// SearchCustomers returns the customers that a text finds (policy.Text.MatchesCustomer), by number, with Restricted set: at most limit of
// them, and only those after a number, "" for the first page. next is where to go on, "" at the end. A page costs bounded work, so that it may
// have fewer than limit customers although there are more.
func (s *Store) SearchCustomers(ctx context.Context, text policy.Text, limit int, after policy.CustomerNumber) (found []policy.Customer, next policy.CustomerNumber, err error) {
	limit = max(1, limit)
	found, err = fetch(ctx, s, func(tx *bolt.Tx) (found []policy.Customer, err error) {
		looked, last := 0, ""
		for number := range candidates(tx, text, string(after)) {
			if len(found) == limit || looked == maxCandidates {
				next = policy.CustomerNumber(last)
				return found, nil
			}
			looked, last = looked+1, number
			c, err := directoryEntry(tx, number)
			if err != nil {
				return nil, err
			}
			if text.MatchesCustomer(c) {
				found = append(found, c)
			}
		}
		return found, nil
	})
	return found, next, err
}

// maxCandidates is how many customers one page reads, wanted or not.
const maxCandidates = 5000

// candidates returns the numbers after one that a text may find, in order: from the index, or all where too many customers have the text.
func candidates(tx *bolt.Tx, t policy.Text, after string) iter.Seq[string] {
	return func(yield func(string) bool) {
		listed, few := listedCustomers(tx, t)
		if t.Whole == "" || !few {
			for k := range (span{}).behind([]byte(after)).in(tx.Bucket(customersBucket)) {
				if !yield(string(k)) {
					return
				}
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

// listedCustomers returns the numbers of the customers that a text may find, in order; few is false if there are too many.
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
	for k := range under([]byte(t.Whole)).in(tx.Bucket(customersBucket)) {
		if len(numbers) == maxTerms {
			return nil, false
		}
		numbers = append(numbers, string(k))
		if !t.NumberPrefix {
			break
		}
	}
	return numbers, true
}

// customerEntries returns the entries of a customer, each once.
func customerEntries(number []byte, c policy.Customer) (entries []edit) {
	add := func(in Bucket, k indexKey) {
		e := edit{in: in, key: append(k, number...)}
		if _, there := find(entries, e); !there {
			entries = append(entries, e)
		}
	}
	for _, phone := range c.CallerNumbers {
		add(inIndex, key(byCaller).part(phone.Full()))
	}
	for _, word := range words(c.Name) {
		add(inSearch, wordKey(ofName, word))
	}
	for _, phone := range c.Phones() {
		for _, ngram := range ngrams(phone.Full()) {
			add(inSearch, key(ofNumber).text(ngram))
		}
	}
	return entries
}
