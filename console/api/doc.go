// Package api is the console's JSON API: the lists and acts of the pages, for programs. openapi.yaml describes every operation; tests hold that
// the description and the answers agree.
//
//	handler := api.New(api.Deps{Policy: company, Calls: store, ..., Bearer: service.Bearer, Exports: exports})
//
// A program brings a token (Authorization: Bearer), which Deps.Bearer resolves; neither cookies nor forms work here. Refusals are problems of
// RFC 9457, from the one table in problem.go. A noun has a file: its operations, and the shapes of its answers.
//
// What pages and programs share is here too: CallFilter, which reads the conditions of a list of calls, and Exports, which streams such a list.
package api
