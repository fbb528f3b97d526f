package doctor

import (
	"context"

	"github.com/officernd/supportline/cmd/supportline/notices"
)

// mail greets the mail server and signs in, and sends nothing.
func (d *Doctor) mail(ctx context.Context) (found []Finding) {
	for _, channel := range d.Conf.Notices.Channels {
		email, is := channel.(notices.Email)
		if !is {
			continue
		}
		if err := email.Probe(ctx); err != nil {
			found = append(found, wrong("mail", "correct notices.smtp; until then notices wait and are tried again", "%s: %v", email.Server, err))
			continue
		}
		login := "without a login"
		if email.User != "" {
			login = "and takes the login"
		}
		found = append(found, ok("mail", "%s answers %s", email.Server, login))
	}
	return found
}
