package config

import (
	"reflect"

	"github.com/officernd/supportline/policy/users"
)

// usualVoice holds the voices of lines that name none, by language.
var usualVoice = map[string]string{"en-US": "Polly.Joanna-Neural", "en-GB": "Polly.Amy-Neural"}

// defaults fills in what the file does not have, as texts that pass the same checks as the user's own.
func (f *file) defaults() {
	fillUsual(reflect.ValueOf(f).Elem())
	fillList(&f.Console.Permissions.Viewer, "viewer", words(users.UsualPermissions()[users.Viewer])...)
	fillList(&f.Console.Permissions.Operator, "operator", words(users.UsualPermissions()[users.Operator])...)
	fillTable(&f.Menu, "1", "critical", "2", "restricted", "3", "ticket-status", "4", "raise-severity", "5", "question")
	fillTable(&f.AfterHours, "default", "voicemail")
	fillList(&f.FairUse.WarnAt, "warn_at", "80", "100")
	fillList(&f.FairUse.LetThrough, "let_through", "critical")
	for _, ch := range f.Notices.Channels {
		for i := range ch.Block {
			fill(&ch.Block[i].Text, ch.Block[i].Default)
		}
	}
	for _, ch := range f.Channels.Rows {
		for i := range ch.Value.Block {
			fill(&ch.Value.Block[i].Text, ch.Value.Block[i].Default)
		}
	}
	for i := range f.Lines.Items {
		l := &f.Lines.Items[i]
		fill(&l.Name, l.Number.Value)
		fill(&l.Voice, usualVoice[l.Language.Value])
	}
}

// fillUsual fills in the values of the tags, in a struct or a list and in all that it holds.
func fillUsual(v reflect.Value) {
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			fillUsual(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if usual, ok := v.Type().Field(i).Tag.Lookup("usual"); ok {
				fill(v.Field(i).Addr().Interface().(*text), usual)
			} else {
				fillUsual(v.Field(i))
			}
		}
	}
}

func fill(t *text, value string) {
	if !t.Given {
		t.Value = value
	}
}

func fillList(l *list[text], key string, values ...string) {
	if l.Given || l.At != (place{}) {
		return
	}
	for _, v := range values {
		l.Items = append(l.Items, text{Key: key, Value: v})
	}
}

// words returns values of the policy as the file writes them.
func words[V ~string](values []V) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

func fillTable(t *table[text], pairs ...string) {
	if t.Given {
		return
	}
	for i := 0; i < len(pairs); i += 2 {
		t.Rows = append(t.Rows, row[text]{Key: text{Value: pairs[i]}, Value: text{Value: pairs[i+1]}})
	}
}
