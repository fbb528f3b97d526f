package console

// gauge is a figure against its limit, as a bar. The words beside it say the same.
type gauge struct {
	Value, Limit int
	Fill, Mark   int    // of gaugeWidth: how long the bar is, and where the limit stands; Mark is 0 where there is none
	Class        string // ok, warn or bad
}

// gaugeWidth is the width of a whole bar in its own units.
const gaugeWidth = 200

// newGauge is the gauge of a figure that may reach its limit and not pass it.
func newGauge(value, limit int, near bool) gauge {
	g := gauge{Value: value, Limit: limit, Class: "ok"}
	most := max(limit+limit/4, value, 1)
	g.Fill, g.Mark = value*gaugeWidth/most, limit*gaugeWidth/most
	switch {
	case limit > 0 && value > limit:
		g.Class = "bad"
	case near:
		g.Class = "warn"
	}
	return g
}

// newGaugeFull is the gauge of a figure that must stay under its limit. Without a limit nothing is too much.
func newGaugeFull(value, limit int) gauge {
	g := newGauge(value, limit, limit > 0 && value > 0 && value >= limit-1)
	if limit > 0 && value >= limit {
		g.Class = "bad"
	}
	return g
}
