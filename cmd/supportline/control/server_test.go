package control

import (
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestAClientSaysWithinTenSecondsWhatItWants: one that says nothing is not waited for, and one that did has all the time of a person.
func TestAClientSaysWithinTenSecondsWhatItWants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer here.Close()
		began := time.Now()
		if _, err := readHello(here); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != helloWithin {
			t.Errorf("a client that says nothing: %v after %v", err, time.Since(began))
		}
		client := &frameWriter{w: there}
		go func() {
			_ = client.write(frameHello, []byte(`{"args":["calls"]}`))
			<-time.After(time.Hour)
			_ = client.write(frameInput, []byte("y\n"))
		}()
		h, err := readHello(here)
		if diff := cmp.Diff(Hello{Args: []string{"calls"}}, h); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if kind, payload, err := readFrame(here); kind != frameInput || string(payload) != "y\n" || err != nil {
			t.Errorf("what came an hour later: %q, %q, %v", kind, payload, err)
		}
	})
}
