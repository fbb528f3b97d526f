package store

import "testing"

func TestAContextKnowsItsLease(t *testing.T) {
	if _, under := leaseOf(t.Context()); under || IsUrgent(t.Context()) {
		t.Error("a plain context is under a lease, or urgent")
	}
	want := Lease{"night", "a", 7}
	ctx := Urgent(UnderLease(t.Context(), want))
	if got, under := leaseOf(ctx); got != want || !under || !IsUrgent(ctx) {
		t.Errorf("%+v, %v", got, under)
	}
}
