package postgres

// Wire lets f stand in for each round trip, which send makes.
func (e *Engine) Wire(f func(statements []string, send func() error) error) { e.wire = f }
