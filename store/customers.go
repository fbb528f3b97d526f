package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// Customer is one profile of the directory, Restricted if the account's case says so; policy.ErrNoCustomer if there is none with that number.
func (s *Store) Customer(ctx context.Context, number policy.CustomerNumber) (policy.Customer, error) {
	var customer policy.Customer
	err := s.view(ctx, func(tx *bolt.Tx) (err error) {
		customer, err = directoryEntry(tx, string(number))
		return err
	})
	return customer, err
}

// directoryEntry is a customer as readers see one: the profile, and whether a case restricts the account.
func directoryEntry(tx *bolt.Tx, number string) (policy.Customer, error) {
	customer, err := readCustomer(tx, number)
	customer.Restricted = err == nil && restricted(tx, customer.Number)
	return customer, err
}

// CustomersCallingFrom are the customers that name a number among their caller numbers, by customer number; none for a caller
// without a number.
func (s *Store) CustomersCallingFrom(ctx context.Context, caller policy.Phone) ([]policy.Customer, error) {
	if caller.Caller() == "" {
		return nil, nil
	}
	var customers []policy.Customer
	err := s.view(ctx, func(tx *bolt.Tx) error {
		prefix := key(byCaller).part(caller.Full())
		cursor := tx.Bucket(indexBucket).Cursor()
		for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Next() {
			c, err := directoryEntry(tx, string(k[len(prefix):]))
			if err != nil {
				return err
			}
			customers = append(customers, c)
		}
		return nil
	})
	return customers, err
}

// Customers is the directory by number. It reads in short steps, as Calls does. Whether an account is restricted Customer says.
func (s *Store) Customers(ctx context.Context) iter.Seq2[policy.Customer, error] {
	return pages(ctx, s, customersBucket, func(k, v []byte) (policy.Customer, error) {
		return decode[policy.Customer]("customer", string(k), v)
	})
}

// ImportCustomers adds customers and replaces those whose number is in the directory already, all or none of them, and notes in the
// audit who did it. Customers that are not named stay.
func (s *Store) ImportCustomers(ctx context.Context, customers []policy.Customer, by string) (policy.Imported, error) {
	return s.importCustomers(ctx, customers, by, "")
}

// ImportPlanned is ImportCustomers for what PlanImport showed to a person: it refuses, with policy.ErrDirectoryChanged, what would come to
// another plan now. seal is that of the plan.
func (s *Store) ImportPlanned(ctx context.Context, customers []policy.Customer, by, seal string) (policy.Imported, error) {
	if seal == "" {
		return policy.Imported{}, policy.ErrDirectoryChanged
	}
	return s.importCustomers(ctx, customers, by, seal)
}

func (s *Store) importCustomers(ctx context.Context, customers []policy.Customer, by, seal string) (policy.Imported, error) {
	var did policy.Imported
	sorted := byNumber(customers)
	err := s.write(ctx, func(tx *bolt.Tx) error {
		planner := policy.NewPlanner()
		for _, c := range sorted {
			if seal != "" {
				if err := planned(tx, planner, c); err != nil {
					return err
				}
			}
			if err := importCustomer(tx, c, &did); err != nil {
				return err
			}
		}
		if seal != "" && planner.Plan().Seal != seal {
			return policy.ErrDirectoryChanged
		}
		detail := fmt.Sprintf("%d added, %d changed, %d unchanged", did.Added, did.Changed, did.Unchanged)
		return note(tx, policy.AuditEntry{At: s.now(), By: by, Act: "import", Detail: detail})
	})
	if err != nil {
		return policy.Imported{}, err
	}
	return did, nil
}

// byNumber are customers in the order of their keys: so a large import touches each page once.
func byNumber(customers []policy.Customer) []policy.Customer {
	sorted := slices.Clone(customers)
	slices.SortStableFunc(sorted, func(a, b policy.Customer) int { return bytes.Compare([]byte(a.Number), []byte(b.Number)) })
	return sorted
}

// PlanImport says what ImportCustomers would do. It reads in short steps; what changes meanwhile ImportPlanned finds out.
func (s *Store) PlanImport(ctx context.Context, customers []policy.Customer) (policy.ImportPlan, error) {
	planner := policy.NewPlanner()
	for step := range slices.Chunk(byNumber(customers), pageLength) {
		err := s.view(ctx, func(tx *bolt.Tx) error {
			for _, c := range step {
				if err := planned(tx, planner, c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return policy.ImportPlan{}, err
		}
	}
	return planner.Plan(), nil
}

func planned(tx *bolt.Tx, planner *policy.Planner, c policy.Customer) error {
	before, err := readCustomer(tx, string(c.Number))
	if err != nil && !errors.Is(err, policy.ErrNoCustomer) {
		return err
	}
	planner.Add(before, c)
	return nil
}

func importCustomer(tx *bolt.Tx, c policy.Customer, did *policy.Imported) error {
	if c.Number == "" || len(c.Number) > maxPart {
		return fmt.Errorf("customer %q: a customer number has 1 to %d characters", c.Name, maxPart)
	}
	var old, oldSearch []entry
	if tx.Bucket(customersBucket).Get([]byte(c.Number)) == nil {
		did.Added++
	} else {
		before, err := readCustomer(tx, string(c.Number))
		if err != nil {
			return err
		}
		if before.Equal(c) {
			did.Unchanged++
			return nil
		}
		did.Changed++
		old, oldSearch = customerKeys(before), customerSearchKeys(before)
	}
	value, err := encode(c)
	if err != nil {
		return fmt.Errorf("customer %s cannot be written: %w", c.Number, err)
	}
	if err := tx.Bucket(customersBucket).Put([]byte(c.Number), value); err != nil {
		return fmt.Errorf("customer %s: %w", c.Number, err)
	}
	return write(tx, append(indexEdits(old, customerKeys(c)), searchEdits(oldSearch, customerSearchKeys(c))...))
}

func readCustomer(tx *bolt.Tx, number string) (policy.Customer, error) {
	value := tx.Bucket(customersBucket).Get([]byte(number))
	if value == nil {
		return policy.Customer{}, fmt.Errorf("%w: %s", policy.ErrNoCustomer, number)
	}
	return decode[policy.Customer]("customer", number, value)
}
