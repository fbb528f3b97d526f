package notices

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// slackEvent is the type of the metadata by which a message of ours is known, and slackMark the metadata. Whoever is in the workspace may read it.
const slackEvent = "supportline_notice"

type slackMark struct {
	Type    string       `json:"event_type"`
	Payload slackPayload `json:"event_payload"`
}

type slackPayload struct {
	Notice string `json:"notice"`
}

// mark returns what marks the message of a notice, among those of all installations.
func (s Slack) mark(n policy.Notice) string {
	sum := sha256.Sum256([]byte(s.Public + "/" + n.Key))
	return hex.EncodeToString(sum[:12])
}

// The bounds of looking for a message: how long before the first attempt Slack's clock may have it, how many messages are read, the newest first, and how
// long may be looked. What is not found by then is posted: people are told twice rather than not at all.
const (
	postedBefore = 2 * time.Minute
	postedAmong  = "200"
	lookFor      = 5 * time.Second
)

// posted returns the receipt of the message of a notice that an earlier attempt posted without an answer that was kept; nil where there is none, or where
// the app may not look.
func (s Slack) posted(ctx context.Context, n policy.Notice) map[string]string {
	if n.TriedAt.IsZero() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	channel, err := s.conversation(ctx, n)
	if err != nil || channel == "" {
		return nil
	}
	var a struct {
		slackAnswer
		Messages []struct {
			TS       string    `json:"ts"`
			Metadata slackMark `json:"metadata"`
		} `json:"messages"`
	}
	since := n.TriedAt.Add(-postedBefore)
	query := url.Values{
		"channel": {channel}, "oldest": {fmt.Sprintf("%d.000000", since.Unix())}, "limit": {postedAmong}, "include_all_metadata": {"true"},
	}
	if _, err := s.ask(ctx, "conversations.history", query, &a); err != nil || !a.OK {
		return nil
	}
	for _, m := range a.Messages {
		if m.Metadata.Type == slackEvent && m.Metadata.Payload.Notice == s.mark(n) {
			return map[string]string{"channel": channel, "ts": m.TS}
		}
	}
	return nil
}

// conversation returns the ID of where a notice is posted: that of the channel, or of the direct messages to a member.
func (s Slack) conversation(ctx context.Context, n policy.Notice) (string, error) {
	switch {
	case n.To == "" && !strings.HasPrefix(s.Channel, "#"):
		return s.Channel, nil
	case n.To == "":
		return s.channelID(ctx)
	}
	var a struct {
		slackAnswer
		Channel struct{ ID string } `json:"channel"`
	}
	_, err := s.ask(ctx, "conversations.open", url.Values{"users": {n.To}}, &a)
	return a.Channel.ID, err
}
