package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
)

// TestCaseMoves holds rule 9: which state may follow which, and no other.
func TestCaseMoves(t *testing.T) {
	t.Parallel()
	allowed := map[policy.CaseState]string{
		policy.CaseFlagged:    "contacted closed",
		policy.CaseContacted:  "discussed closed",
		policy.CaseDiscussed:  "watching closed",
		policy.CaseWatching:   "restricted charged closed",
		policy.CaseRestricted: "charged closed",
		policy.CaseCharged:    "restricted closed",
		policy.CaseClosed:     "",
	}
	for _, from := range policy.CaseStates() {
		var got []string
		for _, to := range policy.CaseStates() {
			before := policy.Case{ID: "1", State: from}
			after, err := before.Moved(policy.Move{At: at(1), By: "mila", To: to, Via: policy.ViaPhone, Note: "as agreed"})
			if err == nil {
				got = append(got, string(to))
			} else if !errors.Is(err, policy.ErrMoveNotAllowed) || after.State != from || len(after.Moves) != 0 {
				t.Errorf("%s to %s: %v, and the case is %s", from, to, err, after.State)
			}
		}
		if diff := cmp.Diff(strings.Fields(allowed[from]), got); diff != "" && allowed[from]+strings.Join(got, "") != "" {
			t.Errorf("from %s: %s", from, diff)
		}
	}
}

func TestMoveRefused(t *testing.T) {
	t.Parallel()
	good := policy.Move{At: at(1), By: "mila", To: policy.CaseContacted, Via: policy.ViaEmail, Note: "wrote to Ada"}
	for name, row := range map[string]struct {
		change func(*policy.Move)
		want   error
		says   string
	}{
		"nobody":                {func(m *policy.Move) { m.By = "" }, wrong("no name: say who does it"), ""},
		"without a note":        {func(m *policy.Move) { m.Note = " " }, policy.ErrNoNote, ""},
		"without a way":         {func(m *policy.Move) { m.Via = "" }, wrong("say how the account holder was contacted: phone or email"), "phone or email"},
		"an offer that is none": {func(m *policy.Move) { m.Offered = []policy.Alternative{"money"} }, wrong("what is offered is screen-sharing, training or plan"), "training"},
		"a silent e-mail":       {func(m *policy.Move) { m.Silent = true }, wrong("an e-mail that is asked for is not silent: leave one of the two out"), "not silent"},
		"another way":           {func(m *policy.Move) { m.Via = "pigeon" }, wrong("say how the account holder was contacted: phone or email"), "phone or email"},
		"a step too far":        {func(m *policy.Move) { m.To = policy.CaseRestricted }, policy.ErrMoveNotAllowed, "from flagged it goes to contacted or closed"},
		"to where it is":        {func(m *policy.Move) { m.To = policy.CaseFlagged }, policy.ErrMoveNotAllowed, "from flagged it goes to contacted or closed"},
		"to no state":           {func(m *policy.Move) { m.To = "lost" }, policy.ErrMoveNotAllowed, "from flagged it goes to contacted or closed"},
		"a note of a book":      {func(m *policy.Move) { m.Note = strings.Repeat("a", policy.MaxWritten+1) }, policy.ErrInput, "the note has 2001 characters: write at most 2000"},
		"a name of a book":      {func(m *policy.Move) { m.By = strings.Repeat("a", policy.MaxLine+1) }, policy.ErrInput, "write at most 254"},
		"closing, no note":      {func(m *policy.Move) { m.To, m.Note = policy.CaseClosed, "" }, policy.ErrNoNote, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, before := good, policy.Case{ID: "1", State: policy.CaseFlagged}
			row.change(&m)
			got, err := before.Moved(m)
			if !matches(err, row.want) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%v, want %v %q", err, row.want, row.says)
			}
			if diff := cmp.Diff(before, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	_, err := policy.Case{State: policy.CaseClosed}.Moved(good)
	if !errors.Is(err, policy.ErrMoveNotAllowed) || !strings.Contains(err.Error(), "final") {
		t.Errorf("a closed case: %v", err)
	}
}

// TestWhateverPeopleTry holds that a case's moves are a chain from its opening to where it stands, and that nothing follows a closing.
func TestWhateverPeopleTry(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		c := policy.NewCase(holder, usages("2026-05", "ooo"), "mila", "by hand", at(0))
		for range rapid.IntRange(0, 20).Draw(rt, "moves") {
			m := policy.Move{At: at(1), By: "mila", To: rapid.SampledFrom(policy.CaseStates()).Draw(rt, "to"), Note: "n"}
			m.Via = rapid.SampledFrom([]string{"", policy.ViaPhone}).Draw(rt, "via")
			before := len(c.Moves)
			next, err := c.Moved(m)
			if (err == nil) != (len(next.Moves) == before+1) || len(c.Moves) != before {
				rt.Fatalf("%v after %d moves there are %d", err, before, len(next.Moves))
			}
			c = next
		}
		for i, m := range c.Moves {
			if i > 0 && (m.From != c.Moves[i-1].To || m.From == policy.CaseClosed) {
				rt.Fatalf("move %d goes from %s, and the case stood at %s", i, m.From, c.Moves[i-1].To)
			}
		}
		if c.State != c.Moves[len(c.Moves)-1].To {
			rt.Fatalf("the case is %s after %+v", c.State, c.Moves)
		}
		if c.Open() == (c.State == policy.CaseClosed) {
			rt.Fatalf("a case at %s is open %t", c.State, c.Open())
		}
	})
}

// A restricted and a charged account could go on for ever. A case takes 200 moves, and can be closed beyond them.
func TestMovesOfACaseAreBounded(t *testing.T) {
	t.Parallel()
	c := policy.Case{ID: "1", State: policy.CaseRestricted}
	to := map[policy.CaseState]policy.CaseState{policy.CaseRestricted: policy.CaseCharged, policy.CaseCharged: policy.CaseRestricted}
	move := func(state policy.CaseState) (policy.Case, error) {
		return c.Moved(policy.Move{At: at(1), By: "mila", To: state, Note: "n"})
	}
	for range 200 {
		moved, err := move(to[c.State])
		if err != nil {
			t.Fatal(err)
		}
		c = moved
	}
	if _, err := move(to[c.State]); !errors.Is(err, policy.ErrMoveNotAllowed) || !strings.Contains(err.Error(), "close it") {
		t.Errorf("move 201: %v", err)
	}
	if closed, err := move(policy.CaseClosed); err != nil || closed.Open() {
		t.Errorf("it cannot be closed: %v", err)
	}
}

// TestExpires holds the retention of rule 13: what is past its time goes, but for what a case rests on.
func TestExpires(t *testing.T) {
	t.Parallel()
	c := policy.NewCase(holder, usages("2026-05", "o.o"), "mila", "by hand", at(0))
	call := policy.Call{StartedAt: at(10), Customer: holder.Number, Month: "2026-06"}
	with := func(change func(*policy.Call)) policy.Call {
		changed := call
		change(&changed)
		return changed
	}
	for name, row := range map[string]struct {
		call  policy.Call
		cases []policy.Case
		want  bool
	}{
		"past its time":             {call, nil, true},
		"a case rests on its month": {call, []policy.Case{c}, false},
		"on another month":          {with(func(c *policy.Call) { c.Month = "2026-08" }), []policy.Case{c}, true},
		"on another account":        {with(func(c *policy.Call) { c.Customer = "555010" }), []policy.Case{c}, true},
		"of nobody":                 {with(func(c *policy.Call) { c.Customer = "" }), []policy.Case{{Months: c.Months}}, true},
		"not past its time":         {with(func(c *policy.Call) { c.StartedAt = at(20) }), nil, false},
	} {
		if got := row.call.Expires(at(20), row.cases); got != row.want {
			t.Errorf("%s: expires %t, want %t", name, got, row.want)
		}
	}
}
