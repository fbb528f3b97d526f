package policy

import "errors"

// What a store can answer. Everything else is internal.
var (
	ErrNoCall     = errors.New("no such call")
	ErrNoCustomer = errors.New("no such customer")
	ErrNoCase     = errors.New("no such case")
	ErrNoNotice   = errors.New("no such notice")
	ErrCaseOpen   = errors.New("the account has an open case")
	// ErrNoRecording says that a call has no such recording.
	ErrNoRecording = errors.New("no such recording")
	// ErrNotStored says that a recording can't be played here, because there is no copy of it.
	ErrNotStored = errors.New("the recording is not kept here")

	// ErrDirectoryChanged refuses an import that would do something else than the person was shown.
	ErrDirectoryChanged = errors.New("the directory changed meanwhile")
)

// Why a person's act on a call is refused. The first three are wrong use; the others are a state that does not allow it.
var (
	ErrNobody         = errors.New("no name: say who does it")
	ErrNoReason       = errors.New("no reason")
	ErrNoValue        = errors.New("nothing was given")
	ErrCallChanged    = errors.New("the call changed")
	ErrAlready        = errors.New("it is so already")
	ErrNothingToWaive = errors.New("nothing to waive")
	ErrNothingToUndo  = errors.New("nothing to undo")
)

// Why a case does not move.
var (
	ErrNoNote         = errors.New("no note: write what was done or decided")
	ErrNoAlternative  = errors.New("what is offered is screen-sharing, training or plan")
	ErrNoVia          = errors.New("say how the account holder was contacted: phone or email")
	ErrMoveNotAllowed = errors.New("the case cannot move so")
	ErrNoEmail        = errors.New("the account has no e-mail address: import one, or tell the account holder by phone")
)

// ErrLimit says that a figure for a what-if is none.
var ErrLimit = errors.New("no limit")

// Why the console's phone does not do something.
var (
	ErrNoPhoneCall = errors.New("no such call is made from the console")
	ErrPhonesBusy  = errors.New("too many calls are made from the console")
	ErrNotTestLine = errors.New("the line cannot be called from the console")
)

// Why a line's dates are not edited. ErrDate is wrong use.
var (
	ErrDate         = errors.New("the date cannot be edited so")
	ErrDatesChanged = errors.New("the line's dates changed")
)
