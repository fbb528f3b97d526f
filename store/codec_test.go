package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

// FuzzDecodeSearched checks that decodeSearched returns what decoding the whole record does, and that damage never makes it panic.
func FuzzDecodeSearched(f *testing.F) {
	f.Add([]byte{0xa1}, "CA1", "+442079460018", "204518", "Northwind Flex Offices", "21001", "caf\xe9")
	f.Add([]byte{0xbf, 0xff}, "", "", "", "", "", "")
	f.Add([]byte{0xa1, 0x64, 'c', 'a', 'l', 'l', 0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, "CA2", "anonymous", "", "", "", "")
	f.Add([]byte{0xa1, 0x64, 'c', 'a', 'l', 'l', 0xa1, 0x63, 's', 'i', 'd', 0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, "CA3", "", "", "", "", "")
	f.Fuzz(func(t *testing.T, damaged []byte, sid, from, customer, account, ticket, other string) {
		_, _ = decodeSearched(damaged)
		total, monday := len(other), time.Date(2026, time.November, 23, 8, 0, 0, 5, time.UTC)
		whole := policy.Call{
			SID: policy.CallSID(sid), From: policy.Phone(from), Customer: policy.CustomerNumber(customer), Account: account, Ticket: policy.Ticket(ticket),
			Line: policy.Phone(other), Status: other, TotalSeconds: &total, Known: total > 3, Legs: []policy.Leg{{SID: policy.CallSID(other)}, {}},
			Acts: []policy.Act{{By: other, At: monday}}, StartedAt: monday, Message: &policy.Recording{SID: "RE1"},
		}
		value, err := encode(record{Call: whole, Steps: []uint64{1, 1 << 40}})
		if err != nil {
			t.Fatal(err)
		}
		got, ok := decodeSearched(value)
		want := policy.Call{SID: whole.SID, From: whole.From, Customer: whole.Customer, Account: whole.Account, Ticket: whole.Ticket}
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("the searched fields of %x: %v, ok %v", value, diff, ok)
		}
		for n := range value { // a record that was cut
			if _, ok := decodeSearched(value[:n]); ok {
				t.Fatalf("the first %d of %d bytes are taken for a record", n, len(value))
			}
		}
	})
}
