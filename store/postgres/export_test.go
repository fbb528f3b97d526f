package postgres

import "context"

// Wire lets f stand in for each round trip, which send makes.
func (e *Engine) Wire(f func(statements []string, send func() error) error) { e.wire = f }

// Sweep removes old marks at once, and returns how many.
func (e *Engine) Sweep(ctx context.Context) (int, error) { return e.removeMarks(ctx) }
