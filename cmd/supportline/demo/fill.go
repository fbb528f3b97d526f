package demo

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/directory"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
)

// ImportCustomers brings the customers of a CSV file called name into the directory; by is the name in the audit. The error has all the file's
// problems.
func ImportCustomers(ctx context.Context, s *store.Store, settings policy.Settings, name string, text []byte, by string) error {
	customers, problems := directory.Read(bytes.NewReader(text), settings)
	var wrong []error
	for _, p := range problems {
		wrong = append(wrong, errors.New(p.In(name)))
	}
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	_, err := s.ImportCustomers(ctx, customers, by)
	return err
}

// FirstCustomers brings the sample customers into a directory that is still empty, and leaves their file in the demo's folder for the person
// to change.
func FirstCustomers(ctx context.Context, folder string, s *store.Store, settings policy.Settings, by string) error {
	for range s.Customers(ctx) {
		return nil
	}
	file := filepath.Join(folder, CustomersFile)
	if err := os.WriteFile(file, config.ExampleCustomers(), 0o644); err != nil {
		return err
	}
	return ImportCustomers(ctx, s, settings, file, config.ExampleCustomers(), by)
}

// Fill brings the accounts and the log into a store. It calls progress with the number of calls that are done.
func (g Generator) Fill(ctx context.Context, s *store.Store, progress func(done int)) error {
	customers := g.Customers()
	if _, err := s.ImportCustomers(ctx, customers, "demo"); err != nil {
		return err
	}
	return s.Load(ctx, g.Log(customers), progress)
}

// LetEverybodyCall lets every operator of a demo call every line from the console.
func LetEverybodyCall(conf *config.Config) {
	conf.Settings.MadeUp, conf.Console.TestLines = true, nil
	for _, line := range conf.Settings.Lines {
		conf.Console.TestLines = append(conf.Console.TestLines, line.Number)
	}
	permitted := users.Permissions{}
	for role, permissions := range conf.Console.Permissions {
		permitted[role] = slices.Clone(permissions)
	}
	permitted[users.Operator] = append(permitted[users.Operator], users.UsePhone)
	conf.Console.Permissions = permitted
}
