// Package recordings keeps what the provider recorded: it fetches each recording to the place that the company named, a folder or a bucket,
// deletes it at the provider if so configured, removes it when the log forgets it, and opens it for whoever may listen.
//
// What it promises. The log says what is to be done next about each recording, and each step is safe to do again, so that a crash between any
// two of them costs a repetition at most:
//
//	fetch    the sound is written to the place, read back and compared; then the log has the copy with its SHA-256
//	delete   the copy is read and compared once more; then the provider deletes; then the log has that
//	remove   what an erased or expired call had: the copy, the recording at the provider; then the log forgets that it was to be removed
//
// So nothing is deleted at the provider before the log has a copy that was read back, and nothing is forgotten before it is gone. What fails is
// tried again after a pause, for as long as the log keeps the call: a provider or a disk that is down loses nothing.
//
// A file's name is the recording's SID and nothing of the caller. What is left out: who may listen, and the noting of who did, is the business
// of whoever opens a recording.
package recordings
