// Package recordings stores what the provider recorded: it fetches each recording into the bucket of the configuration, which can be a folder,
// deletes it at the provider if so configured, removes it when the log forgets it, and opens it for playing.
//
// The log holds what is to be done next about each recording, and each step can be repeated, so that a crash between two of them costs at most a
// repetition:
//
//	fetch    the sound is written to the bucket, read back and compared; then the log has the copy with its SHA-256
//	delete   the copy is read and compared once more; then the provider deletes; then the log notes that
//	remove   what an erased or expired call had: the copy, the recording at the provider; then the log drops the entry
//
// So nothing is deleted at the provider before the log has a copy that was read back, and no entry is dropped before the sound is gone. What fails
// is tried again after a pause, as long as the log has the call: a provider or a disk that is down loses nothing.
//
// The name of a file is the SID of the recording and holds nothing of the caller. Who may listen, and noting in the audit who did, is left to the
// caller of Open.
package recordings
