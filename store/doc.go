// Package store keeps what must survive: the log of calls, the directory of customers and the audit of what people did to it. It is one
// bbolt file with one owner.
//
// A call is one value, read, changed and written in one step by Advance. All writes pass one goroutine, which applies whatever waits
// to one transaction and commits it once for all (group commit): a lone caller waits for one commit, and a crowd shares one. When a
// write method returns without an error, its effect is on the disk.
//
//	log, err := store.Open("data/supportline.db", store.Options{})
//	call, err := log.Advance(ctx, sid, func(c policy.Call) policy.Call { return c.Learn(report) })
//	for call, err := range log.Calls(ctx, policy.Filter{Line: "+448000668187"}) { ... }
//
// The file holds these buckets: calls (by SID), customers (by number), audit (by sequence), meta (the version of all this), and index,
// whose keys follow from the calls and customers by the pure functions of keys.go. The index can be made anew from the rest, which is how an
// older file is brought up to date.
//
// What a store promises to its readers is written down as tests in package storetest. Nothing of bbolt shows: what methods return is the
// receiver's own.
package store
