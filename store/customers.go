package store

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/directory"
	"github.com/officernd/supportline/policy/users"
)

// Customer returns a profile of the directory, Restricted if a case of the account says so, or policy.ErrNoCustomer.
func (s *Store) Customer(ctx context.Context, number policy.CustomerNumber) (policy.Customer, error) {
	return fetch(ctx, s, func(tx Reader) (policy.Customer, error) { return directoryEntry(tx, string(number)) })
}

// directoryEntry returns a profile as readers see it, with whether a case restricts the account.
func directoryEntry(tx Reader, number string) (policy.Customer, error) {
	customer, err := customerTable.get(tx, number)
	customer.Restricted = err == nil && restricted(tx, customer.Number)
	return customer, err
}

// directoryEntries returns the profiles that an index leads to, as readers see them, in two round trips.
func directoryEntries(tx Reader, numbers [][]byte) ([]policy.Customer, error) {
	found, err := customerTable.all(tx, numbers)
	if err != nil {
		return nil, err
	}
	accounts := make([]policy.CustomerNumber, len(found))
	for i, c := range found {
		accounts[i] = c.Number
	}
	for i, is := range allRestricted(tx, accounts) {
		found[i].Restricted = is
	}
	return found, nil
}

// CustomersCallingFrom returns the customers that have a number among their caller numbers, by customer number, however the caller's address
// spells it; none for a caller without a number.
func (s *Store) CustomersCallingFrom(ctx context.Context, caller policy.Phone) ([]policy.Customer, error) {
	number := caller.Caller()
	if number == "" {
		return nil, nil
	}
	prefix := key(byCaller).part(number)
	return fetch(ctx, s, func(tx Reader) ([]policy.Customer, error) {
		return lookUp(tx, under(prefix), len(prefix), noLimit, directoryEntries)
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
	return update(ctx, s, func(t *step) (did directory.Result, err error) {
		changes, err := planned(t.tx, sorted)
		if err != nil {
			return did, err
		}
		for _, change := range changes {
			if err := importCustomer(t.tx, change, &did); err != nil {
				return did, err
			}
		}
		if seal != "" && directory.NewPlan(changes).Seal != seal {
			return did, directory.ErrChanged
		}
		detail := fmt.Sprintf("%d added, %d changed, %d unchanged", did.Added, did.Changed, did.Unchanged)
		return did, s.note(ctx, t.tx, users.AuditEntry{At: s.Now(), By: by, Act: "import", Detail: detail})
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
		part, err := fetch(ctx, s, func(tx Reader) ([]directory.Change, error) { return planned(tx, step) })
		if err != nil {
			return directory.Plan{}, err
		}
		changes = append(changes, part...)
	}
	return directory.NewPlan(changes), nil
}

// importCustomer writes one customer, and counts what it did.
func importCustomer(tx Writer, change directory.Change, did *directory.Result) error {
	c, before := change.After, &change.Before
	switch {
	case before.Number == "":
		did.Added++
		before = nil
	case change.Same():
		did.Unchanged++
		return nil
	default:
		did.Changed++
	}
	return customerTable.put(tx, []byte(c.Number), before, c)
}

// planned returns what an import does to each of some customers. It reads their profiles in one round trip.
func planned(tx Reader, customers []policy.Customer) ([]directory.Change, error) {
	keys, changes := make([][]byte, len(customers)), make([]directory.Change, len(customers))
	for i, c := range customers {
		if c.Number == "" || len(c.Number) > maxPart {
			return nil, fmt.Errorf("customer %q: a customer number has 1 to %d characters", c.Name, maxPart)
		}
		keys[i] = []byte(c.Number)
	}
	for i, e := range fetched(tx, customersBucket, keys) {
		changes[i].After = customers[i]
		switch {
		case i > 0 && customers[i].Number == customers[i-1].Number:
			changes[i].Before = customers[i-1]
			continue
		case e.Value == nil:
			continue
		}
		before, err := customerTable.decode(e.Key, e.Value)
		if err != nil {
			return nil, err
		}
		changes[i].Before = before
	}
	return changes, nil
}

// SearchCustomers returns the customers that a text finds (policy.Text.MatchesCustomer), by number, with Restricted set: at most limit of
// them, and only those after a number, "" for the first page. next is where to go on, "" at the end. A page costs bounded work, so that it may
// have fewer than limit customers although there are more.
func (s *Store) SearchCustomers(ctx context.Context, text policy.Text, limit int, after policy.CustomerNumber) (found []policy.Customer, next policy.CustomerNumber, err error) {
	limit = max(1, limit)
	found, err = fetch(ctx, s, func(tx Reader) (found []policy.Customer, err error) {
		looked, last := 0, ""
		next = ""
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
func candidates(tx Reader, t policy.Text, after string) iter.Seq[string] {
	return func(yield func(string) bool) {
		listed, few := listedCustomers(tx, t)
		if t.Whole == "" || !few {
			for k := range (span{}).behind([]byte(after)).in(tx, customersBucket) {
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
func listedCustomers(tx Reader, t policy.Text) (numbers []string, few bool) {
	numbers, few = customersNumbered(tx, t)
	if !few {
		return nil, false
	}
	if len(t.Words) > 0 {
		named, few := underWords(tx, ofName, t.Words, maxTerms)
		if !few {
			return nil, false
		}
		numbers = append(numbers, named...)
	}
	for _, part := range t.Digits {
		calling, few := underPart(tx, ofNumber, part, maxTerms, func(string) bool { return true })
		if !few {
			return nil, false
		}
		numbers = append(numbers, calling...)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), true
}

func customersNumbered(tx Reader, t policy.Text) (numbers []string, few bool) {
	for k := range under([]byte(t.Whole)).in(tx, customersBucket) {
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
func customerEntries(number []byte, c policy.Customer) (entries []Edit) {
	add := func(in Bucket, k indexKey) {
		e := Edit{Bucket: in, Key: append(k, number...)}
		if _, there := find(entries, e); !there {
			entries = append(entries, e)
		}
	}
	for _, phone := range c.CallerNumbers {
		add(indexBucket, key(byCaller).part(phone.Full()))
	}
	for _, word := range words(c.Name) {
		add(searchBucket, wordKey(ofName, word))
	}
	for _, phone := range c.Phones() {
		for _, ngram := range ngrams(phone.Full()) {
			add(searchBucket, key(ofNumber).text(ngram))
		}
	}
	return entries
}
