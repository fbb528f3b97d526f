package config

import (
	"bytes"
	_ "embed"
)

//go:embed supportline.example.yaml
var example []byte

//go:embed customers.example.csv
var exampleCustomers []byte

// Example returns the configuration that is shipped, supportline.example.yaml. It refers to TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, and without
// them it passes the check offline only.
func Example() []byte { return bytes.Clone(example) }

// ExampleCustomers returns the directory that is shipped, customers.example.csv.
func ExampleCustomers() []byte { return bytes.Clone(exampleCustomers) }
