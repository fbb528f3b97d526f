// Package policy says what a company promised to the customers who pay for phone support, and what follows from it: who may call,
// when a line is open, which reasons to call there are, who is rung for each, what a logged call is and what it counts for.
//
// It is the vocabulary of the whole program. Everything here is a type or a pure function: no input or output, no clock (time is
// passed in), nothing of the provider's protocol and nothing of the store. The machine that carries a call is in ivr, the log in
// store; both speak in these types.
//
// Rule numbers in comments ("rule 5") are those of the published policy and the decisions beside it:
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
