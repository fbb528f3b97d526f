package policy_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

// TestAPrintedPhoneNamesNobody holds rule 13 for whatever the provider calls a caller.
func TestAPrintedPhoneNamesNobody(t *testing.T) {
	for name, row := range map[string]struct{ from, want string }{
		"a number":                   {"+442079460018", "+44********18"},
		"a short number":             {"+1888", "***"},
		"a number without a plus":    {"02079460018", "***"},
		"a number with a port":       {"+442079460018:5060", "***"},
		"nothing":                    {"", ""},
		"a word for no number":       {"anonymous", "anonymous"},
		"the same, in capitals":      {"Anonymous", "Anonymous"},
		"a name":                     {"Jo Bloggs", "***"},
		"a SIP address":              {"sip:+442079460018@pbx.example.com", "sip:***@pbx.example.com"},
		"a secure SIP address":       {"sips:jo@pbx.example.com", "sips:***@pbx.example.com"},
		"a SIP address of a host":    {"sip:442079460018", "sip:***"},
		"a client":                   {"client:jo", "client:***"},
		"a telephone's address":      {"tel:+442079460018", "tel:***"},
		"a SIP address's parameters": {"sip:+442079460018@pbx.example.com;phone-context=+442079460018", "sip:***@pbx.example.com"},
		"a withheld number's word":   {"Restricted", "Restricted"},
		"a withheld number":          {"+266696687", "withheld"},
		"a withheld SIP address":     {"sip:anonymous@anonymous.invalid", "withheld"},
		"digits without a plus":      {"442079460018", "***"},
		"an address of no scheme":    {"jo@example.com", "***"},
		"a scheme that nobody has":   {"jo:bloggs@example.com", "***"},
	} {
		if diff := cmp.Diff(row.want, fmt.Sprint(policy.Phone(row.from))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
