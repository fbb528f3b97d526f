package policy

import "slices"

// OverLong says whether the talk passed the call limit and nobody deemed it necessary (rules 5 and 6): at the limit is within, one second
// more is over.
func (c Call) OverLong(fair FairUse) bool { return c.Summary().OverLong(fair) }

// Lets says whether calls with this reason are connected although the account is restricted. Critical ones always are (rule 10).
func (f FairUse) Lets(i Intent) bool { return i == Critical || slices.Contains(f.LetThrough, i) }
