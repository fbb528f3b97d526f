package users

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// The errors about a token of the API.
var (
	ErrNoToken     = errors.New("no such token")
	ErrTokenExists = errors.New("the user has a token of this name")
	ErrTokenName   = errors.New("invalid token name")
	ErrTokenDays   = errors.New("invalid number of days")
	ErrManyTokens  = errors.New("the user has as many tokens as one can have")
)

// Token lets a program use the console's API in the name of a user, with the user's permissions or fewer.
type Token struct {
	User string `json:"user"`
	Name string `json:"name"` // as ParseTokenName returns it; each of a user's tokens has another
	Hash string `json:"hash"` // HashToken of the secret: who reads the store can use none
	// ReadOnly tokens change nothing, even if the user may.
	ReadOnly bool `json:"read_only,omitempty"`
	// Masked tokens never see a telephone number in full, even if the user may.
	Masked    bool      `json:"masked,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"` // zero: never
	UsedAt    time.Time `json:"used_at,omitzero"`    // to a minute; zero: not yet
}

// MaxTokens is how many tokens one user can have. A forgotten one is found more easily among few.
const MaxTokens = 20

// TokenPrefix begins every token, so that people, and programs that look for secrets in the wrong places, know one when they see it.
const TokenPrefix = "sl_"

// The bounds of a token's life.
const (
	UsualTokenDays   = 90
	LongestTokenDays = 365
	// VouchedFor is how long the tokens of a user of the identity provider work after the last sign-in there.
	VouchedFor = 30 * 24 * time.Hour
)

var tokenName = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,38}[A-Za-z0-9])?$`)

// ParseTokenName takes a token's name: 1 to 40 letters, digits and, between them, spaces and the signs . _ -. The error is ErrTokenName.
func ParseTokenName(text string) (string, error) {
	if !tokenName.MatchString(text) {
		return "", fmt.Errorf("%w: %q; write 1 to 40 letters and digits with spaces or . _ - between them, such as nightly report", ErrTokenName, text)
	}
	return text, nil
}

// TokenEnd returns when a token made now ends. The error is ErrTokenDays.
func TokenEnd(days int, now time.Time) (time.Time, error) {
	if days < 1 || days > LongestTokenDays {
		return time.Time{}, fmt.Errorf("%w: %d; write 1 to %d: a token lasts a year at most", ErrTokenDays, days, LongestTokenDays)
	}
	return now.AddDate(0, 0, days), nil
}

// HashToken returns the hash that is stored of a token's secret. A plain hash is enough, because the secret is long and random.
func HashToken(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Over reports whether the token has ended.
func (t Token) Over(now time.Time) bool { return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) }

// Long reports whether the token ends later than a new one can, or never: it was made by an older version. It works until it ends or is revoked.
func (t Token) Long() bool {
	return t.ExpiresAt.IsZero() || t.ExpiresAt.After(t.CreatedAt.AddDate(0, 0, LongestTokenDays))
}

// Suspended returns why the tokens of a user do not work at now, or nil: the user signs in at the identity provider, and that found no role at
// the last sign-in, or did not vouch for the person for VouchedFor. The next sign-in that finds a role takes it back. The error is
// ErrTokenSuspended.
func (u User) Suspended(now time.Time) error {
	switch {
	case !u.UnvouchedAt.IsZero():
		return fmt.Errorf("%w: at the last sign-in the identity provider named no group of the user that has a role here; "+
			"ask an admin for one, then sign in to the console, and the token works again", ErrTokenSuspended)
	case !u.VouchedAt.IsZero() && now.Sub(u.VouchedAt) > VouchedFor:
		return fmt.Errorf("%w: its user did not sign in at the identity provider for %d days; sign in to the console once, and the token works again",
			ErrTokenSuspended, int(VouchedFor/(24*time.Hour)))
	}
	return nil
}

// changing are the permissions that a read-only token lacks.
var changing = map[Permission]bool{DoActs: true, ManageLines: true, ManageUsers: true}

// AllowToken reports whether a user's token may do something: both the user and the token must be allowed to.
func (p Permissions) AllowToken(u User, t Token, what Permission) bool {
	if t.ReadOnly && changing[what] || t.Masked && what == SeeNumbers {
		return false
	}
	return t.User == u.Name && p.Allow(u, what)
}

// The reasons for which a program is not let in.
var (
	ErrTokenMissing    = errors.New("no token")
	ErrTokenUnknown    = errors.New("the token is nobody's: it was mistyped, or revoked")
	ErrTokenExpired    = errors.New("the token's time is over")
	ErrUserDisabled    = errors.New("the token's user is disabled")
	ErrTokenSuspended  = errors.New("the token is suspended")
	ErrManyWrongTokens = errors.New("too many wrong tokens")
	ErrManyRequests    = errors.New("too many requests")
)
