package config

// recordings is where recordings are kept. An absent one leaves them at the provider.
type recordings struct {
	At                                           place
	Keep, AccessKey, SecretKey, DeleteAtProvider text
}

func (r *recordings) decode(d *decoder, n node) {
	d.fields(
		n, &r.At,
		field{key: "keep", into: &r.Keep, need: "folder:data/recordings"},
		field{key: "access_key", into: &r.AccessKey},
		field{key: "secret_key", into: &r.SecretKey},
		field{key: "delete_at_provider", into: &r.DeleteAtProvider},
	)
}
