package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

func Example() {
	dir, err := os.MkdirTemp("", "supportline")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	log, err := bolt.OpenStore(filepath.Join(dir, "supportline.db"), 0, store.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer log.Close()

	ctx, monday := context.Background(), time.Date(2026, time.November, 23, 14, 0, 0, 0, time.UTC)
	_, err = log.Advance(ctx, "CA1", func(c policy.Call) policy.Call {
		c.Line, c.From, c.StartedAt = "+448000668187", "+442079460018", monday
		return c
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for call, err := range log.Calls(ctx, policy.Filter{Since: monday}) {
		fmt.Println(call.SID, call.From, err)
	}
	// Output: CA1 +44********18 <nil>
}
