package alarms

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
)

// Sent is a notice that was sent as a sample, or why it was not.
type Sent struct {
	Notice policy.Notice
	Err    error
}

// Sample sends a sample to a receiver as the alarms of the configuration write it: the name of a channel, or "sms:ada", "call:rota:primary",
// "email:ben", "slack:cleo". Nobody has to take it. The error is about the receiver: there is no such channel, or it leads to nobody now.
func (t Teller) Sample(ctx context.Context, receiver string, now time.Time) ([]Sent, error) {
	to := receiverOf(receiver)
	if _, channel := t.way(to.Channel); channel == nil {
		return nil, fmt.Errorf("the configuration has no channel %s: write one of %s, or sms:NAME, call:NAME, email:NAME, slack:NAME", to.Channel, t.channelNames())
	}
	event := policy.Notice{
		Key: fmt.Sprintf("test/%d", now.Unix()), Kind: policy.NoticeTest, At: now.UTC(), Facts: map[string]string{"receiver": receiver},
	}
	told, _ := t.address(alarm.Alarm{ID: "0", Event: event, Count: 1}, []alarm.Receiver{to}, now)
	if len(told) == 0 {
		return nil, t.whyNobody(receiver, to.Target)
	}
	var all []Sent
	for _, n := range told {
		live := n.State != ""
		n = direct(n, event.Key)
		all = append(all, Sent{n, t.sendSample(ctx, n, live, now)})
	}
	return all, nil
}

// whyNobody returns why a sample has no receiver.
func (t Teller) whyNobody(receiver string, target policy.Target) error {
	if _, is := target.Rota(); is {
		return fmt.Errorf("%s leads to nobody at this moment: there is no such rota, nobody is on call in it, or who is has no address for it in specialists", receiver)
	}
	if _, known := t.Settings().Person(policy.PersonID(target)); !known {
		return fmt.Errorf("%s leads to nobody: no specialist has the short name %q", receiver, string(target))
	}
	return fmt.Errorf("%s leads to nobody: that person has no address for it in specialists", receiver)
}

// sendSample sends a sample. One that a receiver keeps up to date is opened and done at once, so that no pager waits for somebody.
func (t Teller) sendSample(ctx context.Context, n policy.Notice, live bool, now time.Time) error {
	if !live {
		return t.Channels.Deliver(ctx, n, now)
	}
	n.Alarm, n.State, n.Count = n.Key, policy.AlarmOpen, 1
	receipt, err := t.Channels.Show(ctx, n, now)
	if err != nil {
		return err
	}
	n.Shown, n.ShownCount, n.Receipt, n.State = policy.AlarmOpen, 1, receipt, policy.AlarmDone
	_, err = t.Channels.Show(ctx, n, now)
	return err
}

// receiverOf reads a receiver as the configuration writes it.
func receiverOf(written string) alarm.Receiver {
	way, target, found := strings.Cut(written, ":")
	if !found {
		return alarm.Receiver{Channel: policy.Channel(written)}
	}
	return alarm.Receiver{Channel: policy.Channel(way), Target: policy.Target(target)}
}

// channelNames returns the names of the channels that alarms can name.
func (t Teller) channelNames() string {
	var names []string
	for _, c := range t.Channels.All() {
		switch name := c.Name(); name {
		case policy.ChannelEmail:
			if len(c.Address(policy.Notice{})) > 0 {
				names = append(names, string(policy.ChannelOps))
			}
		case policy.ChannelSMS, policy.ChannelCall, policy.ChannelAnnouncement:
		default:
			names = append(names, string(name))
		}
	}
	if len(names) == 0 {
		return "those of channels in the configuration, which has none"
	}
	return strings.Join(names, ", ")
}
