package users

import "time"

// Change is a change of a user: who makes it and when, its name in the audit, and the change itself, a pure function.
type Change struct {
	At     time.Time
	By     string
	Act    string // as in AuditEntry.Act; "" for a change that is not noted, because what it goes with is
	Detail string // in words
	Change func(User) User
}

// The acts on users, as the audit names them.
const (
	ActUserAdd      = "user-add"
	ActUserRole     = "user-role"
	ActUserDisable  = "user-disable"
	ActUserEnable   = "user-enable"
	ActUserPassword = "user-password"
	ActUserProfile  = "user-profile"
	ActSignOutAll   = "sign-out-everywhere"
	ActSignIn       = "sign-in"
	ActSignInRefuse = "sign-in-refused"
	ActSignOut      = "sign-out"
	ActReveal       = "reveal"
	ActPhoneCall    = "phone-call"
	ActTokenAdd     = "token-add"
	ActTokenRevoke  = "token-revoke"
	ActTokenSuspend = "tokens-suspend"
	ActSessionEnd   = "session-end"
	ActLineDates    = "line-dates"
	ActOverride     = "oncall-override" // of a rota, or the end of one
	ActExport       = "export"          // of a customer, or of a list
	// ActImportPreview is a look at what a customers file would change, which tells what the directory has of the customers in it.
	ActImportPreview = "import-preview"
)

// WithRole returns the change to another role. The person stays signed in, with the rights of the new role from the next page on.
func WithRole(role Role, by string, at time.Time) Change {
	return Change{at, by, ActUserRole, "now " + string(role), func(u User) User {
		u.Role = role
		return u
	}}
}

// WithDisabled returns the change that disables a user and ends all sessions. A disabled user stays disabled since the same time.
func WithDisabled(by string, at time.Time) Change {
	return Change{at, by, ActUserDisable, "disabled, and signed out everywhere", func(u User) User {
		if !u.Disabled() {
			u.DisabledAt = at
			u.Generation++
		}
		return u
	}}
}

// WithEnabled returns the change that lets a user sign in again.
func WithEnabled(by string, at time.Time) Change {
	return Change{at, by, ActUserEnable, "may sign in again", func(u User) User {
		u.DisabledAt = time.Time{}
		return u
	}}
}

// WithPassword returns the change that sets the hash of a new password, and ends all sessions of the user.
func WithPassword(hash, by string, at time.Time) Change {
	return Change{at, by, ActUserPassword, "new password, and signed out everywhere", func(u User) User {
		u.Password = hash
		u.Generation++
		return u
	}}
}

// SignedOutEverywhere returns the change that ends all sessions of a user.
func SignedOutEverywhere(by string, at time.Time) Change {
	return Change{at, by, ActSignOutAll, "signed out everywhere", func(u User) User {
		u.Generation++
		return u
	}}
}

// WithProfile returns the change of a user's zone and theme. The audit records that it was made, not what was chosen.
func WithProfile(zone string, theme Theme, by string, at time.Time) Change {
	return Change{at, by, ActUserProfile, "time zone and colours", func(u User) User {
		u.Zone, u.Theme = zone, theme
		return u
	}}
}

// Vouched returns the change that keeps a sign-in at the identity provider, which takes a suspension of the user's tokens back. It is not noted,
// because the sign-in is.
func Vouched(at time.Time) Change {
	return Change{At: at, Change: func(u User) User {
		u.VouchedAt, u.UnvouchedAt = at, time.Time{}
		return u
	}}
}

// Unvouched returns the change after a sign-in at the identity provider that found no role: the user's tokens are suspended, and all sessions
// end.
func Unvouched(by string, at time.Time) Change {
	return Change{at, by, ActTokenSuspend, "the identity provider names no group with a role: tokens suspended, and signed out everywhere", func(u User) User {
		if u.UnvouchedAt.IsZero() {
			u.UnvouchedAt = at
			u.Generation++
		}
		return u
	}}
}
