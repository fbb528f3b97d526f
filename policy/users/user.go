package users

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The errors about a person who may sign in.
var (
	ErrNoUser   = errors.New("no such user")
	ErrExists   = errors.New("the name is taken")
	ErrName     = errors.New("invalid user name")
	ErrRole     = errors.New("invalid role")
	ErrPassword = errors.New("the password cannot be taken")
)

// User is a person who may sign in to the console.
type User struct {
	Name     string `json:"name"` // as ParseName returns it
	Role     Role   `json:"role"`
	Password string `json:"password,omitempty"` // an argon2id hash; "" for who signs in at an identity provider alone
	// Subject is who the person is at the identity provider; "" for who signs in with a password. A name never stands for both.
	Subject string `json:"subject,omitempty"`
	// VouchedAt is the person's last sign-in at the identity provider, zero for who signs in with a password; UnvouchedAt is when a sign-in there
	// found no role, zero after one that found one.
	VouchedAt   time.Time `json:"vouched_at,omitzero"`
	UnvouchedAt time.Time `json:"unvouched_at,omitzero"`

	CreatedAt time.Time `json:"created_at"`
	// DisabledAt is when the user was disabled; zero while the user may sign in.
	DisabledAt time.Time `json:"disabled_at,omitzero"`
	// Generation counts how often all of the person's sessions were ended. A session of an earlier one is over.
	Generation int    `json:"generation,omitempty"`
	Zone       string `json:"zone,omitempty"`  // of the zone database; "": UTC
	Theme      Theme  `json:"theme,omitempty"` // "": as the person's system has it
}

// Disabled reports whether the user is disabled.
func (u User) Disabled() bool { return !u.DisabledAt.IsZero() }

// Theme is a choice of colours.
type Theme string

// The choices. The empty one follows the person's system.
const (
	ThemeLight Theme = "light"
	ThemeDark  Theme = "dark"
)

// Role is a set of rights in the console.
type Role string

// The roles, each with more rights than the one before.
const (
	Viewer   Role = "viewer"
	Operator Role = "operator"
	Admin    Role = "admin"
)

// Roles returns all roles, the one with the fewest rights first.
func Roles() []Role { return []Role{Viewer, Operator, Admin} }

// ParseRole reads a role. The error is ErrRole, and lists them.
func ParseRole(text string) (Role, error) {
	if r := Role(text); slices.Contains(Roles(), r) {
		return r, nil
	}
	return "", fmt.Errorf("%w: %q; write viewer, operator or admin", ErrRole, text)
}

// Permission is a right that not every user has.
type Permission string

// All there are. Everybody who is signed in sees calls, accounts, figures and lines, with telephone numbers masked.
const (
	SeeNumbers     Permission = "numbers"    // see telephone numbers in full, by an act that the audit names; in exports too
	HearRecordings Permission = "recordings" // play voicemails and recordings
	DoActs         Permission = "acts"       // change what a call, a case, a notice or a follow-up is, and who is on call
	TakeExports    Permission = "exports"    // take lists out as files
	ManageLines    Permission = "lines"      // edit closures and special hours
	ManageUsers    Permission = "users"      // add and change the console's users
	SeeAudit       Permission = "audit"      // search the audit
	UsePhone       Permission = "phone"      // call test lines from the console; in a demo, all lines
)

// Grantable returns the permissions that a configuration can give to a viewer or an operator. The others are the admins' alone.
func Grantable() []Permission {
	return []Permission{SeeNumbers, HearRecordings, DoActs, TakeExports}
}

// Permissions are the rights of each role. An admin has all of them, also those that the map lacks.
type Permissions map[Role][]Permission

// UsualPermissions returns the default: a viewer has none of the grantable permissions, an operator has all.
func UsualPermissions() Permissions { return Permissions{Viewer: {}, Operator: Grantable()} }

// Allow reports whether a user has a permission. A disabled user has none.
func (p Permissions) Allow(u User, what Permission) bool {
	return !u.Disabled() && (u.Role == Admin || slices.Contains(p[u.Role], what))
}

// userName is the form of a user's name, which is typed at a terminal, is shown in the audit, and may be an e-mail address.
var userName = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9._@+-]{0,62}[a-z0-9])?$`)

// ParseName reads a user's name: 1 to 64 letters of a to z, digits and the signs . _ - + @ between them. Capitals become small, so that two
// people cannot differ by them alone. The error is ErrName with what to write instead.
func ParseName(text string) (string, error) {
	if name := strings.ToLower(strings.TrimSpace(text)); userName.MatchString(name) {
		return name, nil
	}
	return "", fmt.Errorf("%w: %q; write letters and digits with . _ - + @ between them, such as mila or mila@example.com", ErrName, text)
}
