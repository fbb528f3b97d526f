package config

// recordings is the part about where recordings are stored. Without it they stay at the provider.
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
