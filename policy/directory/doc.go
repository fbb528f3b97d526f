// Package directory reads and writes the customers file by which a company's customers come into the directory, and plans what its import
// changes. It is apart from policy, which has no input and output: a file is read from an io.Reader and written to an io.Writer here, and
// opened elsewhere. Commands and the console read the same file with the same problems; the store carries the plan out.
package directory
