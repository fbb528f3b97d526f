package doctor

import "context"

// probed is a channel of notices that can be tried without a delivery. Printed, it shows its server.
type probed interface {
	Probe(context.Context) error
	String() string
}

// mail greets the mail server and signs in, and sends nothing.
func (d *Doctor) mail(ctx context.Context) (found []Finding) {
	for _, channel := range d.Conf.Notices.Channels {
		server, can := channel.(probed)
		if !can {
			continue
		}
		if err := server.Probe(ctx); err != nil {
			found = append(found, wrong("mail", "correct notices.smtp; until then notices wait, and are tried again", "%s: %v", server, err))
			continue
		}
		found = append(found, ok("mail", "%s answers, and lets us in", server))
	}
	return found
}
