package cmd

import (
	"context"
	"errors"
	"strings"

	"github.com/agnivade/levenshtein"
)

// The exit codes that every verb shares; a verb's own meaning of 1, 3 and 4 is
// in its help text.
const (
	codeOK          = 0
	codeFailed      = 1
	codeUsage       = 2
	codeFindings    = 3
	codeThreshold   = 4
	codeInterrupted = 130
)

// exitError carries the exit code of a verb. Its message is one line: what was
// wrong, where, and what to do about it.
type exitError struct {
	code int
	err  error // nil when the verb has said all there is to say
	hint string
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	message := oneLine(e.err.Error())
	if e.hint == "" {
		return message
	}
	return message + "; " + e.hint
}

func (e *exitError) Unwrap() error { return e.err }

// ExitCode is the code that the process ends with.
func (e *exitError) ExitCode() int { return e.code }

// usage marks an error as caused by what the user gave: exit code 2. The hint
// says what to do and may be empty.
func usage(err error, hint string) error {
	return &exitError{code: codeUsage, err: err, hint: hint}
}

// failed marks an error as work that went wrong: exit code 1.
func failed(err error, hint string) error {
	return &exitError{code: codeFailed, err: err, hint: hint}
}

// exit ends the verb with a code and no further word, since its output said it
// all. exit(0) is nil.
func exit(code int) error {
	if code == codeOK {
		return nil
	}
	return &exitError{code: code}
}

// codeOf is the exit code that an error asks for. Errors without one come from
// cobra's own parsing, which only fails on what the user typed.
func codeOf(err error) int {
	var coded interface{ ExitCode() int }
	switch {
	case err == nil:
		return codeOK
	case errors.As(err, &coded):
		return coded.ExitCode()
	case errors.Is(err, context.Canceled):
		return codeInterrupted
	}
	return codeUsage
}

func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// didYouMean names the candidate nearest to word, as a hint, or "" when none is
// near enough to have been meant: two slips, or a third of a long word, and never
// most of a short one.
func didYouMean(word string, candidates []string) string {
	best, distance := "", min(max(2, len(word)/3), len(word)/2)
	for _, candidate := range candidates {
		if d := levenshtein.ComputeDistance(word, candidate); d <= distance && (best == "" || d < distance) {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "?"
}
