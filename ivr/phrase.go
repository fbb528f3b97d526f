package ivr

// Phrase is something to say, before it has words: which sentence, and the values in it as the machine knows them (digits as they were
// keyed, times in RFC 3339). The words are found when the reply is rendered, in the language of the line.
type Phrase struct {
	ID   string            `json:"id"`
	Args map[string]string `json:"args,omitempty"`
}
