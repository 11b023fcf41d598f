package reports

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/escape"
)

// JSON writes the saved form of a load test, indented. Lists and maps without
// entries are written empty, never as null, and the schema field is set. A number
// that JSON can't carry (NaN, infinity) is an error, and nothing is written then.
func JSON(w io.Writer, r *result.Result, _ *Options) error {
	saved := *r
	saved.Schema = result.Schema
	return writeJSON(w, saved)
}

// LintJSON writes the saved form of lint findings, as [JSON] does.
func LintJSON(w io.Writer, r *findings.Result, _ *Options) error {
	saved := *r
	saved.Schema = findings.Schema
	return writeJSON(w, saved)
}

// LedgerJSON writes the saved form of a ledger, as [JSON] does.
func LedgerJSON(w io.Writer, l *ledger.Ledger, _ *Options) error {
	saved := *l
	saved.Schema = ledger.Schema
	return writeJSON(w, saved)
}

func writeJSON[T any](w io.Writer, value T) error {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(withoutNil(reflect.ValueOf(value)).Interface()); err != nil {
		return err
	}
	_, err := w.Write(escape.JSON(buffer.Bytes()))
	return err
}

// withoutNil returns a copy of plain data in which nil slices and maps are empty
// ones, since a reader in another language trips over null where a list was
// promised.
func withoutNil(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Struct:
		out := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			out.Field(i).Set(withoutNil(v.Field(i)))
		}
		return out
	case reflect.Slice:
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(withoutNil(v.Index(i)))
		}
		return out
	case reflect.Map:
		if v.IsNil() {
			return reflect.MakeMap(v.Type())
		}
	}
	return v
}
