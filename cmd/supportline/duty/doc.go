// Package duty has the commands for the people who are on duty: which callers wait for a person, and who is on call.
//
// They are part of the grammar of package main, which parses them, and run on a control.Session wherever the store is open.
package duty
