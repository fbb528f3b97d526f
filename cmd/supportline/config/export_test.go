package config

// Unread returns why a file cannot be read, and what to do.
func Unread(name string, err error) (why, instead string) {
	reason := plainly(err)
	return reason.Error(), unread(name, reason)
}

// StoreParameters returns the parameters that the address of a database can have.
func StoreParameters() []string { return parameterNames() }
