// Package policy is the vocabulary of the whole program: what a company promised to the customers who pay for phone support, and what
// follows from it. It has types and pure functions. It has no input or output and no clock (time is passed in), and knows neither the
// provider's protocol nor the store. The machine that carries a call is in ivr, the log in store; both speak in these types.
//
// Read it in this order:
//
//  1. names.go and month.go: how callers, calls, customers, tickets and months are named, and how numbers are masked; text.go: what people write
//  2. settings.go: the company's decisions: lines, identification, menu, teams, routes, fair use
//  3. hours.go, holidays.go: when a line is open; schedule.go: dates that people override in the console
//     person.go: the specialists, and whom a ring step leads to
//  4. intent.go: the reasons to call, and the ways in which a call ends
//  5. customer.go: an account in the directory
//  6. call.go: one logged call with its legs, its trace and its stage; act.go: what people do to it afterwards
//  7. report.go: how reports of the provider are merged into a call
//  8. talk.go and explain.go: what follows from a call: talk time and its history in words
//  9. usage.go, usage_report.go, charge.go, whatif.go, review.go: fair use of an account's month, derived from calls
//  10. case.go: sustained load, carried through by people
//  11. notice.go, recording.go: what is sent to people, and what was recorded; retention.go: what is removed, and when
//  12. search.go and row.go: how calls are found, listed and exported
//
// A new intent goes into intent.go, a new holiday calendar into holidays.go. The people who may sign in are in policy/users, the file
// of customers and its import in policy/directory.
//
// A sentinel error stands with the noun that it is about. Rule numbers in comments ("rule 5") are those of the published policy and the
// decisions beside it:
//
//  1. lines keep the wall time of their zone; hours are half-open
//  2. holidays: special hours beat a closure, a closure beats the week
//  3. a phone ticket is one matter an account raises by phone in one calendar month, on a call that a specialist accepted
//  4. the month is that of the call's start, in the zone of the account's home line
//  5. talk time runs from the specialist's acceptance to the end of the bridge, on the provider's figures where there are any
//  6. an over-long call can be waived as necessary; it still counts as a ticket
//  7. a training call still counts as a ticket
//  8. an account is over in a month, and sustained over several
//  9. a case is moved by people
//  10. a critical call from an entitled customer is never stopped
//  11. never a dead line
//  12. who cannot be identified is connected as such, or refused where the company says so
//  13. phone numbers are masked in logs; recording is off unless configured, and then announced
package policy
