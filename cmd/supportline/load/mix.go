package load

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/officernd/supportline/policy"
)

// The kinds of callers beside those who give their number and a reason to call.
const (
	unidentified = "unidentified" // has no customer number
	wrong        = "wrong"        // enters a number that nobody has before the right one
	missed       = "missed"       // has a critical matter, and nobody answers: it leaves a follow-up, and an alarm
)

// DefaultMix holds the shares of callers where nothing else is asked for.
const DefaultMix = "critical=30,restricted=25,question=30,ticket-status=6,raise-severity=4,unidentified=3,wrong=2"

// A Mix holds how often each kind of caller calls, as shares of any sum.
type Mix struct {
	kinds  []string
	shares []int
	sum    int
}

// kinds returns all that a mix can hold.
func kinds() []string {
	var all []string
	for _, i := range policy.Intents() {
		all = append(all, string(i))
	}
	return append(all, unidentified, wrong, missed)
}

// ParseMix reads a mix such as "critical=1,question=3".
func ParseMix(text string) (Mix, error) {
	parts := map[string]int{}
	for part := range strings.SplitSeq(text, ",") {
		kind, share, _ := strings.Cut(strings.TrimSpace(part), "=")
		n, err := strconv.Atoi(share)
		if !slices.Contains(kinds(), kind) || err != nil || n < 0 || n > 1000 {
			return Mix{}, fmt.Errorf("--mix: %q is no share: write kind=number with commas between, such as critical=1,question=3; the kinds are %s",
				part, strings.Join(kinds(), ", "))
		}
		parts[kind] = n
	}
	m := Mix{}
	for _, kind := range slices.Sorted(maps.Keys(parts)) {
		m.kinds, m.shares, m.sum = append(m.kinds, kind), append(m.shares, parts[kind]), m.sum+parts[kind]
	}
	if m.sum == 0 {
		return Mix{}, fmt.Errorf("--mix %s: nobody calls: give one kind a share above 0", text)
	}
	return m, nil
}

func (m Mix) draw(rng *rand.Rand) string {
	n := rng.IntN(m.sum)
	for i, share := range m.shares {
		if n -= share; n < 0 {
			return m.kinds[i]
		}
	}
	panic("unreachable: the shares are less than their sum")
}
