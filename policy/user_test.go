package policy_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

func TestPermissions(t *testing.T) {
	gone := policy.User{Role: policy.Admin, DisabledAt: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
	tests := []struct {
		name string
		in   policy.Permissions
		user policy.User
		want []policy.Permission
	}{
		{"a viewer usually has none", policy.UsualPermissions(), policy.User{Role: policy.Viewer}, nil},
		{"an operator usually has all that can be granted", policy.UsualPermissions(), policy.User{Role: policy.Operator}, policy.Grantable()},
		{"a viewer has what was granted", policy.Permissions{policy.Viewer: {policy.HearRecordings}}, policy.User{Role: policy.Viewer}, []policy.Permission{policy.HearRecordings}},
		{"an admin has all, whatever is granted", policy.Permissions{}, policy.User{Role: policy.Admin}, everything()},
		{"an admin who was shut out has none", policy.UsualPermissions(), gone, nil},
		{"a role that nobody knows has none", policy.UsualPermissions(), policy.User{Role: "boss"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []policy.Permission
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

func everything() []policy.Permission {
	return append(policy.Grantable(), policy.ManageLines, policy.ManageUsers, policy.SeeAudit, policy.UsePhone)
}

func TestUserNames(t *testing.T) {
	for text, want := range map[string]string{
		"mila": "mila", " Mila ": "mila", "mila.k@example.com": "mila.k@example.com", "m": "m", "ops+night": "ops+night",
		"": "", "-mila": "", "mila-": "", "mi la": "", "mila\n": "mila", "müller": "", strings.Repeat("a", 64): strings.Repeat("a", 64), strings.Repeat("a", 65): "",
		"mila/../x": "", "<b>": "",
	} {
		got, err := policy.ParseUserName(text)
		if got != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, policy.ErrUserName) {
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
			err := policy.CheckPassword(test.user, test.password)
			switch {
			case test.want == "" && err != nil, test.want != "" && (!errors.Is(err, policy.ErrPassword) || !strings.Contains(err.Error(), test.want)):
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
	user := policy.User{Name: "mila", Role: policy.Viewer, Password: "old", Generation: 3}
	for _, test := range []struct {
		name   string
		change policy.UserChange
		ends   bool
	}{
		{"another role", policy.WithRole(policy.Admin, "anna", at), false},
		{"a new password", policy.WithPassword("new", "mila", at), true},
		{"shut out", policy.WithDisabled("anna", at), true},
		{"let in again", policy.WithEnabled("anna", at), false},
		{"signed out everywhere", policy.SignedOutEverywhere("mila", at), true},
		{"another zone", policy.WithProfile("Europe/London", policy.ThemeDark, "mila", at), false},
	} {
		after := test.change.Change(user)
		if ended := after.Generation > user.Generation; ended != test.ends {
			t.Errorf("%s: sessions ended is %t, want %t", test.name, ended, test.ends)
		}
	}
	once := policy.WithDisabled("anna", at).Change(user)
	if again := policy.WithDisabled("anna", at.Add(time.Hour)).Change(once); again != once || !once.Disabled() {
		t.Errorf("shut out twice: %+v, then %+v", once, again)
	}
	if back := policy.WithEnabled("anna", at).Change(once); back.Disabled() {
		t.Errorf("let in again: %+v", back)
	}
}

func TestMaskedText(t *testing.T) {
	for text, want := range map[string]string{
		"+15550100001 accepted the call":                 "+15*******01 accepted the call",
		"rings +15550100001, sip:oncall@example.com":     "rings +15*******01, sip:***@example.com",
		`mila noted "call back on +442079460018 please"`: `mila noted "call back on +44********18 please"`,
		"talked for 27 s, limit 1200":                    "talked for 27 s, limit 1200",
		"Mon 2026-11-23 10:00:01 GMT":                    "Mon 2026-11-23 10:00:01 GMT",
		"Client:anna called":                             "Client:*** called",
		"customer 204518":                                "customer 204518",
		"":                                               "",
	} {
		if got := policy.MaskedText(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// A token may what its user may, or less, and never what another user may.
func TestTokensMayWhatTheirUserMay(t *testing.T) {
	usual := policy.UsualPermissions()
	may := func(role policy.Role, token policy.Token) (list []policy.Permission) {
		token.User = "mila"
		u := policy.User{Name: "mila", Role: role}
		for _, p := range []policy.Permission{policy.SeeNumbers, policy.DoActs, policy.TakeExports, policy.ManageUsers, policy.SeeAudit} {
			if usual.AllowToken(u, token, p) {
				list = append(list, p)
			}
		}
		return list
	}
	got := map[string][]policy.Permission{
		"viewer": may(policy.Viewer, policy.Token{}), "operator": may(policy.Operator, policy.Token{}),
		"operator, read-only": may(policy.Operator, policy.Token{ReadOnly: true}), "operator, masked": may(policy.Operator, policy.Token{Masked: true}),
		"admin, read-only and masked": may(policy.Admin, policy.Token{ReadOnly: true, Masked: true}),
	}
	want := map[string][]policy.Permission{
		"viewer": nil, "operator": {policy.SeeNumbers, policy.DoActs, policy.TakeExports},
		"operator, read-only": {policy.SeeNumbers, policy.TakeExports}, "operator, masked": {policy.DoActs, policy.TakeExports},
		"admin, read-only and masked": {policy.TakeExports, policy.SeeAudit},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what tokens may (-want +got):\n%s", diff)
	}
	if usual.AllowToken(policy.User{Name: "anna", Role: policy.Admin}, policy.Token{User: "mila"}, policy.SeeAudit) {
		t.Error("a token works in the name of somebody else")
	}
	if usual.AllowToken(policy.User{Name: "mila", Role: policy.Admin, DisabledAt: began}, policy.Token{User: "mila"}, policy.SeeAudit) {
		t.Error("a token of somebody who is shut out works")
	}
}

func TestTokensHaveNamesAndEnds(t *testing.T) {
	for name, ok := range map[string]bool{
		"ci": true, "nightly report": true, "x": true, "": false, " ci": false, "ci ": false, "a\nb": false, strings.Repeat("x", 41): false,
	} {
		if _, err := policy.ParseTokenName(name); (err == nil) != ok || (err != nil && !errors.Is(err, policy.ErrTokenName)) {
			t.Errorf("a token called %q: %v", name, err)
		}
	}
	for days, want := range map[int]time.Time{0: {}, 1: began.AddDate(0, 0, 1), 3650: began.AddDate(0, 0, 3650)} {
		end, err := policy.TokenEnd(days, began)
		if err != nil || !end.Equal(want) {
			t.Errorf("%d days: %v, %v", days, end, err)
		}
		if token := (policy.Token{ExpiresAt: end}); token.Over(began) || (days > 0) != token.Over(began.AddDate(0, 0, days)) {
			t.Errorf("a token of %d days is over at the wrong time", days)
		}
	}
	for _, days := range []int{-1, 3651} {
		if _, err := policy.TokenEnd(days, began); !errors.Is(err, policy.ErrTokenDays) {
			t.Errorf("%d days: %v", days, err)
		}
	}
}
