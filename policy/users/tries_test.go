package users_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy/users"
)

// After the free tries each one doubles the pause, up to five minutes.
func TestPausesDouble(t *testing.T) {
	tests := []struct {
		name   string
		origin users.Origin
		free   int
	}{
		{"a name from one address", users.ByNameAndAddress("mila", "203.0.113.9"), 3},
		{"a known device", users.ByDevice("mila", "d1"), 3},
		{"an address", users.ByAddress("203.0.113.9"), 20},
		{"wrong tokens from an address", users.ByTokenAddress("203.0.113.9"), 20},
		{"a name from anywhere", users.ByName("mila"), 100},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var tries users.Tries
			for n := range test.free {
				if tries = tries.Taken(test.origin, began); tries.Pause(began) != 0 {
					t.Fatalf("free try %d pauses for %s", n+1, tries.Pause(began))
				}
			}
			for n, want := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
				if tries = tries.Taken(test.origin, began); tries.Pause(began) != time.Duration(want)*time.Second {
					t.Errorf("try %d beyond the free ones pauses for %s, want %d s", n+1, tries.Pause(began), want)
				}
			}
			if tries = tries.Taken(test.origin, began.Add(2*time.Hour)); tries.Count != 1 {
				t.Errorf("after two hours %d tries are left, want the last", tries.Count)
			}
		})
	}
}

// A right try is not counted, and forgives those of the same person.
func TestRightTriesAreGivenBack(t *testing.T) {
	own, shared := users.ByNameAndAddress("mila", "203.0.113.9"), users.ByAddress("203.0.113.9")
	taken := func(o users.Origin, many int) (tries users.Tries) {
		for n := range many {
			tries = tries.Taken(o, began.Add(time.Duration(n)*time.Millisecond))
		}
		return tries
	}
	if got := taken(own, 3).GivenBack(own, began); got != (users.Tries{}) {
		t.Errorf("of a person's own %+v are left", got)
	}
	before, now := taken(shared, 21), began.Add(time.Minute)
	if got := before.Taken(shared, now).GivenBack(shared, now); got.Count != 21 || got.Pause(now) != 0 {
		t.Errorf("of an address %+v are left, want 21 without a pause", got)
	}
	later := before.Taken(shared, now).Taken(shared, now.Add(time.Minute))
	if got := later.GivenBack(shared, now); got.Count != 22 || got.Until != later.Until {
		t.Errorf("another try's pause became %+v", got)
	}
}

// Patient strangers at one address or two never reach the bound of a name, however long they go on, and however they share their time.
func TestTwoStrangersDoNotPauseAName(t *testing.T) {
	name := users.ByName("mila")
	for _, later := range []time.Duration{0, time.Second, 119 * time.Second, 150 * time.Second} {
		strangers := []users.Origin{users.ByNameAndAddress("mila", "203.0.113.9"), users.ByNameAndAddress("mila", "198.51.100.7")}
		own, all := make([]users.Tries, len(strangers)), users.Tries{}
		for now := began; now.Before(began.AddDate(0, 0, 7)); now = now.Add(time.Second) {
			if all.Pause(now) > 0 {
				t.Fatalf("with %s between them the name is paused for everybody after %s", later, now.Sub(began))
			}
			for i, o := range strangers {
				if own[i].Pause(now) == 0 && now.Sub(began) >= time.Duration(i)*later {
					own[i], all = own[i].Taken(o, now), all.Taken(name, now)
				}
			}
		}
	}
}

// Right tries in between do not keep the wrong ones of an address from being forgotten: an office signs in all day.
func TestWrongTriesOfABusyAddressAreForgotten(t *testing.T) {
	office, now := users.ByAddress("203.0.113.9"), began
	var tries users.Tries
	for range 15 {
		tries = tries.Taken(office, now)
	}
	for minute := range 60 {
		now = began.Add(time.Duration(minute+1) * time.Minute)
		tries = tries.Taken(office, now).GivenBack(office, now)
	}
	if tries.Count != 5 {
		t.Errorf("after an hour %d wrong tries are left, want 15 without one for each 6 minutes", tries.Count)
	}
}

// A clock that was ahead, and was set back, keeps nobody out until it is as late again.
func TestTriesOfAWrongClock(t *testing.T) {
	for _, o := range []users.Origin{users.ByNameAndAddress("mila", "203.0.113.9"), users.ByAddress("203.0.113.9"), users.ByName("mila")} {
		var tries users.Tries
		for range 30 {
			tries = tries.Taken(o, began.AddDate(1, 0, 0))
		}
		if tries.Pause(began) != 0 || tries.Taken(o, began).Count != 1 {
			t.Errorf("tries of next year pause for %s, and %d count", tries.Pause(began), tries.Taken(o, began).Count)
		}
		if next := tries.Taken(o, tries.Last.Add(-4*time.Minute)); next.Count != 31 { // a clock is set right by little, too
			t.Errorf("four minutes back %d tries count, want one more than 30", next.Count)
		}
	}
}

// Whoever tries, whenever: never more than the free tries and one for each pause are taken.
func TestTriesAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		origin := users.ByNameAndAddress("mila", "203.0.113.9")
		var tries users.Tries
		now, taken := began, 0
		for _, step := range rapid.SliceOfN(rapid.IntRange(0, 400), 1, 100).Draw(t, "seconds between") {
			now = now.Add(time.Duration(step) * time.Second)
			if tries.Pause(now) == 0 {
				tries = tries.Taken(origin, now)
				taken++
			}
		}
		if most := 3 + 9 + int(now.Sub(began)/(5*time.Minute)) + 1; taken > most {
			t.Errorf("%d tries within %s, want at most %d", taken, now.Sub(began), most)
		}
	})
}

func TestOriginsAreApart(t *testing.T) {
	seen := map[string]string{}
	for name, o := range map[string]users.Origin{
		"a": users.ByName("mila"), "b": users.ByAddress("mila"), "c": users.ByTokenAddress("mila"), "d": users.ByNameAndAddress("mila", ""), "e": users.ByDevice("mila", ""),
		"f": users.ByNameAndAddress("mil", "a"), "g": users.ByNameAndAddress("", "mila"),
	} {
		if other, twice := seen[o.Key()]; twice {
			t.Errorf("%s and %s share a count", other, name)
		}
		if seen[o.Key()] = name; len(o.Key()) != 43 {
			t.Errorf("the key %s", fmt.Sprint(len(o.Key())))
		}
	}
}

// A device is known until the person signs out everywhere, has a new password or is disabled, or half a year went by.
func TestKnownDevices(t *testing.T) {
	mila := users.User{Name: "mila", Generation: 2}
	d := users.Device{User: "mila", Hash: "h", Generation: 2, UsedAt: began}
	change := func(c users.Change) users.User { return c.Change(mila) }
	tests := []struct {
		name string
		user users.User
		now  time.Time
		want bool
	}{
		{"the day after", mila, began.AddDate(0, 0, 1), true},
		{"half a year later", mila, began.Add(users.DeviceAge), false},
		{"somebody else", users.User{Name: "anna", Generation: 2}, began, false},
		{"signed out everywhere", change(users.SignedOutEverywhere("mila", began)), began, false},
		{"a new password", change(users.WithPassword("h", "mila", began)), began, false},
		{"disabled", change(users.WithDisabled("anna", began)), began, false},
	}
	for _, test := range tests {
		if got := d.Of(test.user, test.now); got != test.want {
			t.Errorf("%s: known is %t, want %t", test.name, got, test.want)
		}
	}
}
