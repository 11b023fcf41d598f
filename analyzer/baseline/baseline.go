// Package baseline keeps the findings that a team has accepted for now, in a file
// that may only shrink. Entries name rule, package, function and the text of the
// code, never a line, so that edits elsewhere in a file don't disturb them.
package baseline

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/google/renameio/v2/maybe"

	"github.com/wsmig/wsmig/analyzer/findings"
)

// Name is where the baseline lies when nothing else is said.
const Name = ".wsmig-baseline.json"

// Schema names the format.
const Schema = "wsmig.baseline/v1"

// File is a baseline. It is not safe for concurrent use.
type File struct {
	Schema  string  `json:"schema"`
	Entries []Entry `json:"entries"`
}

// Entry accepts Count findings that are alike.
type Entry struct {
	Rule        string `json:"rule"`
	Package     string `json:"package"`
	Function    string `json:"function"`
	Fingerprint string `json:"fingerprint"`
	Count       int    `json:"count"`
	Message     string `json:"message"` // for readers; not compared
}

// FormatError is a baseline file that cannot be read as one.
type FormatError struct {
	Name string
	Err  error
}

func (e *FormatError) Error() string { return fmt.Sprintf("%s: not a baseline: %v", e.Name, e.Err) }

func (e *FormatError) Unwrap() error { return e.Err }

// Load reads a baseline; a file that does not exist is (nil, nil).
func Load(name string) (*File, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f := new(File)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(f); err != nil {
		return nil, &FormatError{name, err}
	}
	if f.Schema != Schema {
		return nil, &FormatError{name, fmt.Errorf("schema is %q, want %q", f.Schema, Schema)}
	}
	return f, nil
}

// Apply marks the findings that the baseline accepts and returns the entries that
// accept more than there is: they are stale. Entries of packages that were not
// looked at are left alone.
func (f *File) Apply(r *findings.Result, packages []string) []Entry {
	left := map[string]int{}
	for _, e := range f.Entries {
		left[e.Fingerprint] += e.Count
	}
	for i := range r.Findings {
		x := &r.Findings[i]
		if counts(x) && left[x.Fingerprint] > 0 {
			left[x.Fingerprint]--
			x.Baseline = true
		}
	}
	var stale []Entry
	for _, e := range f.Entries {
		if n := left[e.Fingerprint]; n > 0 && slices.Contains(packages, e.Package) {
			e.Count = n
			stale = append(stale, e)
			left[e.Fingerprint] = 0
		}
	}
	return stale
}

func counts(f *findings.Finding) bool { return f.Severity != findings.Info && !f.Suppressed }

// Of makes a baseline of all findings that count.
func Of(r *findings.Result) *File {
	byPrint := map[string]*Entry{}
	for i := range r.Findings {
		x := &r.Findings[i]
		if !counts(x) {
			continue
		}
		e := byPrint[x.Fingerprint]
		if e == nil {
			e = &Entry{Rule: x.Rule, Package: x.Package, Function: x.Function, Fingerprint: x.Fingerprint, Message: x.Message}
			byPrint[x.Fingerprint] = e
		}
		e.Count++
	}
	f := &File{Schema: Schema, Entries: []Entry{}}
	for _, e := range byPrint {
		f.Entries = append(f.Entries, *e)
	}
	slices.SortFunc(f.Entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Function, b.Function), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	return f
}

// Grows counts the findings that next accepts and f does not.
func (f *File) Grows(next *File) int {
	have := map[string]int{}
	for _, e := range f.Entries {
		have[e.Fingerprint] += e.Count
	}
	n := 0
	for _, e := range next.Entries {
		n += max(0, e.Count-have[e.Fingerprint])
	}
	return n
}

// Keep takes over from old the entries of packages that were not looked at.
func (f *File) Keep(old *File, packages []string) {
	for _, e := range old.Entries {
		if !slices.Contains(packages, e.Package) {
			f.Entries = append(f.Entries, e)
		}
	}
}

// Write replaces the file in one step.
func (f *File) Write(name string) error {
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return maybe.WriteFile(name, append(data, '\n'), 0o644)
}
