// Package demo makes up what a demo and the call scripts need in place of the world: a folder with a configuration on free ports, sample
// customers, the console's first user, an account at the provider, and a log of years of calls.
//
// The log is made by a Generator. Its accounts have profiles: most are steady, some are over their limits month after month, some in one month,
// some talk too long, some want to be trained. The same seed makes the same log.
package demo
