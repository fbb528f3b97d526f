package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/directory"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
)

// customersImport is "customers import": all or nothing.
type customersImport struct {
	File   string `arg:"" name:"FILE" help:"A CSV file with the columns of customers.example.csv; - is standard input."`
	DryRun bool   `help:"Say what the import would do, and do nothing."`
	Yes    bool   `help:"Do it without a question."`
}

func (customersImport) Help() string {
	return examples(`All rows are taken, or none. Customers that the file does not name stay as they are. What a row leaves out, and how many rows
have a package without phone support, is said first; at a terminal you are asked then.`,
		"supportline customers import customers.csv",
		"supportline customers import customers.csv --dry-run",
		"crm-export | supportline customers import -")
}

func (i customersImport) InputFile() string { return i.File }

func (i customersImport) Run(ctx context.Context, s *control.Session) error {
	input := control.Watch(s.In, s.Err, s.InputSize, s.Progress)
	file, problems := directory.ReadFile(input, s.Settings)
	input.Done()
	if err := ctx.Err(); err != nil {
		return err // what was read may be the part of the file that came before the person gave up
	}
	for _, w := range file.Warnings {
		fmt.Fprintln(s.Err, w.WarningIn(s.Input))
	}
	for _, p := range problems {
		fmt.Fprintln(s.Out, p.In(s.Input))
	}
	if len(problems) > 0 {
		return control.Refused("nothing was imported: correct %s and import it again", s.Input)
	}
	for _, note := range file.Notes() {
		fmt.Fprintln(s.Err, note)
	}
	if i.DryRun {
		return i.plan(ctx, s, file)
	}
	if err := i.confirm(s, file); err != nil {
		return err
	}
	done, err := s.Store.ImportCustomers(ctx, file.Customers, s.User)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "%d added, %d changed, %d unchanged\n", done.Added, done.Changed, done.Unchanged)
	return nil
}

// confirm asks a person at a terminal about a file with something to look at first. A job, such as that of every night, goes on without an answer.
func (i customersImport) confirm(s *control.Session, file directory.File) error {
	if !s.Ask || len(file.Without) == 0 && len(file.Warnings) == 0 {
		return nil
	}
	return s.Confirm(i.Yes, fmt.Sprintf("Import %s all the same?", control.Plural(len(file.Customers), "customer")))
}

// plan prints what the import would do, and notes in the audit who looked.
func (i customersImport) plan(ctx context.Context, s *control.Session, file directory.File) error {
	entry := users.AuditEntry{At: s.Now(), By: s.User, Act: users.ActImportPreview, Detail: control.Plural(len(file.Customers), "row") + ", by the command"}
	if err := s.Store.Note(ctx, entry); err != nil {
		return err
	}
	plan, err := s.Store.PlanImport(ctx, file.Customers)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "%d would be added, %d changed, %d unchanged; nothing was imported\n", plan.Added, plan.Changed, plan.Unchanged)
	return nil
}

type customersList struct {
	Text   string `placeholder:"TEXT" help:"Those whose number begins with this, whose name has these words, or with 4 digits or more of a phone number."`
	Format string `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json, or csv as import reads it."`
}

func (customersList) Help() string {
	return examples("",
		"supportline customers list",
		"supportline customers list --text harbor",
		"supportline customers list --format csv > customers.csv")
}

func (l customersList) Run(ctx context.Context, s *control.Session) error {
	customers, none := l.customers(ctx, s), "There are no customers yet: \"supportline customers import FILE.csv\" brings them in."
	if l.Text != "" {
		none = "No customers match."
	}
	if l.Format == "csv" {
		var all []policy.Customer
		for c, err := range customers {
			if err != nil {
				return err
			}
			all = append(all, c)
		}
		return directory.Write(s.Out, all)
	}
	t := control.Table{Head: []string{"NUMBER", "NAME", "PACKAGE", "LINE", "ACCOUNT HOLDER", "EMAIL", "PHONE", "CALLER NUMBERS"}}
	return control.Print(s, l.Format, customers, t, func(c policy.Customer) []string {
		callers := make([]string, len(c.CallerNumbers))
		for i, n := range c.CallerNumbers {
			callers[i] = n.Full()
		}
		return []string{
			string(c.Number), c.Name, packageCell(s.Settings, c.Package), c.Line.Full(), c.AccountHolder, c.Email, c.Phone.Full(), strings.Join(callers, " "),
		}
	}, none)
}

// packageCell returns a package with whether it has no phone support, and which one was probably meant.
func packageCell(settings policy.Settings, name string) string {
	if settings.IncludesPhone(name) {
		return name
	}
	if meant := settings.MeantPackage(name); meant != "" {
		return fmt.Sprintf("%s (no phone support: is %s meant?)", name, meant)
	}
	return name + " (no phone support)"
}

// customers returns all customers, or those that the text finds.
func (l customersList) customers(ctx context.Context, s *control.Session) iter.Seq2[policy.Customer, error] {
	if l.Text == "" {
		return s.Store.Customers(ctx)
	}
	text := policy.ParseText(l.Text, true)
	return func(yield func(policy.Customer, error) bool) {
		for after, more := policy.CustomerNumber(""), true; more; more = after != "" {
			found, next, err := s.Store.SearchCustomers(ctx, text, customersStep, after)
			if err != nil {
				yield(policy.Customer{}, err)
				return
			}
			for _, c := range found {
				if !yield(c, nil) {
					return
				}
			}
			after = next
		}
	}
}

// customersStep is how many customers are asked for at once.
const customersStep = 500

// customersExport is "customers export": everything that is stored of one customer.
type customersExport struct {
	Number string `arg:"" name:"N" help:"The customer number."`
}

func (customersExport) Help() string {
	return examples(`One JSON object: the profile, the account's calls with their messages and recordings (where they are,
with their SHA-256: "calls recording" gives the sound) and what people did to them, its usage by month, its cases, its
notices, its follow-ups and the alarms about it.`, "supportline customers export 204518 > 204518.json")
}

// exported is a customer as JSON.
type exported struct {
	Customer policy.Customer  `json:"customer"`
	Calls    []policy.FullRow `json:"calls"`
	Usage    []policy.Usage   `json:"usage"` // by month, oldest first
	Cases    []policy.Case    `json:"cases"`
	Notices  []notices.Row    `json:"notices"`
	store.Followed
}

func (e customersExport) Run(ctx context.Context, s *control.Session) error {
	all, err := s.Store.Export(ctx, policy.CustomerNumber(e.Number), s.User)
	if err != nil {
		return flags.Absent(e.Number, err)
	}
	out := exported{
		Customer: all.Customer, Calls: []policy.FullRow{}, Usage: []policy.Usage{}, Cases: []policy.Case{}, Notices: []notices.Row{},
	}
	counts := s.Store.TicketCounter(ctx)
	for _, c := range all.Calls {
		counted, err := counts(c)
		if err != nil {
			return err
		}
		out.Calls = append(out.Calls, s.Settings.FullRow(c, counted))
	}
	if out.Usage, err = s.Accounts().UsageSince(ctx, all.Customer.Number, all.FirstMonth(), s.ThisMonth()); err != nil {
		return err
	}
	for _, c := range all.Cases {
		out.Cases = append(out.Cases, c.Whole())
	}
	for _, n := range all.Notices {
		out.Notices = append(out.Notices, notices.RowOf(n))
	}
	if out.Followed, err = s.Store.Followed(ctx, all.Customer.Number); err != nil {
		return err
	}
	w := json.NewEncoder(s.Out)
	w.SetIndent("", "  ")
	return w.Encode(out)
}

type customersErase struct {
	Number string `arg:"" name:"N" help:"The customer number."`
	Yes    bool   `help:"Do it without a question."`
}

func (customersErase) Help() string {
	return examples(`The profile goes, and the account's calls lose everything that leads to a person. Their voicemails and
recordings are removed here and at the provider. This cannot be undone.`, "supportline customers erase 204518 --yes")
}

func (e customersErase) Run(ctx context.Context, s *control.Session) error {
	number := policy.CustomerNumber(e.Number)
	customer, err := s.Store.Customer(ctx, number)
	if err != nil {
		return flags.Absent(e.Number, err)
	}
	if err := s.Confirm(e.Yes, fmt.Sprintf("Erase %s (%s) and anonymise the account's calls? This cannot be undone.", number, control.Plain(customer.Name))); err != nil {
		return err
	}
	done, err := s.Store.Erase(ctx, number, s.User, s.Now())
	if errors.Is(err, policy.ErrCallInProgress) {
		return control.Refused("customer %s is on the phone: nothing was erased, try again after the call", number)
	}
	if err != nil {
		return flags.Absent(e.Number, err)
	}
	fmt.Fprintf(s.Err, "Customer %s is erased; %d calls are anonymised.\n", number, done.Calls)
	if done.Recordings > 0 {
		fmt.Fprintf(s.Err, "%s, here and at the provider, by the running server or by \"supportline recordings fetch\".\n", control.Plural(done.Recordings, "recording")+" will be removed")
	}
	return nil
}
