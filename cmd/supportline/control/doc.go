// Package control takes commands into the process that has the store open. A bbolt file has one owner, so a server listens on a socket beside
// the file, with mode 0600, and a command that finds one runs there instead of opening the file itself.
package control
