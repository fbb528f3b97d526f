package console

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/officernd/supportline/policy/directory"
)

// A file that nobody comes back for leaves the memory by itself, and a person's second file takes the place of the first.
func TestUploadsGoByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &uploads{}
		for _, by := range []string{"ada", "ada", "bea", "cy", "dee", "eve"} {
			u.put(by, "customers.csv", directory.File{}, time.Now())
		}
		kept := func() []upload {
			u.mu.Lock()
			defer u.mu.Unlock()
			return slices.Clone(u.files)
		}
		if files := kept(); len(files) != maxUploads || files[0].by != "bea" {
			t.Errorf("%d files are kept, the oldest is %s's", len(files), files[0].by)
		}
		<-time.After(uploadFor + time.Second)
		synctest.Wait()
		if files := kept(); len(files) != 0 {
			t.Errorf("%d files are kept for ever", len(files))
		}
	})
}

// A person's files are read one after the other, which bounds the memory that they take. Others do not wait for them.
func TestUploadsAreReadOneByOne(t *testing.T) {
	u := &uploads{}
	end, err := u.begin("ada")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.begin("ada"); !errors.Is(err, errUploading) {
		t.Errorf("a second file at the same time: %v", err)
	}
	if _, err := u.begin("bea"); err != nil {
		t.Errorf("somebody else's file at the same time: %v", err)
	}
	end()
	if _, err := u.begin("ada"); err != nil {
		t.Errorf("a file after the first: %v", err)
	}
}
