package config

import (
	"fmt"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/notices"
)

// notices returns the channels. host is that of the public URL.
func (c *checker) notices(n notice, host string) notices.Settings {
	if n.At == (place{}) {
		return notices.Settings{}
	}
	s := notices.Settings{Templates: c.templates(n.Templates), Summary: c.oneOf(n.Summary, "off", "on") == "on"}
	var nouns []string
	for _, ch := range n.Channels {
		form := &notices.Form{Notices: c.block(n.At, "notices", ch.Shared), Block: c.block(ch.At, ch.Kind.Key, ch.Block), Offline: c.offline, Host: host}
		checked := ch.Kind.Check(form)
		for _, p := range form.Problems {
			c.report(Problem(p))
		}
		if !form.Block.Absent() {
			s.Channels = append(s.Channels, checked)
		}
		nouns = append(nouns, ch.Kind.Noun)
	}
	if len(s.Channels) == 0 {
		c.add(n.At, "notices has neither "+strings.Join(nouns, " nor ")+", so nothing goes out", "add "+n.Channels[0].Kind.Example()+", or remove notices")
	}
	return s
}

// block returns the answers in the form that the check of a channel takes.
func (c *checker) block(at place, key string, answers []answer) notices.Value {
	v := notices.Value{Place: at, Key: key, Fields: map[string]notices.Value{}}
	for _, a := range answers {
		if a.OneOf != nil {
			a.Text.Value = c.oneOf(a.Text, a.OneOf...)
		}
		field := value(a.Key, a.Text)
		if a.Secret && a.Text.Value != "" && !c.sound(a.Text, nil, "") {
			field.Given, field.Text = false, "" // reported
		}
		if a.List {
			field.Place, field.Given = a.Texts.At, a.Texts.Given
		}
		for _, t := range a.Texts.Items {
			field.Items = append(field.Items, value(a.Key, t))
		}
		v.Fields[a.Key] = field
	}
	return v
}

func value(key string, t text) notices.Value {
	return notices.Value{Place: t.At, Key: key, Text: t.Value, Given: t.Given}
}

// templates returns the company's own words for notices. Problems in them are reported under the names of their own files.
func (c *checker) templates(t text) *notices.Templates {
	folder := c.named(t, "folder")
	if folder == "" {
		return nil
	}
	own, problems, err := notices.ReadTemplates(folder)
	if err != nil {
		c.wrong(t, fmt.Sprintf("names the folder %s, which cannot be read: %v", folder, err), "write the name of a folder, relative to the folder of this file")
		return nil
	}
	for _, p := range problems {
		c.report(Problem(p))
	}
	return own
}
