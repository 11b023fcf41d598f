// Package passdoc takes an analyzer's documentation out of its embedded doc.go, so
// that help, pkg.go.dev and README say the same.
package passdoc

import (
	"errors"
	"fmt"
	"strings"
)

const heading = "// # Analyzer "

// Must returns the text below the heading "# Analyzer NAME" of the package comment
// in src, beginning with the summary, whose "NAME: " is dropped. It panics when
// src is not of that form: that shows in the first test of the analyzer.
func Must(src string) string {
	text, err := extract(src)
	if err != nil {
		panic("wsmig: " + err.Error())
	}
	return text
}

// extract works on the text alone: the go command starts the program once for every
// package, and each start runs this for every analyzer.
func extract(src string) (string, error) {
	comment, _, found := strings.Cut(src, "\npackage ")
	if !found {
		return "", errors.New("the source of an analyzer's documentation has no package clause")
	}
	_, below, found := strings.Cut(comment, heading)
	if !found {
		return "", fmt.Errorf("the package comment has no heading %q", heading+"NAME")
	}
	name, body, _ := strings.Cut(below, "\n")
	text := strings.ReplaceAll("\n"+body, "\n// ", "\n")
	text = strings.TrimSpace(strings.ReplaceAll(text, "\n//", "\n"))
	summary, found := strings.CutPrefix(text, name+": ")
	if !found {
		return "", fmt.Errorf("the text of analyzer %q does not begin with its name and a colon", name)
	}
	return summary, nil
}
