// Package server is what "supportline serve" runs. An App is everything that answers calls, put together from a configuration; a Server is an App
// that listens. The demo and the call scripts run an App without one of the listeners.
//
// What is where:
//
//	app.go        the wiring: store, webhooks, console, archive, counters
//	serve.go      the three listeners, and how they stop
//	schedule.go   which job runs when; jobs.go: the jobs, each a function of the log and a time
//	processes.go  the other processes on the same database: what they edited, how they differ, which died
//	reconcile.go  the log compared with the provider's list of calls, and repaired
//	session.go    sessions for commands on the store, in the server and without one
//	store.go      a store by its address: which engine, and whether it may be begun; watch.go: what is known of a database
//	findings.go   the state of the parts, for the console; health.go, metrics.go: for machines
//
// What an App reads of the store it reads through the store's own views: the lines in force (store.Lines) and usage (figures.Cache).
// Nothing here decides about a call (ivr) or a month (policy).
package server
