// Package speech reads what a caller said, as a speech recogniser wrote it down: in any case, with or without punctuation and apostrophes,
// numbers as digits or as words, and words for others that sound like them.
//
// [Read] turns an utterance into words and into runs of digits once. The steps of a call then ask it what the words mean at their place:
//
//	u := speech.Read("no I don't have one, it's two oh four, five one eight")
//	u.Number(6)           // "204518": the customer number, of six digits
//	u.Ticket()            // the ticket number, by the noun before it
//	u.Key()               // the one key that was named
//	u.Denies()            // true
//	u.Match(speech.ParsePhrase("don't have"), speech.Match{}) // where the phrase was heard, unless it was denied
//
// It refuses what is in doubt: two numbers that disagree are no number, so that the caller is asked again. The words are English; phrases and
// their meanings belong to the reader's owner.
package speech
