package reports_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/reports"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

var documents = map[string]*reports.Document{
	"wsmig.result/v1": {Result: sample.Result(1, 4)},
	"wsmig.lint/v1":   {Lint: sample.Lint(1, 6)},
	"wsmig.ledger/v1": {Ledger: sample.Ledger(1, 6)},
}

func TestFormatsAreThoseOfTheCommand(t *testing.T) {
	require.Equal(t, "table markdown json html junit prometheus csv", strings.Join(documents["wsmig.result/v1"].Formats(), " "))
	require.Equal(t, "table text markdown json html junit sarif github prometheus csv", strings.Join(documents["wsmig.lint/v1"].Formats(), " "))
	require.Equal(t, "table markdown json csv", strings.Join(documents["wsmig.ledger/v1"].Formats(), " "))
}

func TestEveryFormatRenders(t *testing.T) {
	for schema, d := range documents {
		require.Equal(t, schema, d.Schema())
		for _, format := range d.Formats() {
			var b bytes.Buffer
			require.NoError(t, d.Render(&b, format, nil), "%s as %s", schema, format)
			require.NotEmpty(t, b.String())
			require.True(t, strings.HasSuffix(b.String(), "\n"), "%s as %s ends in the middle of a line", schema, format)
		}
	}
}

func TestUnknownFormatNamesTheOnesThatThereAre(t *testing.T) {
	var b bytes.Buffer
	err := documents["wsmig.ledger/v1"].Render(&b, "sarif", nil)
	var unknown *reports.UnknownFormatError
	require.ErrorAs(t, err, &unknown)
	require.EqualError(t, err, `no format "sarif" for this file: it is one of table, markdown, json, csv`)
	require.Zero(t, b.Len())
}

// TestRenderingsSurviveTheEmpty gives every renderer a document without anything
// in it, as a run that failed early leaves it.
func TestRenderingsSurviveTheEmpty(t *testing.T) {
	for _, text := range []string{
		`{"schema":"wsmig.result/v1","verdict":"inconclusive","runs":[]}`,
		`{"schema":"wsmig.result/v1","verdict":"violated","runs":[{"name":"a","verdict":"violated"}]}`,
		`{"schema":"wsmig.lint/v1","findings":[]}`,
		`{"schema":"wsmig.ledger/v1","sites":[]}`,
	} {
		d, err := reports.Read(strings.NewReader(text))
		require.NoError(t, err)
		for _, format := range d.Formats() {
			require.NoError(t, d.Render(&bytes.Buffer{}, format, nil), "%s as %s", text, format)
		}
	}
}
