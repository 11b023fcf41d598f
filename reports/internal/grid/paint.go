package grid

import (
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
)

// Painter adds colour, or nothing when it is false.
type Painter bool

const (
	bold   = "1"
	red    = "1;31"
	green  = "1;32"
	yellow = "1;33"
	faint  = "2"
)

func (p Painter) in(color, text string) string {
	if !p || color == "" || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// Bold marks a heading.
func (p Painter) Bold(text string) string { return p.in(bold, text) }

// Verdict colours the word of a verdict.
func (p Painter) Verdict(v result.Verdict, word string) string {
	switch v {
	case result.Pass:
		return p.in(green, word)
	case result.Violated:
		return p.in(red, word)
	}
	return p.in(yellow, word)
}

// Word colours what a difference is worth.
func (p Painter) Word(word digest.Word, text string) string {
	switch word {
	case digest.Better:
		return p.in("32", text)
	case digest.Worse:
		return p.in("31", text)
	case digest.NoEvidence, digest.Same:
		return p.in(faint, text)
	}
	return text
}

// Warn colours what needs a hand.
func (p Painter) Warn(text string) string { return p.in("33", text) }

// displayWidth is the number of terminal columns; colour takes none.
func displayWidth(s string) int { return text.StringWidthWithoutEscSequences(s) }
