package users

import "time"

// Session is one sign-in of a user, as the user's list of them shows it.
type Session struct {
	Key  string `json:"key"` // the hash of its token: who reads the store can use none
	User string `json:"user"`
	// Generation is the user's when it began. A session of an earlier one is over.
	Generation int       `json:"generation,omitempty"`
	Since      time.Time `json:"since"`
	Seen       time.Time `json:"seen"` // the last sign of life, to a minute
	Ends       time.Time `json:"ends"`
	Address    string    `json:"address,omitempty"` // where it was begun
	Browser    string    `json:"browser,omitempty"` // in a few words
}

// MaxSessions is how many sessions one user can have. One more ends the one whose last sign of life is the longest ago.
const MaxSessions = 50

// Device is a browser in which a user signed in with a password. Tries from it are counted by themselves.
type Device struct {
	User string `json:"user"`
	Hash string `json:"hash"` // of the secret in the browser's cookie
	// Generation is the user's at the last sign-in. A device of an earlier one is unknown: the user signed out everywhere since, has a new
	// password, or was disabled.
	Generation int       `json:"generation,omitempty"`
	UsedAt     time.Time `json:"used_at"` // the last sign-in
}

// The bounds of known devices.
const (
	// MaxDevices is how many devices of one user are known. One more makes the one whose last sign-in is the longest ago unknown.
	MaxDevices = 10
	// DeviceAge is how long after its last sign-in a device is known.
	DeviceAge = 180 * 24 * time.Hour
)

// Of reports whether a device is known as one of a user's at now.
func (d Device) Of(u User, now time.Time) bool {
	return d.User == u.Name && d.Generation == u.Generation && now.Before(d.UsedAt.Add(DeviceAge))
}
