package policy

import "slices"

// Stage is where a call is, as far as is known.
type Stage string

// The stages, in the order of a call.
const (
	stageNumber  Stage = "asked for the customer number"
	stageMenu    Stage = "at the menu"
	stageTicket  Stage = "asked for the ticket number"
	StageWaiting Stage = "waiting for a specialist"
	StageTold    Stage = "a specialist is told who calls"
	StageTalking Stage = "talking"
	stageMessage Stage = "leaving a message"
	stageOver    Stage = "over"
)

// Stage returns where the call is, by what was logged.
func (c Call) Stage() Stage {
	leg, accepted := c.Accepted()
	switch {
	case !c.End().IsZero(), accepted && leg.Over():
		return stageOver
	case accepted:
		return StageTalking
	case c.Exhausted, c.State.Step == StepRecorded:
		return stageMessage
	case !c.HuntingAt.IsZero():
		return c.waitingStage()
	case c.Intent != "":
		return stageTicket
	case c.Customer != "" || c.State.Unidentified:
		return stageMenu
	}
	return stageNumber
}

func (c Call) waitingStage() Stage {
	if slices.ContainsFunc(c.Legs, Leg.Screening) {
		return StageTold
	}
	return StageWaiting
}
