package signin

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/policy/users"
)

// Devices are the browsers in which people signed in with a password.
type Devices interface {
	// Device returns a device of a user by the hash of its secret, and whether there is one.
	Device(ctx context.Context, user, hash string) (d users.Device, known bool, err error)
	PutDevice(ctx context.Context, d users.Device) error
}

// deviceCookie returns the cookie by which a browser is known as one of a user's. Each user of a browser has another, so that nobody is known
// by a secret that somebody else could have put there.
func (s *Service) deviceCookie(user, secret string) *http.Cookie {
	name := "supportline-device-" + users.HashToken(user)[:12]
	secure := s.deps.Settings.secure()
	if secure {
		name = "__Host-" + name
	}
	return &http.Cookie{
		Name: name, Value: secret, Path: "/", MaxAge: int(users.DeviceAge / time.Second), HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	}
}

// device returns the secret by which the browser of a request is known as one of a user's at now, or "" for any other browser.
func (s *Service) device(r *http.Request, user users.User, now time.Time) (secret string, err error) {
	cookie, err := r.Cookie(s.deviceCookie(user.Name, "").Name)
	if err != nil || user.Name == "" {
		return "", nil
	}
	found, known, err := s.deps.Sessions.Device(r.Context(), user.Name, users.HashToken(cookie.Value))
	if err != nil || !known || !found.Of(user, now) {
		return "", err
	}
	return cookie.Value, nil
}

// remember makes the browser of a request known as one of a user's, by the secret that it has, or a new one. A device that cannot be stored is
// not worth a refused sign-in.
func (s *Service) remember(w http.ResponseWriter, r *http.Request, user users.User, now time.Time) {
	secret, err := s.device(r, user, now)
	if err == nil {
		secret = cmp.Or(secret, rand.Text())
		err = s.deps.Sessions.PutDevice(r.Context(), users.Device{User: user.Name, Hash: users.HashToken(secret), Generation: user.Generation, UsedAt: now})
	}
	if err != nil {
		s.deps.Logger.Error("device not remembered", zap.String("user", user.Name), zap.Error(err))
		return
	}
	http.SetCookie(w, s.deviceCookie(user.Name, secret))
}
