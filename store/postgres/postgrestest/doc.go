// Package postgrestest starts real servers for tests: PostgreSQL, PgBouncer in front of it, and a proxy that plays a bad network.
//
//	url := postgrestest.Database(t) // an empty database on a server that all tests of the binary share
//
//	s := postgrestest.NewServer(t) // a server of the test's own, which it may kill
//	url := s.Database(t)
//	s.Kill(t)
//	s.Start(t)
//
//	p := postgrestest.NewProxy(t, url)
//	p.CutAfter("commit") // the server commits, and nobody hears of it
//
// The programs come from the distribution (the packages postgresql and pgbouncer); .ci/packages installs them if they are missing, and a test that needs
// one which is not there fails. The servers keep what they acknowledge (fsync is on), are those of an ordinary user also where root runs the tests, and
// end with the test process, even if it is killed.
//
// It is a package, and no test file, because the tests of several rooms use it.
package postgrestest
