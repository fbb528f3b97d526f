// Package doctor checks an installation: it looks at everything that a new one gets wrong, and names the fix of each thing that is not right. It
// changes nothing at the provider, makes no call and leaves nothing in the log.
//
// What an installation has set at the provider is changed here as well, by a person's command alone: the account's numbers (WantedNumbers and
// Apply) and the auth token (Rotation).
//
// Each examination is a method of Doctor that returns Findings; a new one is added to Doctor.examinations. The store is looked at by the process
// that has it open, which Probe is for; Doctor.Store asks that process.
package doctor
