package doctor

import (
	"context"

	"github.com/officernd/supportline/cmd/supportline/notices"
)

// probed is a channel that can be tried without a delivery. Printed, it shows no secret.
type probed interface {
	notices.Channel
	Probe(context.Context) error
	String() string
}

// mail greets the mail server of notices and signs in, and sends nothing.
func (d *Doctor) mail(ctx context.Context) (found []Finding) {
	for _, channel := range d.Conf.Notices.Channels {
		server, is := channel.(notices.Email)
		if !is {
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

// channels tries all other channels, as far as that can be done without telling anybody anything. Those of e-mail use the server that mail greets.
func (d *Doctor) channels(ctx context.Context) (found []Finding) {
	for _, channel := range d.Conf.Notices.All() {
		server, can := channel.(probed)
		if _, isMail := channel.(notices.Email); isMail || !can {
			continue
		}
		if err := server.Probe(ctx); err != nil {
			fix := "try again later, and look at its address if it stays so; what is told on it waits"
			if notices.ForGood(err) {
				fix = "correct that"
			}
			fix += "; \"supportline notices test " + string(server.Name()) + "\" sends a sample"
			found = append(found, wrong("channels", fix, "%s (%s): %v", server.Name(), server, err))
			continue
		}
		found = append(found, ok("channels", "%s (%s) is as it should be", server.Name(), server))
	}
	return found
}
