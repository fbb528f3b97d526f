package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// voices holds the voices that the provider's Say verb accepts, for each language that has words.
var voices = map[string][]string{
	"en-US": slices.Concat(
		polly("", "Joanna", "Matthew", "Ivy", "Joey", "Justin", "Kendra", "Kevin", "Kimberly", "Salli"),
		polly("-Neural", "Joanna", "Matthew", "Danielle", "Gregory", "Ruth", "Stephen", "Ivy", "Joey", "Justin", "Kendra", "Kevin", "Kimberly", "Salli"),
		polly("-Generative", "Joanna", "Matthew", "Danielle", "Ruth", "Stephen"),
	),
	"en-GB": slices.Concat(
		polly("", "Amy", "Brian", "Emma"),
		polly("-Neural", "Amy", "Brian", "Emma", "Arthur"),
		polly("-Generative", "Amy"),
	),
}

func polly(engine string, names ...string) []string {
	voices := make([]string, len(names))
	for i, n := range names {
		voices[i] = "Polly." + n + engine
	}
	return voices
}

// Google's voices are many and change. The form of their names shows the language.
var googleName = regexp.MustCompile(`^(Chirp3-HD|Neural2|Wavenet|Standard)-[A-Za-z]+$`)

func googleVoice(voice, language string) bool {
	name, ok := strings.CutPrefix(voice, "Google."+language+"-")
	return ok && googleName.MatchString(name)
}

func languages() []string { return slices.Sorted(maps.Keys(voices)) }
