package config_test

import (
	"bytes"
	"os"

	"github.com/officernd/supportline/cmd/supportline/config"
)

func Example() {
	text := bytes.Replace(config.Example(), []byte("caller_id: attested"), []byte("caller_id: atested"), 1)
	_, problems := config.Parse("supportline.yaml", text, os.LookupEnv, config.Options{Offline: true})
	_ = config.WriteProblems(os.Stdout, problems)
	// Output: supportline.yaml:56:14: caller_id is "atested"; write attested
}
