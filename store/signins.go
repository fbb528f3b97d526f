package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/officernd/supportline/policy/users"
)

// The value of a session is its end, 8 bytes of seconds since 1970, and then the data of its owner.
const sessionEnd = 8

// signInBatch is how many records one transaction of ExpireSessions reads or removes.
const signInBatch = 500

// In the bucket of sign-ins are what people see of their sessions, and the devices that they used. The sessions themselves are in a bucket of
// their own, under the same keys.
const (
	sessionByKey  = 's' // key of the session; the value is the session as its user sees it
	sessionOfUser = 'u' // user, key of the session
	deviceOfUser  = 'd' // user, hash
)

func sessionKey(session string) indexKey { return key(sessionByKey).text(session) }

func sessionEntries(_ []byte, s users.Session) []Edit {
	return []Edit{{Bucket: signInsBucket, Key: key(sessionOfUser).part(s.User).text(s.Key)}}
}

// Session returns the data of a session, unless there is none with that key or it is over at now. The key is a hash of the session's token, so
// that nobody can sign in with what the file holds.
func (s *Store) Session(ctx context.Context, key string, now time.Time) (data []byte, found bool, err error) {
	err = s.view(ctx, func(tx Reader) error {
		data, found = nil, false
		value := tx.Get(sessionsBucket, []byte(key))
		if value == nil {
			return nil
		}
		ends, err := endOf(key, value)
		if err == nil && now.Before(ends) {
			data, found = bytes.Clone(value[sessionEnd:]), true
		}
		return err
	})
	return data, found, err
}

// StartSession stores a new session until its end, in whole seconds, and what its user sees of it; a session of nobody is in no list. If the user
// has more than users.MaxSessions then, those whose last sign of life is the longest ago end.
func (s *Store) StartSession(ctx context.Context, session users.Session, data []byte) error {
	return s.write(ctx, func(tx Writer) error {
		if err := putSession(tx, session, data); err != nil {
			return err
		}
		return endOldest(tx, session.User)
	})
}

// PutSession stores a session anew. One that was removed meanwhile stays removed: a request that began before must not bring it back.
func (s *Store) PutSession(ctx context.Context, session users.Session, data []byte) error {
	return s.write(ctx, func(tx Writer) error {
		if tx.Get(sessionsBucket, []byte(session.Key)) == nil {
			return nil
		}
		return putSession(tx, session, data)
	})
}

func putSession(tx Writer, session users.Session, data []byte) error {
	value := append(binary.BigEndian.AppendUint64(nil, uint64(session.Ends.Unix())), data...)
	tx.Put(sessionsBucket, []byte(session.Key), value)
	if session.User == "" {
		return nil
	}
	before, err := sessionTable.find(tx, sessionKey(session.Key))
	if err != nil {
		return err
	}
	return sessionTable.put(tx, sessionKey(session.Key), before, session)
}

// endOldest ends the sessions of a user beyond the bound.
func endOldest(tx Writer, user string) error {
	all, err := sessionsOf(tx, user)
	if err != nil || len(all) <= users.MaxSessions {
		return err
	}
	for _, old := range all[users.MaxSessions:] {
		if err := removeSession(tx, old.Key); err != nil {
			return err
		}
	}
	return nil
}

// SessionsOf returns the sessions of a user that are not over at now, the one with the latest sign of life first.
func (s *Store) SessionsOf(ctx context.Context, user string, now time.Time) ([]users.Session, error) {
	return fetch(ctx, s, func(tx Reader) ([]users.Session, error) {
		all, err := sessionsOf(tx, user)
		keys := make([][]byte, len(all))
		for i, found := range all {
			keys[i] = []byte(found.Key)
		}
		var there []users.Session
		for i, e := range fetched(tx, sessionsBucket, keys) {
			if e.Value != nil && now.Before(all[i].Ends) {
				there = append(there, all[i])
			}
		}
		return there, err
	})
}

func sessionsOf(tx Reader, user string) (all []users.Session, err error) {
	prefix := key(sessionOfUser).part(user)
	var keys [][]byte
	for k := range under(prefix).in(tx, signInsBucket) {
		keys = append(keys, sessionKey(string(k[len(prefix):])))
	}
	if all, err = sessionTable.all(tx, keys); err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b users.Session) int { return b.Seen.Compare(a.Seen) })
	return all, nil
}

// RemoveSession removes a session. A session that does not exist is no error.
func (s *Store) RemoveSession(ctx context.Context, key string) error {
	return s.write(ctx, func(tx Writer) error { return removeSession(tx, key) })
}

func removeSession(tx Writer, session string) error {
	tx.Delete(sessionsBucket, []byte(session))
	seen, err := sessionTable.find(tx, sessionKey(session))
	if err == nil && seen != nil {
		sessionTable.remove(tx, sessionKey(session), *seen)
	}
	return err
}

// ExpireSessions removes the sessions that are over at now, in bounded steps, and returns their number. A session that is over never gets a later
// end. It removes the devices and the tries as well that are no longer of use.
func (s *Store) ExpireSessions(ctx context.Context, now time.Time) (removed int, err error) {
	over := func(k, v []byte) (bool, error) {
		ends, err := endOf(string(k), v)
		return !now.Before(ends), err
	}
	removed, err = s.sweep(ctx, sessionsBucket, span{}, over, func(tx Writer, k []byte) error { return removeSession(tx, string(k)) })
	if err != nil {
		return removed, err
	}
	unknown := func(k, v []byte) (bool, error) {
		d, err := deviceTable.decode(k, v)
		return !now.Before(d.UsedAt.Add(users.DeviceAge)), err
	}
	forget := func(tx Writer, k []byte) error {
		tx.Delete(signInsBucket, k)
		return nil
	}
	if _, err = s.sweep(ctx, signInsBucket, under(key(deviceOfUser)), unknown, forget); err != nil {
		return removed, err
	}
	_, err = s.sweep(ctx, triesBucket, forgottenTries(now), everything, removeOldTries)
	return removed, err
}

func everything(_, _ []byte) (bool, error) { return true, nil }

// sweep removes the records in a span of a bucket that are over, in bounded steps, and returns their number.
func (s *Store) sweep(
	ctx context.Context, bucket Bucket, r span, over func(k, v []byte) (bool, error), remove func(Writer, []byte) error,
) (removed int, err error) {
	var gone [][]byte
	keyOfOver := func(k, v []byte) ([]byte, error) {
		is, err := over(k, v)
		if !is {
			return nil, err
		}
		return bytes.Clone(k), err
	}
	for k, err := range scan(ctx, s, bucket, r, signInBatch, keyOfOver) {
		if err != nil {
			return 0, err
		}
		if k != nil {
			gone = append(gone, k)
		}
	}
	for step := range slices.Chunk(gone, signInBatch) {
		err := s.write(ctx, func(tx Writer) error {
			for _, k := range step {
				if err := remove(tx, k); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return removed, err
		}
		removed += len(step)
	}
	return removed, nil
}

func endOf(key string, value []byte) (time.Time, error) {
	if len(value) < sessionEnd {
		return time.Time{}, fmt.Errorf("%w: session %s", ErrDamaged, key)
	}
	return time.Unix(int64(binary.BigEndian.Uint64(value)), 0), nil
}

func deviceKey(user, hash string) indexKey { return key(deviceOfUser).part(user).text(hash) }

// Device returns a device of a user by the hash of its secret, and whether there is one.
func (s *Store) Device(ctx context.Context, user, hash string) (found users.Device, known bool, err error) {
	err = s.view(ctx, func(tx Reader) error {
		found, known = users.Device{}, false
		d, err := deviceTable.find(tx, deviceKey(user, hash))
		if d != nil {
			found, known = *d, true
		}
		return err
	})
	return found, known, err
}

// PutDevice stores a device. If the user has more than users.MaxDevices then, those whose last sign-in is the longest ago are removed.
func (s *Store) PutDevice(ctx context.Context, d users.Device) error {
	return s.write(ctx, func(tx Writer) error {
		if err := deviceTable.put(tx, deviceKey(d.User, d.Hash), nil, d); err != nil {
			return err
		}
		all, err := deviceTable.in(tx, under(key(deviceOfUser).part(d.User)))
		if err != nil {
			return err
		}
		slices.SortFunc(all, func(a, b users.Device) int { return b.UsedAt.Compare(a.UsedAt) })
		for _, old := range all[min(len(all), users.MaxDevices):] {
			deviceTable.remove(tx, deviceKey(old.User, old.Hash), old)
		}
		return nil
	})
}

// Tries are stored under the key of their origin, and found by the time of the last one.
const (
	triesByKey  = 't' // key of the origin
	triesByTime = 'o' // time of the last try, key of the origin
)

func triesKey(o users.Origin) indexKey { return key(triesByKey).text(o.Key()) }

func triesEntries(k []byte, t users.Tries) []Edit {
	return []Edit{{Bucket: triesBucket, Key: append(key(triesByTime).time(t.Last), k[1:]...)}}
}

func forgottenTries(now time.Time) span {
	return span{from: key(triesByTime), to: key(triesByTime).time(now.Add(-users.TriesForgotten))}
}

// TakeTry counts a try under each of some origins, unless one of them is paused: then it counts nothing, and returns how long to wait. Both are
// one step, so that of any number of tries at once no more are taken than one after the other would be. A try that is refused writes nothing.
func (s *Store) TakeTry(ctx context.Context, origins []users.Origin, now time.Time) (wait time.Duration, err error) {
	wait, err = fetch(ctx, s, func(tx Reader) (time.Duration, error) {
		tries, err := readTries(tx, origins)
		return tries.pause(now), err
	})
	if err != nil || wait > 0 {
		return wait, err
	}
	return update(ctx, s, func(t *step) (time.Duration, error) {
		tries, err := readTries(t.tx, origins)
		if err != nil {
			return 0, err
		}
		if wait := tries.pause(now); wait > 0 {
			return wait, nil
		}
		return 0, tries.change(t.tx, origins, func(o users.Origin, t users.Tries) users.Tries { return t.Taken(o, now) })
	})
}

// GiveBackTry undoes a try that was taken at a time, because it was right (users.Tries.GivenBack).
func (s *Store) GiveBackTry(ctx context.Context, origins []users.Origin, taken time.Time) error {
	return s.write(ctx, func(tx Writer) error {
		tries, err := readTries(tx, origins)
		if err != nil {
			return err
		}
		return tries.change(tx, origins, func(o users.Origin, t users.Tries) users.Tries { return t.GivenBack(o, taken) })
	})
}

// triesByOrigin are tries by their keys, nil where there are none.
type triesByOrigin map[string]*users.Tries

// readTries reads the tries of some origins, in one round trip.
func readTries(tx Reader, origins []users.Origin) (triesByOrigin, error) {
	keys := make([][]byte, len(origins))
	for i, o := range origins {
		keys[i] = triesKey(o)
	}
	found := triesByOrigin{}
	for _, e := range fetched(tx, triesBucket, keys) {
		if e.Value == nil {
			continue
		}
		t, err := triesTable.decode(e.Key, e.Value)
		if err != nil {
			return nil, err
		}
		found[string(e.Key)] = &t
	}
	return found, nil
}

// pause returns the longest pause.
func (all triesByOrigin) pause(now time.Time) (wait time.Duration) {
	for _, t := range all {
		wait = max(wait, t.Pause(now))
	}
	return wait
}

// change changes the tries of some origins. Without any they are removed.
func (all triesByOrigin) change(tx Writer, origins []users.Origin, change func(users.Origin, users.Tries) users.Tries) error {
	changed, added := triesByOrigin{}, 0
	for _, o := range origins {
		k := string(triesKey(o))
		before := cmp.Or(changed[k], all[k], &users.Tries{})
		after := change(o, *before)
		changed[k] = &after
	}
	for k, after := range changed {
		if all[k] == nil && *after != (users.Tries{}) {
			added++
		}
	}
	if err := all.makeRoom(tx, added); err != nil {
		return err
	}
	for _, k := range slices.Sorted(maps.Keys(changed)) {
		switch before, after := all[k], *changed[k]; {
		case after != (users.Tries{}):
			if err := triesTable.put(tx, []byte(k), before, after); err != nil {
				return err
			}
		case before != nil:
			triesTable.remove(tx, []byte(k), *before)
		}
	}
	return nil
}

// makeRoom forgets the oldest tries where new ones find no room, but for those that are about to be changed.
func (all triesByOrigin) makeRoom(tx Writer, added int) error {
	if added == 0 {
		return nil
	}
	kept := under(key(triesByTime))
	over := kept.count(tx, triesBucket, users.MaxOrigins+added) + added - users.MaxOrigins
	if over <= 0 {
		return nil
	}
	var oldest [][]byte
	for entry := range kept.first(over).in(tx, triesBucket) {
		if oldest = append(oldest, bytes.Clone(entry)); len(oldest) == over {
			break
		}
	}
	for _, entry := range oldest {
		if all[string(keyOfOldTries(entry))] != nil {
			continue
		}
		if err := removeOldTries(tx, entry); err != nil {
			return err
		}
	}
	return nil
}

// keyOfOldTries returns the key of the tries that an entry by time leads to.
func keyOfOldTries(entry []byte) indexKey {
	return key(triesByKey).text(string(entry[1+timeLength:]))
}

// removeOldTries removes the tries that an entry by time leads to.
func removeOldTries(tx Writer, entry []byte) error {
	k := keyOfOldTries(entry)
	t, err := triesTable.find(tx, k)
	if err == nil && t != nil && bytes.Equal(triesEntries(k, *t)[0].Key, entry) { // otherwise there was another try meanwhile
		triesTable.remove(tx, k, *t)
	}
	return err
}
