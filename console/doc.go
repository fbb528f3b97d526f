// Package console is the ops web console.
package console
