package policy

import "time"

// Step is a decision of a call's trace as people and programs are shown it. An unknown time is null.
type Step struct {
	At     *time.Time `json:"at"`
	Rule   string     `json:"rule"`
	Result string     `json:"result"`
	Inputs []Fact     `json:"inputs"`
	Config string     `json:"config,omitempty"`
}

// Steps returns the steps of a trace.
func Steps(trace []Decision) []Step {
	steps := make([]Step, len(trace))
	for i, d := range trace {
		s := Step{Rule: d.Rule, Result: d.Result, Inputs: append([]Fact{}, d.Inputs...), Config: d.Config}
		if !d.At.IsZero() {
			at := d.At.UTC()
			s.At = &at
		}
		steps[i] = s
	}
	return steps
}

// Masked returns the step with telephone numbers masked.
func (s Step) Masked() Step {
	s.Result = MaskedText(s.Result)
	inputs := make([]Fact, len(s.Inputs))
	for i, f := range s.Inputs {
		inputs[i] = Fact{f.Name, MaskedText(f.Value)}
	}
	s.Inputs = inputs
	return s
}
