package config

import "github.com/officernd/supportline/cmd/supportline/notices"

// notice is the part about notices: the keys of each kind of channel, and those of all. Without it nobody is told anything.
type notice struct {
	At                 place
	Templates, Summary text
	Channels           []channel
}

func (n *notice) decode(d *decoder, at node) {
	var fields []field
	for i := range n.Channels {
		c := &n.Channels[i]
		fields = append(fields, fieldsOf(c.Shared)...)
		fields = append(fields, field{key: c.Kind.Key, into: c})
	}
	fields = append(fields, field{key: "templates", into: &n.Templates}, field{key: "summary", into: &n.Summary})
	d.fields(at, &n.At, fields...)
}

// channel is what the file says about a kind of channel: the block that is the channel's own, and its keys beside the block.
type channel struct {
	Kind          notices.Kind
	At            place
	Block, Shared []answer
}

func channels(kinds []notices.Kind) (all []channel) {
	for _, k := range kinds {
		all = append(all, channel{Kind: k, Block: answers(k.Fields), Shared: answers(k.Shared)})
	}
	return all
}

func (c *channel) decode(d *decoder, n node) { d.fields(n, &c.At, fieldsOf(c.Block)...) }

// answer is the value of a key that a channel asks for, of which List says whether it is a list.
type answer struct {
	notices.Field
	Text  text
	Texts list[text]
}

func answers(fields []notices.Field) []answer {
	all := make([]answer, len(fields))
	for i, f := range fields {
		all[i].Field = f
	}
	return all
}

func fieldsOf(answers []answer) []field {
	var fields []field
	for i := range answers {
		a := &answers[i]
		f := field{key: a.Key, into: &a.Text, need: a.Need}
		if a.List {
			f.into = &a.Texts
		}
		fields = append(fields, f)
	}
	return fields
}
