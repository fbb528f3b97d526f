// Package config reads the configuration that users write, supportline.yaml, and turns it into values the program can rely on.
//
// A file passes through these stages: its text is parsed into YAML nodes, which have lines and columns; overlays replace values in that tree; the
// tree is decoded into raw structs of texts, as written, with ${NAME} replaced from the environment; defaults fill in what is absent; and the check
// turns the raw structs into a Config. No stage stops at the first mistake: all problems are reported at once, each with file, line, column, what
// is wrong and what to do instead. A Config without problems is complete and safe to share. What the channels of notices have in the file is
// declared and checked by package notices.
//
// References to the environment: ${NAME} is the variable's value, which must be set and may be empty; ${NAME:-text} is text where the
// variable is not set or empty, as in a shell; $${ is the two characters ${. They work inside values, never in keys, and what they bring
// in never becomes YAML structure. Inside [ ] and { } the value needs quotes, because braces have a meaning in YAML.
//
// Paths in the file (words, store after "bolt:", and the certificates that the address of a database names) are relative to the folder of the file.
//
// The package opens no store and makes no request: whether the account at the provider exists is not checked here.
package config
