package copies

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// Settled counts the changes to a restored store that make up for what happened since the backup was made.
type Settled struct {
	Erased    int // accounts that were erased since
	Expired   int // calls past their retention
	Users     int // that lost rights since, or have another password
	Tokens    int // that were revoked since, or made by nobody who is known now
	Alarms    int // that run in the backup, and are told no further
	Notices   int // that wait in the backup, and are not sent by themselves
	Delivered int // notices that were sent since, so that they are not sent again
	Removals  int // of recordings that were to be removed since
}

// words returns what was done, for the audit.
func (s Settled) words() string {
	return fmt.Sprintf("accounts erased again: %d, calls past their retention: %d, users with less rights or another password: %d, tokens revoked again: %d, "+
		"notices held back: %d", s.Erased, s.Expired, s.Users, s.Tokens, s.Notices)
}

// settling does in a restored store what happened since the backup was made, and must not be undone.
type settling struct {
	ctx    context.Context
	store  *store.Store
	before *store.Store     // what the restored store replaces; nil: it is not known
	beside []store.Erasures // of newer backups
	by     string
	at     time.Time
	did    Settled
}

// settle settles a store. Sessions and known devices are ended before, with the entries that they are.
func (s *settling) settle(retention time.Duration) (Settled, error) {
	steps := []func() error{s.erase, s.users, s.alarms, s.notices, s.removals}
	if s.before == nil {
		steps = []func() error{s.erase, s.alarms, s.notices}
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return s.did, err
		}
	}
	gone, err := s.store.Expire(s.ctx, s.at.Add(-retention))
	s.did.Expired = gone.Calls
	if err != nil {
		return s.did, err
	}
	return s.did, s.store.Note(s.ctx, users.AuditEntry{At: s.at, By: s.by, Act: "restore", Detail: s.did.words()})
}

func (s *settling) erase() error {
	all := s.beside
	if s.before != nil {
		since, err := s.before.Erasures(s.ctx)
		if err != nil {
			return err
		}
		all = append(all, since)
	}
	for _, since := range all {
		again, err := s.store.EraseAgain(s.ctx, since, s.by, s.at)
		if err != nil {
			return err
		}
		s.did.Erased += again
	}
	return nil
}

// erasuresBeside returns the erasures that the newer ones of the server's backups in the folder of a backup know of: the present store may be lost. A
// file that cannot be read is left out.
func erasuresBeside(ctx context.Context, backup string, than time.Time) (all []store.Erasures) {
	entries, _ := os.ReadDir(filepath.Dir(backup)) // the backup itself was read
	for _, e := range entries {
		if at, ours := timeOf(e.Name()); !ours || !at.After(than) {
			continue
		}
		other, err := bolt.OpenStore(filepath.Join(filepath.Dir(backup), e.Name()), 0, store.Options{ReadOnly: true})
		if err != nil {
			continue
		}
		if known, err := other.Erasures(ctx); err == nil {
			all = append(all, known)
		}
		_ = other.Close() // it was only read
	}
	return all
}

// users takes from each user what the person lost since: a token that was revoked, the right to sign in, a role with more rights. A password is that
// of now, because the one before may have been lost to somebody.
func (s *settling) users() error {
	for u, err := range s.store.Users(s.ctx) {
		if err != nil {
			return err
		}
		now, err := s.before.User(s.ctx, u.Name)
		if errors.Is(err, users.ErrNoUser) { // nobody can remove a user: it is a backup of another store
			continue
		}
		if err != nil {
			return err
		}
		after, err := s.store.ChangeUser(s.ctx, u.Name, users.Change{
			Change: func(u users.User) users.User { return lessOf(u, now) }, Act: "restore", By: s.by, At: s.at, Detail: "what was taken since the backup",
		})
		if err != nil {
			return err
		}
		if after != u {
			s.did.Users++
		}
		if err := s.tokens(u.Name); err != nil {
			return err
		}
	}
	return nil
}

// lessOf returns a user of the backup with no more rights than now.
func lessOf(u, now users.User) users.User {
	u.Password, u.Subject, u.VouchedAt, u.UnvouchedAt = now.Password, now.Subject, now.VouchedAt, now.UnvouchedAt
	u.Generation = max(u.Generation, now.Generation)
	if u.DisabledAt.IsZero() {
		u.DisabledAt = now.DisabledAt
	}
	if slices.Index(users.Roles(), now.Role) < slices.Index(users.Roles(), u.Role) {
		u.Role = now.Role
	}
	return u
}

func (s *settling) tokens(user string) error {
	old, err := s.store.TokensOf(s.ctx, user)
	if err != nil {
		return err
	}
	now, err := s.before.TokensOf(s.ctx, user)
	if err != nil {
		return err
	}
	for _, t := range old {
		if slices.ContainsFunc(now, func(n users.Token) bool { return n.Hash == t.Hash }) {
			continue
		}
		if err := s.store.RevokeToken(s.ctx, user, t.Name, s.by, s.at); err != nil {
			return err
		}
		s.did.Tokens++
	}
	return nil
}

// alarms keeps those that run in the backup from being told on, unless they run now as well. What people took and finished since stays so.
func (s *settling) alarms() (err error) {
	s.did.Alarms, err = s.store.SettleAlarms(s.ctx, s.before)
	return err
}

var errHeld = errors.New("held back when a backup was restored: it may have been sent since. Retry it if it was not")

// notices keeps those that wait in the backup from being sent a second time: they are given up, until a person retries them, unless they wait now as
// well. Those that were sent since are taken over, so that they are not sent again when their cause comes up again.
func (s *settling) notices() error {
	waiting, err := s.sinceThen()
	if err != nil {
		return err
	}
	for n, err := range s.store.Notices(s.ctx) {
		if err != nil {
			return err
		}
		if !n.Waits() || waiting[n.Key] {
			continue
		}
		if err := s.store.NoticeFailed(s.ctx, n.Key, s.at, errHeld, time.Time{}); err != nil {
			return err
		}
		s.did.Notices++
	}
	return nil
}

// takenOver is how many notices are written at a time.
const takenOver = 100

// sinceThen takes over the notices that were sent since, and returns the keys of those that wait now.
func (s *settling) sinceThen() (waiting map[string]bool, err error) {
	waiting = map[string]bool{}
	if s.before == nil {
		return waiting, nil
	}
	there := map[string]bool{}
	for n, err := range s.store.Notices(s.ctx) {
		if err != nil {
			return nil, err
		}
		there[n.Key] = true
	}
	var sent []policy.Notice
	for n, err := range s.before.Notices(s.ctx) {
		if err != nil {
			return nil, err
		}
		switch {
		case n.Waits():
			waiting[n.Key] = true
		case there[n.Key] && !n.SentAt.IsZero():
			if err := s.store.NoticeSent(s.ctx, n.Key, n.SentAt); err != nil {
				return nil, err
			}
		case !there[n.Key] && n.Kind != policy.NoticeMove && n.Alarm == "" && !strings.HasPrefix(n.Key, "offer/"):
			n.Offer = "" // the numbers of a case, an alarm and an offer are those of others by now
			sent = append(sent, n)
		}
	}
	for some := range slices.Chunk(sent, takenOver) {
		if err := s.store.PutNotices(s.ctx, some); err != nil {
			return nil, err
		}
	}
	s.did.Delivered = len(sent)
	return waiting, nil
}

// removals takes over the recordings that wait to be removed, of calls that the backup may not have.
func (s *settling) removals() error {
	const all = 1_000_000
	waiting, err := s.before.DueRemovals(s.ctx, s.at.AddDate(1000, 0, 0), all)
	if err != nil {
		return err
	}
	s.did.Removals = len(waiting)
	return s.store.Remove(s.ctx, waiting)
}
