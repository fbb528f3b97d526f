package config

// consoleFile is how people sign in to the console, and what they may there.
type consoleFile struct {
	At                 place
	URL, Idle, Session text
	Permissions        permissions
}

func (c *consoleFile) decode(d *decoder, n node) {
	d.fields(
		n, &c.At,
		field{key: "url", into: &c.URL},
		field{key: "idle", into: &c.Idle},
		field{key: "session", into: &c.Session},
		field{key: "permissions", into: &c.Permissions},
	)
}

// permissions are those of the roles that can be given any.
type permissions struct {
	At               place
	Viewer, Operator list[text]
}

func (p *permissions) decode(d *decoder, n node) {
	d.fields(n, &p.At, field{key: "viewer", into: &p.Viewer}, field{key: "operator", into: &p.Operator})
}
