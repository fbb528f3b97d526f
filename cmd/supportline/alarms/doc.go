// Package alarms carries alarms on: it tells the next step of each that is due (policy/alarm), and tells of trouble with the store or the provider
// from memory, since neither may be there to write it down.
package alarms
