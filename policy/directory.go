package policy

import "slices"

// DirectoryRules are what a customers file is checked against: the company's own settings.
type DirectoryRules struct {
	Digits int     // the length of a customer number
	Lines  []Phone // the company's lines, in E.164; each customer's home line is one of them
}

// DirectoryRules are the rules for a customers file under these settings.
func (s Settings) DirectoryRules() DirectoryRules {
	rules := DirectoryRules{Digits: s.Identification.Digits}
	for _, l := range s.Lines {
		rules.Lines = append(rules.Lines, l.Number)
	}
	return rules
}

// Imported says what an import did to the directory. Customers that the file does not name stay as they are.
type Imported struct {
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
}

// Equal says whether two profiles hold the same. No caller numbers and an empty list of them are the same.
func (c Customer) Equal(o Customer) bool {
	callers := slices.Equal(c.CallerNumbers, o.CallerNumbers)
	return callers && c.Number == o.Number && c.Name == o.Name && c.Package == o.Package && c.Line == o.Line &&
		c.AccountHolder == o.AccountHolder && c.Email == o.Email && c.Phone == o.Phone
}

// columns are those of a customers file, in the order in which it is written.
var columns = []string{"number", "name", "package", "line", "account_holder", "email", "phone", "caller_numbers"}
