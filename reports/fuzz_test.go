package reports_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"unicode"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports"
)

// FuzzRead feeds files that nobody wrote: each is refused with an error of ours,
// or every format can render it, and the text ones print nothing that hides.
func FuzzRead(f *testing.F) {
	examples, err := filepath.Glob("schema/*.example.json")
	if err != nil || len(examples) == 0 {
		f.Fatal("no examples", err)
	}
	for _, name := range examples {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"schema":"wsmig.result/v1","verdict":"pass","runs":[{"name":"\u202e","verdict":"violated","users":-5,"matrix":[["a","b",18446744073709551615]],"series":[{"at_ms":-1e300}],"latency_us":{"p50":-1,"buckets":[[-1,1],[0,0]]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := reports.Read(bytes.NewReader(data))
		if err != nil {
			if _, ok := err.(*reports.FormatError); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		for _, format := range d.Formats() {
			var b bytes.Buffer
			if err := d.Render(&b, format, nil); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			if i := bytes.IndexFunc(b.Bytes(), func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }); i >= 0 {
				t.Fatalf("%s prints %q", format, b.Bytes()[max(0, i-20):i+1])
			}
		}
		if d.Result != nil {
			reports.Compare(d.Result, d.Result, nil)
			if merged, _, err := reports.Merge([]*result.Result{d.Result}); err == nil {
				if err := reports.HTML(&bytes.Buffer{}, merged, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
