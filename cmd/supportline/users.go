package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// userCommands are the commands on the people who may sign in to the console.
type userCommands struct {
	Add      usersAdd      `cmd:"" help:"Add a user. The password is asked for, or read from standard input."`
	List     usersList     `cmd:"" help:"Show the users."`
	Role     usersRole     `cmd:"" help:"Give a user another role."`
	Password usersPassword `cmd:"" help:"Set a user's password, and sign the user out everywhere."`
	Disable  usersDisable  `cmd:"" help:"Shut a user out, at once and everywhere."`
	Enable   usersEnable   `cmd:"" help:"Let a user in again."`
	Token    usersToken    `cmd:"" help:"Make, list or revoke the tokens by which a user's programs use the API."`
}

// userRole is a flag that takes one of the roles.
type userRole users.Role

func (r *userRole) UnmarshalText(text []byte) error {
	return flags.Choose(r, string(text), users.Roles())
}

// userChange holds what the commands that change a user have in common.
type userChange struct {
	Name string `arg:"" name:"NAME" help:"The user's name."`
	By   string `placeholder:"NAME" help:"Who does it (default: the operating system's user)."`
}

// change makes one change to the user, and prints it.
func (c userChange) change(ctx context.Context, s *control.Session, make func(by string, at time.Time) users.Change) error {
	name, err := users.ParseName(c.Name)
	if err != nil {
		return err
	}
	change := make(cmp.Or(c.By, s.User), s.Now())
	if _, err := s.Store.ChangeUser(ctx, name, change); err != nil {
		return flags.Absent(name, err)
	}
	fmt.Fprintf(s.Err, "%s: %s.\n", name, change.Detail)
	return nil
}

type usersAdd struct {
	userChange
	Role userRole `required:"" placeholder:"ROLE" help:"viewer, operator or admin."`
}

func (usersAdd) Help() string {
	return examples(`A viewer sees calls, accounts and figures, an operator acts on them too, and an admin manages users and
lines; the configuration (console.permissions) says the details. A password has at least 12 characters; several words in a row
do well.`,
		"supportline users add mila --role operator",
		"openssl rand -base64 15 | tee mila.txt | supportline users add mila --role operator")
}

func (usersAdd) ReadsPassword() {}

func (a usersAdd) Run(ctx context.Context, s *control.Session) error {
	name, err := users.ParseName(a.Name)
	if err != nil {
		return err
	}
	if _, err := s.Store.User(ctx, name); err == nil {
		return fmt.Errorf("%w: %s; \"supportline users password\" sets a new password, and \"users enable\" lets somebody in again", users.ErrExists, name)
	}
	hash, err := newPassword(name, s.In)
	if err != nil {
		return err
	}
	user := users.User{Name: name, Role: users.Role(a.Role), Password: hash, CreatedAt: s.Now()}
	if err := s.Store.AddUser(ctx, user, cmp.Or(a.By, s.User)); err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "%s may sign in as %s.\n", name, user.Role)
	return nil
}

// newPassword reads the first line of an input and returns its hash.
func newPassword(name string, in io.Reader) (hash string, err error) {
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	password := strings.TrimRight(line, "\r\n")
	if password == "" {
		return "", errors.New("no password: type one, or pass it on standard input")
	}
	return signin.HashPassword(name, password)
}

type usersPassword struct{ userChange }

func (usersPassword) Help() string { return examples("", "supportline users password mila") }

func (usersPassword) ReadsPassword() {}

func (p usersPassword) Run(ctx context.Context, s *control.Session) error {
	name, err := users.ParseName(p.Name)
	if err != nil {
		return err
	}
	user, err := s.Store.User(ctx, name)
	switch {
	case err != nil:
		return flags.Absent(name, err)
	case user.Subject != "": // a name never stands for both
		return control.Refused("%s signs in at the identity provider, which has the password: change it there", name)
	}
	hash, err := newPassword(name, s.In)
	if err != nil {
		return err
	}
	return p.change(ctx, s, func(by string, at time.Time) users.Change { return users.WithPassword(hash, by, at) })
}

type usersRole struct {
	userChange
	Role userRole `required:"" placeholder:"ROLE" help:"viewer, operator or admin."`
}

func (usersRole) Help() string {
	return examples("It holds from the user's next page on.", "supportline users role mila --role admin")
}

func (r usersRole) Run(ctx context.Context, s *control.Session) error {
	return r.change(ctx, s, func(by string, at time.Time) users.Change { return users.WithRole(users.Role(r.Role), by, at) })
}

type usersDisable struct{ userChange }

func (usersDisable) Help() string {
	return examples("All of the user's sessions end at once. The name stays taken, so that the audit stays true.",
		"supportline users disable mila")
}

func (d usersDisable) Run(ctx context.Context, s *control.Session) error {
	return d.change(ctx, s, users.WithDisabled)
}

type usersEnable struct{ userChange }

func (usersEnable) Help() string { return examples("", "supportline users enable mila") }

func (e usersEnable) Run(ctx context.Context, s *control.Session) error {
	return e.change(ctx, s, users.WithEnabled)
}

type usersList struct {
	Format string `enum:"table,json" default:"table" placeholder:"FORMAT" help:"table or json."`
}

func (usersList) Help() string { return examples("", "supportline users list") }

// shownUser is a user as JSON, without the password's hash.
type shownUser struct {
	Name       string     `json:"name"`
	Role       users.Role `json:"role"`
	SignsIn    string     `json:"signs_in_with"` // password or sso
	CreatedAt  time.Time  `json:"created_at"`
	DisabledAt *time.Time `json:"disabled_at"`
}

func showUser(u users.User) shownUser {
	shown := shownUser{Name: u.Name, Role: u.Role, SignsIn: "password", CreatedAt: u.CreatedAt.UTC()}
	if u.Subject != "" {
		shown.SignsIn = "sso"
	}
	if u.Disabled() {
		at := u.DisabledAt.UTC()
		shown.DisabledAt = &at
	}
	return shown
}

func (l usersList) Run(ctx context.Context, s *control.Session) error {
	all := control.Rows(s.Store.Users(ctx), func(u users.User) (shownUser, bool) { return showUser(u), true })
	t := control.Table{Head: []string{"NAME", "ROLE", "STATE", "SIGNS IN WITH", zoned("SINCE", time.UTC)}}
	return control.Print(s, l.Format, all, t, func(u shownUser) []string {
		state := "active"
		if u.DisabledAt != nil {
			state = "disabled"
		}
		return []string{u.Name, string(u.Role), state, u.SignsIn, u.CreatedAt.Format(time.DateOnly)}
	}, "There are no users yet: \"supportline users add NAME --role admin\" makes the first.")
}

// usersToken is "users token": makes, lists and revokes the tokens by which a user's programs use the API.
type usersToken struct {
	userChange
	Token    string `name:"name" placeholder:"TEXT" help:"The token's name. Without it the user's tokens are listed."`
	Days     int    `default:"90" placeholder:"N" help:"It expires after N days, 365 at most (default: 90)."`
	ReadOnly bool   `help:"It can change nothing."`
	Masked   bool   `help:"It can see no telephone number in full."`
	Revoke   bool   `help:"Revoke the token of this name, at once."`
	Format   string `enum:"table,json" default:"table" placeholder:"FORMAT" help:"Of the list: table or json."`
}

func (usersToken) Help() string {
	return examples(`A token lets a program use the API of the console in the user's name. It is shown once, on standard
output, and kept nowhere: only a hash of it is.`,
		"supportline users token mila --name ci --days 30 --read-only > token.txt",
		"supportline users token mila",
		"supportline users token mila --name ci --revoke")
}

func (t usersToken) Run(ctx context.Context, s *control.Session) error {
	user, err := users.ParseName(t.Name)
	if err != nil {
		return err
	}
	holder, err := s.Store.User(ctx, user)
	if err != nil {
		return flags.Absent(user, err)
	}
	switch {
	case t.Token == "" && t.Revoke:
		return errors.New("name the token: --name TEXT")
	case t.Token == "":
		return t.list(ctx, s, holder)
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
	fmt.Fprintf(s.Err, "The token %s of %s %s. It is shown this once:\n", name, user, tokenEnd(made))
	_, err = fmt.Fprintln(s.Out, secret)
	return err
}

func tokenEnd(t users.Token) string {
	if t.ExpiresAt.IsZero() {
		return "never expires"
	}
	return "expires on " + t.ExpiresAt.UTC().Format(time.DateOnly) + " (UTC)"
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

// shownToken is a token as JSON, without the secret's hash.
type shownToken struct {
	Name      string     `json:"name"`
	ReadOnly  bool       `json:"read_only"`
	Masked    bool       `json:"masked"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"`
	UsedAt    *time.Time `json:"used_at"`
	Suspended bool       `json:"suspended"` // until the user's next sign-in at the identity provider
}

func (t usersToken) list(ctx context.Context, s *control.Session, holder users.User) error {
	tokens, err := s.Store.TokensOf(ctx, holder.Name)
	if err != nil {
		return err
	}
	if t.Format == "json" {
		shown := make([]shownToken, len(tokens))
		for i, k := range tokens {
			shown[i] = shownToken{
				k.Name, k.ReadOnly, k.Masked, k.CreatedAt.UTC(), policy.TimeOrNil(k.ExpiresAt), policy.TimeOrNil(k.UsedAt), holder.Suspended(s.Now()) != nil,
			}
		}
		return policy.WriteJSON(s.Out, control.Each(shown))
	}
	if len(tokens) == 0 {
		fmt.Fprintf(s.Err, "%s has no tokens yet: --name TEXT makes one.\n", holder.Name)
		return nil
	}
	list := control.Table{Head: []string{"NAME", "MAY", zoned("MADE", time.UTC), zoned("LAST USED", time.UTC), zoned("EXPIRES", time.UTC)}}
	for _, k := range tokens {
		list.Add(k.Name, tokenMay(k), day(k.CreatedAt), wall(policy.TimeOrNil(k.UsedAt), time.UTC), tokenState(k, holder, s.Now()))
	}
	if why := holder.Suspended(s.Now()); why != nil {
		fmt.Fprintf(s.Err, "%s: %v.\n", holder.Name, why)
	}
	return list.Write(s.Out, s.Colour)
}

// tokenState returns when a token of a user ends, and what else is to be known of it at now.
func tokenState(t users.Token, holder users.User, now time.Time) string {
	end := cmp.Or(day(t.ExpiresAt), "never")
	switch {
	case t.Over(now):
		return end + ", expired"
	case holder.Suspended(now) != nil:
		return end + ", suspended"
	case t.Long():
		return end + ", longer than a year"
	}
	return end
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
