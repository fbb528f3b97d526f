// Package flags is how the command line reads what people write: times, zones, periods, numbers, filters of the log. A flag that is wrong is an error
// that shows what to write instead.
package flags
