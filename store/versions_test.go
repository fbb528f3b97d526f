package store

import "testing"

// TestWhatANewerVersionBeganIsNotFinishedByAnOlder: a program that starts in the middle of the upgrade runs, and leaves it to those that know how.
func TestWhatANewerVersionBeganIsNotFinishedByAnOlder(t *testing.T) {
	engine := NewMemory()
	open := func(o Options) *Store {
		t.Helper()
		s, err := Open(t.Context(), engine, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	open(Options{Schema: 8, Oldest: 7})
	begun := func() bool {
		t.Helper()
		found := false
		if err := engine.View(t.Context(), func(r Reader) error { found = r.Get(metaBucket, callersKey) != nil; return nil }); err != nil {
			t.Fatal(err)
		}
		return found
	}
	if err := engine.Update(t.Context(), func(w Writer) error { w.Put(metaBucket, callersKey, placeAt(beginOfTime)); return nil }); err != nil {
		t.Fatal(err)
	}
	if open(Options{Schema: 7}); !begun() {
		t.Error("the older program finished what it does not know")
	}
	if open(Options{Schema: 8, Oldest: 7}); begun() {
		t.Error("the newer program left it")
	}
}

// TestAnUpgradeIsBegunOnce: of two processes that found the older version at the same time the second does not begin anew what the first one has done.
func TestAnUpgradeIsBegunOnce(t *testing.T) {
	s, err := Open(t.Context(), NewMemory(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	found := version{there: true, schema: 1}
	err = s.engine.Update(t.Context(), func(w Writer) error {
		if err := s.beginUpgrade(w, found); err != nil {
			return err
		}
		if upgrading(w) {
			t.Error("it was begun again")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
