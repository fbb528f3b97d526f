package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/server"
)

// rotateCommand is "rotate-token".
type rotateCommand struct {
	Status  bool   `xor:"what" help:"Only say where a rotation stands. Exit status 1 while one is under way."`
	Cancel  bool   `xor:"what" help:"Give up a rotation whose new token is not promoted yet, and delete that token."`
	Replace bool   `help:"Delete a secondary token that the account has already, and make another."`
	Out     string `placeholder:"FILE" help:"Write the new token to a new file that you alone can read, once it is in force."`
	Show    bool   `help:"Print the new token to standard output, once it is in force."`
	Yes     bool   `help:"Do it without a question."`
}

// Help shows examples.
func (rotateCommand) Help() string {
	return `Changes the account's auth token, with which the provider signs its requests, and refuses none of them meanwhile:

    create     a secondary token is made at the provider
    accept     the running server accepts it beside the old one, also after a restart
    promote    the provider makes it the primary one, and the old one ends
    verify     a signed request to public_url, and one to the REST API
    configure  you make it auth_token, and restart the server
    drop       the server forgets the old one

It goes as far as it can and says what you have to do. Run it again at any time, after a failure as well: it finds out where it stands, and
goes on. The provider takes the auth token for this, not an API key. Other programs that use the old token must get the new one, too. The exit
status is 0 where nothing is left to do but for you.

Examples:

    supportline rotate-token
    supportline rotate-token --out new-token.txt
    supportline rotate-token --status`
}

func (c rotateCommand) run(ctx context.Context, p *program, configFile string) error {
	conf, err := p.load(configFile, config.Options{})
	if err != nil {
		return err
	}
	r := c.rotator(p, conf, configFile)
	switch {
	case c.Status:
		return r.status(ctx, p.Out)
	case c.Cancel:
		return r.cancel(ctx)
	}
	if err := r.look(ctx); err != nil {
		return err
	}
	file, err := openTokenFile(c.Out, r.after)
	if err != nil {
		return err
	}
	defer file.close()
	if err := r.run(ctx); err != nil {
		return err
	}
	if err := file.write(r.after); err != nil {
		return err
	}
	if c.Show {
		fmt.Fprintln(p.Out, r.after)
	}
	return r.finish(ctx)
}

func (c rotateCommand) rotator(p *program, conf config.Config, configFile string) *rotator {
	asks := asker{terminal(p.In) && terminal(p.Err), p.In, p.Err}
	eye := &doctor{
		conf: conf, now: p.Now,
		http: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	return &rotator{
		conf: conf.Twilio, book: rotationBook{p, conf, configFile}, words: p.Err, now: p.Now, replace: c.Replace,
		account: func(token string) (tokenAccount, error) { return asToken(conf, token) },
		signed: func(ctx context.Context, token string) error {
			if f := eye.signedWith(ctx, token); f.State != isOK {
				return fmt.Errorf("a signed request to %s is %s\n%s", conf.PublicURL, f.Found, f.Fix)
			}
			return nil
		},
		confirm: func(question string) error { return asks.confirm(c.Yes, question) },
	}
}

// asToken is the account, asked with one token and nothing else.
func asToken(conf config.Config, token string) (tokenAccount, error) {
	conf.Twilio.AuthToken, conf.Twilio.APIKey, conf.Twilio.APISecret = token, "", ""
	return server.Account(conf, nil, nil)
}
