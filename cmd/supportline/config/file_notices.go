package config

// notice is where notices go. An absent one tells nobody anything.
type notice struct {
	At                       place
	From, Templates, Summary text
	Ops                      list[text]
	SMTP                     smtp
	Webhook                  webhook
}

func (n *notice) decode(d *decoder, at node) {
	d.fields(
		at, &n.At,
		field{key: "from", into: &n.From},
		field{key: "ops", into: &n.Ops},
		field{key: "smtp", into: &n.SMTP},
		field{key: "webhook", into: &n.Webhook},
		field{key: "templates", into: &n.Templates},
		field{key: "summary", into: &n.Summary},
	)
}

type smtp struct {
	At                          place
	Server, User, Password, TLS text
}

func (s *smtp) decode(d *decoder, n node) {
	d.fields(
		n, &s.At,
		field{key: "server", into: &s.Server, need: "smtp.example.com:587"},
		field{key: "user", into: &s.User},
		field{key: "password", into: &s.Password},
		field{key: "tls", into: &s.TLS},
	)
}

type webhook struct {
	At          place
	URL, Secret text
}

func (w *webhook) decode(d *decoder, n node) {
	d.fields(
		n, &w.At,
		field{key: "url", into: &w.URL, need: "https://ops.example.com/supportline"},
		field{key: "secret", into: &w.Secret, need: "${NOTICES_SECRET}"},
	)
}
