// Package config reads the configuration that users write, supportline.yaml, and turns it into values the program can rely on.
//
// The way of a file: its text is parsed into YAML nodes, which know their lines and columns; overlays replace values in that tree; the tree
// is decoded into raw structs of texts, as written, with ${NAME} replaced from the environment; defaults fill what is absent; and the
// check turns the raw structs into a Config. No stage stops at the first mistake: all that is wrong is reported at once, each Problem
// with file, line, column, what is wrong and what to do instead. A Config that came without problems is complete, and safe to share.
//
// References to the environment: ${NAME} is the variable's value, which must be set and may be empty; ${NAME:-text} is text where the
// variable is not set or empty, as in a shell; $${ is the two characters ${. They work inside values, never in keys, and what they bring
// in never becomes YAML structure. Inside [ ] and { } the value needs quotes, because YAML gives the braces a meaning of its own.
//
// Paths in the file (words, and store after "bolt:") are relative to the folder of the file.
//
// What is left out: the package opens no store and calls nobody. Whether the account at the provider exists is not its business.
package config
