package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
)

// namedChannel is a channel under a name of its own, as the file has it. Which kind it is of follows from the keys that it has.
type namedChannel struct {
	At    place
	Kind  *notices.Kind // nil where that is not to be seen, which has been reported
	Block []answer
}

func (c *namedChannel) decode(d *decoder, n node) {
	c.At = n.place()
	kinds := notices.NamedKinds()
	if n.Kind != yaml.MappingNode {
		d.add(c.At, fmt.Sprintf("%s is %s where keys and values belong", n.key, shape(n.Node)), "write "+n.key+": "+blockOf(kinds[0]))
		return
	}
	var keys []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		keys = append(keys, n.Content[i].Value)
	}
	var found []string
	for i, k := range kinds {
		if slices.Contains(keys, k.Key) {
			found = append(found, k.Key)
			c.Kind = &kinds[i]
		}
	}
	switch len(found) {
	case 1:
		c.Block = answers(c.Kind.Fields)
		d.fields(n, &c.At, fieldsOf(c.Block))
	case 0:
		d.add(c.At, n.key+" is no channel of a known kind", instead(keys, kinds))
	default:
		c.Kind = nil
		d.add(c.At, n.key+" is several channels at once: "+strings.Join(found, " and "), "write a channel for each, under a name of its own")
	}
}

// instead returns the advice for a channel whose keys are of no kind.
func instead(keys []string, kinds []notices.Kind) string {
	var known []string
	for _, k := range kinds {
		known = append(known, k.Key)
	}
	for _, key := range keys {
		if near := policy.Nearest(key, known, 1+len(key)/3); near != "" {
			return "write " + near
		}
	}
	return "write the key " + listed(known) + ", as in " + blockOf(kinds[0])
}

// blockOf returns a channel of a kind with the keys that must not be missing.
func blockOf(k notices.Kind) string {
	_, block, _ := strings.Cut(k.Example(), ": ")
	return block
}

// reserved are the names that mean something else where an alarm names a channel.
var reserved = []string{"email", "sms", "call", "slack", "pagerduty", "webhook", "ops", "whisper"}

var channelName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// channels returns the channels that have names of their own. told are those of notices, whose mail server serves them all; public is the public URL
// without its scheme.
func (c *checker) channels(f *file, told notices.Settings, public string) (all []notices.Channel) {
	for _, r := range f.Channels.Rows {
		c.channelName(r.Key)
		if r.Value.Kind == nil {
			continue
		}
		form := &notices.Form{Name: policy.Channel(r.Key.Value), Block: c.block(r.Value.At, r.Value.Kind.Key, r.Value.Block), Offline: c.offline, Public: public}
		if mail, ok := told.Channel(policy.ChannelEmail); ok {
			form.Mail, form.MailGiven = mail.(notices.Email)
		}
		checked := r.Value.Kind.Check(form)
		for _, p := range form.Problems {
			c.report(Problem(p))
		}
		all = append(all, checked)
	}
	return all
}

func (c *checker) channelName(name text) {
	switch {
	case slices.Contains(reserved, name.Value):
		c.wrong(name, "has a channel named "+name.Value+", which has a meaning of its own in alarms", "write another name, such as team-"+name.Value)
	case !channelName.MatchString(name.Value):
		c.wrong(name, "has a channel named "+quoted(name.Value), "write a name of small letters, digits and hyphens that begins with a letter, such as ops-mail")
	}
}
