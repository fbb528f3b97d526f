package signin

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy/users"
)

// OwnSession is one of a user's sessions.
type OwnSession struct {
	users.Session
	ID   string // by which EndSession finds it
	Here bool   // it is the one that asks
}

// idLength is how much of a key names a session among those of a user.
const idLength = 16

// OwnSessions returns the sessions of a user that are not over, the one that asks first, then that with the latest sign of life.
func (s *Service) OwnSessions(ctx context.Context, user users.User, now time.Time) ([]OwnSession, error) {
	all, err := s.deps.Sessions.SessionsOf(ctx, user.Name, now)
	if err != nil {
		return nil, err
	}
	var own []OwnSession
	for _, found := range all {
		if found.Generation != user.Generation || now.Sub(found.Seen) > s.deps.Settings.Idle || len(found.Key) < idLength {
			continue
		}
		next := OwnSession{found, found.Key[:idLength], found.Key == s.sessionKey(ctx)}
		if next.Here {
			own = slices.Insert(own, 0, next)
		} else {
			own = append(own, next)
		}
	}
	return own, nil
}

// EndSession ends one of a user's sessions, and notes it in the audit. The error is ErrNoSession, or internal.
func (s *Service) EndSession(ctx context.Context, user users.User, id string, now time.Time) error {
	own, err := s.OwnSessions(ctx, user, now)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(own, func(o OwnSession) bool { return o.ID == id })
	if i < 0 {
		return ErrNoSession
	}
	entry := users.AuditEntry{At: now, By: user.Name, Act: users.ActSessionEnd, Subject: user.Name, Detail: "a session that was begun from " + own[i].Address}
	if err := s.deps.Audit.Note(ctx, entry); err != nil {
		return err
	}
	return s.deps.Sessions.RemoveSession(ctx, own[i].Key)
}

// sessionKey returns the key under which the session manager keeps a request's session.
func (s *Service) sessionKey(ctx context.Context) string {
	sum := sha256.Sum256([]byte(s.sessions.Token(ctx)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// browserNames and systemNames are looked for in what a browser calls itself, in this order: most claim to be others as well.
var (
	browserNames = [][2]string{
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
		{"curl/", "curl"},
	}
	systemNames = [][2]string{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"}, {"Mac OS", "Mac"}, {"Linux", "Linux"},
	}
)

// browser returns what a person calls a browser, by what it calls itself: "Firefox on Windows".
func browser(agent string) string {
	called := func(names [][2]string, or string) string {
		for _, n := range names {
			if strings.Contains(agent, n[0]) {
				return n[1]
			}
		}
		return or
	}
	name, system := called(browserNames, "Another browser"), called(systemNames, "")
	if system == "" {
		return name
	}
	return name + " on " + system
}
