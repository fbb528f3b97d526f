package console_test

import (
	"context"
	"strings"
	"testing"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// searched is the store as a directory in which customers are found by the beginning of the number or of the name, or by their phone.
type searched struct{ *store.Store }

func (s searched) SearchCustomers(
	ctx context.Context, text string, numbers bool, after policy.CustomerNumber, limit int,
) (found []policy.Customer, more bool, err error) {
	for c, err := range s.Customers(ctx) {
		if err != nil {
			return nil, false, err
		}
		hit := strings.HasPrefix(string(c.Number), text) || strings.HasPrefix(strings.ToLower(c.Name), strings.ToLower(text)) ||
			numbers && strings.Contains(c.Phone.Full(), text)
		if c.Number <= after || !hit {
			continue
		}
		if len(found) == limit {
			return found, true, nil
		}
		found = append(found, c)
	}
	return found, false, nil
}

// derived is the store as standings that are derived at once.
type derived struct{ *store.Store }

func (d derived) Book(ctx context.Context, last policy.Month, n int) (book policy.Book, ready bool, err error) {
	for back := n - 1; back >= 0; back-- {
		m := last.Plus(-back)
		figures, err := policy.FiguresOfMonth(m, d.MonthTallies(ctx, m), monday)
		if err != nil {
			return nil, false, err
		}
		book = append(book, figures)
	}
	return book, true, nil
}

// unready are standings that are still being derived.
type unready struct{}

func (unready) Book(context.Context, policy.Month, int) (policy.Book, bool, error) {
	return nil, false, nil
}

// enrol brings customers into the directory.
func (p *place) enrol(t testing.TB, customers ...policy.Customer) {
	t.Helper()
	if _, err := p.store.ImportCustomers(t.Context(), customers, "test"); err != nil {
		t.Fatal(err)
	}
}
