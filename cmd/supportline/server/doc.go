// Package server is what "supportline serve" runs.
package server
