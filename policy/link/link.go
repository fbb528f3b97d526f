// Package link is the links in messages, public_url/w/TOKEN: what each leads to, whose it is, and how long it can be used, signed so that nobody can make
// one up. It is pure: time and keys are passed in.
package link

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// The errors about links.
var (
	// ErrForged reports that a link was not made here, or lost or gained a letter on its way.
	ErrForged = errors.New("the link is not whole: open it again from the message, or sign in to the console")
	// ErrOld reports that a link is past its time.
	ErrOld = errors.New("the link is too old: sign in to the console")
)

// Subject is what a link leads to. It is a byte of the token, so the values never change.
type Subject byte

// The subjects, and whose number or SID ID then is.
const (
	Alarm    Subject = 'a'
	FollowUp Subject = 'f'
	WrapUp   Subject = 'w' // of a call, for the specialist who talked
	Offer    Subject = 'o' // of a page of the company, for whom it was offered
)

var subjects = []Subject{Alarm, FollowUp, WrapUp, Offer}

// Lasts returns how long a link can be used. A specialist says what a call was on the same day; an account holder may read a letter weeks later.
func (s Subject) Lasts() time.Duration {
	const day = 24 * time.Hour
	switch s {
	case WrapUp:
		return day
	case Offer:
		return 30 * day
	}
	return 7 * day
}

// Link leads from a message to what it is about. Whoever has it may act on that under the name of Person.
type Link struct {
	To      Subject
	ID      string          // without a slash
	Person  policy.PersonID // whom the message was sent to; "" for a chat that many read, and for an offer
	Expires time.Time       // whole seconds
}

// New returns a link that can be used from now on.
func New(to Subject, id string, person policy.PersonID, now time.Time) Link {
	return Link{to, id, person, now.Add(to.Lasts()).Truncate(time.Second)}
}

// Address returns the address of the link at the public address of the installation.
func (l Link) Address(publicURL string, key []byte) string {
	return publicURL + "/w/" + Sign(key, l).Full()
}

// Token is a signed Link as it stands in an address: https://PUBLIC_URL/w/TOKEN. It is masked when it is printed, because it is a key.
type Token string

// String returns a mask.
func (t Token) String() string { return "(link)" }

// GoString returns a mask.
func (t Token) GoString() string { return t.String() }

// Full returns the token unmasked.
func (t Token) Full() string { return string(t) }

// signature is how many bytes of the HMAC a token has: 128 bits, so that the whole fits into a text message.
const signature = 16

// tokens is how tokens are written. Strict refuses a last letter that was changed in bits which stand for nothing.
var tokens = base64.RawURLEncoding.Strict()

// Key returns the key of links, made of the store's secret (store.Store.Secret).
func Key(secret []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, "supportline links 1", sha256.Size)
}

// Sign returns the token of a link under a key.
func Sign(key []byte, l Link) Token {
	b := binary.BigEndian.AppendUint32([]byte{byte(l.To)}, uint32(l.Expires.Unix()))
	b = append(b, l.ID+"/"+string(l.Person)...)
	return Token(tokens.EncodeToString(append(b, mac(key, b)...)))
}

func mac(key, signed []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(signed)
	return h.Sum(nil)[:signature]
}

// Read returns the link of a token that was signed with a key. Errors: ErrForged; ErrOld, with the link all the same.
func Read(key []byte, t Token, now time.Time) (Link, error) {
	b, err := tokens.DecodeString(string(t))
	n := len(b) - signature
	if err != nil || strings.ContainsAny(string(t), "\r\n") || n < 6 || !hmac.Equal(b[n:], mac(key, b[:n])) {
		return Link{}, ErrForged
	}
	id, person, _ := strings.Cut(string(b[5:n]), "/")
	l := Link{Subject(b[0]), id, policy.PersonID(person), time.Unix(int64(binary.BigEndian.Uint32(b[1:])), 0).UTC()}
	if !slices.Contains(subjects, l.To) { // of a later version
		return Link{}, ErrForged
	}
	if !now.Before(l.Expires) {
		return l, ErrOld
	}
	return l, nil
}
