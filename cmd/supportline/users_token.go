package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// usersToken is "users token": makes, lists and revokes the tokens by which a user's programs use the API.
type usersToken struct {
	userChange
	Token    string `name:"name" placeholder:"TEXT" help:"The token's name. Without it the user's tokens are listed."`
	Days     int    `default:"90" placeholder:"N" help:"It works for N days (default: 90); 0 is for ever."`
	ReadOnly bool   `help:"It changes nothing, whatever the user may."`
	Masked   bool   `help:"It sees no telephone number in full, whatever the user may."`
	Revoke   bool   `help:"Revoke the token of this name, at once."`
	Format   string `enum:"table,json" default:"table" placeholder:"FORMAT" help:"Of the list: table or json."`
}

// Help shows examples.
func (usersToken) Help() string {
	return `A token lets a program use the API of the console in the user's name. It is shown once, on standard output, and kept nowhere: only a hash of it is.

Examples:

    supportline users token mila --name ci --days 30 --read-only > token.txt
    supportline users token mila
    supportline users token mila --name ci --revoke`
}

func (t usersToken) Run(ctx context.Context, s *control.Session) error {
	user, err := users.ParseName(t.Name)
	if err != nil {
		return err
	}
	if _, err := s.Store.User(ctx, user); err != nil {
		return unknownUser(user, err)
	}
	switch {
	case t.Token == "" && t.Revoke:
		return errors.New("name the token: --name TEXT")
	case t.Token == "":
		return t.list(ctx, s, user)
	case t.Revoke:
		return t.revoke(ctx, s, user)
	}
	return t.add(ctx, s, user)
}

func (t usersToken) add(ctx context.Context, s *control.Session, user string) error {
	name, err := users.ParseTokenName(t.Token)
	if err != nil {
		return fmt.Errorf("--name: %w", err)
	}
	ends, err := users.TokenEnd(t.Days, s.Now())
	if err != nil {
		return fmt.Errorf("--days: %w", err)
	}
	secret := signin.NewToken()
	made := users.Token{
		User: user, Name: name, Hash: users.HashToken(secret), ReadOnly: t.ReadOnly, Masked: t.Masked, CreatedAt: s.Now(), ExpiresAt: ends,
	}
	if err := s.Store.AddToken(ctx, made, cmp.Or(t.By, s.User)); err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "The token %s of %s works %s. It is shown this once:\n", name, user, tokenEnd(made))
	_, err = fmt.Fprintln(s.Out, secret)
	return err
}

func tokenEnd(t users.Token) string {
	if t.ExpiresAt.IsZero() {
		return "for ever"
	}
	return "until " + t.ExpiresAt.UTC().Format(time.DateOnly)
}

func (t usersToken) revoke(ctx context.Context, s *control.Session, user string) error {
	err := s.Store.RevokeToken(ctx, user, t.Token, cmp.Or(t.By, s.User), s.Now())
	if errors.Is(err, users.ErrNoToken) {
		return control.Refused("%s has no token called %s: \"supportline users token %s\" shows which there are", user, control.Plain(t.Token), user)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "The token %s of %s is revoked.\n", t.Token, user)
	return nil
}

// shownToken is a token as JSON. What is kept of its secret is not told.
type shownToken struct {
	Name      string     `json:"name"`
	ReadOnly  bool       `json:"read_only"`
	Masked    bool       `json:"masked"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"`
	UsedAt    *time.Time `json:"used_at"`
}

func (t usersToken) list(ctx context.Context, s *control.Session, user string) error {
	tokens, err := s.Store.TokensOf(ctx, user)
	if err != nil {
		return err
	}
	if t.Format == "json" {
		shown := make([]shownToken, len(tokens))
		for i, k := range tokens {
			shown[i] = shownToken{k.Name, k.ReadOnly, k.Masked, k.CreatedAt.UTC(), known(k.ExpiresAt), known(k.UsedAt)}
		}
		return policy.WriteJSON(s.Out, control.Each(shown))
	}
	if len(tokens) == 0 {
		fmt.Fprintf(s.Err, "%s has no tokens yet: --name TEXT makes one.\n", user)
		return nil
	}
	list := control.Table{Head: []string{"NAME", "MAY", "MADE", "LAST USED (UTC)", "UNTIL"}}
	for _, k := range tokens {
		end := day(k.ExpiresAt)
		switch {
		case k.Over(s.Now()):
			end += ", over"
		case end == "":
			end = "for ever"
		}
		list.Add(k.Name, tokenMay(k), day(k.CreatedAt), wall(known(k.UsedAt), time.UTC), end)
	}
	return list.Write(s.Out, s.Colour)
}

func tokenMay(t users.Token) string {
	may := "what the user may"
	if t.ReadOnly {
		may = "read"
	}
	if t.Masked {
		may += ", without numbers"
	}
	return may
}
