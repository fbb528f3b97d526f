package config

import "reflect"

// Unread returns why a file cannot be read, and what to do.
func Unread(name string, err error) (why, instead string) {
	reason := plainly(err)
	return reason.Error(), unread(name, reason)
}

// StoreParameters returns the parameters that the address of a database can have.
func StoreParameters() []string { return parameterNames() }

// FileKeys returns the names of all keys that the structs of the file have.
func FileKeys() []string {
	var names []string
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		switch {
		case t.Kind() == reflect.Slice:
			walk(t.Elem())
		case t.Kind() == reflect.Struct && !seen[t]:
			seen[t] = true
			for i := range t.NumField() {
				if key := t.Field(i).Tag.Get("key"); key != "" {
					names = append(names, key)
				}
				walk(t.Field(i).Type)
			}
		}
	}
	walk(reflect.TypeFor[file]())
	return names
}
