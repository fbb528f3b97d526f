package config

// consoleFile is the part about how people sign in to the console and what they may do there.
type consoleFile struct {
	At                 place
	URL, Idle, Session text
	Permissions        permissions
	TestLines          list[text]
	SSO                sso
}

func (c *consoleFile) decode(d *decoder, n node) {
	d.fields(
		n, &c.At,
		field{key: "url", into: &c.URL},
		field{key: "idle", into: &c.Idle},
		field{key: "session", into: &c.Session},
		field{key: "permissions", into: &c.Permissions},
		field{key: "test_lines", into: &c.TestLines},
		field{key: "sso", into: &c.SSO},
	)
}

// permissions holds the permissions of the roles that can be given any.
type permissions struct {
	At               place
	Viewer, Operator list[text]
}

func (p *permissions) decode(d *decoder, n node) {
	d.fields(n, &p.At, field{key: "viewer", into: &p.Viewer}, field{key: "operator", into: &p.Operator})
}

// sso is the company's identity provider.
type sso struct {
	At                                        place
	Issuer, ClientID, ClientSecret, RoleClaim text
	Roles                                     table[text]
}

func (s *sso) decode(d *decoder, n node) {
	d.fields(
		n, &s.At,
		field{key: "issuer", into: &s.Issuer, need: "https://login.example.com"},
		field{key: "client_id", into: &s.ClientID, need: "supportline"},
		field{key: "client_secret", into: &s.ClientSecret, need: "${SSO_CLIENT_SECRET}"},
		field{key: "role_claim", into: &s.RoleClaim},
		field{key: "roles", into: &s.Roles, need: "{ support: operator }"},
	)
}
