package load

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Step is one rate that was tried. Rate is that at which calls arrived.
type Step struct {
	Rate       float64 `json:"calls_a_second"`
	AnswerRate float64 `json:"webhooks_a_second"`
	P50        float64 `json:"p50_ms"`
	P99        float64 `json:"p99_ms"`
	Errors     int     `json:"errors"`
	Held       bool    `json:"held"`
}

// stepHead is the heading of steps in a table.
const stepHead = "CALLS/S  WEBHOOKS/S       P50       P99  ERRORS"

// String returns the step as a row below stepHead.
func (s Step) String() string {
	held := "held"
	if !s.Held {
		held = "did not hold"
	}
	return fmt.Sprintf("%7.0f  %10.0f  %5s ms  %5s ms  %6d  %s", s.Rate, s.AnswerRate, millis(s.P50), millis(s.P99), s.Errors, held)
}

const (
	// firstRate is where the search begins where no rate is given: any machine holds it.
	firstRate = 20
	// closeEnough ends the search: two runs at one rate differ by as much.
	closeEnough = 1.06
	// maxRate is beyond what one such process can send.
	maxRate = 100_000
)

// Find looks for the largest rate at which 99 of 100 webhooks are answered within a bound and none fails: it doubles the rate while that holds, and
// then halves what is between. A rate that does not hold is tried twice. Each step is told to tried. The rate is 0 if not even the smallest held.
func (l *Load) Find(ctx context.Context, within time.Duration, tried func(Step)) (rate float64, err error) {
	next, holds, fails := l.Rate, 0.0, math.Inf(1)
	if next == 0 {
		next = firstRate
	}
	for next >= 1 && next <= maxRate {
		step, err := l.try(ctx, next, within)
		if err != nil {
			return holds, err
		}
		tried(step)
		if !step.Held { // something else may have used the machine
			if step, err = l.try(ctx, next, within); err != nil {
				return holds, err
			}
			tried(step)
		}
		if step.Held {
			holds = next
		} else {
			fails = next
		}
		switch {
		case math.IsInf(fails, 1):
			next = math.Round(holds * 2)
		case holds == 0:
			next = math.Round(fails / 4)
		case fails/holds < closeEnough, fails-holds <= 1:
			return holds, nil
		default:
			next = math.Round(math.Sqrt(holds * fails))
		}
	}
	return holds, nil
}

func (l *Load) try(ctx context.Context, rate float64, within time.Duration) (Step, error) {
	at := *l
	at.Rate = rate
	r, err := at.Run(ctx)
	if err == nil {
		err = ctx.Err()
	}
	p99 := time.Duration(r.All.P99 * float64(time.Millisecond))
	return Step{
		Rate: rate, AnswerRate: float64(r.All.Count) / r.Took.Seconds(), P50: r.All.P50, P99: r.All.P99, Errors: r.All.Errors,
		Held: r.All.Errors == 0 && p99 <= within && r.All.Count > 0, // where nobody called, nothing was shown
	}, err
}
