package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/postgres/postgrestest"
	"github.com/officernd/supportline/store/transfer"
)

// databaseCrash is a process whose database's server is killed.
type databaseCrash struct {
	*crash
	server *postgrestest.Server
}

// runDatabase kills the database's server for a while.
func runDatabase(t *testing.T, seed uint64, long time.Duration) {
	t.Helper()
	s := postgrestest.NewServer(t)
	d := &databaseCrash{newCrash(t, s.Database(t), seed), s}
	log := d.open()
	importExamples(t, log)
	d.importCriticals(log)
	d.beginOutside()
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	d.start()
	d.readyIn = nil // the first start is none after a crash
	wait := d.load()
	for end := time.Now().Add(long); time.Now().Before(end) && !d.Failed(); {
		d.wait(50, 600)
		d.kill()
		d.locked(func() { d.check("with the server") })
	}
	wait()
	d.check("at the end")
	if err := d.members[0].stop(syscall.SIGTERM); err != nil {
		d.Error(err)
	}
	d.settleOutside()
	d.report()
}

// kill kills the server, at times twice, or together with the process, and waits until what was killed is back.
func (d *databaseCrash) kill() {
	d.Helper()
	d.away.Store(time.Now().Add(time.Hour).UnixNano())
	d.server.Kill(d)
	began := time.Now()
	kind := "of the server under load"
	switch d.random.IntN(6) {
	case 0:
		d.how["of the server in its start"]++
		d.server.Start(d)
		d.wait(0, 50)
		d.server.Kill(d)
		began = time.Now()
		d.server.Start(d)
	case 1:
		d.how["of the process with the server"]++
		d.end()
		d.server.Start(d)
		began = time.Now()
		d.members[0].launch(d.fleet)
		d.restarts++
	case 2:
		kind = "of the server, which is back late"
		d.wait(500, 2500)
		began = time.Now()
		d.server.Start(d)
	default:
		d.server.Start(d)
	}
	d.how[kind]++
	d.kills++
	d.restarts++
	d.comesBack(began)
	d.away.Store(time.Now().UnixNano())
}

// check copies the database into a file, and checks that.
func (d *databaseCrash) check(when string) {
	d.Helper()
	folder := must(os.MkdirTemp(d.TempDir(), "copy"))
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "supportline.db")
	from := must(server.OpenEngine(d.Context(), d.conf.Store, server.EngineOptions{Connections: 2}))
	defer from.Close()
	to := must(bolt.Open(path, bolt.Options{Building: true}))
	if _, err := transfer.Copy(d.Context(), from, to, transfer.Options{Changing: true}); err != nil {
		d.Fatal(err)
	}
	if err := to.Close(); err != nil {
		d.Fatal(err)
	}
	d.checkCopy(path, when)
}
