// Package feeds reads the calendars of rotas that others keep: it asks for each from time to time, bounds what it takes, and stores the last good
// answer with its age.
package feeds
