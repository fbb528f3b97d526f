package followup

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
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

// LinkLasts is how long a link can be used.
const LinkLasts = 7 * 24 * time.Hour

// Link leads from a message to what it is about: the alarm, or the follow-up if Alarm is "". Whoever has it may take that under the name of Person.
type Link struct {
	Alarm    string
	FollowUp ID
	Person   policy.PersonID // whom the message was sent to; "" for a chat that many read
	Expires  time.Time       // whole seconds
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

// LinkKey returns the key of links, made of the store's secret (store.Store.Secret).
func LinkKey(secret []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, "supportline links 1", sha256.Size)
}

// Sign returns the token of a link under a key.
func Sign(key []byte, l Link) Token {
	kind, id := byte('a'), l.Alarm
	if id == "" {
		kind, id = 'f', string(l.FollowUp)
	}
	b := binary.BigEndian.AppendUint32([]byte{kind}, uint32(l.Expires.Unix()))
	b = append(b, id+"/"+string(l.Person)...)
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
	l := Link{Person: policy.PersonID(person), Expires: time.Unix(int64(binary.BigEndian.Uint32(b[1:])), 0).UTC()}
	if b[0] == 'a' {
		l.Alarm = id
	} else {
		l.FollowUp = ID(id)
	}
	if !now.Before(l.Expires) {
		return l, ErrOld
	}
	return l, nil
}
