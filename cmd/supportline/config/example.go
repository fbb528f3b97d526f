package config

import (
	"bytes"
	_ "embed"
)

//go:embed supportline.example.yaml
var example []byte

//go:embed customers.example.csv
var exampleCustomers []byte

// Example is the configuration that is shipped, supportline.example.yaml. It names TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, so without
// them it is right offline only.
func Example() []byte { return bytes.Clone(example) }

// ExampleCustomers is the directory that is shipped, customers.example.csv.
func ExampleCustomers() []byte { return bytes.Clone(exampleCustomers) }
