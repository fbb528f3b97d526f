package storetest

import (
	"errors"
	"testing"
	"time"
)

func checkpoint(t *testing.T, storage Storage) {
	s := storage.Open(t)
	at := func(want time.Time) {
		t.Helper()
		if got, err := s.Checkpoint(t.Context()); !got.Equal(want) || err != nil {
			t.Errorf("the checkpoint is %v, %v, not %v", got, err, want)
		}
	}
	at(time.Time{})
	for _, step := range []struct{ set, want time.Time }{
		{day, day}, {day.Add(-time.Hour), day}, {day.Add(time.Nanosecond), day.Add(time.Nanosecond)},
	} {
		if err := s.SetCheckpoint(t.Context(), step.set); err != nil {
			t.Fatal(err)
		}
		at(step.want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	at(day.Add(time.Nanosecond))
}

func probe(t *testing.T, storage Storage) {
	s := storage.Open(t)
	if err := s.Probe(t.Context()); err != nil {
		t.Errorf("a store that can be written: %v", err)
	}
	broken := errors.New("disk full")
	s.FailWrites(broken)
	if err := s.Probe(t.Context()); !errors.Is(err, broken) {
		t.Errorf("a store that can't be written: %v", err)
	}
}
