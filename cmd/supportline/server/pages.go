package server

import (
	"fmt"
	"net/http"
	"strings"
)

// watchPages counts the console's answers.
func (m *metrics) watchPages(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &watchedAnswer{ResponseWriter: w, status: http.StatusOK}
		pages.ServeHTTP(answer, r)
		m.pages.WithLabelValues(fmt.Sprintf("%dxx", answer.status/100)).Inc()
		refused := answer.status == http.StatusUnauthorized || answer.status == http.StatusTooManyRequests
		if refused && (r.URL.Path == "/signin" || strings.HasPrefix(r.URL.Path, "/api/")) {
			m.signIns.Inc()
		}
	})
}

// watchedAnswer keeps the status of an answer.
type watchedAnswer struct {
	http.ResponseWriter
	status int
}

// WriteHeader writes the header.
func (w *watchedAnswer) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap returns the writer of the connection, for http.ResponseController.
func (w *watchedAnswer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
