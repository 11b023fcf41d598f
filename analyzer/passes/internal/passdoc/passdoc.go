// Package passdoc takes an analyzer's documentation out of its embedded doc.go, so
// that help, pkg.go.dev and README say the same.
package passdoc

import (
	"fmt"
	"go/parser"
	"go/token"
	"strings"
)

const heading = "# Analyzer "

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

func extract(src string) (string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", src, parser.PackageClauseOnly|parser.ParseComments)
	if err != nil {
		return "", err
	}
	_, below, found := strings.Cut(file.Doc.Text(), heading)
	if !found {
		return "", fmt.Errorf("the comment of package %s has no heading %q", file.Name.Name, heading+"NAME")
	}
	name, body, _ := strings.Cut(below, "\n")
	summary, found := strings.CutPrefix(strings.TrimSpace(body), name+": ")
	if !found {
		return "", fmt.Errorf("the text of analyzer %q does not begin with its name and a colon", name)
	}
	return summary, nil
}
