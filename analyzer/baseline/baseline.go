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
	"io"
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
	// File is where one of them is, relative to the folder of the baseline, and
	// Message what it says. Neither is compared: they are for readers, and tell
	// whether a run looked at the place at all.
	File    string `json:"file"`
	Message string `json:"message"`
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
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, &FormatError{name, errors.New("something follows the end")}
	}
	for i, e := range f.Entries {
		if e.Fingerprint == "" || e.Count < 1 {
			return nil, &FormatError{name, fmt.Errorf("entry %d has no fingerprint or no count", i+1)}
		}
	}
	return f, nil
}

// Apply marks the findings that the baseline accepts and returns the entries that
// accept more than there is: they are stale. Only entries that looked answers for
// can be.
func (f *File) Apply(r *findings.Result, looked func(*Entry) bool) []Entry {
	left := f.Counts()
	for i := range r.Findings {
		x := &r.Findings[i]
		if counts(x) && left[x.Fingerprint] > 0 {
			left[x.Fingerprint]--
			x.Baseline = true
		}
	}
	var stale []Entry
	for _, e := range f.Entries {
		if n := left[e.Fingerprint]; n > 0 && looked(&e) {
			e.Count = n
			stale = append(stale, e)
			left[e.Fingerprint] = 0
		}
	}
	return stale
}

// Counts says how many findings are accepted of each fingerprint.
func (f *File) Counts() map[string]int {
	counts := map[string]int{}
	for _, e := range f.Entries {
		counts[e.Fingerprint] += e.Count
	}
	return counts
}

func counts(f *findings.Finding) bool { return f.Severity != findings.Info && !f.Suppressed }

// Of makes a baseline of all findings that count. Place turns the file of a finding
// into that of an entry.
func Of(r *findings.Result, place func(file string) string) *File {
	byPrint := map[string]*Entry{}
	for i := range r.Findings {
		x := &r.Findings[i]
		if !counts(x) {
			continue
		}
		e := byPrint[x.Fingerprint]
		if e == nil {
			e = &Entry{Rule: x.Rule, Package: x.Package, Function: x.Function, Fingerprint: x.Fingerprint, File: place(x.File), Message: x.Message}
			byPrint[x.Fingerprint] = e
		}
		e.Count++
	}
	f := &File{Schema: Schema, Entries: []Entry{}}
	for _, e := range byPrint {
		f.Entries = append(f.Entries, *e)
	}
	f.sort()
	return f
}

func (f *File) sort() {
	slices.SortFunc(f.Entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Function, b.Function), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
}

// Grows counts the findings that next accepts and f does not.
func (f *File) Grows(next *File) int {
	have := f.Counts()
	n := 0
	for _, e := range next.Entries {
		n += max(0, e.Count-have[e.Fingerprint])
	}
	return n
}

// Keep takes over from old the entries that looked does not answer for.
func (f *File) Keep(old *File, looked func(*Entry) bool) {
	for _, e := range old.Entries {
		if !looked(&e) {
			f.Entries = append(f.Entries, e)
		}
	}
	f.sort()
}

// Write replaces the file in one step.
func (f *File) Write(name string) error {
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return maybe.WriteFile(name, append(data, '\n'), 0o644)
}
