// Package store keeps what must survive: the log of calls, the directory of customers, the cases, the notices that wait to be delivered, the
// console's users and their sessions, what was edited of the lines' dates, and the audit of what people did to all that. It is one bbolt file with one owner.
//
// A call is one value, read, changed and written in one step by Advance. All writes pass one goroutine, which applies whatever waits
// to one transaction and commits it once for all (group commit): a lone caller waits for one commit, and a crowd shares one. When a
// write method returns without an error, its effect is on the disk.
//
//	log, err := store.Open("data/supportline.db", store.Options{})
//	call, err := log.Advance(ctx, sid, func(c policy.Call) policy.Call { return c.Learn(report) })
//	for call, err := range log.Calls(ctx, policy.Filter{Line: "+448000668187"}) { ... }
//
// What belongs together is one step: a call and what people are told of it (AdvanceAndNotify), an act and its entry in the audit (Act), a
// case with its notices (Review, MoveCase).
//
// The file holds these buckets: calls (by start and SID), steps (their stories, by number), customers (by number), cases and audit (by
// sequence), notices (by key), users (by name), sessions (by the hash of their token), dates (edits of the lines' dates, by line and version), removals (of
// recordings, by SID), meta (the version of all this), index and search, whose entries follow from the rest by pure functions
// (callKeys, searchKeys and their like) and can be made anew from it, which is how an older file is brought up to date. The index by
// month holds the summaries that fair use is derived from, in the order of month, account and start.
//
// Lists are searched through the bucket search: each thing that calls are filtered by has a facet there, in the order of time (Search,
// Calls, CountCalls), and so have the entries of the audit (SearchAudit); words and digits lead to accounts and numbers (SearchCustomers). A page
// costs bounded work whatever is asked for. A call gets its facets some time after its end, with others, so that no webhook waits for
// them; before that it is live, and a search looks at it.
//
// What a store promises to its readers is written down as tests in package storetest. Nothing of bbolt shows: what methods return is the
// receiver's own.
package store
