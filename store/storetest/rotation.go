package storetest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/officernd/supportline/policy"
)

func rotation(t *testing.T, storage Storage) {
	s := storage.Open(t)
	stands := func(want []byte) {
		t.Helper()
		if got, err := s.Rotation(t.Context()); !bytes.Equal(got, want) || (got == nil) != (want == nil) || err != nil {
			t.Errorf("%q, %v, not %q", got, err, want)
		}
	}
	stands(nil)
	one, two := []byte(`{"stage":"one"}`), []byte("two\x00\xff")
	for _, step := range []struct {
		before, after []byte
		err           error
		want          []byte
	}{
		{one, two, policy.ErrRotationMoved, nil},
		{nil, nil, nil, nil},
		{nil, one, nil, one},
		{nil, two, policy.ErrRotationMoved, one},
		{one, two, nil, two},
		{one, nil, policy.ErrRotationMoved, two},
	} {
		if err := s.SetRotation(t.Context(), step.before, step.after); !errors.Is(err, step.err) {
			t.Errorf("%q after %q: %v, want %v", step.after, step.before, err, step.err)
		}
		stands(step.want)
	}
	if got, err := s.Rotation(t.Context()); err == nil {
		got[0] = 'x' // the caller's own
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	stands(two)
	if err := s.SetRotation(t.Context(), two, nil); err != nil {
		t.Error(err)
	}
	stands(nil)
}
