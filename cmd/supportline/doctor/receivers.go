package doctor

import (
	"context"

	"github.com/officernd/supportline/cmd/supportline/server"
)

// receivers examines whether somebody is told of what waits for a person, as the console's health page does.
func (d *Doctor) receivers(context.Context) (found []Finding) {
	for _, f := range server.ReceiverFindings(d.Conf) {
		found = append(found, Finding{Check: f.Part, State: f.State, Found: f.Found, Fix: f.Advice})
	}
	return found
}
