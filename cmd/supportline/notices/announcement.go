package notices

import (
	"context"
	"time"

	"github.com/officernd/supportline/policy"
)

// Announcement is the channel by which a specialist hears a notice in the conference with the caller. The function has it played to the
// leg n.To. over means that nobody is there any more to hear it.
type Announcement func(ctx context.Context, n policy.Notice) (over bool, err error)

// Name returns the channel's name.
func (a Announcement) Name() policy.Channel { return policy.ChannelAnnouncement }

// Address returns the event for the leg that it names. What names no leg is not announced.
func (a Announcement) Address(event policy.Notice) []policy.Notice {
	if event.To == "" {
		return nil
	}
	event.Key, event.Channel = event.Key+"/whisper", a.Name()
	return []policy.Notice{event}
}

// Pauses returns those of the other channels: an announcement whose talk is over is refused before they end.
func (a Announcement) Pauses() []time.Duration { return threeDays }

// Send has the notice played.
func (a Announcement) Send(ctx context.Context, n policy.Notice, _ Words, _ time.Time) error {
	switch over, err := a(ctx, n); {
	case over:
		return refused("over", "the talk was over before it could be announced")
	case err != nil:
		return later("provider", err.Error())
	}
	return nil
}
