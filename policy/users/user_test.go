package users_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy/users"
)

var began = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

func TestPermissions(t *testing.T) {
	gone := users.User{Role: users.Admin, DisabledAt: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
	tests := []struct {
		name string
		in   users.Permissions
		user users.User
		want []users.Permission
	}{
		{"a viewer usually has none", users.UsualPermissions(), users.User{Role: users.Viewer}, nil},
		{"an operator usually has all that can be granted", users.UsualPermissions(), users.User{Role: users.Operator}, users.Grantable()},
		{"a viewer has what was granted", users.Permissions{users.Viewer: {users.HearRecordings}}, users.User{Role: users.Viewer}, []users.Permission{users.HearRecordings}},
		{"an admin has all, whatever is granted", users.Permissions{}, users.User{Role: users.Admin}, everything()},
		{"an admin who was disabled has none", users.UsualPermissions(), gone, nil},
		{"a role that nobody knows has none", users.UsualPermissions(), users.User{Role: "boss"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []users.Permission
			for _, p := range everything() {
				if test.in.Allow(test.user, p) {
					got = append(got, p)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func everything() []users.Permission {
	return append(users.Grantable(), users.ManageLines, users.ManageUsers, users.SeeAudit, users.UsePhone)
}

func TestUserNames(t *testing.T) {
	for text, want := range map[string]string{
		"mila": "mila", " Mila ": "mila", "mila.k@example.com": "mila.k@example.com", "m": "m", "ops+night": "ops+night",
		"": "", "-mila": "", "mila-": "", "mi la": "", "mila\n": "mila", "müller": "", strings.Repeat("a", 64): strings.Repeat("a", 64), strings.Repeat("a", 65): "",
		"mila/../x": "", "<b>": "",
	} {
		got, err := users.ParseName(text)
		if got != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, users.ErrName) {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestPasswords(t *testing.T) {
	tests := []struct{ name, user, password, want string }{
		{"eleven characters", "mila", "elevenchars", "shorter than 12"},
		{"eleven characters of two bytes", "mila", strings.Repeat("é", 10) + "x", "shorter than 12"},
		{"twelve characters", "mila", "blue horse 7", ""},
		{"too long", "mila", strings.Repeat("ab", 129), "longer than 256"},
		{"the name", "milamilamila", "MilaMilaMila", "it is the name"},
		{"the name twice, with a year", "mila.koch", "mila.koch2026mila.koch", "it is the name"},
		{"the name without its domain", "mila.koch@example.com", "mila.koch2026", "it is the name"},
		{"the name within other words", "mila", "mila likes tea", ""},
		{"a common one", "mila", "Password1234", "guessed first"},
		{"one letter", "mila", "aaaaaaaaaaaaaaa", "guessed first"},
		{"no text", "mila", "\xff\xfe67890123456", "no text"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := users.CheckPassword(test.user, test.password)
			switch {
			case test.want == "" && err != nil, test.want != "" && (!errors.Is(err, users.ErrPassword) || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			case err != nil && strings.Contains(err.Error(), test.password):
				t.Error("the password is in the error")
			}
		})
	}
}

// Everything that must end a person's sessions counts the generation up, and nothing else does.
func TestWhatEndsSessions(t *testing.T) {
	at := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	user := users.User{Name: "mila", Role: users.Viewer, Password: "old", Generation: 3}
	for _, test := range []struct {
		name   string
		change users.Change
		ends   bool
	}{
		{"another role", users.WithRole(users.Admin, "anna", at), false},
		{"a new password", users.WithPassword("new", "mila", at), true},
		{"disabled", users.WithDisabled("anna", at), true},
		{"let in again", users.WithEnabled("anna", at), false},
		{"signed out everywhere", users.SignedOutEverywhere("mila", at), true},
		{"no role at the identity provider any more", users.Unvouched("sso", at), true},
		{"vouched for at the identity provider", users.Vouched(at), false},
		{"another zone", users.WithProfile("Europe/London", users.ThemeDark, "mila", at), false},
	} {
		after := test.change.Change(user)
		if ended := after.Generation > user.Generation; ended != test.ends {
			t.Errorf("%s: sessions ended is %t, want %t", test.name, ended, test.ends)
		}
	}
	once := users.WithDisabled("anna", at).Change(user)
	if again := users.WithDisabled("anna", at.Add(time.Hour)).Change(once); again != once || !once.Disabled() {
		t.Errorf("disabled twice: %+v, then %+v", once, again)
	}
	if back := users.WithEnabled("anna", at).Change(once); back.Disabled() {
		t.Errorf("let in again: %+v", back)
	}
}

// A token may what its user may, or less, and never what another user may.
func TestTokensMayWhatTheirUserMay(t *testing.T) {
	usual := users.UsualPermissions()
	may := func(role users.Role, token users.Token) (list []users.Permission) {
		token.User = "mila"
		u := users.User{Name: "mila", Role: role}
		for _, p := range []users.Permission{users.SeeNumbers, users.DoActs, users.TakeExports, users.ManageLines, users.ManageUsers, users.SeeAudit} {
			if usual.AllowToken(u, token, p) {
				list = append(list, p)
			}
		}
		return list
	}
	got := map[string][]users.Permission{
		"viewer": may(users.Viewer, users.Token{}), "operator": may(users.Operator, users.Token{}),
		"operator, read-only": may(users.Operator, users.Token{ReadOnly: true}), "operator, masked": may(users.Operator, users.Token{Masked: true}),
		"admin, read-only and masked": may(users.Admin, users.Token{ReadOnly: true, Masked: true}),
	}
	want := map[string][]users.Permission{
		"viewer": nil, "operator": {users.SeeNumbers, users.DoActs, users.TakeExports},
		"operator, read-only": {users.SeeNumbers, users.TakeExports}, "operator, masked": {users.DoActs, users.TakeExports},
		"admin, read-only and masked": {users.TakeExports, users.SeeAudit},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what tokens may (-want +got):\n%s", diff)
	}
	if usual.AllowToken(users.User{Name: "anna", Role: users.Admin}, users.Token{User: "mila"}, users.SeeAudit) {
		t.Error("a token works in the name of somebody else")
	}
	if usual.AllowToken(users.User{Name: "mila", Role: users.Admin, DisabledAt: began}, users.Token{User: "mila"}, users.SeeAudit) {
		t.Error("a token of somebody who is disabled works")
	}
}

func TestTokensHaveNamesAndEnds(t *testing.T) {
	for name, ok := range map[string]bool{
		"ci": true, "nightly report": true, "x": true, "": false, " ci": false, "ci ": false, "a\nb": false, strings.Repeat("x", 41): false,
	} {
		if _, err := users.ParseTokenName(name); (err == nil) != ok || (err != nil && !errors.Is(err, users.ErrTokenName)) {
			t.Errorf("a token called %q: %v", name, err)
		}
	}
	for days, want := range map[int]time.Time{1: began.AddDate(0, 0, 1), 365: began.AddDate(0, 0, 365)} {
		end, err := users.TokenEnd(days, began)
		if err != nil || !end.Equal(want) {
			t.Errorf("%d days: %v, %v", days, end, err)
		}
		if token := (users.Token{CreatedAt: began, ExpiresAt: end}); token.Over(began) || !token.Over(began.AddDate(0, 0, days)) || token.Long() {
			t.Errorf("a token of %d days is over at the wrong time", days)
		}
	}
	for _, days := range []int{-1, 0, 366} {
		if _, err := users.TokenEnd(days, began); !errors.Is(err, users.ErrTokenDays) {
			t.Errorf("%d days: %v", days, err)
		}
	}
}

// Tokens of an older version, that end late or never, work, and are known by it.
func TestTokensOfOlderVersions(t *testing.T) {
	for name, end := range map[string]time.Time{"never": {}, "in ten years": began.AddDate(10, 0, 0)} {
		if token := (users.Token{CreatedAt: began, ExpiresAt: end}); token.Over(began.AddDate(9, 0, 0)) || !token.Long() {
			t.Errorf("a token that ends %s is over, or taken for a new one", name)
		}
	}
}

// The tokens of a user of the identity provider are suspended without a role there, and 30 days after the last sign-in.
func TestSuspendedTokens(t *testing.T) {
	sso := users.User{Name: "mila", Subject: "https://id.example.com|17"}
	change := func(u users.User, c users.Change) users.User { return c.Change(u) }
	vouched := change(sso, users.Vouched(began))
	tests := []struct {
		name string
		user users.User
		now  time.Time
		want bool
	}{
		{"a user with a password", users.User{Name: "mila"}, began.AddDate(1, 0, 0), false},
		{"after 30 days", vouched, began.AddDate(0, 0, 30), false},
		{"after more than 30 days", vouched, began.AddDate(0, 0, 30).Add(1), true},
		{"without a role", change(vouched, users.Unvouched("sso", began)), began, true},
		{"with a role again", change(change(vouched, users.Unvouched("sso", began)), users.Vouched(began)), began, false},
		{"of an older version", sso, began, false},
	}
	for _, test := range tests {
		if err := test.user.Suspended(test.now); (err != nil) != test.want || err != nil && !errors.Is(err, users.ErrTokenSuspended) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
