// Package control runs commands on the store. A bbolt file has one owner, so a server listens on a socket beside the file, with mode 0600, and a
// command that finds one runs there instead of opening the file itself. A database is open to every process: there is no socket, and a command opens it.
//
// A Command is written once, over a Session. A Runner, in the person's process, opens the command's input and output, and then either sends the
// command line through the socket (Client) or runs the command on a store that it opens. A Server, in the process that has the store open, parses
// the same command line and runs the same Command; input and output travel in frames, input only when it is asked for. Who runs
// it is the operating system's user that the kernel names, and the audit has that name beside the one of --by.
//
// Here is also what commands print with (Table, Print, Bar, WriteChart), and the exit status of an error (Refused, ExitStatus, Report).
package control
