package doctor

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/twilio"
)

// firsts are the answers that several examinations rest on, each asked for once. What fails here is the first cause of what the others would find:
// it is told once, by one of them, and the others keep silent.
type firsts struct {
	named   []string // the examinations of this run; none: all
	account first[twilio.AccountInfo]
	public  first[page]
	shift   first[time.Duration]

	database first[databaseState]
	store    first[StoreState]
}

// tells reports whether an examination is part of the run, and so tells what it finds.
func (f *firsts) tells(name string) bool {
	return f != nil && (len(f.named) == 0 || slices.Contains(f.named, name))
}

// first is an answer that is asked for once.
type first[T any] struct {
	once  sync.Once
	value T
	err   error
}

func (f *first[T]) get(ask func() (T, error)) (T, error) {
	f.once.Do(func() { f.value, f.err = ask() })
	return f.value, f.err
}

// firstWithin bounds a first question, so that whoever waits for its answer has time left to keep silent.
const firstWithin = examinedWithin * 2 / 3

// info returns the account at the provider.
func (d *Doctor) info(ctx context.Context) (twilio.AccountInfo, error) {
	ask := func() (twilio.AccountInfo, error) {
		ctx, cancel := context.WithTimeout(ctx, firstWithin)
		defer cancel()
		return d.Account.Info(ctx)
	}
	if d.firsts == nil {
		return ask()
	}
	return d.firsts.account.get(ask)
}

// unasked reports whether the provider could not be asked at all, which the examination of the account tells.
func (d *Doctor) unasked(ctx context.Context) bool {
	if !d.firsts.tells("account") {
		return false
	}
	_, err := d.info(ctx)
	return err != nil && statusFrom(err) == 0
}

// state returns what was measured of the store, and an error that can be ErrNoLog.
func (d *Doctor) state(ctx context.Context) (StoreState, error) {
	if d.firsts == nil {
		return d.Store(ctx)
	}
	return d.firsts.store.get(func() (StoreState, error) { return d.Store(ctx) })
}

// publicly returns the answer of the public address to a request without a signature.
func (d *Doctor) publicly(ctx context.Context) (page, error) {
	ask := func() (page, error) {
		ctx, cancel := context.WithTimeout(ctx, firstWithin)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.Conf.PublicURL+"/voice", nil)
		if err != nil {
			return page{}, err
		}
		return d.ask(r)
	}
	if d.firsts == nil {
		return ask()
	}
	return d.firsts.public.get(ask)
}

// unreachable reports whether the public address does not answer at all, which its own examination tells.
func (d *Doctor) unreachable(ctx context.Context) bool {
	if !d.firsts.tells("public address") {
		return false
	}
	_, err := d.publicly(ctx)
	return err != nil
}

// ofDemo reports whether the configuration is a demo's, whose clock can be shifted.
func ofDemo(conf config.Config) bool {
	return strings.HasSuffix(conf.Twilio.APIURL, config.DemoAccount)
}

// demoShift returns how far a running demo's clock is ahead of ours; 0 where it is not, and where this is no demo.
func (d *Doctor) demoShift(ctx context.Context) time.Duration {
	if d.firsts == nil || !ofDemo(d.Conf) {
		return 0
	}
	shift, _ := d.firsts.shift.get(func() (time.Duration, error) {
		h, err := server.AskHealth(ctx, d.Conf.Listen.Console, "/healthz")
		if err != nil {
			return 0, err
		}
		if shift := h.Now.Sub(d.Now()); shift.Abs() > maxSkew {
			return shift, nil
		}
		return 0, nil
	})
	return shift
}

// on returns a Doctor of the same installation for one run, on the clock of a demo that is shifted.
func (d *Doctor) on(ctx context.Context, named []string) *Doctor {
	run := *d
	run.firsts = &firsts{named: named}
	if run.shifted = run.demoShift(ctx); run.shifted != 0 {
		run.Now = func() time.Time { return d.Now().Add(run.shifted) }
	}
	return &run
}

// cause returns why nothing came back, without the address that was asked and what our own libraries add.
func cause(err error) string {
	asked, ok := errors.AsType[*url.Error](err)
	if !ok {
		return err.Error()
	}
	if n, ok := errors.AsType[net.Error](asked.Err); ok && n.Timeout() || errors.Is(asked.Err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return asked.Err.Error()
}
