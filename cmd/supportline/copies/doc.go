// Package copies copies stores: into a backup and back, and from one engine to another.
//
// A backup is a bbolt file, whatever engine the store has, without free pages, and with a record of itself in it: when it was made, of what, and a
// checksum for each bucket. It has its name only once it is whole and on the disk; before that, and after a crash, it ends in .partial, which the next
// backup of that name replaces.
//
// A restored store is not just what it was. People who asked to be erased since then are erased again, whoever lost access has none, and what was sent
// is not sent again: Restore does all of it in a file of its own, and puts that in the place of the store in one step.
package copies
