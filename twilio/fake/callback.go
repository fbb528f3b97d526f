package fake

import (
	"fmt"
	"maps"
	"time"
)

// callback is a webhook whose answer does not matter.
type callback struct {
	party  party
	url    string
	params map[string]string
}

// report sends a progress callback of a leg, with its time and sequence number.
func (c *call) report(p *party, address string, params map[string]string) {
	params["Timestamp"] = c.Clock.Now().UTC().Format(time.RFC1123Z)
	params["SequenceNumber"] = fmt.Sprint(p.seq)
	params["CallbackSource"] = "call-progress-events"
	p.seq++
	c.callBack(p, address, params)
}

// callBack delivers a callback, subject to Faults.
func (c *call) callBack(p *party, address string, params map[string]string) {
	u, err := resolve(p.base, address)
	if address == "" || err != nil {
		return
	}
	cb := callback{party: *p, url: u, params: params}
	c.callbacks++
	if c.Faults.Lose != nil && c.Faults.Lose(c.callbacks-1) {
		return
	}
	switch c.Faults.Callbacks {
	case Lost:
	case Late:
		c.held = append(c.held, cb)
	case Reordered:
		if c.held = append(c.held, cb); len(c.held) == 2 {
			c.held[0], c.held[1] = c.held[1], c.held[0]
			c.flush()
		}
	case Twice:
		c.deliver(cb)
		c.deliver(cb)
	default:
		c.deliver(cb)
	}
}

func (c *call) flush() {
	for _, cb := range c.held {
		c.deliver(cb)
	}
	c.held = nil
}

func (c *call) deliver(cb callback) {
	get := c.in.Number.GET && cb.url == unfragmented(c.in.Number.Status)
	if _, _, f := c.send(&cb.party, cb.url, get, maps.Clone(cb.params), c.sid("IT")); f != nil {
		c.record.Warnings = append(c.record.Warnings, fmt.Sprintf("15003 %s: %s", path(cb.url), f.what))
	}
}
