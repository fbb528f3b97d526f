package users

import "time"

// Change is what is done to a user: who does it and when, how the audit calls it, and the change itself, a pure function.
type Change struct {
	At     time.Time
	By     string
	Act    string // as in AuditEntry.Act
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
	ActLineDates    = "line-dates"
	ActExport       = "export" // of a customer, or of a list
)

// WithRole is the change to another role. The person stays signed in, with the rights of the new role from the next page on.
func WithRole(role Role, by string, at time.Time) Change {
	return Change{at, by, ActUserRole, "now " + string(role), func(u User) User {
		u.Role = role
		return u
	}}
}

// WithDisabled shuts a user out, at once and everywhere. Who is shut out already stays so, since the same time.
func WithDisabled(by string, at time.Time) Change {
	return Change{at, by, ActUserDisable, "shut out, and signed out everywhere", func(u User) User {
		if !u.Disabled() {
			u.DisabledAt = at
			u.Generation++
		}
		return u
	}}
}

// WithEnabled lets a user in again.
func WithEnabled(by string, at time.Time) Change {
	return Change{at, by, ActUserEnable, "may sign in again", func(u User) User {
		u.DisabledAt = time.Time{}
		return u
	}}
}

// WithPassword sets the hash of a new password, and ends all sessions of the user.
func WithPassword(hash, by string, at time.Time) Change {
	return Change{at, by, ActUserPassword, "new password, and signed out everywhere", func(u User) User {
		u.Password = hash
		u.Generation++
		return u
	}}
}

// SignedOutEverywhere ends all sessions of a user.
func SignedOutEverywhere(by string, at time.Time) Change {
	return Change{at, by, ActSignOutAll, "signed out everywhere", func(u User) User {
		u.Generation++
		return u
	}}
}

// WithProfile sets how a user wants to see times and colours. The audit says that it was done, and nothing of it.
func WithProfile(zone string, theme Theme, by string, at time.Time) Change {
	return Change{at, by, ActUserProfile, "time zone and colours", func(u User) User {
		u.Zone, u.Theme = zone, theme
		return u
	}}
}
