package signin

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/officernd/supportline/policy/users"
)

// GroupKey returns what the name of a group is compared by: without case, blanks around it and the slashes around a path. The path itself counts:
// another branch may have a group of the same name.
func GroupKey(name string) string {
	return strings.ToLower(strings.Trim(strings.TrimSpace(name), "/"))
}

// granted are the roles of groups, by GroupKey.
type granted map[string]users.Role

func (s SSO) granted() granted {
	g := granted{}
	for name, role := range s.Roles {
		g[GroupKey(name)] = role
	}
	return g
}

// best returns the highest role of any of the groups.
func (g granted) best(groups []string) (best users.Role, ok bool) {
	for _, role := range users.Roles() { // from the lowest
		if slices.ContainsFunc(groups, func(name string) bool { return g[GroupKey(name)] == role }) {
			best, ok = role, true
		}
	}
	return best, ok
}

func (g granted) has(name string) bool { return g[GroupKey(name)] != "" }

// groups returns the names of groups in a claim: a list of texts, numbers or objects with a name, one text, or an object with a key for each group.
func (g granted) groups(claim any) (names []string) {
	switch v := claim.(type) {
	case string:
		names = g.parts(v)
	case []any:
		for _, each := range v {
			names = append(names, groupName(each))
		}
	case map[string]any:
		if name := groupName(v); name != "" {
			return []string{name}
		}
		for name, value := range v {
			if _, isObject := value.(map[string]any); isObject || value == true {
				names = append(names, name)
			}
		}
		slices.Sort(names)
	default:
		names = []string{groupName(v)}
	}
	return slices.DeleteFunc(names, func(name string) bool { return GroupKey(name) == "" })
}

// parts returns the groups in one text. A group's name can have blanks, so that a text is taken for several words only if each of them has a role:
// "IT helpdesk" is not IT.
func (g granted) parts(text string) []string {
	if g.has(text) {
		return []string{text}
	}
	var list []any
	if strings.HasPrefix(strings.TrimSpace(text), "[") && json.Unmarshal([]byte(text), &list) == nil {
		return g.groups(list)
	}
	for _, separator := range []string{"\n", ";", ","} {
		if strings.Contains(text, separator) {
			return strings.Split(text, separator)
		}
	}
	words := strings.Fields(text)
	if slices.ContainsFunc(words, func(word string) bool { return !g.has(word) }) {
		return []string{text}
	}
	return words
}

// groupName returns the name of one group, or "".
func groupName(group any) string {
	switch v := group.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case float64:
		return fmt.Sprint(v)
	case map[string]any:
		for _, name := range []string{"name", "displayName"} {
			if text, ok := v[name].(string); ok {
				return text
			}
		}
	}
	return ""
}
