package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/escape"
)

// Document is a saved file of any of the three formats; exactly one field is not
// nil.
type Document struct {
	Result *result.Result
	Lint   *findings.Result
	Ledger *ledger.Ledger
}

// FormatError says why a file is not what it should be.
type FormatError struct {
	Line, Column int // of the offending place, counted from 1 in bytes; 0 when the whole file is meant
	Problem      string
}

// Error is one line without the name of the file, which the reader never learns.
func (e *FormatError) Error() string {
	if e.Line == 0 {
		return e.Problem
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

// Read decodes a file of any of the three formats, whichever its schema field
// names. It is strict: a foreign, truncated or malformed file, an unknown field
// and a value outside its enumeration are errors of type *FormatError.
func Read(r io.Reader) (*Document, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	name, err := schemaOf(data)
	if err != nil {
		return nil, err
	}
	d := &Document{}
	switch name {
	case result.Schema:
		d.Result, err = decode[result.Result](data)
	case findings.Schema:
		d.Lint, err = decode[findings.Result](data)
	case ledger.Schema:
		d.Ledger, err = decode[ledger.Ledger](data)
	default:
		return nil, foreign(name)
	}
	if err == nil {
		err = d.check()
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// ReadResult is Read for a load test.
func ReadResult(r io.Reader) (*result.Result, error) {
	d, err := Read(r)
	if err == nil && d.Result == nil {
		err = d.mismatch("a load test", result.Schema)
	}
	if err != nil {
		return nil, err
	}
	return d.Result, nil
}

// ReadLint is Read for findings.
func ReadLint(r io.Reader) (*findings.Result, error) {
	d, err := Read(r)
	if err == nil && d.Lint == nil {
		err = d.mismatch("lint findings", findings.Schema)
	}
	if err != nil {
		return nil, err
	}
	return d.Lint, nil
}

// ReadLedger is Read for the ledger of a migration.
func ReadLedger(r io.Reader) (*ledger.Ledger, error) {
	d, err := Read(r)
	if err == nil && d.Ledger == nil {
		err = d.mismatch("a ledger", ledger.Schema)
	}
	if err != nil {
		return nil, err
	}
	return d.Ledger, nil
}

// Schema is the name of the format that the document came in.
func (d *Document) Schema() string {
	switch {
	case d.Result != nil:
		return result.Schema
	case d.Lint != nil:
		return findings.Schema
	}
	return ledger.Schema
}

func (d *Document) mismatch(want, schema string) error {
	return &FormatError{Problem: fmt.Sprintf("schema is %s, not %s: %s is needed here", d.Schema(), schema, want)}
}

func schemaOf(data []byte) (string, error) {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return "", &FormatError{Problem: "the file is empty"}
	case !utf8.Valid(data):
		return "", &FormatError{Problem: "not UTF-8: wsmig writes its files in UTF-8"}
	}
	var head struct {
		Schema *string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return "", located(data, err)
	}
	if head.Schema == nil {
		return "", &FormatError{Problem: "not a file of wsmig: it has no schema field"}
	}
	return *head.Schema, nil
}

func foreign(name string) error {
	shown := escape.Cut(escape.Visible(name), 60)
	family, _, versioned := strings.Cut(name, "/")
	for _, known := range []string{result.Schema, findings.Schema, ledger.Schema} {
		if own, _, _ := strings.Cut(known, "/"); versioned && family == own {
			return &FormatError{Problem: fmt.Sprintf("schema is \"%s\" and this wsmig reads %s: another version of wsmig wrote the file", shown, known)}
		}
	}
	return &FormatError{Problem: fmt.Sprintf("not a file of wsmig: schema is \"%s\"", shown)}
}

func decode[T any](data []byte) (*T, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	value := new(T)
	if err := decoder.Decode(value); err != nil {
		return nil, located(data, err)
	}
	return value, nil
}

// located turns an error of encoding/json into one that names the place, in
// words that don't speak of Go types.
func located(data []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		if syntax.Offset >= int64(len(data)) {
			return at(data, int64(len(data)), "the file ends in the middle: it was not written to its end")
		}
		return at(data, syntax.Offset, "not JSON: "+escape.Visible(syntax.Error()))
	case errors.As(err, &kind):
		where := kind.Field
		if where == "" {
			where = "the file"
		}
		return at(data, kind.Offset, fmt.Sprintf("%s is %s, which does not fit there", where, kindWord(kind.Value)))
	}
	problem := escape.Visible(strings.TrimPrefix(err.Error(), "json: "))
	return &FormatError{Problem: problem}
}

func kindWord(kind string) string {
	kind, _, _ = strings.Cut(kind, " ")
	switch kind {
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "bool":
		return "true or false"
	}
	return "a " + escape.Visible(kind)
}

func at(data []byte, offset int64, problem string) error {
	before := data[:min(max(offset-1, 0), int64(len(data)))]
	return &FormatError{
		Line:    bytes.Count(before, []byte("\n")) + 1,
		Column:  len(before) - bytes.LastIndexByte(before, '\n'),
		Problem: problem,
	}
}
