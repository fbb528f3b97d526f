package main

import (
	bigendian "encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"

	"github.com/labstack/echo/v4"
	bbolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/twilio"
)

// benchTheirs is the process of a server that ours is compared with. Its arguments: static, trivial or scattered, address, file, public URL, account, token.
func benchTheirs() {
	kind, address, file := os.Args[1], os.Args[2], os.Args[3]
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	if kind == "static" {
		e.POST("/*", answerStatic)
	} else if err := newTrivial(e, file, kind, os.Args[4:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, e.Start(address))
}

var staticAnswer = []byte(`<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>`)

func answerStatic(c echo.Context) error {
	return c.Blob(http.StatusOK, "text/xml; charset=utf-8", staticAnswer)
}

// trivial is the least that a server does which answers nobody before it is durable: it checks the signature, and keeps each webhook as a JSON record
// in one bucket of a bbolt file. One goroutine commits all that waits, and answers. Records have the next number as their key, so that those of a
// commit fall together; scattered, they stand by the SID of their call, where somebody can find them, and fall apart.
type trivial struct {
	verifier  *twilio.Verifier
	db        *bbolt.DB
	queue     chan record
	commits   atomic.Int64
	scattered bool
}

// record is a webhook that waits for its commit.
type record struct {
	json   []byte
	before []byte // its number in the key
	done   chan error
}

// The file is mapped and filled beforehand, as ours is, so that no commit waits until it has grown.
const (
	trivialMap  = 16 << 30
	trivialFill = 512 << 20
)

var webhooksBucket = []byte("webhooks")

func newTrivial(e *echo.Echo, file string, kind string, args []string) error {
	verifier, err := twilio.NewVerifier(args[0], args[1], args[2])
	if err != nil {
		return err
	}
	o := &bbolt.Options{FreelistType: bbolt.FreelistMapType, InitialMmapSize: trivialMap, PageSize: 4096, NoStatistics: true}
	db, err := bbolt.Open(file, 0o600, o)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket(webhooksBucket)
		return err
	})
	t := &trivial{scattered: kind == "scattered", verifier: verifier, db: db, queue: make(chan record, 1024)}
	if err = errors.Join(err, fillFile(file, trivialFill)); err != nil {
		return err
	}
	go t.commitAll()
	e.POST("/*", t.keep)
	e.GET("/metrics", func(c echo.Context) error {
		return c.String(http.StatusOK, fmt.Sprintf("%s %d\n", commitsMetric, t.commits.Load()))
	})
	return nil
}

// fillFile makes a file larger by zeros.
func fillFile(path string, size int64) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	zeros := make([]byte, 1<<20)
	info, err := file.Stat()
	for at := info.Size(); err == nil && at < size; at += int64(len(zeros)) {
		_, err = file.WriteAt(zeros, at)
	}
	return errors.Join(err, file.Sync())
}

func (t *trivial) keep(c echo.Context) error {
	params, err := t.verifier.Verify(c.Request())
	if err != nil {
		return c.NoContent(http.StatusForbidden)
	}
	text, err := json.Marshal(params)
	if err != nil {
		return err
	}
	r := record{json: text, done: make(chan error, 1)}
	if t.scattered {
		r.before = []byte(params.Get("CallSid"))
	}
	t.queue <- r
	if err := <-r.done; err != nil {
		return err
	}
	return answerStatic(c)
}

// commitAll runs for the life of the process.
func (t *trivial) commitAll() {
	var group []record
	for first := range t.queue {
		group = append(group[:0], first)
		for waits := true; waits; {
			select {
			case r := <-t.queue:
				group = append(group, r)
			default:
				waits = false
			}
		}
		err := t.commit(group)
		t.commits.Add(1)
		for _, r := range group {
			r.done <- err
		}
	}
}

func (t *trivial) commit(group []record) error {
	return t.db.Update(func(tx *bbolt.Tx) error {
		into := tx.Bucket(webhooksBucket)
		for _, r := range group {
			n, err := into.NextSequence()
			if err != nil {
				return err
			}
			if err := into.Put(bigendian.BigEndian.AppendUint64(r.before, n), r.json); err != nil {
				return err
			}
		}
		return nil
	})
}
